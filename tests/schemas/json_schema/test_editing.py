"""The manifest's JSON Schema, as editors use it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from hublish.schemas.diagnose.problems import InvalidDocumentError
from hublish.schemas.diagnose.suggestions import field_at, fields_at
from hublish.schemas.documents.manifest import Manifest
from hublish.schemas.documents.manifest_yaml import read_manifest
from hublish.schemas.json_schema.generate import schema
from hublish.schemas.vocabulary import card_fields

SCHEMA = schema("manifest")
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)


def at(path: str) -> dict[str, Any]:
    """The schema of `repo.tag` or `artifacts[].source`."""
    here = SCHEMA
    for step in path.split("."):
        here = here["properties"][step.removesuffix("[]")]
        forms = [here, *here.get("anyOf", ())]
        here = next(form["items"] for form in forms if "items" in form) if step.endswith("[]") else here
    return here


def fields(model: type[BaseModel], path: tuple[str | int, ...] = (), shown: str = "") -> Iterator[tuple[str, Any]]:
    for name in fields_at(model, path):
        here = f"{shown}.{name}" if shown else name
        yield here, field_at(model, (*path, name))
        inside = name in ("artifacts", "evaluation", "waivers")
        yield from fields(model, (*path, name, 0) if inside else (*path, name), f"{here}[]" if inside else here)


def parts(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        yield part
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from parts(inner)


def accepts(**fields: Any) -> bool:
    return VALIDATOR.is_valid({"repo": {"repo_id": "a/b"}, "artifacts": [{"source": "x"}], **fields})


@pytest.mark.parametrize(
    ("path", "field"), [*fields(Manifest)], ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_field_at_every_depth_is_described_with_its_default_and_examples(path: str, field: Any) -> None:
    about = at(path)
    assert about["description"]
    assert ("default" in about) != field.is_required() or field.default_factory is not None
    choices = [part["enum"] for part in parts(about) if "enum" in part]
    enough = choices or "const" in str(about) or about.get("type") == "boolean" or "properties" in about
    assert enough or about.get("examples") or about.get("items", {}).get("properties")
    if not about.get("examples") and "examples" in str(about):
        assert any(part.get("examples") for part in parts(about))


@pytest.mark.parametrize(
    "path",
    [
        *("repo.repo_type", "repo.visibility", "repo.gated", "repo.space_sdk", "repo.region"),
        *("policy.pickle", "policy.secrets", "policy.symlinks"),
    ],
)
def test_every_choice_has_a_description(path: str) -> None:
    (choices,) = (part for part in parts(at(path)) if "enumDescriptions" in part)
    assert len(choices["enumDescriptions"]) == len(choices["enum"])
    assert all(choices["enumDescriptions"])


def test_nothing_is_a_reference_and_backticks_reach_the_hover() -> None:
    for part in parts(SCHEMA):
        assert "$ref" not in part
        if isinstance(part.get("description"), str) and "`" in part["description"]:
            assert part["markdownDescription"] == part["description"]
        if isinstance(part.get("description"), str):
            assert not re.search(r"[^\n]\n[^\n]", part["description"]), "a line end would end the paragraph"


def test_no_mapping_of_the_manifest_allows_unknown_keys() -> None:
    for path in ("repo", "artifacts[]", "patterns", "card", "policy", "load"):
        assert at(path)["additionalProperties"] is False


def test_every_key_of_a_card_is_described_and_none_is_forbidden() -> None:
    known = at("card.metadata")["properties"]
    assert known.keys() == card_fields().keys()
    assert all(about["description"] and about["examples"] for about in known.values())
    assert accepts(card={"metadata": {"my_own_key": [1, {"a": None}], "pipeline_tag": "of-my-own"}})


def test_the_ids_of_the_hub_are_suggested() -> None:
    for key, word in (("license", "apache-2.0"), ("pipeline_tag", "text-generation"), ("library_name", "timm")):
        assert word in at(f"card.metadata.{key}")["anyOf"][0]["enum"]


@pytest.mark.parametrize(
    ("kind", "metadata", "fits"),
    [
        ("model", {"license": "apache2"}, False),
        ("model", {"license": ["mit", "apache-2.0"]}, True),
        ("model", {"license": "{{ license }}"}, True),
        ("space", {"license": "apache2"}, True),
        ("dataset", {"license": "apache2"}, False),
        ("kernel", {"license": "apache2"}, True),
        ("model", {"colorFrom": "navy"}, True),
        ("space", {"colorFrom": "navy"}, False),
        ("space", {"short_description": "x" * 61}, False),
        ("model", {"model-index": [{"name": "x", "results": []}]}, True),
        ("model", {"model-index": [{"results": []}]}, False),
    ],
)
def test_the_values_that_the_hub_rejects_depend_on_the_type_of_repo(
    kind: str, metadata: dict[str, Any], fits: bool
) -> None:
    assert accepts(repo={"repo_id": "a/b", "repo_type": kind}, card={"metadata": metadata}) == fits


@pytest.mark.parametrize(
    ("artifact", "fits"),
    [
        ({}, True),
        ({"options": {}}, True),
        ({"options": {"x": 1}}, False),
        ({"serializer": "copy", "options": {"x": 1}}, False),
        ({"serializer": "safetensors", "options": {"dtype": "float16", "max_shard_size": "2GB"}}, True),
        ({"serializer": "safetensors", "options": {"max_shard_size": "{{ size }}"}}, True),
        ({"serializer": "safetensors", "options": {"dtype": "bf16"}}, False),
        ({"serializer": "safetensors", "options": {"max_shard": "2GB"}}, False),
        ({"serializer": "acme", "options": {"anything": [1]}}, True),
        ({"serializer": "{{ format }}", "options": {"anything": [1]}}, True),
    ],
)
def test_options_are_those_of_the_serializer(artifact: dict[str, Any], fits: bool) -> None:
    assert accepts(artifacts=[{"source": "x", **artifact}]) == fits


def test_every_built_in_serializer_is_suggested_with_its_description() -> None:
    suggested = {
        each["const"]: each["description"] for each in at("artifacts[].serializer")["anyOf"] if "const" in each
    }
    assert {"copy", "safetensors", "gguf", "onnx"} <= suggested.keys()
    assert all(suggested.values())


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("Release {{ version }}", True),
        ("{{ '{{' }} and {{ \"}}\" }}", True),
        ("{{{ version }}}", True),
        ("{{ git.short_commit }}, {{ env.CI }}, {{source_date}}", True),
        ("{{ }}", False),
        ("{{ version", False),
        ("{{ version | upper }}", False),
        ("{{ git.sha }}", False),
    ],
)
def test_two_braces_mention_a_variable(text: str, fits: bool) -> None:
    assert accepts(repo={"repo_id": "a/b", "commit_message": text}) == fits
    assert accepts(card={"variables": {"template": text}})


pieces = st.sampled_from(["{{", "}}", "{", "}", " ", "a", "'", '"', "{{ a }}", "{{a}}", "{{ '{{' }}", "|", "."])


@settings(max_examples=400)
@given(st.lists(pieces, min_size=1, max_size=6).map("".join).filter(str.strip))
def test_the_schema_reads_braces_like_the_reader(text: str) -> None:
    fields: dict[str, Any] = {"variables": {"a": "1"}, "repo": {"repo_id": "a/b", "commit_message": text}}
    error_text = ""
    try:
        read_manifest(json.dumps({**fields, "artifacts": [{"source": "x"}]}).encode())
    except InvalidDocumentError as error:
        error_text = str(error)
    # Which names are declared is beyond a schema.
    assert accepts(**fields) == (not error_text) or "unknown variable" in error_text


@pytest.mark.parametrize(("target", "fits"), [("{{ module }}:Net", True), ("{{ git.tag }}:Net", False)])
def test_load_mentions_only_names_that_its_readers_know(target: str, fits: bool) -> None:
    assert accepts(load={"target": target}) == fits


@pytest.mark.parametrize("kind", ["model", "dataset", "space", "kernel", "{{ kind }}"])
def test_a_choice_may_be_a_variable(kind: str) -> None:
    assert accepts(repo={"repo_id": "{{ org }}/x", "repo_type": kind, "visibility": "{{ who }}"})
