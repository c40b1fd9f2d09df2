"""The module that every generated pickle imports. Its functions only count; `watch` records who imports it.

Importing a module executes it, so a pickle that imports this one has already run code, whether it calls or not.
"""

import copyreg
import sys
from dataclasses import dataclass, field
from typing import Any

MODULE = __name__
"""The name that pickles import."""
SHORT = "fuzz_marker"
"""A second name of this module, for opcodes whose argument cannot have dots or many characters."""
EXTENSION = 0x71
"""The code of `mark` in copyreg's registry of extensions."""

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


@dataclass
class Calls:
    """Counts what happens to the functions and values of this module."""

    count: int = 0


calls = Calls()


def mark(*arguments: object) -> "Mark":
    """Count a call, and return a value that counts further ones."""
    calls.count += 1
    return Mark()


class Mark:
    """Its pickle calls `mark`; every way that an unpickler can change it counts as well."""

    def __new__(cls, *_: object, **__: object) -> "Mark":
        """Count a call without `mark`, as NEWOBJ makes it."""
        calls.count += 1
        return super().__new__(cls)

    def __reduce__(self) -> tuple[Any, ...]:
        return mark, (7,)

    def __setstate__(self, state: object) -> None:
        calls.count += 1


class Items(list[object]):
    """A list that counts when something is added, which an unpickler does without any call opcode."""

    def append(self, item: object) -> None:
        calls.count += 1

    def extend(self, items: object) -> None:
        calls.count += 1


items = Items()


class BlockedError(Exception):
    """A pickle imports something else than this module."""


@dataclass
class Imports:
    """The imports of this module by unpicklers, counted."""

    count: int = 0
    blocked: list[str] = field(default_factory=list)


def watch() -> Imports:
    """Count the imports of unpicklers from now on, and refuse those that are not of this module.

    An audit hook cannot be removed: call this in a process of its own.
    """
    imports = Imports()
    sys.modules[SHORT] = sys.modules[MODULE]
    copyreg.add_extension(SHORT, "mark", EXTENSION)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "pickle.find_class":
            module, name = arguments
            if module in (MODULE, SHORT):
                imports.count += 1
            elif (module, name) not in _HARMLESS:
                imports.blocked.append(f"{module}.{name}")
                raise BlockedError

    sys.addaudithook(hook)
    return imports
