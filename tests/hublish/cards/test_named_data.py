"""The values of the files that a manifest names under `card.data`."""

from typing import Any

import pytest

from hublish.cards.named_data import read_data
from hublish.schemas.diagnose.problems import InvalidDocumentError

READ: list[tuple[str, bytes, Any]] = [
    ("m.json", b'{"accuracy": 0.93, "per": [1, 2]}', {"accuracy": 0.93, "per": [1, 2]}),
    ("M.JSON", b"[1]", [1]),
    ("p.yaml", b"lr: 1e-3\nlang: no\n", {"lr": 0.001, "lang": "no"}),
    ("p.yml", b"a: {b: 1}\n", {"a": {"b": 1}}),
    ("p.toml", b"[train]\nlr = 0.1\nday = 2026-01-31\n", {"train": {"lr": 0.1, "day": "2026-01-31"}}),
    ("m.csv", b"name,value\nacc,0.93\nzip,007\n", [{"name": "acc", "value": 0.93}, {"name": "zip", "value": "007"}]),
    ("m.csv", b'a,b\r\n"x, y",-1e3\r\n\r\n', [{"a": "x, y", "b": -1000.0}]),
    ("m.csv", b"", []),
    ("m.tsv", b"a\tb\n1\t2\n", [{"a": 1, "b": 2}]),
    ("m.jsonl", b'{"a": 1}\n\n{"a": 2}', [{"a": 1}, {"a": 2}]),
]


@pytest.mark.parametrize(("name", "data", "value"), READ)
def test_a_file_is_read_by_its_suffix(name: str, data: bytes, value: Any) -> None:
    assert read_data(data, name) == value


REFUSED = [
    ("m.txt", b"1", "m.txt has none of the suffixes .json, .yaml, .yml, .toml, .csv, .tsv, .jsonl"),
    ("metrics", b"1", "metrics has none of the suffixes"),
    ("m.pkl", b"\x80\x04.", "m.pkl has none of the suffixes"),
    ("m.json", b"{'a': 1}", "not JSON"),
    ("m.json", b'{"a": NaN}', "NaN is not a JSON number"),
    ("m.json", b'{"a": 1, "a": 2}', "duplicate key 'a'"),
    ("m.json", b"[" * 100_000, "nested too deep"),
    ("m.json", b'"' + b"x" * (1 << 20) + b'"', "larger than 1024 KiB"),
    ("p.yaml", b"- 1\n", "expected a mapping at top level, got a list"),
    ("p.yaml", b"a: &x 1\nb: *x\n", "anchor"),
    ("p.yaml", b"a: !!python/object:os.system x\n", "tag"),
    ("p.toml", b"a = 1\na = 2\n", "p.toml is not TOML: "),
    ("p.toml", b"a = \xff\n", "not UTF-8 at byte 4"),
    ("p.toml", b"a = " + b"[" * 100_000, "p.toml is n"),
    ("m.csv", b"a,a\n1,2\n", "names a column twice"),
    ("m.csv", b"a,b\n1\n", "m.csv:2 has 1 values in 2 columns"),
    ("m.csv", b'a\n"1\n', "is not CSV"),
    ("m.csv", b"a\n" + b"1\n" * 10_001, "more than 10000 rows"),
    ("m.jsonl", b'{"a": 1}\n{"a"\n', "not JSON"),
    ("m.jsonl", b"1\n" * 10_001, "more than 10000 rows"),
]


@pytest.mark.parametrize(("name", "data", "message"), REFUSED)
def test_a_damaged_file_is_refused_with_the_reason(name: str, data: bytes, message: str) -> None:
    with pytest.raises(InvalidDocumentError) as caught:
        read_data(data, name)
    assert message in caught.value.problems[0].message


def test_a_syntax_error_has_its_place_in_the_file() -> None:
    places = {}
    for name, data in {"m.json": b'{\n  "a": x}', "p.yaml": b"a: 1\nb: [1\n", "m.jsonl": b"1\nx\n"}.items():
        with pytest.raises(InvalidDocumentError) as caught:
            read_data(data, name)
        place = caught.value.problems[0].location
        places[name] = place and (place.source, place.line)
    assert places == {"m.json": ("m.json", 2), "p.yaml": ("p.yaml", 2), "m.jsonl": ("m.jsonl:2", 1)}
