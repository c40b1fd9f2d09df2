"""TorchScript archives: modules as objects of classes whose code is in the archive, and is never run.

Two lines of a class's code are read, which list its parameters and its buffers: those are the entries of
`torch.jit.load(...).state_dict()`. The format: torch/csrc/jit/docs/serialization.md.
"""

import re
from collections.abc import Mapping
from typing import Final

from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.pytorch.torch_objects import (
    Function,
    Ordered,
    ScriptModule,
    StoredTensor,
    look_up,
    only_argument,
)
from hublish.formats.zip_directory import Member
from hublish.formats.zip_reader import ZipArchive

_ROOT: Final = "__torch__."
# Bytes of all code that is read: each class is read once. Modules and attributes that are visited.
_MAX_CODE: Final = 16 << 20
_MAX_STEPS: Final = 1_000_000
_MAX_DEPTH: Final = 100
# As the serializer prints a class; attributes that are neither kind follow on other lines.
_CLASS: Final = re.compile(r"^class (\w+)\(Module\):\n  __parameters__ = \[(.*)\]\n  __buffers__ = \[(.*)\]$", re.M)
_NAME: Final = re.compile(r'"([^"]*)"')
# Functions that give lists of plain values their types back.
_TYPED: Final = ("build_intlist", "build_doublelist", "build_boollist", "build_tensorlist", "restore_type_tag")


def is_script(members: Mapping[str, Member]) -> bool:
    """Whether the members are those of a TorchScript archive."""
    return "constants.pkl" in members and any(name.startswith("code/") for name in members)


class ScriptCode:
    """The classes that an archive defines; `members` are by their name below the root."""

    def __init__(self, archive: ZipArchive, members: Mapping[str, Member]) -> None:
        self._archive = archive
        self._members = members
        self._classes: dict[str, dict[str, tuple[str, ...]]] = {}
        self._left = _MAX_CODE

    def look_up(self, name: str) -> object:
        """Return the placeholder for a name in the pickle: a class of the archive, or a name of any checkpoint."""
        if name.startswith(_ROOT):
            return Function(name, lambda _: ScriptModule(name))
        if name.startswith("torch.jit._pickle.") and name.rpartition(".")[2] in _TYPED:
            return Function(name, lambda arguments: only_argument(arguments[:1]))
        return look_up(name)

    def state_of(self, type_name: str) -> tuple[str, ...]:
        """Return the attributes of a class that are parameters, then those that are buffers."""
        module, _, name = type_name.rpartition(".")
        if module not in self._classes:
            # Parameters, then buffers.
            self._classes[module] = {
                found[1]: (*_NAME.findall(found[2]), *_NAME.findall(found[3]))
                for found in _CLASS.finditer(self._source(f"code/{module.replace('.', '/')}.py"))
            }
        return self._classes[module].get(name, ())

    def _source(self, name: str) -> str:
        member = self._members.get(name)
        if member is None:
            raise InvalidFileError(f"its code {ascii(name)[:80]} is missing")
        data = self._archive.read(member.name, self._left)
        self._left -= len(data)
        return data.decode("utf-8", "replace")


def state_dict_of(value: object, code: ScriptCode) -> Ordered:
    """Return the parameters and buffers of a module and its submodules, by their dotted names.

    Raises:
        InvalidFileError: when it is not a module.
    """
    if not isinstance(value, ScriptModule):
        raise InvalidFileError("the TorchScript archive has no module")
    state = Ordered()
    waiting = [("", value)]
    # A module may contain itself, so the number of steps is limited; and so are the attributes of all, as many modules
    # may be one, and the nesting, as each level makes all names below it longer.
    steps = 0
    while steps < _MAX_STEPS:
        prefix, module = waiting.pop()
        steps += 1 + len(module.attributes) + len(code.state_of(module.type))
        if prefix.count(".") > _MAX_DEPTH:
            raise InvalidFileError(f"the TorchScript archive has modules nested more than {_MAX_DEPTH} deep")
        attributes = module.attributes
        for name in code.state_of(module.type):
            # The list includes optional parameters whose value is None.
            if isinstance(attributes.get(name), StoredTensor):
                state[f"{prefix}{name}"] = attributes[name]
        inner = [(f"{prefix}{name}.", part) for name, part in attributes.items() if isinstance(part, ScriptModule)]
        steps += sum(len(name) for name, _ in inner) // 64
        waiting += reversed(inner)
        if not waiting:
            return state
    raise InvalidFileError(f"the TorchScript archive has more than {_MAX_STEPS} modules and attributes")
