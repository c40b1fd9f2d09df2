"""JSON is compared by key: nested paths, repeated keys, numbers of any size, and hostile documents."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.diffs.named_parts import MOST_ENTRIES
from tests.hublish.diffs.sides import compared, entries

NINES = "9" * 5000
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        pytest.param('{"a": 1}', '{"a": 2}', [("a", "1", "2")], id="a value"),
        pytest.param('{"a": {"b": [1, 2]}}', '{"a": {"b": [1, 3]}}', [("a.b[1]", "2", "3")], id="a nested value"),
        pytest.param('{"a": 1}', '{"a": 1, "b": null}', [("b", None, "null")], id="an added key"),
        pytest.param('{"a": 1, "b": "x"}', '{"a": 1}', [("b", '"x"', None)], id="a removed key"),
        pytest.param('{"a": 1, "b": 2}', '{\n "b":2,\t"a" : 1 }', [], id="the order of keys and white space"),
        pytest.param('{"\\u0061": "\\u00e9"}', '{"a": "é"}', [], id="escapes"),
        pytest.param("[1, 2, 3]", "[0, 1, 2, 3]", [("[0]", None, "0")], id="an inserted item"),
        pytest.param("[1, 2, 3]", "[2, 3]", [("[0]", "1", None)], id="a removed item"),
        pytest.param('[{"a": 1}, {"b": 1}]', '[{"a": 2}, {"b": 1}]', [("[0].a", "1", "2")], id="an object in a list"),
        pytest.param('{"a": 1}', '{"a": "1"}', [("a", "1", '"1"')], id="another type"),
        pytest.param('{"a": 1}', '{"a": true}', [("a", "1", "true")], id="a number and a constant"),
        pytest.param('{"a": 1}', '{"a": 1.0}', [("a", "1", "1.0")], id="an integer and a float"),
        pytest.param('{"a": 1.50, "b": 1E2}', '{"a": 1.5, "b": 100.0}', [], id="the spelling of a float"),
        pytest.param('{"a": NaN}', '{"a": NaN}', [], id="the same NaN"),
        pytest.param('{"a": NaN}', '{"a": -Infinity}', [("a", "NaN", "-Infinity")], id="constants of Python"),
        pytest.param('{"a": 1e999}', '{"a": 1e998}', [("a", "1e999", "1e998")], id="beyond every float"),
        pytest.param(
            '{"a": 9007199254740993}', '{"a": 9007199254740992}', [("a", "9007199254740993", "9007199254740992")],
            id="integers that are one float",
        ),
        pytest.param('{"a": 1, "a": 2}', '{"a": 3, "a": 2}', [("a", "1", "3")], id="the first of two equal keys"),
        pytest.param('{"a": 1}', '{"a": 1, "a": 1}', [('["a (no. 2)"]', None, "1")], id="a repeated key"),
        pytest.param('{"a.b": 1}', '{"a.b": 2}', [('["a.b"]', "1", "2")], id="a key with a dot"),
        pytest.param('{"": {"x": 1}}', '{"": {"x": 2}}', [('[""].x', "1", "2")], id="an empty key"),
        pytest.param("1", "2", [("(the whole document)", "1", "2")], id="a document without keys"),
        pytest.param("{}", '{"a": {}, "b": []}', [("a", None, "{}"), ("b", None, "[]")], id="empty containers"),
        pytest.param(
            "{}", '{"auto_map": {"AutoModel": "m.M"}}', [("auto_map.AutoModel", None, '"m.M"')], id="a small object"
        ),
        pytest.param(
            json.dumps({"a": 0}), json.dumps({"a": {str(key): key for key in range(99)}}), [("a", "0", "{…} 99 keys")],
            id="a large object",
        ),
        pytest.param('{"a": 0}', json.dumps({"a": [*range(99)]}), [("a", "0", "[…] 99 items")], id="a long list"),
        pytest.param('{"a": 0}', '{"a": [1, [2], {"b": 1}]}', [("a", "0", "[1, […], {…}]")], id="a short list"),
        pytest.param('{"\\ud800": 1}', '{"\\ud800": 2}', [('["\\ud800"]', "1", "2")], id="half of a surrogate pair"),
    ],
)  # fmt: skip
def test_a_document_is_compared_by_key(
    before: str, after: str, changes: list[tuple[str, str | None, str | None]]
) -> None:
    diff = compared("config.json", before.encode(), after.encode())
    assert (diff.kind, entries(diff), diff.more, diff.hunks) == ("json", changes, 0, ())
    repr(diff).encode()


def test_the_summary_counts_the_keys() -> None:
    diff = compared("a.json", b'{"a": 1, "b": 1, "c": 1, "d": 1}', b'{"a": 2, "b": 2, "c": 1, "e": 1}')
    assert diff.summary == "2 keys changed, 1 key added, 1 key removed"
    assert compared("a.json", b'{"a": 1}', b'{ "a": 1 }').summary == "the same values in another form"


def test_numbers_of_thousands_of_digits_are_compared_at_the_place_where_they_differ() -> None:
    diff = compared("a.json", f"[{NINES}0]".encode(), f"[{NINES}1]".encode())
    ((name, before, after),) = entries(diff)
    assert name == "[0]"
    assert (str(before)[-2:], str(after)[-2:]) == ("90", "91")
    assert len(str(before)) < 200


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('{"a": 1}', '{"a":'),
        ('{"a": 1}', "{'a': 1}"),
        ('{"a": 1}', ""),
        ("1", "[" * 100_000),
        ("1", "[" * 100_000 + "]" * 100_000),
        ("[1]", "[" + "1," * 1_000_001 + "1]"),
        ('{"a": 1}', '{"a": 01}'),
    ],
)
def test_a_file_that_is_not_json_or_too_much_of_it_is_compared_as_text(before: str, after: str) -> None:
    diff = compared("a.json", before.encode(), after.encode())
    assert diff.kind in ("text", "binary")
    assert "JSON" in diff.summary


@pytest.mark.parametrize("depth", [100, 300, 900])
def test_deep_documents_take_time_in_proportion(depth: int) -> None:
    # Comparing the rest again at each level would take minutes.
    inner = ",".join(map(str, range(50_000)))
    before, after = (f"{'[' * depth}{inner}{end}{']' * depth}".encode() for end in ("", ",1"))
    diff = compared("a.json", before, after)
    assert diff.kind == "text" or len(diff.entries) == 1


def test_long_paths_take_no_memory_for_each_change_below_them() -> None:
    # Whole paths would take 40 gigabytes.
    leaves = [{str(key): value for key in range(20_000)} for value in (1, 2)]
    before, after = (json.dumps({"k" * 1_000_000: {"m" * 1_000_000: each}}).encode() for each in leaves)
    diff = compared("a.json", before, after)
    assert diff.summary == "20,000 keys changed"
    assert diff.entries[0].name.endswith('mmm…"]["0"]')
    assert len(diff.entries[0].name) < 500


def test_changes_beyond_the_limit_are_counted() -> None:
    before, after = ({str(key): value for key in range(2000)} for value in (1, 2))
    diff = compared("a.json", json.dumps(before).encode(), json.dumps(after).encode())
    assert (len(diff.entries), diff.more) == (MOST_ENTRIES, 2000 - MOST_ENTRIES)


def test_credentials_are_masked_in_names_and_values() -> None:
    token = "hf_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgH"
    key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYq1w2e3r4t5"
    after = {"a": token, token: 1, "aws_secret_access_key": key, "b": ["x" * 5000 + " " + token], "eos_token": "</s>"}
    diff = compared("a.json", b"{}", json.dumps(after).encode())
    assert len(diff.entries) == len(after)
    assert token[3:] not in repr(diff)
    assert key not in repr(diff)
    assert ("eos_token", None, '"</s>"') in entries(diff)


@given(VALUES, VALUES)
def test_any_two_documents_are_compared(before: object, after: object) -> None:
    diff = compared("a.json", json.dumps(before).encode(), json.dumps(after).encode())
    assert diff.kind == "json"
    assert bool(diff.entries) == (json.dumps(before, sort_keys=True) != json.dumps(after, sort_keys=True))
    repr(diff).encode()
