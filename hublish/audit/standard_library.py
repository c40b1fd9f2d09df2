"""Whether the standard library, which every loader has, defines a name; no module that runs code is imported."""

import re
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import ast

# Modules whose import runs nothing, because the interpreter is built or started with them.
_HARMLESS: Final = frozenset({*sys.builtin_module_names, "os"})
# Modules that do something when they are imported, whatever name follows: one opens a browser.
_ACTIVE: Final = frozenset(["__hello__", "__phello__", "antigravity", "this"])
# Packages of nearly every loader of pickles, whose names do not make a word with a `c` before them.
_PACKAGES: Final = frozenset(["joblib", "numpy", "pandas", "scipy", "sklearn", "torch"])
# The operating system's own module has another name on Windows.
_SYSTEMS: Final = {"nt": "os", "posix": "os"}


def may_import(module: str, name: str) -> bool:
    """Return whether nearly every loader may have the attribute `name` of `module`.

    Text that begins with `c` imports a module, by an unpickler's rules: `cat` imports `at`, and `cast` imports `ast`.
    When the module does not exist, or lacks the name in the next line, the unpickler stops there.
    """
    root, _, submodule = module.partition(".")
    if root == "__main__" or root in _ACTIVE or root in _PACKAGES or root in _names_of_python_2():
        return True
    if root not in sys.stdlib_module_names:
        return False
    found = None if submodule else _attributes(_SYSTEMS.get(root, root))
    return found is None or name.partition(".")[0] in found


@cache
def _names_of_python_2() -> frozenset[str]:
    # Imported on use, like all that only few files need. Unpicklers translate these names.
    from _compat_pickle import IMPORT_MAPPING, NAME_MAPPING

    return frozenset({*IMPORT_MAPPING, *(module for module, _ in NAME_MAPPING)} - sys.stdlib_module_names)


@cache
def _attributes(module: str) -> frozenset[str] | None:
    """Return the names that a module defines; None when only an import reveals them."""
    import ast
    import sysconfig

    if module in _HARMLESS:
        return frozenset(vars(import_module(module)))
    folder = Path(sysconfig.get_path("stdlib"))
    for path in (folder / f"{module}.py", folder / module / "__init__.py"):
        try:
            statements = ast.parse(path.read_bytes()).body
        except (OSError, SyntaxError):
            continue
        return _with_star_imports(set(_defined(statements)), statements)
    # The strings of a module in C; Windows has these modules elsewhere.
    for path in folder.glob(f"lib-dynload/{module}.*"):
        return frozenset(word.decode() for word in re.findall(rb"[A-Za-z_]\w*", path.read_bytes()))
    return None


def _with_star_imports(names: set[str], statements: list["ast.stmt"]) -> frozenset[str] | None:
    """Add the names of `from _socket import *`; None when they are unknown."""
    import ast

    for node in (node for statement in statements for node in ast.walk(statement)):
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
            found = None if node.level or not node.module else _attributes(node.module)
            if found is None:
                return None
            names |= found
    return frozenset(names)


def _defined(body: list["ast.stmt"]) -> Iterator[str]:
    """Yield the names that the statements of a module assign, at any depth of `if` and `try`."""
    import ast

    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield statement.name
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield node.name
            elif isinstance(node, ast.alias):
                yield (node.asname or node.name).partition(".")[0]
