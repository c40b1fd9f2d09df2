"""Pickles that import a marked name, written opcode by opcode: what comes before, how it imports, and what follows."""

import pickle
import struct
from collections.abc import Callable, Sequence
from random import Random

from tests.fuzz.audit.marker import CLASSES, EXTENSION, FUNCTIONS, MODULES, VALUES, Mark

_DATA = ({"weights": [0.5, 1.5], "epoch": 3}, [1, 2, 3], ("a", b"b", None), {1, 2}, 10**40, "text " * 30)


def program(rng: Random) -> tuple[str, bytes]:
    """Return a pickle that imports a marked name, with a description."""
    name, core = rng.choice(list(_CORES.items()))
    made = core(rng)
    if rng.random() < 0.5:
        made, note = _behind(rng, made)
        name += note
    if rng.random() < 0.35:
        before, note = _pickles_before(rng)
        made, name = before + made, f"{name} after {note}"
    if rng.random() < 0.3:
        made += rng.choice([b"\0", bytes(64), b"\nplain text\n" * 9, pickle.dumps([1], 2), b".", b"\x80", b"\xff\xfe"])
        name += ", more follows"
    return name, made


# ----------------------------------------------------------------------------------------- how it imports and calls


def _string(rng: Random, text: bytes) -> bytes:
    """Push a string by any of its opcodes."""
    size = len(text)
    spelled = "".join(f"\\u{code:04x}" if rng.random() < 0.3 else chr(code) for code in text).encode()
    return rng.choice(
        [
            b"\x8c" + bytes([size]) + text,
            b"X" + struct.pack("<I", size) + text,
            b"\x8d" + struct.pack("<Q", size) + text,
            b"V" + spelled + b"\n",
            b"S'" + text + b"'\n",
            b'S"' + text.replace(b"r", b"\\x72") + b'"  \n',
            b"U" + bytes([size]) + text,
            b"T" + struct.pack("<i", size) + text,
            b"\x8c" + bytes([size]) + text + b"\x94" + b"0h\x00"
            if rng.random() < 0.5
            else b"\x8c" + bytes([size]) + text,
        ]
    )


def _named(rng: Random, names: Sequence[str] = FUNCTIONS) -> tuple[bytes, bytes]:
    which = rng.randrange(len(MODULES))
    return MODULES[which].encode(), names[which].encode()


def _imported(rng: Random, names: Sequence[str] = FUNCTIONS) -> bytes:
    """Push a value of one of the modules, by any opcode that imports."""
    module, name = _named(rng, names)
    return rng.choice(
        [
            b"c" + module + b"\n" + name + b"\n",
            _string(rng, module) + _string(rng, name) + b"\x93",
            _string(rng, module) + b"q\x050" + _string(rng, name) + b"q\x060h\x05h\x06\x93",
        ]
    )


def _extension(rng: Random) -> bytes:
    return rng.choice(
        [
            b"\x82" + bytes([EXTENSION]),
            b"\x83" + struct.pack("<H", EXTENSION),
            b"\x84" + struct.pack("<i", EXTENSION),
        ]
    )


def _arguments(rng: Random) -> bytes:
    return rng.choice(
        [b")", b"(t", b"K\x07\x85", b"(K\x07t", b"NN\x86", b"(I7\nS'x'\nlp9\n(g9\nt", b"NNN\x87", b"]\x85"]
    )


def _dumped(rng: Random) -> bytes:
    return pickle.dumps(rng.choice([Mark(), [1, Mark()], {"a": 1, "b": Mark()}, ("t", (Mark(),))]), rng.randrange(6))


def _written_in_python(rng: Random) -> bytes:
    import io

    target = io.BytesIO()
    pickle._Pickler(target, rng.randrange(6)).dump(rng.choice([Mark(), {"k": [Mark()] * 3}]))
    return target.getvalue()


def _reduce(rng: Random) -> bytes:
    return _imported(rng) + _arguments(rng) + b"R."


def _extended(rng: Random) -> bytes:
    return _extension(rng) + _arguments(rng) + b"R."


def _inst(rng: Random) -> bytes:
    return b"(" + rng.choice([b"", b"K\x07", b"S'a'\n"]) + b"i" + b"\n".join(_named(rng)) + b"\n."


def _obj(rng: Random) -> bytes:
    return b"(" + _imported(rng) + rng.choice([b"", b"K\x07", b"S'a'\n"]) + b"o."


def _newobj(rng: Random) -> bytes:
    return _imported(rng, CLASSES) + rng.choice([b")\x81.", b"K\x07\x85\x81.", b")}\x92.", b"(t}\x92."])


def _build(rng: Random) -> bytes:
    return _imported(rng, rng.choice([CLASSES, VALUES])) + rng.choice(
        [b"}X\x01\x00\x00\x00aK\x01sb.", b"N}\x86b.", b"}b."]
    )


def _import_only(rng: Random) -> bytes:
    return _imported(rng, rng.choice([FUNCTIONS, CLASSES, VALUES])) + rng.choice(
        [b".", b"", b"0", b"0N.", b"Na.", b"q\x00."]
    )


def _import_with_dots(rng: Random) -> bytes:
    """Import a method, which protocol 4 allows."""
    module = MODULES[0].encode()
    name = _string(rng, module) + _string(rng, b"Formatter.format") + b"\x93"
    return b"\x80\x04" + rng.choice([name, b"c" + module + b"\nFormatter.format\n"]) + rng.choice([b".", b")R.", b""])


def _added_items(rng: Random) -> bytes:
    return _imported(rng, rng.choice([CLASSES, VALUES])) + rng.choice(
        [b"K\x01a.", b"(K\x01K\x02e.", b"K\x00K\x01s.", b"(K\x00K\x01u.", b"(K\x01\x90."]
    )


def _after_persistent_id(rng: Random) -> bytes:
    """Import after an instruction that fails in `pickle.load`; loaders of frameworks give it a meaning."""
    return rng.choice([b"Pid\n0", b"X\2\0\0\0idQ0", b"NQ0", b"(U\2idtQ0"]) + _reduce(rng)


_CORES: dict[str, Callable[[Random], bytes]] = {
    "dumps": _dumped,
    "dumps in Python": _written_in_python,
    "REDUCE": _reduce,
    "EXT": _extended,
    "INST": _inst,
    "OBJ": _obj,
    "NEWOBJ": _newobj,
    "BUILD": _build,
    "import": _import_only,
    "import with dots": _import_with_dots,
    "added items": _added_items,
    "persistent id": _after_persistent_id,
}


# ----------------------------------------------------------------------------------------------- within the pickle

_STEPS = (
    *(
        b"N0",
        b"K\x010",
        b"\x880",
        b"]0",
        b"}0",
        b")0",
        b"(1",
        b"(0",
        b"(t0",
        b"(l0",
        b"(d0",
        b"N20",
        b"N2\x860",
        b"NN\x860",
    ),
    *(b"I01\n0", b"I 12 \n0", b"I0x1f\n0", b"I1_0\n0", b"I1\0 text\n0", b"I-7\n0", b"L12L\n0", b"L0\n0", b"L1\0L\n0"),
    *(
        b"F1e5\n0",
        b"Fnan\n0",
        b"F-inf\n0",
        b"F1\0x\n0",
        b"F 1\n0",
        b"G?\xf0\0\0\0\0\0\0" + b"0",
        b"\x8a\x000",
        b"\x8a\x02\xff\x7f0",
    ),
    *(
        b"\x8b\x01\0\0\0\x070",
        b"J\1\2\3\4" + b"0",
        b"M\1\2" + b"0",
        b"S'a b'\n0",
        b'S"\\n"\n0',
        b"Vany text\n0",
        b"V\\u0041\n0",
    ),
    *(
        b"X\2\0\0\0ab0",
        b"U\2ab0",
        b"T\2\0\0\0ab0",
        b"C\2ab0",
        b"B\2\0\0\0ab0",
        b"\x8c\2ab0",
        b"\x8e\2\0\0\0\0\0\0\0ab0",
    ),
    *(
        b"\x8d\2\0\0\0\0\0\0\0ab0",
        b"\x96\2\0\0\0\0\0\0\0ab0",
        b"\x8f0",
        b"\x8f(K\1\x900",
        b"(K\1\x910",
        b"](K\1K\2e0",
        b"]K\1a0",
    ),
    *(
        b"}K\1K\2s0",
        b"}(K\1K\2u0",
        b"Np5\n0g5\n0",
        b"Nq\x090h\x090",
        b"Nr\x09\0\0\0" + b"0j\x09\0\0\0" + b"0",
        b"N\x940",
    ),
    *(
        b"Np 6 \n0",
        b"Np1_1\n0",
        b"Np7\0x\n0",
        b"\x80\x02",
        b"\x80\x05",
        b"\x80\x00",
        b"](K\1eK\0Ns0",
        b"K\5(e0",
        b"NNb0",
        b"N}b0",
    ),
    *(
        b"](K\1t\x850",
        b"](]t0",
        b"S''\n0",
        b"S'\xff'\n0",
        b"V\xe9\n0",
        b"X\2\0\0\0\xc3\xa90",
        b"(((111",
        b"(NNN1",
        b"N\x850",
        b"K\1K\2K\3\x870",
    ),
)
_LENGTHS = (250, 4080, 4096, 5000, 65_530, 65_536, 70_000)


def _behind(rng: Random, core: bytes) -> tuple[bytes, str]:
    """Put other instructions before a pickle; the first two bytes stay when they are its protocol."""
    chance = rng.random()
    if chance < 0.45:
        before = b"".join(rng.choices(_STEPS, k=rng.choice([1, 1, 2, 3, 8, 20])))
        note = "steps"
    elif chance < 0.75:
        size = rng.choice(_LENGTHS) if rng.random() < 0.98 else 1_100_000
        filler = rng.choice([b"a", b"\0", b"N.", b" ", b"\n"]) * size
        before = rng.choice(
            [
                b"X" + struct.pack("<I", len(filler)) + filler + b"0",
                b"\x8e" + struct.pack("<Q", len(filler)) + filler + b"0",
                b"V" + filler.replace(b"\n", b" ").replace(b"\0", b"a") + b"\n0",
                b"S'" + filler.replace(b"\n", b" ").replace(b"\0", b"a") + b"'\n0",
                b"\x8b" + struct.pack("<I", 250) + b"\1" * 250 + b"0",
            ]
        )
        note = "a long string"
    elif chance < 0.98:
        return _framed(rng, core), " in frames"
    else:
        before = rng.choice([b"N0", b"(0", b"I1\n0", b"N" * 99]) * rng.choice([5_000, 110_000])
        note = "many steps"
    head = core[:2] if core[:1] == b"\x80" and rng.random() < 0.7 else b""
    return head + before + core[len(head) :], f" behind {note}"


def _framed(rng: Random, core: bytes) -> bytes:
    """Put a pickle into frames of protocol 4, of the right length or not."""
    body = core[2:] if core[:1] == b"\x80" else core
    if rng.random() < 0.5:
        body = rng.choice(_STEPS) + body
    length = rng.choice([len(body), len(body), len(body), 0, 1, len(body) - 1, len(body) + 1, 2**40, 2**63])
    frame = b"\x95" + struct.pack("<Q", max(length, 0)) + body
    return rng.choice([b"\x80\x04", b"\x80\x05", b"", b"\x80\x04\x95" + bytes(8)]) + frame


def _pickles_before(rng: Random) -> tuple[bytes, str]:
    """Return complete pickles, which a loader that loops reads first."""
    count = rng.choice([1, 1, 2, 4, 5, 15, 16, 17, 40, 300])
    small = (
        b"N.",
        b"K\x01.",
        b"I1\n.",
        b"].",
        b"S'a'\n.",
        b"\x80\x02N.",
        b"\x80\x04K\x05.",
        pickle.dumps(rng.choice(_DATA), rng.randrange(6)),
    )
    if rng.random() < 0.6:
        return rng.choice(small) * count, f"{count} pickles"
    return b"".join(rng.choices(small, k=min(count, 40))), f"{count} mixed pickles"
