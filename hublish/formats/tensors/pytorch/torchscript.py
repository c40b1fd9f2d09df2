"""TorchScript archives: modules as objects of classes whose code lies beside them and is never run.

Of that code two lines are read, those that say which attributes are parameters and which are buffers: they are what
`torch.jit.load(...).state_dict()` returns. The format: torch/csrc/jit/docs/serialization.md.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.pytorch import rebuilding
from hublish.formats.tensors.pytorch.names import look_up
from hublish.formats.tensors.pytorch.values import Function, Ordered, ScriptModule, StoredTensor
from hublish.formats.tensors.zip_records import Record, read_small

_ROOT: Final = "__torch__."
_MAX_CODE: Final = 16 << 20
_MAX_MODULES: Final = 100_000
_CLASS: Final = re.compile(r"^class (\w+)\(Module\):\n  __parameters__ = \[(.*)\]\n  __buffers__ = \[(.*)\]$", re.M)
_NAME: Final = re.compile(r'"([^"]*)"')
# Lists of plain values get their types back through these.
_TYPED: Final = ("build_intlist", "build_doublelist", "build_boollist", "build_tensorlist", "restore_type_tag")


def is_script(records: Mapping[str, Record]) -> bool:
    """Whether the members are those of a TorchScript archive."""
    return "constants.pkl" in records and any(name.startswith("code/") for name in records)


class ScriptCode:
    """The classes an archive defines.

    Args:
        descriptor: the archive.
        records: its members.
    """

    def __init__(self, descriptor: int, records: Mapping[str, Record]) -> None:
        self._descriptor = descriptor
        self._records = records
        self._classes: dict[str, dict[str, tuple[str, ...]]] = {}
        self._left = _MAX_CODE

    def look_up(self, name: str) -> object:
        """Return what a name in the pickle stands for: a class of the archive, or what any checkpoint may name."""
        if name.startswith(_ROOT):
            return Function(name, lambda _: ScriptModule(name))
        if name.startswith("torch.jit._pickle.") and name.rpartition(".")[2] in _TYPED:
            return Function(name, lambda arguments: rebuilding.same(arguments[:1]))
        return look_up(name)

    def state_of(self, type_name: str) -> tuple[str, ...]:
        """Return the attributes of a class that are parameters, then those that are buffers."""
        module, _, name = type_name.rpartition(".")
        if module not in self._classes:
            self._classes[module] = dict(_classes(self._text(f"code/{module.replace('.', '/')}.py")))
        return self._classes[module].get(name, ())

    def _text(self, member: str) -> str:
        record = self._records.get(member)
        if record is None:
            msg = f"its code {ascii(member)[:80]} is missing"
            raise InvalidFileError(msg)
        data = read_small(self._descriptor, record, self._left)
        self._left -= len(data)
        return data.decode("utf-8", "replace")


def _classes(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for found in _CLASS.finditer(text):
        yield found[1], tuple(_NAME.findall(found[2]) + _NAME.findall(found[3]))


def state_dict_of(value: object, code: ScriptCode) -> Ordered:
    """Return parameters and buffers of a module and all within it, by their dotted names.

    Raises:
        InvalidFileError: when it is no module.
    """
    if not isinstance(value, ScriptModule):
        msg = "the TorchScript archive holds no module"
        raise InvalidFileError(msg)
    state = Ordered()
    waiting = [("", value)]
    for _ in range(_MAX_MODULES):
        prefix, module = waiting.pop()
        attributes = module.attributes
        for name in code.state_of(module.type):
            if isinstance(attributes.get(name), StoredTensor):
                state[f"{prefix}{name}"] = attributes[name]
        inner = [(f"{prefix}{name}.", part) for name, part in attributes.items() if isinstance(part, ScriptModule)]
        waiting += reversed(inner)
        if not waiting:
            return state
    msg = f"the TorchScript archive has more than {_MAX_MODULES} modules"
    raise InvalidFileError(msg)
