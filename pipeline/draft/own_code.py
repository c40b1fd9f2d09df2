"""Which Python files are part of a model: those that define the classes its config.json names, and what they import."""

import ast
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hublish.pipeline.draft.tree import Tree, directly_in, folder_of, joined, name_of
from hublish.schemas.documents.references import check_target
from hublish.schemas.secrets.masking import holds_token

_LARGEST: Final = 256 << 10
_MOST_FILES: Final = 200
_CLASS_KEYS: Final = ("architecture", "model_class", "class_name", "_class_name", "model")


@dataclass(frozen=True, slots=True)
class OwnCode:
    """Python files of a model."""

    files: tuple[str, ...] = ()
    evidence: str = ""
    target: str | None = None
    """The class to load into, `module:Class`, where config.json names one."""


def own_code(tree: Tree, files: Iterable[str], root: str) -> OwnCode:
    """Return the model's own code.

    Args:
        tree: where it lies.
        files: those that may be released.
        root: the model's folder; code is looked for there and at the top.
    """
    files = tuple(files)
    config = tree.table(joined(root, "config.json"))
    modules = {path: found for path in _scripts(files, root) if (found := _parsed(tree, path)) is not None}
    if mapped := tuple(_auto_map(config, modules, root)):
        return OwnCode(_with_imports(mapped, modules), "config.json: auto_map")
    for key in _CLASS_KEYS:
        name = config.get(key)
        for path, module in modules.items():
            if isinstance(name, str) and any(isinstance(one, ast.ClassDef) and one.name == name for one in module.body):
                return OwnCode(_with_imports((path,), modules), f"config.json: {key} {name}", _target(path, name))
    return OwnCode()


def _scripts(files: tuple[str, ...], root: str) -> list[str]:
    here = [path for folder in dict.fromkeys((root, "")) for path in directly_in(files, folder)]
    return [path for path in here if path.endswith(".py")][:_MOST_FILES]


def _parsed(tree: Tree, path: str) -> ast.Module | None:
    if tree.sizes[path] > _LARGEST:
        return None
    try:
        with warnings.catch_warnings():  # odd escapes in somebody's texts are not ours to tell
            warnings.simplefilter("ignore")
            return ast.parse(tree.head(path, _LARGEST))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _auto_map(config: Mapping[str, Any], modules: Mapping[str, ast.Module], root: str) -> Iterator[str]:
    """Yield the files that transformers imports when it is told to trust a repo's code."""
    mapped = config.get("auto_map")
    for value in mapped.values() if isinstance(mapped, dict) else ():
        for name in value if isinstance(value, list) else [value]:
            # `owner/repo--module.Class` names another repo's code.
            if isinstance(name, str) and "--" not in name:
                path = joined(root, f"{name.partition('.')[0]}.py")
                if path in modules:
                    yield path


def _with_imports(paths: Iterable[str], modules: Mapping[str, ast.Module]) -> tuple[str, ...]:
    """Return the files with those beside them that they import, however far that leads."""
    found: dict[str, None] = {}
    waiting = list(paths)
    while waiting:
        path = waiting.pop(0)
        if path not in found:
            found[path] = None
            beside = (joined(folder_of(path), f"{name}.py") for name in _imports(modules[path]))
            waiting += [other for other in beside if other in modules]
    return tuple(sorted(found))


def _imports(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from [node.module.partition(".")[0]] if node.module else [alias.name for alias in node.names]


def _target(path: str, name: str) -> str | None:
    if holds_token(name):
        return None
    try:
        return check_target(f"{name_of(path).removesuffix('.py')}:{name}")
    except ValueError:
        return None
