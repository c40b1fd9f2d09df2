"""Statements of in-toto, and claims.jsonl."""

import json
import string
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.attestation.interface import InvalidSignatureError
from hublish.attestation.statements import (
    MOST_CLAIMS,
    Statement,
    claims_text,
    read_claims,
    read_statement,
    statement_bytes,
)

FILES = {"README.md": "0" * 64, "weights/model.safetensors": "1" * 64}
STATEMENT = Statement("https://slsa.dev/provenance/v1", FILES, {"buildDefinition": {"buildType": "x"}})
VALID = statement_bytes(STATEMENT)

DIGESTS = st.binary(min_size=32, max_size=32).map(bytes.hex)
SEGMENTS = st.text(string.ascii_letters + "éß日本 .+-_\U0001f600'", min_size=1, max_size=12).filter(
    lambda name: name == name.strip(" .") and name.casefold() != "git~1"
)
NAMES = st.lists(SEGMENTS, min_size=1, max_size=3).map("/".join)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(string.printable), inner, max_size=3),
)
STATEMENTS = st.builds(
    Statement,
    st.text(string.printable),
    st.dictionaries(NAMES, DIGESTS, min_size=1, max_size=5),
    st.dictionaries(st.text(string.printable), JSON, max_size=3),
)


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    """Return the valid statement with a change in place."""
    fields = json.loads(VALID)
    change(fields)
    return json.dumps(fields).encode()


def subject(*entries: Any) -> bytes:
    """Return the valid statement with other subjects."""
    return changed(lambda statement: statement.update(subject=list(entries)))


def one(name: Any, sha256: Any = "0" * 64, **more: Any) -> dict[str, Any]:
    """Return a subject."""
    return {"name": name, "digest": {"sha256": sha256}, **more}


REFUSED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "not JSON"),
    "a truncated statement": (VALID[:-1], "not JSON"),
    "bytes behind the end": (VALID + b"x", "not JSON"),
    "a list": (b"[]", "not a JSON object"),
    "a key twice": (VALID.replace(b'{"_type"', b'{"subject":[],"_type"'), "duplicate key 'subject'"),
    "another type": (
        changed(lambda s: s.update(_type="https://in-toto.io/Statement/v0.1")),
        "a statement of type 'https://in-toto.io/Statement/v0.1'",
    ),
    "no type": (changed(lambda s: s.pop("_type")), "lacks _type"),
    "no predicate": (changed(lambda s: s.pop("predicate")), "lacks predicate"),
    "no subject": (changed(lambda s: s.pop("subject")), "lacks subject"),
    "an unknown field": (changed(lambda s: s.update(expires="never")), "unknown field 'expires'"),
    "a predicate that is a list": (changed(lambda s: s.update(predicate=[])), "the predicate is not an object"),
    "a predicate type that is null": (changed(lambda s: s.update(predicateType=None)), "predicateType is not a string"),
    "subjects that are an object": (changed(lambda s: s.update(subject={})), "subject is not a list"),
    "an empty list of subjects": (subject(), "without a subject"),
    "a subject that is text": (subject("README.md"), "a subject is not an object"),
    "a subject without a name": (subject({"digest": {"sha256": "0" * 64}}), "a subject lacks name"),
    "a subject without a digest": (subject({"name": "a"}), "a subject lacks digest"),
    "a subject elsewhere": (subject(one("a", uri="https://evil.example")), "unknown field 'uri'"),
    "another algorithm": (subject({"name": "a", "digest": {"md5": "0" * 32}}), "digest of a subject lacks sha256"),
    "a second algorithm": (
        subject({"name": "a", "digest": {"sha256": "0" * 64, "sha512": "0" * 128}}),
        "unknown field 'sha512'",
    ),
    "a short digest": (subject(one("a", "0" * 63)), r"subject\[0\] is not a name with a sha256"),
    "a long digest": (subject(one("a", "0" * 65)), r"subject\[0\] is not a name with a sha256"),
    "capitals": (subject(one("a", "A" * 64)), r"subject\[0\] is not a name with a sha256"),
    "a digest with a line feed": (subject(one("a", "0" * 63 + "\n")), r"subject\[0\] is not a name with a sha256"),
    "digits of another script": (subject(one("a", "\u0660" * 64)), r"subject\[0\] is not a name with a sha256"),
    "a digest that is a number": (subject(one("a", 0)), r"subject\[0\] is not a name with a sha256"),
    "a name that is null": (subject(one(None)), r"subject\[0\] is not a name with a sha256"),
    "the second is wrong": (subject(one("a"), one("b", "")), r"subject\[1\] is not a name with a sha256"),
    "a name twice": (subject(one("a"), one("b"), one("a", "1" * 64)), "subject has a name twice"),
    "an empty name": (subject(one("")), "subject has the name ''"),
    "an absolute name": (subject(one("/etc/passwd")), "absolute path"),
    "a name above": (subject(one("../a")), "'..' segment"),
    "a name that is not normalized": (subject(one("a//b")), "not a normalized relative path"),
    "a name with a dot": (subject(one("./a")), "not a normalized relative path"),
    "a backslash": (subject(one("a\\b")), "backslash"),
    "a control character": (subject(one("a\nb")), "control character"),
    "a character that reorders": (subject(one("a\u202eb")), "bidi control character"),
    "a lone surrogate": (subject(one("a\ud800")), "lone surrogate"),
}


@given(STATEMENTS)
def test_a_statement_is_read_as_it_was_written(statement: Statement) -> None:
    written = statement_bytes(statement)
    assert read_statement(written) == statement
    assert (
        json.dumps(json.loads(written), ensure_ascii=False, separators=(",", ":"), sort_keys=True) == written.decode()
    )


@given(STATEMENTS)
def test_equal_statements_have_equal_bytes(statement: Statement) -> None:
    subjects = dict(sorted(statement.subjects.items(), reverse=True))
    predicate = dict(sorted(statement.predicate.items(), reverse=True))
    other = Statement(statement.predicate_type, subjects, predicate)
    assert statement_bytes(other) == statement_bytes(statement)


def test_a_number_that_json_does_not_know_is_refused_when_writing() -> None:
    with pytest.raises(ValueError, match="Out of range float"):
        statement_bytes(Statement("x", FILES, {"loss": float("nan")}))


@pytest.mark.parametrize("name", REFUSED)
def test_a_statement_that_readers_could_differ_about_is_refused(name: str) -> None:
    data, reason = REFUSED[name]
    with pytest.raises(InvalidSignatureError, match=reason):
        read_statement(data)


def test_the_changes_of_the_table_are_the_reason_of_the_refusals() -> None:
    assert read_statement(changed(lambda _: None)) == STATEMENT
    assert read_statement(subject(one("a"), one("b"))).subjects == {"a": "0" * 64, "b": "0" * 64}


@given(st.binary())
def test_any_bytes_are_a_statement_or_refused(data: bytes) -> None:
    with pytest.raises(InvalidSignatureError):
        read_statement(data)


@given(
    st.lists(
        st.binary(min_size=1).filter(lambda line: line.strip() and not {10, 13} & {*line}),
        min_size=1,
        max_size=MOST_CLAIMS,
        unique=True,
    )
)
def test_claims_are_read_as_they_were_written(lines: list[bytes]) -> None:
    assert read_claims(claims_text(lines)) == tuple(lines)


@pytest.mark.parametrize("line", [b"", b"{}\n", b"{\n}", b"{}\r"])
def test_a_claim_of_several_lines_is_refused_when_writing(line: bytes) -> None:
    with pytest.raises(ValueError, match="not one line"):
        claims_text([b"{}", line])


@pytest.mark.parametrize("count", [0, MOST_CLAIMS + 1])
def test_claims_that_nobody_would_read_are_refused_when_writing(count: int) -> None:
    with pytest.raises(ValueError, match=f"{count} claims"):
        claims_text([b"{}"] * count)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty or truncated"),
        (b"{}", "empty or truncated"),
        (b"{}\n{}", "empty or truncated"),
        (b"\n", "line 1 is empty"),
        (b"{}\n\n", "line 2 is empty"),
        (b"{}\n \t\n{ }\n", "line 2 is empty"),
        (b"{}\n{ }\n{}\n", "a line is there twice"),
        (b"".join(b"%d\n" % number for number in range(MOST_CLAIMS + 1)), "more than 32 claims"),
    ],
)
def test_claims_that_are_not_one_a_line_are_refused(data: bytes, reason: str) -> None:
    with pytest.raises(InvalidSignatureError, match=reason):
        read_claims(data)
