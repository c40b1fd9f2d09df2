"""Hostile pickles, with the error for each. None is ever unpickled."""

import builtins
import os
import pickle
import struct
import subprocess
from collections.abc import Callable
from typing import Any

from tests.hublish.formats.tensors.pytorch.assembling import (
    FLOAT,
    call,
    dict_of,
    list_of,
    named,
    number,
    numbers,
    pickled,
    state,
    storage,
    tensor,
    text,
    tuple_of,
    typed_tensor,
)

COMMAND = text("touch canary")
ORDERED = call("collections.OrderedDict")
DAMAGED = "damaged|cut short"


class Reduced:
    """Pickles as a call of a real function."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self._call = (function, arguments)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return self._call


def executed(function: Callable[..., Any], *arguments: Any) -> bytes:
    return pickle.dumps({"a": Reduced(function, *arguments)}, 2)


def stack_named(module: bytes, name: bytes) -> bytes:
    return module + name + b"\x93"


def moved(strides: tuple[int, ...], shape: tuple[int, ...] = (2, 2), offset: int = 0) -> bytes:
    return state(tensor(shape, strides, offset))


def rebuilt(*arguments: bytes) -> bytes:
    return state(call("torch._utils._rebuild_tensor_v2", *arguments))


def doubled(index: int) -> bytes:
    """A dictionary that holds the one remembered under `index` twice."""
    inner = b"h" + bytes([index])
    return b"0}(" + text("a") + inner + text("b") + inner + b"u\x94"


PICKLES: dict[str, tuple[bytes, str]] = {
    # code that would run
    "os.system": (executed(os.system, "touch canary"), r"names (posix|nt)\.system, which no state dict needs"),
    "subprocess": (executed(subprocess.Popen, ["touch", "canary"]), r"names (subprocess|commands)\.Popen"),
    "exec": (executed(builtins.exec, "open('canary', 'w')"), r"names (__builtin__|builtins)\.exec"),
    "eval": (state(call("builtins.eval", text("open('canary', 'w')"))), r"builtins\.eval"),
    "getattr chain": (
        state(call("builtins.getattr", call("builtins.__import__", text("os")), text("system"))),
        r"names builtins\.__import__",
    ),
    "import": (state(call("builtins.__import__", text("os"))), r"builtins\.__import__"),
    "import through importlib": (state(call("importlib.import_module", text("os"))), r"importlib\.import_module"),
    "nested call": (state(call("torch._utils._rebuild_parameter", call("posix.system", COMMAND))), r"posix\.system"),
    "call of a call's result": (state(ORDERED + tuple_of(COMMAND) + b"R"), "calls a Ordered with a tuple"),
    "runpy": (state(call("runpy.run_path", text("canary.py"))), r"runpy\.run_path"),
    "pickle within": (state(call("pickle.loads", text("cos\n"))), r"pickle\.loads"),
    "pickle within torch": (state(call("torch.load", text("other.pt"))), r"names torch\.load"),
    "storage from bytes": (state(call("torch.storage._load_from_bytes", text("x"))), "pickled without torch.save"),
    "torch's own eval": (state(call("torch.jit.unsupported_tensor_ops.execWrapper", COMMAND)), "execWrapper"),
    "a real module": (state(call("__main__.Net")), r"names __main__\.Net"),
    "numpy object": (state(call("numpy.core.multiarray._reconstruct", named("numpy.ndarray"))), "a numpy array"),
    "cloudpickle": (state(call("cloudpickle.cloudpickle._make_function")), r"cloudpickle\.cloudpickle\._make_func"),
    "a name of dots": (state(named("torch._utils..__builtins__")), "which no state dict needs"),
    "attribute of an allowed name": (
        state(stack_named(text("collections"), text("OrderedDict.__init__.__globals__"))),
        "__globals__, which no state dict needs",
    ),
    "STACK_GLOBAL": (state(stack_named(text("os"), text("system"))), r"names os\.system"),
    "STACK_GLOBAL from the memo": (
        pickled(text("system") + b"\x94" + text("posix") + b"\x9400" + stack_named(b"h\x01", b"h\x00")),
        r"names posix\.system",
    ),
    "STACK_GLOBAL of numbers": (state(stack_named(number(1), number(2))), "a name is not a string"),
    "STACK_GLOBAL with a line feed": (state(stack_named(text("os\nx"), text("system"))), r"os\\nx\.system"),
    "a name with a homoglyph": (state(named("t\u043erch.FloatStorage")), r"t\\u043erch\.FloatStorage"),
    "EXT1": (pickled(b"\x82\x01"), "opcode EXT1, which torch.save does not write"),
    "EXT2": (pickled(b"\x83\x01\x00"), "opcode EXT2"),
    "EXT4": (pickled(b"\x84\x01\x00\x00\x00"), "opcode EXT4"),
    "INST": (pickled(b"(" + COMMAND + b"iposix\nsystem\n"), "opcode INST"),
    "OBJ": (pickled(b"(" + named("posix.system") + COMMAND + b"o"), r"posix\.system"),
    "OBJ of an allowed name": (pickled(b"(" + named("collections.OrderedDict") + b"o"), "opcode OBJ"),
    "NEWOBJ": (state(named("subprocess.Popen") + tuple_of(COMMAND) + b"\x81"), r"subprocess\.Popen"),
    "NEWOBJ of a symbol": (state(named("torch.Tensor") + b")\x81"), r"names torch\.Tensor"),
    "NEWOBJ_EX": (state(named("collections.OrderedDict") + b")}\x92"), "opcode NEWOBJ_EX"),
    "BUILD on a tensor": (state(tensor() + dict_of({"__class__": COMMAND}) + b"b"), "changes the state of"),
    "BUILD on a name": (state(named("collections.OrderedDict") + b"}b"), "state of collections.OrderedDict"),
    "BUILD with no dictionary": (state(ORDERED + COMMAND + b"b"), "changes the state of"),
    "BUILD on a plain dictionary": (state(b"}}b"), "changes the state of"),
    "REDUCE of a list": (state(named("collections.OrderedDict") + list_of(COMMAND) + b"R"), "with a list"),
    "REDUCE of a type": (state(call(FLOAT, number(4))), r"names torch\.FloatStorage"),
    "text protocol": (b"cposix\nsystem\n(S'touch canary'\ntR.", "not a PyTorch checkpoint|posix.system"),
    "text number": (pickled(b"I" + b"9" * 100_000 + b"\n"), "opcode INT"),
    "text string": (pickled(b"S'touch canary'\n"), "opcode STRING"),
    "out-of-band buffer": (pickled(b"\x97"), "opcode NEXT_BUFFER"),
    "an unknown opcode": (pickled(b"\xff"), "there is no opcode 0xff"),
    "an unknown protocol": (pickled(b"N", protocol=200), "pickle protocol 200"),
    # persistent ids
    "persistent id as a string": (pickled(b"P0\n"), "opcode PERSID"),
    "persistent id that is not a tuple": (state(text("storage") + b"Q"), "is not a storage"),
    "persistent module": (
        state(tuple_of(text("module"), named(FLOAT), text("x"), text("y")) + b"Q"),
        "is not a storage",
    ),
    "storage without a type": (
        state(tuple_of(text("storage"), text("FloatStorage"), text("0"), text("cpu"), number(4)) + b"Q"),
        "is not a storage",
    ),
    "storage whose key is a number": (
        state(tuple_of(text("storage"), named(FLOAT), number(0), text("cpu"), number(4)) + b"Q"),
        "is not a storage",
    ),
    "storage whose key is a path": (
        state(tensor(held=storage(key="../../data.pkl"))),
        r"'\.\./\.\./data\.pkl' is miss",
    ),
    "missing storage": (state(tensor(held=storage(key="1"))), "storage '1' is missing"),
    "storage of a negative size": (state(tensor(held=storage(count=-4))), "impossible size"),
    "storage of an enormous size": (state(tensor(held=storage(count=2**70))), "impossible size"),
    "storage cut short": (state(tensor((5,), held=storage(count=5))), "has 16 bytes, not 20: it is cut short"),
    # invalid tensors
    "negative shape": (moved((1, 1), (-2, -2)), "shape is negative"),
    "negative stride": (moved((-1, 1)), "strides is negative"),
    "negative offset": (moved((2, 1), offset=-1), "offset is negative"),
    "huge shape": (moved((2, 1), (2**62, 2**62)), "reaches to element"),
    "shape beyond 63 bits": (moved((2, 1), (2**63, 1)), "beyond 63 bits"),
    "strides beyond the storage": (moved((3, 1)), "reaches to element 5 of a storage with 4"),
    "offset beyond the storage": (moved((2, 1), offset=1), "reaches to element 5"),
    "shape and strides apart": (moved((1,)), "2 dimensions and 1 strides"),
    "thousands of dimensions": (moved((0,) * 5000, (1,) * 5000), "5000 dimensions"),
    "shape of booleans": (
        rebuilt(storage(), number(0), tuple_of(b"\x88"), tuple_of(b"\x88")),
        "sequence of integers|never",
    ),
    "shape that is a string": (
        rebuilt(storage(), number(0), text("4"), text("1"), b"\x89", ORDERED),
        "is not a sequence of integers",
    ),
    "too few arguments": (rebuilt(storage()), "has arguments that torch never passes"),
    "a tensor of a string": (rebuilt(text("0"), number(0), numbers((1,)), numbers((1,)), b"\x89", ORDERED), "never"),
    "a tensor without a type": (state(tensor(held=storage("torch.UntypedStorage", count=16))), "torch never passes"),
    "rebuilding within rebuilding": (
        state(
            named("torch._tensor._rebuild_from_type_v2")
            + tuple_of(named("torch._tensor._rebuild_from_type_v2"), b"N", tuple_of(), b"N")
            + b"R"
        ),
        "_rebuild_from_type_v2 has arguments",
    ),
    "a name as a function's function": (
        state(call("torch._tensor._rebuild_from_type_v2", named("posix.system"), b"N", tuple_of(COMMAND), b"N")),
        r"posix\.system",
    ),
    "expanded to terabytes": (moved((0, 0), (2**20, 2**20)), "when written, and the file has"),
    "repeated to terabytes": (
        pickled(dict_of({f"t{i}": tensor((2**28,), (0,)) for i in range(4)})),
        "when written, and the file has",
    ),
    "complex128": (state(typed_tensor("torch.complex128", 16)), r"type torch\.complex128, which safetensors cannot"),
    "quantized": (state(call("torch._utils._rebuild_qtensor")), "a quantized tensor"),
    "sparse": (state(call("torch._utils._rebuild_sparse_tensor")), "a sparse tensor"),
    "meta": (state(call("torch._utils._rebuild_meta_tensor_no_storage")), "meta device"),
    "nested tensor": (state(call("torch._utils._rebuild_nested_tensor")), "a nested tensor"),
    "wrapper": (state(call("torch._utils._rebuild_wrapper_subclass")), "subclass without data"),
    "conjugated": (
        rebuilt(
            storage("torch.ComplexFloatStorage", count=2),
            *(number(0), numbers((2,)), numbers((1,)), b"\x89", ORDERED, dict_of({"conj": b"\x88"})),
        ),
        "conj bit set",
    ),
    "negated": (
        rebuilt(storage(), number(0), numbers((4,)), numbers((1,)), b"\x89", ORDERED, dict_of({"neg": b"\x88"})),
        "neg bit set",
    ),
    # limits
    "LONG4 of a negative length": (
        pickled(b"\x8b" + struct.pack("<i", -1) + b"\x01"),
        "an integer of 4294967295 bytes",
    ),
    "LONG4 of a huge length": (pickled(b"\x8b" + struct.pack("<i", 2**31 - 1)), "the limit is 255"),
    "BINUNICODE8 of a huge length": (pickled(b"\x8d" + struct.pack("<Q", 2**63)), "a string of 9223372036854775808"),
    "BINBYTES8 of a huge length": (pickled(b"\x8e" + struct.pack("<Q", 2**63)), "the limit is"),
    "BYTEARRAY8 of a huge length": (pickled(b"\x96" + struct.pack("<Q", 2**40)), "the limit is"),
    "FRAME of a huge length": (pickled(b"\x95" + b"\xff" * 8), DAMAGED),
    "deep nesting": (pickled(b"(" * 100_000 + b"t" * 100_000), "nested more than 1000 deep"),
    "deep lists": (pickled(b"]" * 100_000 + b"a" * 99_999), "it holds a list"),
    "a bomb of operations": (pickled(b"]0" * 1_000_000), "more than 1000000 operations"),
    "a bomb of memos": (pickled(b"N" + b"\x94" * 2_000_000), "more than 1000000 operations"),
    "a bomb of copies": (
        pickled(
            list_of(*[tuple_of(text("k"), b"N")] * 5000)
            + b"\x94\x85\x940"
            + (named("collections.OrderedDict") + b"h\x01R0") * 5000
            + b"N"
        ),
        "calls copy more than 1000000 values",
    ),
    "a dictionary within itself": (pickled(b"}\x94" + text("a") + b"h\x00s"), "no dictionary in it holds tensors"),
    "dictionaries that double": (
        pickled(
            b"}\x94" + b"".join(b"}(" + text("a") + b"h%c" % i + text("b") + b"h%c" % i + b"u\x94" for i in range(60))
        ),
        "it holds|no dictionary|damaged",
    ),
    "keys whose hashes collide": (pickled(b"}" + number((2**61 - 1) * 7) + b"Ns"), "no dictionary in it holds tensors"),
    "a key that is a list": (pickled(b"}]Ns"), "no dictionary in it holds tensors"),
    "a key that is a tuple": (pickled(b"})Ns"), "no dictionary in it holds tensors"),
    # damage
    "no pickle": (b"", DAMAGED),
    "no end": (state()[:-1], DAMAGED),
    "cut within a string": (state()[:9], DAMAGED),
    "cut after a call": (executed(os.system, "touch canary")[:-3], r"\.system"),
    "two values": (pickled(b"NN"), DAMAGED),
    "a mark at the end": (pickled(b"(N"), DAMAGED),
    "no mark": (pickled(b"t"), "a mark is missing"),
    "an empty stack": (pickled(b"0"), "a mark is missing"),
    "nothing to memoize": (pickled(b"q\x00"), "nothing in place of a value"),
    "an empty memo": (pickled(b"h\x07"), "its memo has no entry 7"),
    "appending to a tuple": (pickled(b")Na"), "tuple in place of a list"),
    "an odd dictionary": (pickled(b"}(Nu"), "a key without a value"),
    "a string that is not UTF-8": (pickled(b"X\x01\x00\x00\x00\xff"), "not UTF-8"),
    "a tensor's name that climbs": (pickled(dict_of({"../a": tensor()})), r"has a '\.\.' segment"),
    "a name that is reserved": (pickled(dict_of({"__metadata__": tensor()})), "which the format reserves"),
    "a name with a surrogate": (pickled(dict_of({"\ud800": tensor()})), "is not Unicode"),
    "a number as a name": (
        pickled(b"}(" + text("a") + tensor() + number(1) + tensor() + b"u"),
        "a name of type int",
    ),
    "a string among the tensors": (
        pickled(dict_of({"a": tensor(), "note": COMMAND})),
        "'note' of the state dict is a str",
    ),
    "a list of tensors": (pickled(list_of(tensor())), "it holds a list, not a dictionary of tensors"),
    "an empty dictionary": (pickled(b"}"), "no dictionary in it holds tensors"),
}
