"""A pickle is found after any number of leading bytes; weights, words and compiled modules are not taken for one."""

import base64
import gzip
import marshal
import pickle
import random
import struct
import zipfile
from collections.abc import Callable

import numpy as np
import pytest
from safetensors.numpy import save

from hublish.audit.containers import carried_pickle
from hublish.audit.pickle_heads import led_pickle
from hublish.audit.pickles import pickle_in
from hublish.formats.blob import MemoryBlob, SliceBlob
from tests.hublish.audit.payloads import Call, call, tarred, zipped
from tests.rows import every

noise = random.Random(3).randbytes

LED = {
    **{f"protocol {number}": call(number) for number in range(6)},
    "an import alone, after a header": b"\x80\x02cunheard_of\nname\n\xff",
    "an import alone, of a name that does not exist": b"\x80\x02cunheard_of\n\n",
    "an import alone, of a short module of every loader": b"\x80\x02cos\nsystem\n\xff",
    "an import alone, from a package with a short name": b"\x80\x02cos.path\njoin\n\xff",
    "a header, an unlikely module and the end": b"\x80\x02c\xc9\xa0\nf\n.",
    "after two headers": b"\x80\x02\x80\x03cunheard_of\nname\n\xff",
    "an import and the end": b"cstring\ndigits\n.",
    "an addition": b"csys\npath\nVnowhere\na",
    "a call of an unknown name": b"cunheard_of.name\nf\n(S'x'\ntR",
    "INST, behind its mark": b"(S'true'\nios\nsystem\n.",
    "names that are strings": b"\x8c\x02os\x8c\x06system\x93)R",
    "names of the memo": b"\x80\x04\x8c\x02os\x94\x8c\x06system\x94h\x00h\x01\x93)R",
}
STRINGS = {
    "SHORT_BINSTRING": b"U\x02osU\x06system\x93",
    "BINSTRING": b"T\x02\0\0\0osT\x06\0\0\0system\x93",
    "BINUNICODE": b"X\x02\0\0\0osq\0X\x06\0\0\0systemq\1\x93",
    "BINUNICODE8": b"\x8d\x02" + bytes(7) + b"os\x94\x8c\x06system\x94\x93",
    "STRING": b"S'os'\np0\nS'system'\np1\n\x93",
    "UNICODE": b"V\\u006fs\nVsystem\n\x93",
    "a long name": b"Vos\nV" + b"path.os." * 200 + b"system\n\x93",
}
LED |= {f"names by {name}": names + b"(S'true'\ntR." for name, names in STRINGS.items()}
LEADS = {
    "a byte": b"#",
    "16 zeros": bytes(16),
    "a line": b"# format 1\n",
    "5,000 zeros": bytes(5000),
    "almost a piece": noise((1 << 20) - 7),
    "three pieces": noise(3 << 20),
}


@every("lead", LEADS)
@pytest.mark.parametrize("data", LED.values(), ids=LED)
def test_a_pickle_after_leading_bytes_is_found(data: bytes, lead: str) -> None:
    assert pickle_in(MemoryBlob(LEADS[lead] + data + b"\x00\xff")) is not None


def test_text_with_the_opcodes_of_strings_is_clean() -> None:
    letters = random.Random(5)
    lines = ["".join(letters.choices("ALGVSEKTDPRINQFYHMCWU", k=60)) for _ in range(30_000)]
    # The dash has the byte of STACK_GLOBAL.
    assert carried_pickle(MemoryBlob("\n".join(["> human \u2013 mouse", *lines]).encode())) is None


def test_the_offset_is_reported() -> None:
    assert pickle_in(MemoryBlob(bytes(5000) + call())) == "a pickle after 5000 leading bytes"


def test_a_part_is_searched_with_the_bytes_that_it_is_a_part_of() -> None:
    data = tarred({"weights.bin": bytes(5000) + call()})
    assert pickle_in(SliceBlob(MemoryBlob(data), 512, 6000)) is None
    assert carried_pickle(MemoryBlob(data)) == "a pickle after 5512 leading bytes"


@pytest.mark.parametrize("compress", [gzip.compress, lambda data: zipped({"a": data}, zipfile.ZIP_DEFLATED)])
def test_the_content_of_a_compressed_file_is_searched(compress: Callable[[bytes], bytes]) -> None:
    assert carried_pickle(MemoryBlob(compress(bytes(5000) + call()))) is not None


def test_megabytes_of_noise_are_clean() -> None:
    assert led_pickle(MemoryBlob(noise(1 << 20) * 20)) is None
    assert all(led_pickle(MemoryBlob(noise(1 << 20))) is None for _ in range(20))


def constant(value: object, dtype: str) -> Callable[[], bytes]:
    return lambda: np.full(100_000, value, dtype).tobytes()


CLEAN = {
    "weights of 130.5": constant(130.5, "<f4"),  # 00 80 02 43: a header and SHORT_BINBYTES
    "weights of 8552448": constant(8552448, "<f4"),
    "weights of 32.625": constant(32.625, "<f4"),
    "samples of 640": constant(640, "<i2"),  # 80 02: a header
    "weights that are short strings": lambda: b"\x8cjG\xbf\x8cABC" * 200_000,
    # 2 GiB of random bytes had the first.
    "a header and a module by chance": lambda: b"\0\x80\x01c\xc9\xa0.\n\n\x1c\xce",
    "a header and a letter": lambda: b"\0\x80\x02cq\nA7\xc3\xa9\n\xfe",
    "a list of words": lambda: b"moved\nlocal\ntimes\nchildren\nfebruary\nbook\n" * 5000,
    "sorted words": lambda: b"broadcast\nvalue\nName\nscenarios\nnothing\nNadine\n" * 5000,
    "digests": lambda: b"".join(noise(32).hex().encode() + b"\n" for _ in range(20_000)),
    "lines of base64": lambda: b"".join(base64.b64encode(noise(48), b"Zz") + b"\n" for _ in range(10_000)),
    "documentation": lambda: b"# Pickles\n\n    cos\n    system\n    (S'true'\n    tR.\n",
}


@pytest.mark.parametrize("content", CLEAN.values(), ids=CLEAN)
def test_clean_bytes_of_the_same_form_are_not_a_pickle(content: Callable[[], bytes]) -> None:
    assert pickle_in(MemoryBlob(content())) is None


def safetensors(data: bytes, end: int) -> bytes:
    header = f'{{"a":{{"dtype":"U8","shape":[{end}],"data_offsets":[0,{end}]}}}}'.encode()
    return struct.pack("<Q", len(header)) + header + data


def test_the_data_of_safetensors_is_not_searched() -> None:
    data = bytes(100) + call()
    assert pickle_in(MemoryBlob(safetensors(data, len(data)))) is None
    assert pickle_in(MemoryBlob(save({"a": np.frombuffer(data, np.uint8)}))) is None


@pytest.mark.parametrize("end", [0, 50, 150, "x", "[]", "1e3", "{}"])
def test_bytes_beyond_the_tensors_of_safetensors_are_searched(end: object) -> None:
    header = f'{{"a":{{"dtype":"U8","shape":[1],"data_offsets":[0,{end}]}}}}'.encode()
    data = struct.pack("<Q", len(header)) + header + bytes(100) + call()
    assert pickle_in(MemoryBlob(data)) is not None


@pytest.mark.parametrize("header", [b"[]", b"{", b"{}", b"null", b"[" * 5000, b'{"a":1}', b"{\xff}", b'{"a":{}}'])
def test_other_headers_of_json_do_not_stop_the_search(header: bytes) -> None:
    data = struct.pack("<Q", len(header)) + header + bytes(100) + call()
    assert pickle_in(MemoryBlob(data)) is not None


def compiled(source: str) -> bytes:
    return b"\xa7\r\r\n" + bytes(12) + marshal.dumps(compile(source, "name", "exec"))


@pytest.mark.parametrize("protocol", range(6))
def test_a_literal_of_a_compiled_module_is_clean(protocol: int) -> None:
    literal = pickle.dumps([Call(), Call()], protocol)
    assert pickle_in(MemoryBlob(compiled(f"A = 1; B = {literal!r}"))) is None


def test_another_pickle_in_a_compiled_module_is_found() -> None:
    assert pickle_in(MemoryBlob(compiled(f"A = {call()!r}") + call())) is not None
    assert pickle_in(MemoryBlob(compiled("A = 1")[:16] + call())) is not None


@pytest.mark.parametrize(
    "unit", [b"\x80\x02V", b"\x80\x02]", b"\x80\x02N.", b"\x80\x02(", b"\x8c\x02osN", b"ccccc\ncc\nN"]
)
def test_the_search_of_hostile_bytes_is_bounded(unit: bytes) -> None:
    """Each head would be followed through the rest of the file."""
    pickle_in(MemoryBlob(unit * 200_000))
