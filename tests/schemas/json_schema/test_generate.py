"""The JSON Schemas are fresh, valid and complete, and agree with the models."""

import json
from collections.abc import Mapping
from typing import Any

import jsonschema
import pytest
from pydantic import Field

from hublish.schemas.diagnose.problems import InvalidDocumentError
from hublish.schemas.documents.field_types import Document
from hublish.schemas.documents.manifest import Manifest, Repo
from hublish.schemas.documents.manifest_yaml import read_manifest
from hublish.schemas.json_schema import generate
from hublish.schemas.json_schema.generate import (
    FOLDER,
    NAMES,
    DescribedJsonSchema,
    Name,
    field_texts,
    schema,
    schema_text,
)
from hublish.schemas.yaml.reader import read_yaml

HEAD = "repo: {repo_id: a/b}\nartifacts: [{source: x}]\n"


DIALECTS: Mapping[Name, Any] = {
    "manifest": jsonschema.Draft7Validator,  # what editors support
    "plan": jsonschema.Draft202012Validator,
    "receipt": jsonschema.Draft202012Validator,
    "lock": jsonschema.Draft202012Validator,
    "trust": jsonschema.Draft7Validator,
}


def validator(name: Name) -> Any:
    return DIALECTS[name](json.loads((FOLDER / f"{name}.schema.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_schema_is_fresh(name: Name) -> None:
    committed = (FOLDER / f"{name}.schema.json").read_text(encoding="utf-8")
    assert committed == schema_text(name), "run `python -m hublish.schemas.json_schema.generate`"


def test_the_folder_contains_nothing_else() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}.schema.json" for name in NAMES}


def test_the_module_writes_every_schema(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "FOLDER", tmp_path / "json")
    generate.main()
    written = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "json").iterdir()}
    assert written == {f"{name}.schema.json": schema_text(name) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_valid_and_identifies_itself(name: Name) -> None:
    body = schema(name)
    DIALECTS[name].check_schema(body)
    assert body["$schema"] == DIALECTS[name].META_SCHEMA["$schema"]
    assert body["$id"] == f"urn:hublish:{name}:{2 if name == 'lock' else 1}"
    assert body["title"].startswith(("hub.yaml", "hub.lock", "plan.json", "receipt.json", "trust.yaml"))
    assert body["description"]


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("manifest", "trust")])
def test_every_field_is_described_and_no_object_allows_unknown_keys(name: Name) -> None:
    body = schema(name)
    for part in [body, *body.get("$defs", {}).values()]:
        assert part["additionalProperties"] is False
        assert part["description"]
        for field, about in part["properties"].items():
            target = body["$defs"].get(about.get("$ref", "").rpartition("/")[2], {})
            assert about.get("description", target.get("description")), field
            assert "title" not in about, field


def test_the_example_is_valid(example: bytes) -> None:
    validator("manifest").validate(read_yaml(example, "hub.yaml.example").data)


def test_documents_that_hublish_writes_are_valid(lock: Any, plan: Any, receipt: Any) -> None:
    validator("lock").validate(json.loads(lock().to_json()))
    validator("plan").validate(plan.model_dump(mode="json"))
    validator("receipt").validate(receipt.model_dump(mode="json"))


VARIABLES = """\
variables: {org: a, v: '1', r: dev, e: embedded}
artifacts: [{source: x, path_in_repo: '{{ org }}/'}]
"""
VALID = [
    HEAD,
    "schema_version: 1\n" + HEAD,
    HEAD + "variables: {version: '1.2.0', n: 3}",
    VARIABLES + "repo: {repo_id: '{{ org }}/x', tag: 'v{{ v }}', revision: '{{ r }}', endpoint: '{{ e }}'}",
    "repo: {repo_id: x, gated: false, visibility: private, create_pr: true}\nartifacts: [{source: x}]",
    "repo: {repo_id: a/b, repo_type: space, visibility: protected, space_sdk: gradio}\nartifacts: [{source: x}]",
    "repo: {repo_id: a/b, endpoint: 'http://127.0.0.1:80/x', tag: null}\nartifacts: [{source: x, path_in_repo: ''}]",
    VARIABLES + "repo: {repo_id: a/b, moving_tags: ['{{ v }}', latest], moving_branches: [stable]}",
    HEAD + "policy: {max_file_size: 5 gb, pickle: warn, symlinks: follow}\nload: {serializer: null}",
    HEAD + "policy: {max_file_size: 12}",
    HEAD + "card: {metadata: {a: [1, {b: null}]}, evaluation: m.json}\nenv: []",
    HEAD + "card: {evaluation: [{file: m.json, task: t, dataset: {type: a/b, task_id: x}, metrics: {a: b}}]}",
    HEAD + "variables: {d: '2026-01-31'}\ncard: {evaluation: [{file: '{{ d }}.json', date: '{{ d }}', metrics: [a]}]}",
    HEAD + "card: {evaluation: []}",
    HEAD + "card: null\npatterns: {delete_patterns: ['old/*']}",
    HEAD + "load: {target: 'm:C'}",
    HEAD + "variables: {module: a.b_c}\nload: {target: '{{ module }}:D.E'}",
    HEAD + "load: {target: null}",
]
INVALID = [
    "artifacts: [{source: x}]",
    "repo: {repo_id: a/b}\nartifacts: []",
    "repo: {repo_id: a/b}\nartifacts: [{}]",
    "repo: {repo_id: a/b}\nartifacts: {source: x}",
    HEAD + "artefacts: []",
    HEAD + "schema_version: 2",
    HEAD + "schema_version: '1'",
    HEAD + "variables: {my-version: x}",
    HEAD + "variables: {version: 1.10}",
    HEAD + "variables: {version: [1]}",
    HEAD + "env: null",
    HEAD + "env: [A-B]",
    HEAD + "env: [CI, CI]",
    HEAD + "env: [GITHUB_TOKEN]",
    HEAD + "variables: {source_date: x}",
    *[
        HEAD + f"load: {{target: '{name}'}}"
        for name in ("", "m", "m.C", ":C", "m:", "m:C:D", "../m:C", "m/x:C", "m:C()", "m :C", "1m:C", "m..x:C", "m:__C")
    ],
    HEAD + "policy: {pickle: never}",
    HEAD + "policy: {max_file_size: 5 GiB}",
    HEAD + "policy: {max_file_size: -1}",
    HEAD + "policy: {symlinks: allow}",
    HEAD + "patterns: {ignore_patterns: '*.tmp'}",
    HEAD + "patterns: {ignore_patterns: ['']}",
    HEAD + "card: {template: ''}",
    HEAD + "card: [x]",
    *[
        HEAD + f"card: {{evaluation: {value}}}"
        for value in (
            *("5", "{file: x}", "[x]", "[{}]", "[{file: ../x}]", "[{file: x, metric: y}]", "[{file: x, metrics: y}]"),
            *("[{file: x, metrics: [1]}]", "[{file: x, metrics: {a: 1}}]", "[{file: x, dataset: mnist}]"),
            *("[{file: x, dataset: {name: y}}]", "[{file: x, date: yesterday}]", "[{file: x, source: {url: y}}]"),
            *("[{file: x, source: {name: y}}]", "[{file: x, benchmarks: y}]", "[{file: x, task: [y]}]"),
        )
    ],
    *[
        f"repo: {{repo_id: a/b, {field}}}\nartifacts: [{{source: x}}]"
        for field in (
            *("repo_type: modle", "gated: no", "create_pr: yes", "create_pr: 1", "tag: 1.1", "tag: a..b", "tag: -x"),
            *("revision: ''", "revision: HEAD", "revision: x.lock", "endpoint: ftp://x", "endpoint: hub", "nope: 1"),
            *(
                "commit_message: ''",
                "region: moon",
                "resource_group_id: Research",
                "visibility: secret",
                "space_sdk: gradio",
                "visibility: protected",
            ),
            *("{create_pr: true, tag: v1}"[1:-1], "{create_pr: true, revision: dev}"[1:-1]),
            *("create_pr: true, moving_tags: [latest]", "create_pr: true, moving_branches: [stable]"),
            *("moving_tags: latest", "moving_tags: [a..b]", "moving_tags: [main]", "moving_branches: [x, x]"),
        )
    ],
    *[
        f"repo: {{repo_id: '{name}'}}\nartifacts: [{{source: x}}]"
        for name in ("a/b/c", "", "-a", "a--b", "a/b.git", "a b")
    ],
    *[
        f"repo: {{repo_id: a/b}}\nartifacts: [{{source: x, path_in_repo: '{path}'}}]"
        for path in ("../x", "/x", "a//b", "a/./b", "C:x", "a\\b", ".git/x", "a/.GIT", ".cache/x", "a/../b", "..")
    ],
    "repo: {repo_id: a/b}\nartifacts: [{source: ''}]",
    "repo: {repo_id: a/b}\nartifacts: [{source: x, options: [1]}]",
]


@pytest.mark.parametrize("text", VALID)
def test_the_schema_accepts_what_the_model_accepts(text: str) -> None:
    read_manifest(text.encode())
    validator("manifest").validate(read_yaml(text.encode(), "x").data)


@pytest.mark.parametrize("text", INVALID)
def test_the_schema_rejects_everything_that_it_can(text: str) -> None:
    with pytest.raises(InvalidDocumentError):
        read_manifest(text.encode())
    assert not validator("manifest").is_valid(read_yaml(text.encode(), "x").data)


@pytest.mark.parametrize(
    "changes",
    [
        {"commit": "abc"},
        {"lock_version": 3},
        {"extra": 1},
        {"files": [{"path_in_repo": "../x", "size": 1, "sha256": "0" * 64}]},
        {"files": None},
    ],
)
def test_a_damaged_lock_is_invalid(lock: Any, changes: dict[str, Any]) -> None:
    assert not validator("lock").is_valid({**json.loads(lock().to_json()), **changes})


class Part(Document):
    """A part."""

    size: int = 1
    """How much of it
    there is."""
    silent: int = 2


class Whole(Part):
    """The whole."""

    part: Part = Part()
    """One of them."""
    described: int = Field(default=3, description="In other words.")
    """An explicit description wins."""

    def method(self) -> str:
        """Say nothing of a field."""
        return ""


def test_the_text_below_a_field_describes_it_in_every_subclass() -> None:
    assert field_texts(Part) == {"size": "How much of it\nthere is."}
    assert field_texts(Whole) == {
        "size": "How much of it\nthere is.",
        "part": "One of them.",
        "described": "An explicit description wins.",
    }


def test_a_json_schema_contains_the_descriptions() -> None:
    schema = Whole.model_json_schema(schema_generator=DescribedJsonSchema)
    assert {name: field.get("description") for name, field in schema["properties"].items()} == {
        "size": "How much of it\nthere is.",
        "silent": None,
        "part": "One of them.",
        "described": "In other words.",
    }
    assert schema["$defs"]["Part"]["properties"]["size"]["description"] == "How much of it\nthere is."


def test_every_field_of_the_manifest_is_described() -> None:
    for model in (Manifest, Repo):
        assert set(field_texts(model)) == set(model.model_fields)
