"""Checkpoints that mean harm: each is refused, with nothing executed, nothing written, and little memory taken."""

import builtins
import os
import pickle
import resource
import struct
import subprocess
import zipfile
import zlib
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from hublish.pipeline.errors import SerializationError
from hublish.pipeline.progress import SILENT
from hublish.pipeline.serializers.safetensors import Safetensors, SafetensorsOptions
from tests.pipeline.serializers.tensors.pytorch.assembling import (
    FLOAT,
    FOUR,
    LEGACY_MAGIC,
    call,
    checkpoint,
    dict_of,
    legacy,
    list_of,
    members,
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
    write_zip,
)

Write = Callable[[Path], object]
MEMORY = 160 << 10
"""KiB."""
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
    # what would be executed
    "os.system": (executed(os.system, "touch canary"), r"names (posix|nt)\.system, which no state dict needs"),
    "subprocess": (executed(subprocess.Popen, ["touch", "canary"]), r"names (subprocess|commands)\.Popen"),
    "exec": (executed(builtins.exec, "open('canary', 'w')"), r"names (__builtin__|builtins)\.exec"),
    "eval": (state(call("builtins.eval", text("open('canary', 'w')"))), r"builtins\.eval"),
    "getattr chain": (
        state(call("builtins.getattr", call("builtins.__import__", text("os")), text("system"))),
        r"builtins\.getattr",
    ),
    "import": (state(call("builtins.__import__", text("os"))), r"builtins\.__import__"),
    "import through importlib": (state(call("importlib.import_module", text("os"))), r"importlib\.import_module"),
    "nested call": (state(call("torch._utils._rebuild_parameter", call("posix.system", COMMAND))), r"posix\.system"),
    "call of what a call made": (state(ORDERED + tuple_of(COMMAND) + b"R"), "calls a Ordered with a tuple"),
    "runpy": (state(call("runpy.run_path", text("canary.py"))), r"runpy\.run_path"),
    "pickle within": (state(call("pickle.loads", text("cos\n"))), r"pickle\.loads"),
    "pickle within torch": (state(call("torch.load", text("other.pt"))), r"names torch\.load"),
    "storage from bytes": (state(call("torch.storage._load_from_bytes", text("x"))), "pickled without torch.save"),
    "torch's own eval": (state(call("torch.jit.unsupported_tensor_ops.execWrapper", COMMAND)), "execWrapper"),
    "a real module": (state(call("__main__.Net")), r"names __main__\.Net"),
    "numpy object": (state(call("numpy.core.multiarray._reconstruct", named("numpy.ndarray"))), "_reconstruct"),
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
    "STACK_GLOBAL of numbers": (state(stack_named(number(1), number(2))), "names something by what is no text"),
    "STACK_GLOBAL with a line feed": (state(stack_named(text("os\nx"), text("system"))), r"os\\nx\.system"),
    "a name with a homoglyph": (state(named("t\u043erch.FloatStorage")), r"t\\u043erch\.FloatStorage"),
    "EXT1": (pickled(b"\x82\x01"), "opcode EXT1, which torch.save does not write"),
    "EXT2": (pickled(b"\x83\x01\x00"), "opcode EXT2"),
    "EXT4": (pickled(b"\x84\x01\x00\x00\x00"), "opcode EXT4"),
    "INST": (pickled(b"(" + COMMAND + b"iposix\nsystem\n"), "opcode INST"),
    "OBJ": (pickled(b"(" + named("posix.system") + COMMAND + b"o"), r"posix\.system"),
    "OBJ of an allowed name": (pickled(b"(" + named("collections.OrderedDict") + b"o"), "opcode OBJ"),
    "NEWOBJ": (state(named("subprocess.Popen") + tuple_of(COMMAND) + b"\x81"), r"subprocess\.Popen"),
    "NEWOBJ of a symbol": (state(named("torch.Tensor") + b")\x81"), r"calls torch\.Tensor"),
    "NEWOBJ_EX": (state(named("collections.OrderedDict") + b")}\x92"), "opcode NEWOBJ_EX"),
    "BUILD on a tensor": (state(tensor() + dict_of({"__class__": COMMAND}) + b"b"), "changes the state of"),
    "BUILD on a name": (state(named("collections.OrderedDict") + b"}b"), "state of collections.OrderedDict"),
    "BUILD with no dictionary": (state(ORDERED + COMMAND + b"b"), "changes the state of"),
    "BUILD on a plain dictionary": (state(b"}}b"), "changes the state of"),
    "REDUCE of a list": (state(named("collections.OrderedDict") + list_of(COMMAND) + b"R"), "with a list"),
    "REDUCE of a type": (state(call(FLOAT, number(4))), r"calls torch\.FloatStorage"),
    "text protocol": (b"cposix\nsystem\n(S'touch canary'\ntR.", "not a PyTorch checkpoint|posix.system"),
    "text number": (pickled(b"I" + b"9" * 100_000 + b"\n"), "opcode INT"),
    "text string": (pickled(b"S'touch canary'\n"), "opcode STRING"),
    "out-of-band buffer": (pickled(b"\x97"), "opcode NEXT_BUFFER"),
    "an opcode that is none": (pickled(b"\xff"), "there is no opcode 0xff"),
    "a protocol that is none": (pickled(b"N", protocol=200), "pickle protocol 200"),
    # persistent ids
    "persistent id as a text": (pickled(b"P0\n"), "opcode PERSID"),
    "persistent id that is no tuple": (state(text("storage") + b"Q"), "is no storage"),
    "persistent module": (state(tuple_of(text("module"), named(FLOAT), text("x"), text("y")) + b"Q"), "no storage"),
    "storage without a type": (
        state(tuple_of(text("storage"), text("FloatStorage"), text("0"), text("cpu"), number(4)) + b"Q"),
        "is no storage",
    ),
    "storage whose key is a number": (
        state(tuple_of(text("storage"), named(FLOAT), number(0), text("cpu"), number(4)) + b"Q"),
        "is no storage",
    ),
    "storage whose key is a path": (
        state(tensor(held=storage(key="../../data.pkl"))),
        r"'\.\./\.\./data\.pkl' is miss",
    ),
    "storage that is not there": (state(tensor(held=storage(key="1"))), "storage '1' is missing"),
    "storage of a negative size": (state(tensor(held=storage(count=-4))), "impossible size"),
    "storage of an enormous size": (state(tensor(held=storage(count=2**70))), "impossible size"),
    "storage cut short": (state(tensor((5,), held=storage(count=5))), "has 16 bytes, not 20: it is cut short"),
    # tensors that are none
    "negative shape": (moved((1, 1), (-2, -2)), "shape is negative"),
    "negative stride": (moved((-1, 1)), "strides is negative"),
    "negative offset": (moved((2, 1), offset=-1), "offset is negative"),
    "huge shape": (moved((2, 1), (2**62, 2**62)), "reaches to element"),
    "shape beyond 63 bits": (moved((2, 1), (2**63, 1)), "beyond 63 bits"),
    "strides beyond the storage": (moved((3, 1)), "reaches to element 5 of a storage that holds 4"),
    "offset beyond the storage": (moved((2, 1), offset=1), "reaches to element 5"),
    "shape and strides apart": (moved((1,)), "2 dimensions and 1 strides"),
    "thousands of dimensions": (moved((0,) * 5000, (1,) * 5000), "5000 dimensions"),
    "shape of truths": (rebuilt(storage(), number(0), tuple_of(b"\x88"), tuple_of(b"\x88")), "whole numbers|never"),
    "shape that is a text": (
        rebuilt(storage(), number(0), text("4"), text("1"), b"\x89", ORDERED),
        "not made of whole numbers",
    ),
    "too few arguments": (rebuilt(storage()), "called with what torch never gives it"),
    "a tensor of a text": (rebuilt(text("0"), number(0), numbers((1,)), numbers((1,)), b"\x89", ORDERED), "never"),
    "a tensor of no type": (state(tensor(held=storage("torch.UntypedStorage", count=16))), "torch never gives it"),
    "rebuilding within rebuilding": (
        state(
            named("torch._tensor._rebuild_from_type_v2")
            + tuple_of(named("torch._tensor._rebuild_from_type_v2"), b"N", tuple_of(), b"N")
            + b"R"
        ),
        "_rebuild_from_type_v2 is called with what",
    ),
    "a name as a function's function": (
        state(call("torch._tensor._rebuild_from_type_v2", named("posix.system"), b"N", tuple_of(COMMAND), b"N")),
        r"posix\.system",
    ),
    "expanded to terabytes": (moved((0, 0), (2**20, 2**20)), "written out, and the file has"),
    "repeated to terabytes": (
        pickled(dict_of({f"t{i}": tensor((2**28,), (0,)) for i in range(4)})),
        "written out, and the file has",
    ),
    "complex128": (state(typed_tensor("torch.complex128", 16)), r"type torch\.complex128, for which safetensors"),
    "packed floats": (state(typed_tensor("torch.float4_e2m1fn_x2", 16)), r"torch\.float4_e2m1fn_x2"),
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
    # what is too much
    "LONG4 of a negative length": (pickled(b"\x8b" + struct.pack("<i", -1) + b"\x01"), "a number of 4294967295 bytes"),
    "LONG4 of a huge length": (pickled(b"\x8b" + struct.pack("<i", 2**31 - 1)), "the limit is 255"),
    "BINUNICODE8 of a huge length": (pickled(b"\x8d" + struct.pack("<Q", 2**63)), "a text of 9223372036854775808"),
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
    "keys whose hashes collide": (pickled(b"}" + number((2**61 - 1) * 7) + b"Ns"), "a key that is a int"),
    "a key that is a list": (pickled(b"}]Ns"), "a key that is a list"),
    "a key that is a tuple": (pickled(b"})Ns"), "a key that is a tuple"),
    # what is damaged
    "no pickle": (b"", DAMAGED),
    "no end": (state()[:-1], DAMAGED),
    "cut within a text": (state()[:9], DAMAGED),
    "cut behind a call": (executed(os.system, "touch canary")[:-3], r"\.system"),
    "two values": (pickled(b"NN"), DAMAGED),
    "a mark at the end": (pickled(b"(N"), DAMAGED),
    "no mark": (pickled(b"t"), "no mark to go back to"),
    "an empty stack": (pickled(b"0"), "no mark to go back to"),
    "nothing to remember": (pickled(b"q\x00"), "nothing where a value belongs"),
    "nothing remembered": (pickled(b"h\x07"), "remembers nothing under 7"),
    "appending to a tuple": (pickled(b")Na"), "tuple where a list belongs"),
    "an odd dictionary": (pickled(b"}(Nu"), "a key without a value"),
    "a text that is not UTF-8": (pickled(b"X\x01\x00\x00\x00\xff"), "not UTF-8"),
    "a tensor's name that leaves": (pickled(dict_of({"../a": tensor()})), r"has a '\.\.' segment"),
    "a name that is reserved": (pickled(dict_of({"__metadata__": tensor()})), "which the format reserves"),
    "a name with a surrogate": (pickled(dict_of({"\ud800": tensor()})), "is not Unicode"),
    "a number as a name": (pickled(b"}(" + text("a") + tensor() + number(1) + tensor() + b"u"), "named by a int"),
    "a text among the tensors": (
        pickled(dict_of({"a": tensor(), "note": COMMAND})),
        "'note' of the state dict is a str",
    ),
    "a list of tensors": (pickled(list_of(tensor())), "it holds a list, not a dictionary of tensors"),
    "nothing": (pickled(b"}"), "no dictionary in it holds tensors"),
}


def edited(files: dict[str, bytes], change: Callable[[bytearray], object]) -> Write:
    def write(path: Path) -> None:
        content = bytearray(write_zip(path, files).read_bytes())
        change(content)
        path.write_bytes(content)

    return write


def archive(files: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> Write:
    return lambda path: write_zip(path, files, method)


def raw(content: bytes) -> Write:
    return lambda path: path.write_bytes(content)


def directory(content: bytearray, nth: int = 0) -> int:
    """Return where the entry for the nth member begins in the directory."""
    place = -1
    for _ in range(nth + 1):
        place = content.index(b"PK\1\2", place + 1)
    return place


def put(place: int, form: str, value: int) -> Callable[[bytearray], object]:
    return lambda content: struct.pack_into(form, content, directory(content) + place, value)


def twice(path: Path) -> None:
    evil = pickled(call("posix.system", COMMAND))
    with zipfile.ZipFile(path, "w") as writer:
        for name, content in [*members(state()).items(), ("m/data.pkl", evil)]:
            known = name in writer.namelist()
            with pytest.warns(UserWarning, match="Duplicate") if known else nullcontext():
                writer.writestr(name, content)


def overlapping(content: bytearray) -> None:
    """Let the second member begin where the first does."""
    first, second = directory(content), directory(content, 1)
    struct.pack_into("<L", content, second + 42, struct.unpack_from("<L", content, first + 42)[0])


def enormous(content: bytearray) -> None:
    """Let the first member claim two gigabytes, in both places."""
    for place in (18, directory(content) + 20):
        struct.pack_into("<LL", content, place, 2**31, 2**31)


def inflating(path: Path) -> None:
    """Write a pickle that claims to be small and inflates to a gigabyte."""
    squeezed = zlib.compressobj(9, wbits=-15)
    data = b"".join(squeezed.compress(b"N" * (1 << 20)) for _ in range(64)) + squeezed.flush()
    edited(members(data), lambda content: _pretend_deflated(content, len(data)))(path)


def _pretend_deflated(content: bytearray, size: int) -> None:
    for place, method, length in ((0, 8, 22), (directory(content), 10, 24)):
        struct.pack_into("<H", content, place + method, zipfile.ZIP_DEFLATED)
        struct.pack_into("<L", content, place + length, 1000)
    assert size < 1 << 20


PLAIN = members(state())
FLAG = 8  # of a directory's entry
ARCHIVES: dict[str, tuple[Write, str]] = {
    "two members of one name": (twice, r"two members are named 'm/data\.pkl'"),
    "members over each other": (edited(PLAIN, overlapping), "own header disagree|runs into"),
    "a member beyond the file": (edited(PLAIN, put(42, "<L", 2**31)), "points to no member|damaged"),
    "a member larger than the file": (
        edited(PLAIN, enormous),
        "runs into what follows|bytes; the limit",
    ),
    "sizes that differ": (edited(PLAIN, put(24, "<L", 7)), "it is stored, and takes"),
    "an encrypted member": (edited(PLAIN, put(FLAG, "<H", 1)), "it is encrypted"),
    "a strongly encrypted member": (edited(PLAIN, put(FLAG, "<H", 0x40)), "it is encrypted"),
    "another name in the member": (
        edited(PLAIN, lambda content: content.__setitem__(slice(30, 40), b"m/evil.pkl")),
        "own header disagree",
    ),
    "another method in the member": (edited(PLAIN, lambda c: c.__setitem__(8, 8)), "own header disagree"),
    "an unknown compression": (edited(PLAIN, put(10, "<H", 99)), "compressed with method 99|unsupported"),
    "a wrong checksum": (edited(PLAIN, put(16, "<L", 1)), "not what the directory says"),
    "compressed storages": (archive(PLAIN, zipfile.ZIP_DEFLATED), "is compressed, which torch.save never does"),
    "an inflating pickle": (inflating, "not what the directory says|damaged"),
    "a pickle of 30 MB": (archive(members(b"\x80\x02" + b"N0" * 15_000_000)), "the limit is 25000000"),
    "a path that leaves": (archive({**PLAIN, "m/../../canary": b""}), "no path inside the archive"),
    "an absolute path": (archive({**PLAIN, "/canary": b""}), "no path inside the archive"),
    "a path of Windows": (archive({**PLAIN, "m\\..\\canary": b""}), "no path inside the archive"),
    "a drive": (archive({**PLAIN, "C:/canary": b""}), "no path inside the archive"),
    "two roots": (archive({**PLAIN, "n/data.pkl": state()}), r"2 members of the archive are a data\.pkl"),
    "no pickle": (archive({"m/version": b"3\n"}), r"0 members of the archive are a data\.pkl"),
    "an unknown byte order": (archive(members(state(), order=b"middle")), "byte order b'middle' is not known"),
    "a byte order of megabytes": (archive(members(state(), order=b"x" * 2**22)), "the limit is 16"),
    "no directory": (raw(b"PK\3\4" + b"x" * 1000), "its directory is missing"),
    "an archive behind something": (
        lambda path: path.write_bytes(b"PK\3\4junk" + write_zip(path, PLAIN).read_bytes()),
        "bytes stand before the archive",
    ),
    "a directory of gigabytes": (
        edited(PLAIN, lambda c: struct.pack_into("<L", c, c.index(b"PK\5\6") + 12, 2**31)),
        "directory takes 2147483648 bytes",
    ),
    "an empty archive": (raw(b"PK\5\6" + bytes(18)), "not a PyTorch checkpoint"),
    "an emptied archive": (
        edited(PLAIN, lambda c: c.__setitem__(slice(directory(c), c.index(b"PK\5\6") + 20), b"PK\5\6" + bytes(16))),
        "the archive is empty",
    ),
    "a tar": (raw(bytes(257) + b"ustar" + bytes(250)), "a checkpoint in a tar"),
    "an empty file": (raw(b""), "not a PyTorch checkpoint"),
    "text": (raw(b"version https://git-lfs.github.com/spec/v1\n"), "not a PyTorch checkpoint"),
    "a bare pickle": (raw(executed(os.system, "touch canary")), "not a PyTorch checkpoint"),
    "script code that is missing": (
        archive({**members(pickled(named("__torch__.M") + b")\x81}b")), "m/constants.pkl": b"", "m/code/x.py": b""}),
        r"code 'code/__torch__\.py' is missing",
    ),
    "a script that names more": (
        archive({**members(state(call("posix.system", COMMAND))), "m/constants.pkl": b"", "m/code/x.py": b""}),
        r"posix\.system",
    ),
    "a script without a module": (
        archive({**PLAIN, "m/constants.pkl": b"", "m/code/x.py": b""}),
        "holds no module",
    ),
    "legacy: a call": (raw(legacy(executed(os.system, "touch canary"), {})), r"\.system"),
    "legacy: a call in the preamble": (raw(LEGACY_MAGIC + pickled(call("posix.system", COMMAND))), "preamble holds"),
    "legacy: nothing more": (raw(LEGACY_MAGIC), DAMAGED),
    "legacy: another protocol": (raw(LEGACY_MAGIC + pickled(number(1000))), "protocol 1001"),
    "legacy: a storage cut short": (raw(legacy(state(), {"0": FOUR})[:-1]), "runs past the end"),
    "legacy: a storage of another size": (raw(legacy(state(), {"0": FOUR[:8]})), "has 8 bytes, not 16"),
    "legacy: a huge count": (
        raw(legacy(state(), {})[: -len(pickled(list_of()))] + pickled(list_of(text("0"))) + b"\xff" * 8),
        "runs past the end",
    ),
    "legacy: a storage too many": (raw(legacy(state(), {"0": FOUR, "1": FOUR})), "belongs to no tensor"),
    "legacy: bytes left over": (raw(legacy(state(), {"0": FOUR}) + b"x"), "1 bytes follow the last storage"),
    "legacy: keys that repeat": (
        raw(legacy(state(), {})[: -len(pickled(list_of()))] + pickled(list_of(text("0"), text("0")))),
        "list of storages is damaged",
    ),
    "legacy: keys that are none": (
        raw(legacy(state(), {})[: -len(pickled(list_of()))] + pickled(number(1))),
        "list of storages is damaged",
    ),
}


def refused(path: Path, problem: str) -> None:
    before, peak = {entry.name for entry in path.parent.iterdir()}, _peak()
    with pytest.raises(SerializationError, match=problem):
        Safetensors().dump(path, path.name, path.parent / "workspace", SafetensorsOptions(), SILENT)
    assert _peak() - peak < MEMORY
    assert {entry.name for entry in path.parent.iterdir()} == before


def _peak() -> int:
    """Return the most memory this process ever had, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, where a canary would appear."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", PICKLES)
def test_a_hostile_pickle_is_refused(here: Path, name: str) -> None:
    pickle_bytes, problem = PICKLES[name]
    refused(checkpoint(here / "hostile.pt", pickle_bytes), problem)


@pytest.mark.parametrize("name", ARCHIVES)
def test_a_hostile_file_is_refused(here: Path, name: str) -> None:
    write, problem = ARCHIVES[name]
    write(here / "hostile.pt")
    refused(here / "hostile.pt", problem)


def test_the_canary_would_be_seen(here: Path) -> None:
    pickle.loads(executed(os.system, "touch canary"))
    assert (here / "canary").exists()
