"""Invalid manifest texts are rejected with a message and a place."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from hublish.schemas.diagnose.problems import MAX_PROBLEMS, InvalidDocumentError, Problem
from hublish.schemas.yaml import composing
from hublish.schemas.yaml.reader import MAX_BYTES, MAX_REPLACED, Places, read_yaml
from tests.faults.projects import rounds

BOTH_PARSERS = [yaml.CSafeLoader, yaml.SafeLoader]


@pytest.fixture(params=BOTH_PARSERS, ids=["libyaml", "pure"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composing, "EVENT_PARSER", request.param)


def problems_of(data: bytes) -> tuple[Problem, ...]:
    try:
        return read_yaml(data, "hub.yaml").problems
    except InvalidDocumentError as error:
        return error.problems


def data_of(text: str) -> object:
    found = read_yaml(text.encode(), "hub.yaml")
    assert found.problems == ()
    return found.data


REFUSED = {
    "duplicate_key": ("a: 1\na: 2\n", "yaml.duplicate_key", "duplicate key 'a', first at hub.yaml:1:1", 2, 1),
    "duplicate_key_deep": (
        "artifacts:\n  - {}\n  - {}\n  - {}\n  - path: x\n    path: y\n",
        "yaml.duplicate_key",
        "duplicate key 'path', first at hub.yaml:5:5",
        6,
        5,
    ),
    "duplicate_key_in_flow": ("a: {b: 1, b: 2}", "yaml.duplicate_key", "duplicate key 'b'", 1, 11),
    "duplicate_key_quoted": ("a: 1\n'a': 2", "yaml.duplicate_key", "duplicate key 'a'", 2, 1),
    "anchor": ("a: &x 1", "yaml.anchor", "anchors are not allowed", 1, 4),
    "alias": ("a: *x", "yaml.alias", "aliases are not allowed", 1, 4),
    "recursive_alias": ("a: &a [*a]", "yaml.anchor", "anchors are not allowed", 1, 4),
    "merge_key": ("a:\n  <<: {b: 1}", "yaml.merge", "merge keys are not allowed", 2, 3),
    "python_tag": ("a: !!python/object/apply:os.system [x]", "yaml.tag", "tags are not allowed", 1, 4),
    "own_tag": ("a: !foo bar", "yaml.tag", "tags are not allowed", 1, 4),
    "binary_tag": ("a: !!binary aGk=", "yaml.tag", "tags are not allowed", 1, 4),
    "set_tag": ("a: !!set {x, y}", "yaml.tag", "tags are not allowed", 1, 4),
    "non_specific_tag": ("a: ! x", "yaml.tag", "tags are not allowed", 1, 4),
    "tag_on_top": ("!!map\na: 1", "yaml.tag", "tags are not allowed", 1, 1),
    "yaml_directive": ("%YAML 1.2\n---\na: 1", "yaml.directive", "directives are not allowed", 1, 1),
    "tag_directive": ("%TAG ! tag:x,2000:\n---\na: 1", "yaml.directive", "directives are not allowed", 1, 1),
    "deep_flow": ("[" * 100_000, "yaml.too_deep", "nested deeper than 64", 1, 65),
    "deep_flow_mapping": ("{" * 100_000, "yaml.too_deep", "nested deeper than 64", 1, 65),
    "deep_flow_below_a_key": ("a:\n  b: " + "[" * 100_000, "yaml.too_deep", "nested deeper than 64", 2, 68),
    "deep_flow_after_a_bracket": ("a: ']['\nb: [x, " + "[" * 9_000, "yaml.too_deep", "nested deeper than 64", 2, 70),
    "deep_sequence": ("- " * 100_000, "yaml.too_deep", "nested deeper than 64", 1, 129),
    "deep_block": ("".join(" " * n + "a:\n" for n in range(700)), "yaml.too_deep", "nested deeper than 64", 65, 65),
    "deep_key": ("? " * 1000, "yaml.too_deep", "nested deeper than 64", 1, 129),
    "too_large": ("a: " + "x" * MAX_BYTES, "yaml.too_large", "larger than 256 KiB; not parsed", 1, 1),
    "two_documents": ("a: 1\n---\nb: 2\n", "yaml.several_documents", "expected one document", 2, 1),
    "empty": ("", "yaml.empty", "empty", 1, 1),
    "only_comments": ("# nothing\n\n# here\n", "yaml.empty", "empty", 1, 1),
    "list_on_top": ("- a\n", "yaml.not_a_mapping", "expected a mapping at top level, got a list", 1, 1),
    "scalar_on_top": (
        "# c\nhello\n",
        "yaml.not_a_mapping",
        "expected a mapping at top level, got a single value",
        2,
        1,
    ),
    "null_on_top": ("---\n", "yaml.not_a_mapping", "expected a mapping at top level, got null", 2, 1),
    "tab_indentation": ("a:\n\tb: 1", "yaml.syntax", "tab in indentation", 2, 1),
    "tab_after_value": ("a:\n  b: 1\n\tc: 2", "yaml.syntax", "tab in indentation", 3, 1),
    "tab_before_item": ("a:\n\t- b", "yaml.syntax", "tab in indentation", 2, 1),
    "nul": ("a: \0", "yaml.character", "control character U+0000", 1, 4),
    "escape_code": ("a: \x1b[31m", "yaml.character", "control character U+001B", 1, 4),
    "delete": ("a: b\x7f", "yaml.character", "control character U+007F", 1, 5),
    "c1_control": ("a: b\x9b", "yaml.character", "control character U+009B", 1, 5),
    "nul_escaped": ('a: "x\\0"', "yaml.character", "control character U+0000", 1, 6),
    "line_separator": ("a: x\u2028b: 1", "yaml.character", "line separator U+2028 not allowed", 1, 5),
    "paragraph_separator": ("a: x\u2029b: 1", "yaml.character", "line separator U+2029 not allowed", 1, 5),
    "next_line": ("a: x\x85b: 1", "yaml.character", "line separator U+0085 not allowed", 1, 5),
    "line_separator_escaped": ('a: "\\L"', "yaml.character", "line separator U+2028 not allowed", 1, 5),
    "mark_inside": ("a: \ufeffb", "yaml.character", "invisible character U+FEFF not allowed", 1, 4),
    "long_integer": ("a: " + "9" * 5000, "yaml.number", "number too large: 5000 digits", 1, 4),
    "long_float": ("a: 1." + "9" * 5000, "yaml.number", "number too large", 1, 4),
    "huge_float": ("a: 1e999", "yaml.number", "number too large", 1, 4),
    "infinity": ("a: .inf", "yaml.number", "not a finite number", 1, 4),
    "not_a_number": ("a: .nan", "yaml.number", "not a finite number", 1, 4),
    "integer_key": ("1: x", "yaml.key", "a key must be a string", 1, 1),
    "null_key": ("~: x", "yaml.key", "a key must be a string", 1, 1),
    "boolean_key": ("true: x", "yaml.key", "a key must be a string", 1, 1),
    "list_key": ("[a]: x", "yaml.key", "a key must be a string", 1, 1),
    "mapping_key": ("? {a: b}\n: x", "yaml.key", "a key must be a string", 1, 3),
    "unquoted_variable": ("tag: {{ version }}", "yaml.unquoted_variable", "must be quoted", 1, 6),
    "open_list": ("a: [1, 2", "yaml.syntax", "expected ',' or ']'", 1, 4),
    "open_mapping": ("a: {b: 1", "yaml.syntax", "expected ',' or '}'", 1, 4),
    "open_quote": ("a: 'x\nb: 1\n", "yaml.syntax", "the quote is never closed", 1, 4),
    "colon_in_value": ("a: b: c", "yaml.syntax", "a value that contains ': ' must be quoted", 1, 4),
    "key_without_colon": ("a: 1\nb\n", "yaml.syntax", "expected ':' after the key", 2, 1),
    "at_sign": ("a: @x", "yaml.syntax", "a value that begins with '@' must be quoted", 1, 4),
    "backtick": ("a: `x`", "yaml.syntax", "a value that begins with '`' must be quoted", 1, 4),
    "dedent": ("a:\n    b: 1\n  c: 2\n", "yaml.syntax", "a key or list item at this indentation", 3, 3),
    "item_then_key": ("- a\nb: 1\n", "yaml.syntax", "a list item must begin with '- '", 2, 1),
    "text_after_quote": ('a: "x" y', "yaml.syntax", "text follows the closing quote", 1, 8),
    "text_after_end": ("{a: 1}\nb: 2", "yaml.syntax", "expected one mapping", 2, 1),
    "list_item_in_value": ("a: - b", "yaml.syntax", "a list item is not allowed here", 1, 4),
}


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(("text", "code", "message", "line", "column"), REFUSED.values(), ids=REFUSED.keys())
def test_invalid_text_is_rejected_at_its_place(text: str, code: str, message: str, line: int, column: int) -> None:
    first = problems_of(text.encode())[0]
    assert first.code == code
    assert message in first.message
    assert (first.location and (first.location.line, first.location.column)) == (line, column)


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    "text", ['a: "\\ud800"', 'a: "\\uDFFF"', 'a: "\\UFFFFFFFF"', 'a: "\\U00110000"'], ids=lambda text: text[4:-1]
)
def test_invalid_unicode_is_rejected_even_as_an_escape(text: str) -> None:
    first = problems_of(text.encode())[0]
    assert "invalid Unicode" in first.message


@pytest.mark.parametrize(
    ("data", "message", "column"),
    [
        ("a: 1".encode("utf-16"), "must be UTF-8; this is UTF-16", 1),
        ("a: 1".encode("utf-16-le"), "must be UTF-8; this is UTF-16", 1),
        ("a: 1".encode("utf-16-be"), "must be UTF-8; this is UTF-16", 1),
        ("a: café".encode("latin-1"), "not UTF-8 at byte 6", 7),
        ("é: café".encode() + b"\xff", "not UTF-8 at byte 9", 8),
        (b"a: \xed\xa0\x80", "not UTF-8 at byte 3", 4),
    ],
    ids=["utf16", "utf16-le", "utf16-be", "latin1", "after-two-byte-letters", "surrogate"],
)
def test_only_utf8_is_read(data: bytes, message: str, column: int) -> None:
    (only,) = problems_of(data)
    assert (only.code, only.message) == ("yaml.encoding", message)
    assert only.location
    assert only.location.column == column


def test_a_utf8_byte_order_mark_is_accepted_and_shifts_no_column() -> None:
    assert read_yaml(b"\xef\xbb\xbfa: 1", "hub.yaml").data == {"a": 1}
    assert str(problems_of(b"\xef\xbb\xbfa: *x")[0].location) == "hub.yaml:1:4"


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
def test_places_are_right_for_every_line_end_and_beyond_ascii(newline: str) -> None:
    text = newline.join(["é: ü", "# 🙂 comment", "b:", "  ñ: 'x'", "  🙂c: *x", ""])
    (only,) = problems_of(text.encode())
    assert str(only.location) == "hub.yaml:5:7"


@pytest.mark.usefixtures("parser")
def test_scalars_have_the_types_of_yaml_1_2() -> None:
    text = "{a: no, b: on, c: yes, d: 12:30:45, e: 2024-13-45, f: 2024-01-01, g: 1_000, h: 0777, i: 0o17, j: 1e3, k: ~}"
    assert data_of(f"x: {text}") == {
        "x": {
            "a": "no",
            "b": "on",
            "c": "yes",
            "d": "12:30:45",
            "e": "2024-13-45",
            "f": "2024-01-01",
            "g": "1_000",
            "h": 777,
            "i": 15,
            "j": 1000.0,
            "k": None,
        }
    }


@pytest.mark.usefixtures("parser")
def test_quoted_and_block_scalars_are_strings() -> None:
    assert data_of("a: '1'\nb: \"true\"\nc: |\n  1\nd: >-\n  null\n") == {
        "a": "1",
        "b": "true",
        "c": "1\n",
        "d": "null",
    }


def test_no_and_the_like_are_keys_like_any_other() -> None:
    assert data_of("no: 1\nyes: 2\n'<<': 3") == {"no": 1, "yes": 2, "<<": 3}


def test_all_problems_of_the_structure_are_reported_at_once() -> None:
    found = problems_of(b"a: &x 1\na: 2\nb: !t 3\n1: x\nc: .nan\n")
    assert [problem.code for problem in found] == [
        "yaml.anchor",
        "yaml.duplicate_key",
        "yaml.tag",
        "yaml.key",
        "yaml.number",
    ]


def test_problems_before_a_syntax_error_are_reported_with_it() -> None:
    assert [problem.code for problem in problems_of(b"a: 1\na: 2\nb: [")] == ["yaml.duplicate_key", "yaml.syntax"]


@pytest.mark.usefixtures("parser")
def test_a_value_that_breaks_the_syntax_hides_no_other_problem() -> None:
    text = """\
repo:
  repo_id: acme/x
  commit_message: Release: new
  tag: @v1
  tag: v2
  revision:main
patterns:
  ignore_patterns: [*.tmp, [ab].json]
  allow_patterns:
    - **/*.json
    - [ab].json
    - &x y
card: {variables: {a: 'b'c, d: "e\\q"}}
load: {target: 'a:b}
"""
    found = problems_of(text.encode())
    assert sorted((each.code, each.location.line) for each in found if each.location) == [
        ("yaml.anchor", 12),
        ("yaml.duplicate_key", 5),
        ("yaml.syntax", 3),
        ("yaml.syntax", 4),
        ("yaml.syntax", 6),
        ("yaml.syntax", 8),
        ("yaml.syntax", 8),
        ("yaml.syntax", 10),
        ("yaml.syntax", 11),
        ("yaml.syntax", 13),
        ("yaml.syntax", 13),
        ("yaml.syntax", 14),
    ]


@pytest.mark.usefixtures("parser")
def test_a_replaced_value_is_reported_as_rejected() -> None:
    reading = read_yaml(b"a: {b: 1, c: *.x}\nd: [1, *]\n", "hub.yaml")
    assert reading.refused == {("a", "c"), ("d", 1)}
    assert str(reading.positions.value(("d",))) == "hub.yaml:2:4"


@pytest.mark.usefixtures("parser")
def test_reading_continues_past_a_limited_number_of_invalid_values() -> None:
    assert len(problems_of(b"a:\n" + b"  - *.tmp\n" * 50)) == MAX_REPLACED + 1


def test_reading_stops_after_a_hundred_problems() -> None:
    assert len(problems_of("".join(f"a{n}: *x\n" for n in range(5000)).encode())) == MAX_PROBLEMS


def billion_laughs() -> str:
    levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 10)]
    return "\n".join(["l0: &l0 lol", *levels])


HOSTILE = {
    "billion laughs": billion_laughs(),
    "merge bomb": "m: &m {a: 1}\n" + "".join(f"x{n}: &x{n} {{<<: [*m, *m]}}\n" for n in range(21)),
    "many values": "a: [" + "1," * 130_000 + "]",
    "many keys": "".join(f"{n:x}: 1\n" for n in range(10**6, 10**6 + 25_000)).replace(": 1", "x: 1"),
    "many nested lists": "a: [" + "[[[[[[]]]]]]," * 19_000 + "]",
    "one long key": "a" * 250_000 + ": 1",
    "long key without colon": "a" * 250_000,
    "many open quotes": "a: " + "'\n" * 100_000,
    "many question marks": "?\n" * 100_000,
    "tabs": "\t" * 250_000,
    "spaces": " " * 250_000 + "a: 1",
    "lone colons": ":\n" * 100_000,
    "dashes": "---\n" * 60_000,
    "comments": "#\n" * 100_000 + "a: 1",
    "block scalar": "a: |\n" + "\n" * 250_000,
    "folded lines": "a: x\n" + "  x\n" * 60_000,
    "escapes": 'a: "' + "\\x41" * 60_000 + '"',
}

READER = """
import os, resource
from hublish.schemas.documents.manifest_yaml import read_manifest
from hublish.schemas.diagnose.problems import InvalidDocumentError
for name in os.listdir():
    if (child := os.fork()) == 0:
        resource.setrlimit(resource.RLIMIT_DATA, (200 << 20,) * 2)
        resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
        try: read_manifest(open(name, "rb").read())
        except InvalidDocumentError as error: print(name, len(error.problems), flush=True)
        os._exit(0)
    print(name, "ended with", os.waitpid(child, 0)[1], flush=True)
"""


def test_hostile_texts_neither_crash_nor_take_memory(tmp_path: Path) -> None:
    """Read each in a process with 200 MB and a minute, because a crash or a bomb would end the tests."""
    for number, text in enumerate(HOSTILE.values()):
        (tmp_path / f"{number}").write_bytes(text.encode())
    done = subprocess.run([sys.executable, "-c", READER], capture_output=True, text=True, cwd=tmp_path)
    for number, name in enumerate(HOSTILE):
        assert re.search(rf"(?m)^{number} [1-9]\d*\n{number} ended with 0$", done.stdout), (name, done)


yaml_scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(st.characters(codec="utf-8"))
plain_data = st.recursive(
    yaml_scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text("abc é", min_size=1), inner), max_leaves=20
)


@settings(max_examples=rounds(20))
@given(st.dictionaries(st.text("abcdef", min_size=1), plain_data, max_size=4))
def test_both_parsers_read_the_same(data: dict[str, object]) -> None:
    text = yaml.safe_dump(data, allow_unicode=True).encode()
    outcomes: list[tuple[object, tuple[object, ...]]] = []
    for each in BOTH_PARSERS:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(composing, "EVENT_PARSER", each)
            try:
                found = read_yaml(text, "x")
                outcomes.append((found.data, found.problems))
            except InvalidDocumentError as error:
                outcomes.append((None, tuple(problem.code for problem in error.problems)))
    assert outcomes[0] == outcomes[1]


fragments = st.sampled_from(
    [*"{}[],:-?#&*!|>'\"%@`\n\t ", ": ", "- ", "a", "\r\n", "<<: ", "{{ x }}", "\\u", "---\n", "...\n", "é", "🙂", "0"]
)


@settings(max_examples=rounds(150))
@given(st.lists(fragments, max_size=40).map("".join) | st.text(max_size=60))
def test_any_text_is_read_or_rejected_with_a_place_inside_it(text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    lines = re.split(r"\r\n|\n|\r", text)
    for problem in problems_of(data):
        assert problem.message
        assert problem.location
        assert 1 <= problem.location.line <= len(lines)
        assert 1 <= problem.location.column <= len(lines[problem.location.line - 1]) + 1


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_rejected(data: bytes) -> None:
    problems_of(data)


TEXT = b"""\
artifacts:
  - source: a
    options: {max_shard_size: 5GB}
  - source: "*.json"
patterns:
  ignore_patterns: ["*.tmp", draft.json]
policy: {pickle: warn}
"""


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("artifacts[1].source", "hub.yaml:4:13"),
        ("artifacts[0].options.max_shard_size", "hub.yaml:3:31"),
        ("artifacts[0].options", "hub.yaml:3:5"),
        ("patterns.ignore_patterns[1]", "hub.yaml:6:30"),
        ("patterns.ignore_patterns", "hub.yaml:6:3"),
        ("policy.pickle", "hub.yaml:7:18"),
        ("artifacts", "hub.yaml:1:1"),
    ],
)
def test_a_rule_in_the_manifest_has_a_place(path: str, place: str) -> None:
    assert str(Places.of(TEXT, "hub.yaml").find(path)) == place


@pytest.mark.parametrize(
    "path", ["", "policy.secrets", "patterns.allow_patterns[0]", "artifacts[2].source", "load", "policy.pickle.x"]
)
def test_a_default_has_no_place(path: str) -> None:
    assert Places.of(TEXT, "hub.yaml").find(path) is None


@pytest.mark.parametrize("text", [b"", b"a: [", b"\xff", b"- x"])
def test_a_text_that_is_not_a_manifest_has_no_places(text: bytes) -> None:
    assert Places.of(text, "hub.yaml").find("policy.pickle") is None
