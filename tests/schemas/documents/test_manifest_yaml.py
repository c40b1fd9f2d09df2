from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from hublish.schemas.diagnose.problems import InvalidDocumentError, Location, Problem
from hublish.schemas.documents.field_types import Document
from hublish.schemas.documents.manifest import Artifact, Card, Load, Manifest, Patterns, Policy, Repo
from hublish.schemas.documents.manifest_yaml import dump_manifest, dump_resolved, locate, read_manifest
from tests.faults.projects import rounds


def test_problems_found_later_are_placed_in_the_text() -> None:
    text = b"repo: {repo_id: a/b}\nartifacts:\n  - source: x\n  - source: y\n"
    here = Location("other.yaml", 7, 7)
    found = locate(
        [
            Problem("source.missing", "nothing there", path="artifacts[1].source"),
            Problem("source.missing", "nothing there", path="patterns.allow_patterns[0]"),
            Problem("x", "already placed", path="repo", location=here),
            Problem("x", "of no place"),
        ],
        text,
    )
    assert [str(problem.location) for problem in found] == ["hub.yaml:4:13", "hub.yaml:1:1", "other.yaml:7:7", "None"]


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_rejected(text: bytes) -> None:
    with pytest.raises(InvalidDocumentError):
        read_manifest(text)


# Reading rejects characters that a document must not contain, so none are written here.
texts = st.text(st.characters(categories=["L", "M", "N", "P", "S", "Zs"]), max_size=20) | st.sampled_from(
    [
        *(
            "no",
            "Yes",
            "on",
            "~",
            "null",
            "true",
            "1.10",
            "007",
            "0o17",
            "0x1F",
            "1e3",
            "12:30:45",
            "2024-01-01",
            "=",
            "<<",
            "y",
            "N",
            "1_000",
            "0b1",
            "1:30.5",
            ".5",
            "+1",
            "1.",
        ),
        *(
            "{{ version }}",
            "{{ '{{' }}",
            "{{",
            "{{{{",
            "}}",
            "{% x %}",
            " a ",
            "a: b",
            "a #b",
            "- a",
            "",
            "a\nb\n",
            "\n",
        ),
        *(
            "&a",
            "*a",
            "!a",
            "%a",
            "@a",
            "`a",
            "'a'",
            '"a"',
            "|",
            ">",
            "?",
            ":",
            "[",
            "{",
            "a\tb",
            "\ta",
            "…",
            "é",
            "🙂",
        ),
    ]
)
numbers = st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False)
plain_data = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
free = st.dictionaries(texts, plain_data, max_size=3)
paths = st.from_regex(r"[a-zA-Z0-9_-]{1,8}(/[a-zA-Z0-9_{}-]{1,8}){0,2}", fullmatch=True)
patterns = st.lists(paths | st.sampled_from(["*", "*.{{x", "a/*", "**/*.bin"]), max_size=3).map(tuple)
names = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)
manifests = st.builds(
    Manifest,
    repo=st.builds(
        Repo,
        repo_id=st.just("acme/digits"),
        repo_type=st.sampled_from(["model", "dataset", "space", "kernel"]),
        gated=st.sampled_from([None, False, "auto", "manual"]),
        tag=st.sampled_from([None, "1.10", "v1", "no", "null", "2024-01-01", "0x10"]),
        commit_description=texts,
        endpoint=st.sampled_from([None, "embedded", "http://localhost:8080"]),
    ),
    variables=st.dictionaries(names, texts | st.integers(-(2**63), 2**63), max_size=3),
    env=st.lists(names, max_size=3, unique=True).map(tuple),
    artifacts=st.lists(st.builds(Artifact, source=paths, options=free), min_size=1, max_size=3).map(tuple),
    patterns=st.builds(Patterns, allow_patterns=patterns, ignore_patterns=patterns),
    card=st.none() | st.builds(Card, metadata=free, variables=free),
    policy=st.builds(Policy, max_file_size=st.integers(0, 10**15 - 1), deny_patterns=patterns),
    load=st.builds(Load, allow_patterns=patterns, serializer=st.sampled_from([None, "safetensors"])),
)


@settings(max_examples=rounds(50))
@given(manifests)
def test_a_manifest_reads_back_as_itself(manifest: Manifest) -> None:
    assert read_manifest(dump_manifest(manifest)) == manifest


@settings(max_examples=rounds(50))
@given(manifests)
def test_a_resolved_manifest_reads_back_as_itself_and_is_written_the_same_again(manifest: Manifest) -> None:
    written = dump_resolved(manifest)
    again = read_manifest(written)
    assert again == manifest
    assert dump_resolved(again) == written


def test_a_resolved_manifest_shows_every_field_below_a_comment() -> None:
    head, _, rest = dump_resolved(minimal(card=Card())).decode().partition("\n")
    assert head.startswith("# hub.yaml with all defaults and the values of its variables")
    shown = yaml.safe_load(rest)
    assert list(shown) == list(Manifest.model_fields)
    sections: dict[str, type[Document]] = {
        "repo": Repo,
        "patterns": Patterns,
        "card": Card,
        "policy": Policy,
        "load": Load,
    }
    for section, model in sections.items():
        assert list(shown[section]) == list(model.model_fields)
    assert list(shown["artifacts"][0]) == list(Artifact.model_fields)


@pytest.mark.parametrize("text", ["y", "n", "Y", "N", "no", "On", "12:30:45", "2024-01-01", "0o17", "1e3", "007", "~"])
def test_a_string_that_some_reader_would_misread_is_quoted(text: str) -> None:
    written = dump_resolved(minimal(card=Card(metadata={"a": text, text: "b"})))
    assert f"a: '{text}'\n".encode() in written
    assert f"'{text}': b\n".encode() in written


@settings(max_examples=rounds(50))
@given(st.dictionaries(texts, texts, max_size=5))
def test_a_reader_of_yaml_1_1_reads_the_same_strings(metadata: dict[str, str]) -> None:
    """Without braces, which are escaped for hublish."""
    metadata = {key: value for key, value in metadata.items() if "{{" not in value}
    written = dump_manifest(minimal(card=Card(metadata=metadata)))
    read: Any = yaml.safe_load(written)
    assert read.get("card", {}).get("metadata", {}) == metadata


def minimal(**fields: Any) -> Manifest:
    return Manifest(repo=Repo(repo_id="acme/x"), artifacts=(Artifact(source="a"),), **fields)


def test_defaults_are_not_written() -> None:
    assert dump_manifest(minimal()) == b"schema_version: 1\nrepo:\n  repo_id: acme/x\nartifacts:\n- source: a\n"


def test_sizes_are_written_as_people_write_them() -> None:
    assert b"max_file_size: 5GB" in dump_manifest(minimal(policy=Policy(max_file_size=5 * 10**9)))


def test_no_anchors_are_written_for_repeated_values() -> None:
    tags = ["a", "b"]
    written = dump_manifest(minimal(card=Card(metadata={"x": tags, "y": tags})))
    assert b"&" not in written
    assert read_manifest(written) == minimal(card=Card(metadata={"x": tags, "y": tags}))


def test_an_object_that_is_not_plain_data_is_rejected() -> None:
    with pytest.raises(Exception, match="serialize"):
        dump_manifest(minimal(card=Card(metadata={"x": object()})))
