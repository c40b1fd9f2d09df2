"""Generate the try of a seed and a number: a pickle in containers, mutated, or plain text in ordinary containers."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.fuzz.audit import arrays, streams, tars, zips
from tests.fuzz.audit.programs import program
from tests.fuzz.inputs import Input, Kind

Builder = Callable[[Random, bytes, bool], bytes]

_STREAMS: dict[str, Builder] = {
    "gzip": streams.in_gzip,
    "zlib": streams.in_zlib,
    "bzip2": streams.in_bzip2,
    "xz": streams.in_xz,
    "lzma": streams.in_lzma,
    "lz4": streams.in_lz4,
    "zstandard": streams.in_zstandard,
}
_ARCHIVES: dict[str, Builder] = {"zip": zips.in_zip, "tar": tars.in_tar}
_ARRAYS: dict[str, Builder] = {
    "npy": arrays.in_npy,
    "npz": arrays.in_npz,
    "hdf5": arrays.in_hdf5,
    "safetensors": arrays.in_safetensors,
    "joblib": arrays.in_joblib,
}
KINDS = ("pickle", *_STREAMS, *_ARCHIVES, *_ARRAYS)
"""The outermost containers of tries."""

_TEXTS = (
    *(
        zips.TEXT,
        b'{"hidden_size": 384, "layers": [1, 2, 3]}\n',
        b"name,value\niris,0.5\n" * 40,
        b"# Model card\n\nIt works.\n",
    ),
    *(b"cat\ndog\nrabbit\ntiger\n", b"0.5 1.5 2.5\n" * 300, b"I am here.\n", b"(see above)\n", b"line\n" * 20_000),
)


@dataclass(frozen=True, slots=True)
class Try:
    """One file, and how it was made."""

    kind: str
    """Its outermost container."""
    data: bytes
    origin: str
    clean: bool

    @property
    def input(self) -> Input:
        """The file as an input that can be saved."""
        return Input(Kind.CLEAN_FILE if self.clean else Kind.FILE, self.data, self.origin)


def make(seed: int, number: int) -> Try:
    """Return the try of this seed and number."""
    rng = Random(f"audit {seed} {number}")
    if rng.random() < 0.12:
        return _clean(rng)
    made = _marked(rng)
    chance = rng.random()
    if chance < 0.08:
        return Try(made.kind, _bytes_changed(rng, made.data), f"{made.origin}, bytes changed", clean=False)
    if chance < 0.12:
        return _spliced(rng, made, _marked(rng))
    return made


def _marked(rng: Random) -> Try:
    """Put a pickle into containers with odd headers."""
    name, data = program(rng)
    kind = "pickle"
    for depth in range(rng.choices(range(5), [12, 55, 23, 8, 2])[0]):
        kind, build = rng.choice(list({**_STREAMS, **_ARCHIVES, **({} if depth else {**_ARRAYS})}.items()))
        odd = rng.random() < 0.65
        data = build(rng, data, odd)
        name = f"{'odd ' if odd else ''}{kind} of {name}"
    return Try(kind, data, name, clean=False)


def _clean(rng: Random) -> Try:
    """Put text or numbers into ordinary containers."""
    chance = rng.random()
    if chance < 0.2:
        kind, data = "npy", arrays.clean_npy(rng)
    elif chance < 0.35:
        kind = rng.choice(["hdf5", "safetensors"])
        data = _ARRAYS[kind](rng, rng.choice(_TEXTS), False)
    else:
        kind, data = "text", rng.choice(_TEXTS)
    name = kind
    for _ in range(rng.choice([1, 1, 2, 3])):
        kind, build = rng.choice(list({**_STREAMS, **_ARCHIVES}.items()))
        data, name = build(rng, data, False), f"{kind} of {name}"
    return Try(kind, data, f"clean: {name}", clean=True)


def _bytes_changed(rng: Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        # Most headers are at an end of the file.
        at = rng.choice(
            [
                rng.randrange(len(changed) + 1),
                rng.randrange(min(64, len(changed) + 1)),
                max(0, len(changed) - rng.randint(1, 64)),
            ]
        )
        match rng.randrange(5):
            case 0 if changed:
                changed[min(at, len(changed) - 1)] ^= 1 << rng.randrange(8)
            case 1 if changed:
                changed[min(at, len(changed) - 1)] = rng.choice([0, 1, 0x7F, 0x80, 0xFF, ord("."), rng.randrange(256)])
            case 2:
                changed[at:at] = rng.choice([b"\0", b"N.", bytes(16), rng.randbytes(3), b"\n"])
            case 3:
                del changed[at : at + rng.choice([1, 2, 8, 100])]
            case _:
                changed[at:at] = changed[at : at + rng.choice([1, 4, 64])]
    return bytes(changed)


def _spliced(rng: Random, one: Try, other: Try) -> Try:
    """Join two files: one behind the other, or the beginning of one with the end of the other."""
    if rng.random() < 0.6:
        data = one.data + rng.choice([b"", b"", bytes(512), b"\n"]) + other.data
    else:
        data = one.data[: rng.randrange(len(one.data) + 1)] + other.data[rng.randrange(len(other.data) + 1) :]
    return Try(one.kind, data, f"{one.origin}, joined with {other.origin}", clean=False)
