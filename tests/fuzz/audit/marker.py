"""The names that every generated pickle imports, and a hook that counts their imports by unpicklers.

They are real names of the standard library, as every loader has, and harmless. A pickle that imports one of them could
import and call any other: an import alone runs code, and the audit refuses it whatever follows.
"""

import copyreg
import string
import sys
from dataclasses import dataclass
from importlib import import_module
from operator import attrgetter
from typing import Any

MODULES = ("string", "xml.sax.saxutils")
"""The modules: one that is quick to write, and one within packages."""
FUNCTIONS = ("capwords", "escape")
CLASSES = ("Formatter", "XMLGenerator")
VALUES = ("digits", "__name__")
EXTENSION = 0x71
"""A code in copyreg's registry. A pickle imports by it what its loader has chosen, so only calls count."""
_EXTENDED = ("xml.sax.saxutils", "unescape")

# What loaders import for data of their own; any other import could do harm when a mutation builds it by accident.
_HARMLESS = {
    *(
        (f"{package}.multiarray", name)
        for package in ("numpy.core", "numpy._core")
        for name in ("_reconstruct", "scalar")
    ),
    *(("numpy", name) for name in ("ndarray", "dtype")),
    ("joblib.numpy_pickle", "NumpyArrayWrapper"),
    ("_codecs", "encode"),
    ("collections", "OrderedDict"),
}


class Mark:
    """Its pickle calls the first function."""

    def __reduce__(self) -> tuple[Any, ...]:
        return string.capwords, ("marked",)


class BlockedError(Exception):
    """A pickle imports another name."""


@dataclass
class Imports:
    """The imports of the names, counted."""

    count: int = 0


def watch() -> Imports:
    """Count the imports of unpicklers from now on, and refuse those of other names.

    An audit hook cannot be removed: call this in a process of its own.
    """
    imports = Imports()
    modules = {module: import_module(module) for module in MODULES}

    def called(*arguments: object) -> None:
        imports.count += 1

    setattr(modules[_EXTENDED[0]], _EXTENDED[1], called)
    copyreg.add_extension(*_EXTENDED, EXTENSION)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event != "pickle.find_class":
            return
        module, name = arguments
        if (module, name) == _EXTENDED:
            return
        if module in modules and _has(modules[module], name):
            imports.count += 1
        elif (module, name) not in _HARMLESS:
            raise BlockedError

    sys.addaudithook(hook)
    return imports


def _has(module: object, name: str) -> bool:
    try:
        attrgetter(name)(module)
    except AttributeError:
        return False
    return True
