"""Columns and rows of Parquet files, as pyarrow writes them, and of files that are damaged."""

import zlib
from base64 import b85decode
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.formats.blob import MemoryBlob
from hublish.formats.input_files import InvalidFileError
from hublish.formats.parquet_table import ParquetTable, RowCounter, read_table
from tests.hublish.formats.parquet import BYTES, INT64, UTF8, element, list_of, parquet, struct_of, with_footer, zigzag

# The footer of a file that pyarrow 26 wrote, with a column for each of its types.
EVERY_TYPE = zlib.decompress(
    b85decode(
        "c-pO&Jxtp`6oAhcCpf``{9r3qql(2(AO+OW#A0A*7t~4_q7H}wQRT-`L!FT3hpJKs28Ir(14G5YP%$wubm-6lp$=7rI&`W!RtyYP"
        "#n7okm7(vP<Vc7WJXEsc^Yi=O-`#so_Wq-!B5LiKG>Q2dg(qeurz{YK>NG~ni~8-%aa0Nu(vf&tNkfmJC=}tM@?BIH?Uj-0u3AP)"
        "kE7Z>TP>)F3JOa}!)mi<iK&zr7O+<gBe)XsM3LFOp_5FUX|gA34Lo}C<!a9)E#*lX^(}=ezRVJ;q{WzMl^ackb|M)wEwf@)n@o*b"
        "j(X`UEk`qQpP6nT%ox5DJ3fS5H|+e?Yme1v-sp_uEQboJ(@dhH?tf~&c)XRfS|)QM>m=quNv{ly^4f1ZYuaq+Q<>dJoYCF)o@S$J"
        "p=hZiVml=ibva}86ojVrk`qDZJmx8y1wDXEF|o#eIasw$dgT|3<wCCvD%Ijz`xcP6LbWvUg*0|#6qKuL>KY_KnoZz75tb=YLU>!6"
        "^=UvTvi%S{Rh)VyK+z?JCy!$n0(=xkb0X)Al+6{@BAih;pf0&qA9w75ZO>>f*yBpw^j6hX*b(9422SE!Uw-EzoQR{j0O$JR{N#mw"
        "?`V!_x{qjhd~GPDrl9S8h+>-<RF%6fgodrVuCBv(AH4GoIl!ag#9=RU@ckIP9&-z_uIJ>Q1eZ6Gz3StP;KlzX!57KZW-khs-Lkw{"
        "i7Kkw0$%XL4~PC?BS5LPj7G%4$X9Xd3|P8umZ}@-2Al=pFyNGufq`iyyGyTyID;cd$nlN-Fb=!pPPrN6dNpk_&&&BnhTr4P<ur!8"
        "K46n=Act-YHMItRW%w#Pm4;|5{Tax;B3G^k9UE}G92XOCI^h%&Gc_F4fT7N0<S~5<!covUrsd(HvRQi7JCm?K>2fyUxaHhY2-=hG"
        "W|&aq9ljHW^N>4lLX-RY8HSUv%Q=MO-R4%*6*!H++lb2;JDFwGEbK+$k2A%ffsVC56#R@`M&WaGRLiOdQz``sZ)9e=ma9K&na#OE"
        "tu~jd*EgR}Z<+N*d9ymbV9ei{PvS=hzd!%?B3?fsS^P8f4}HcoYX"
    )
)
COLUMNS = {
    "i8": "int8", "u16": "uint16", "i32": "int32", "i64": "int64", "u64": "uint64", "f16": "float16", "f32": "float32",
    "f64": "float64", "b": "bool", "s": "string", "ls": "string", "bin": "binary", "fb": "binary", "l": "list<int64>",
    "ll": "list<list<string>>", "st": "struct", "lst": "list<struct>", "m": "map", "ts": "timestamp",
    "tsn": "timestamp", "d": "date", "t": "time", "dec": "decimal", "n": "null", "dict": "string",
}  # fmt: skip


def table(data: bytes) -> ParquetTable:
    """Return the shape of a file."""
    return read_table(MemoryBlob(data), len(data))


def rows(data: bytes) -> int:
    """Return the number of rows of a file."""
    return RowCounter().count(MemoryBlob(data), len(data))


def test_reads_every_type_that_pyarrow_writes() -> None:
    found = table(EVERY_TYPE)
    assert dict(found.columns) == COLUMNS
    assert found.rows == rows(EVERY_TYPE) == 1


def test_a_file_without_features_has_none() -> None:
    assert table(parquet(rows=7)) == ParquetTable((("text", "string"),), 7)
    assert table(parquet(features={"text": {"_type": "Value"}})).features == {"text": {"_type": "Value"}}


@dataclass
class Watched:
    """Bytes that note which of them are read."""

    data: bytes
    read: list[tuple[int, int]] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Number of bytes."""
        return len(self.data)

    def read_at(self, offset: int, length: int) -> bytes:
        """Return a part."""
        self.read.append((offset, length))
        return self.data[offset : offset + length]


def test_only_the_end_of_a_file_is_read() -> None:
    watched = Watched(parquet(data=bytes(1 << 20), rows=9))
    assert RowCounter().count(watched, watched.size) == 9
    assert len(watched.read) == 1
    assert watched.read[0][0] > 1 << 19


def test_of_a_long_footer_the_beginning_is_read() -> None:
    places = (4, 9, list_of(12, [struct_of((1, 8, b"\x7f" + bytes(127)))] * 50_000))
    schema = (2, 9, list_of(12, [element("schema", children=1), element("x", INT64)]))
    data = with_footer(struct_of((1, 5, zigzag(1)), schema, (3, 6, zigzag(42)), places))
    watched = Watched(data)
    assert RowCounter().count(watched, watched.size) == 42
    assert sum(length for _, length in watched.read) < 2 << 20 < watched.size


def test_files_of_one_schema_are_counted_alike() -> None:
    counter = RowCounter()
    first, second, other = parquet(rows=3), parquet(rows=1 << 40), parquet([("x", INT64, None)], rows=5)
    counts = [counter.count(MemoryBlob(data), len(data)) for data in (first, second, other, first)]
    assert counts == [3, 1 << 40, 5, 3]


DEEP = list_of(12, [element("schema", children=1), *[element("g", children=1)] * 100, element("x", INT64)])
DAMAGED = {
    "empty": b"",
    "no magic": parquet()[:-1],
    "an encrypted footer": parquet()[:-4] + b"PARE",
    "a footer longer than the file": parquet()[:-8] + b"\xff\xff\xff\x7fPAR1",
    "no footer": b"PAR1\0\0\0\0PAR1",
    "an empty struct": with_footer(b"\0"),
    "no rows": with_footer(struct_of((1, 5, zigzag(1)))),
    "negative rows": parquet(rows=-1),
    "too many rows": parquet(rows=1 << 60),
    "truncated": with_footer(parquet()[4:-8][:20]),
    "noise": with_footer(b"\xff" * 100),
}
SCHEMAS = {
    "no elements": list_of(12, []),
    "more children than elements": list_of(12, [element("schema", children=5), element("x", INT64)]),
    "negative children": list_of(12, [struct_of((4, 8, b"\1x"), (5, 5, zigzag(-1)))]),
    "nested too deep": DEEP,
    "not structs": list_of(5, [zigzag(1)]),
    "a length beyond the end": b"\xfc" + b"\xff" * 8 + b"\x7f",
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_file_is_refused(damage: str) -> None:
    for read in (table, rows):
        with pytest.raises(InvalidFileError):
            read(DAMAGED[damage])


@pytest.mark.parametrize("damage", SCHEMAS)
def test_a_damaged_schema_is_refused(damage: str) -> None:
    with pytest.raises(InvalidFileError):
        table(with_footer(struct_of((1, 5, zigzag(1)), (2, 9, SCHEMAS[damage]), (3, 6, zigzag(1)))))


@pytest.mark.parametrize(
    "features", [b"{", b"[]", b'{"info": 3}', b'{"info": {"features": []}}', b"[" * 50_000, b"\xff"]
)
def test_features_that_are_damaged_are_none(features: bytes) -> None:
    plain = parquet(features={})
    marked = plain.replace(b'{"info": {"features": {}}}', features[:26].ljust(26))
    assert table(marked).features == {}


def test_a_repeated_column_is_a_list() -> None:
    repeated = struct_of((1, 5, zigzag(INT64)), (3, 5, zigzag(2)), (4, 8, b"\1x"))
    schema = list_of(12, [element("schema", children=1), repeated])
    data = with_footer(struct_of((1, 5, zigzag(1)), (2, 9, schema), (3, 6, zigzag(1))))
    assert table(data).columns == (("x", "list<int64>"),)


SMALL = parquet([("text", BYTES, UTF8), ("label", INT64, None)], rows=1000, features={"label": {"_type": "ClassLabel"}})


@given(st.integers(0, len(SMALL) - 1), st.binary(min_size=1, max_size=8))
def test_changed_bytes_raise_no_other_error(position: int, changed: bytes) -> None:
    data = SMALL[:position] + changed + SMALL[position + len(changed) :]
    for read in (table, rows):
        with suppress(InvalidFileError):
            read(data)


@given(st.binary(max_size=200))
def test_footers_of_noise_raise_no_other_error(footer: bytes) -> None:
    for read in (table, rows):
        with suppress(InvalidFileError):
            read(with_footer(footer))
