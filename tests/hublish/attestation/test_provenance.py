"""Provenance: the predicate names every source and output, keeps back what the manifest does, and is read strictly."""

import copy
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hublish
from hublish.api.git.builder import LOCAL
from hublish.attestation.interface import InvalidSignatureError
from hublish.attestation.provenance import (
    BUILD_TYPE,
    RECORDED,
    Provenance,
    provenance,
    read_provenance,
    recorded_provenance,
)
from hublish.base.values import FormerRelease, Release
from hublish.base.values.attested import BuildFacts, Dependency
from hublish.schemas.documents.lock import Lock, read_lock
from tests.faults.projects import rounds

PLAN = "ab" * 32
FACTS = BuildFacts(
    builder="https://github.com/acme/digits/.github/workflows/release.yml@refs/heads/main",
    invocation="https://github.com/acme/digits/actions/runs/1/attempts/1",
    source_uri="git+https://github.com/acme/digits",
    source_commit="12" * 20,
    dirty=False,
    dependencies=(
        Dependency("acme/base", "model", "https://huggingface.co", "34" * 20),
        Dependency("acme/rows", "dataset", "https://huggingface.co"),
    ),
)
MANIFEST = """\
repo: {repo_id: acme/digits, endpoint: "https://huggingface.co", tag: "v{{ version }}"}
variables: {version: 1.0.0}
artifacts:
  - {source: runs/weights.npz, path_in_repo: model.safetensors, serializer: safetensors}
  - {source: runs/config.json}
card: {metadata: {license: mit}}
"""
Build = Callable[..., Release]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Build the release of a manifest, with its sources beside it."""

    def make(manifest: str = MANIFEST, **options: Any) -> Release:
        folder = tmp_path / "project"
        (folder / "runs").mkdir(parents=True, exist_ok=True)
        np.savez(folder / "runs/weights.npz", weight=np.arange(6, dtype=np.float32))
        (folder / "runs/config.json").write_text('{"model_type": "mlp"}')
        (folder / "hub.yaml").write_text(manifest)
        return hublish.build(folder / "hub.yaml", tmp_path / f"build-{len(list(tmp_path.iterdir()))}", **options)

    return make


def predicate_of(release: Release) -> dict[str, Any]:
    return provenance(release, release.project.target, FACTS, PLAN)


def sources(predicate: dict[str, Any]) -> dict[str, Any]:
    found = predicate["buildDefinition"]["resolvedDependencies"]
    return {one["name"]: one for one in found if one["annotations"]["kind"] == "file"}


def test_the_claims_are_read_as_they_were_written(build: Build) -> None:
    release = build()
    predicate = predicate_of(release)
    assert read_provenance(json.loads(json.dumps(predicate))) == Provenance(
        builder=FACTS.builder,
        invocation=FACTS.invocation,
        source_uri=FACTS.source_uri,
        source_commit=FACTS.source_commit,
        dirty=False,
        manifest_sha256=hashlib.sha256(MANIFEST.encode()).hexdigest(),
        plan_sha256=PLAN,
        repo_id="acme/digits",
        repo_type="model",
        endpoint="https://huggingface.co",
        revision="main",
        tag="v1.0.0",
        dependencies=FACTS.dependencies,
        restores=None,
    )


def test_a_source_has_its_own_digest_and_names_its_outputs(build: Build) -> None:
    release = build()
    found = sources(predicate_of(release))
    folder = release.project.folder
    for name, output, serializer in (
        ("runs/weights.npz", "model.safetensors", "safetensors"),
        ("runs/config.json", "config.json", "copy"),
    ):
        assert found[name]["digest"] == {"sha256": hashlib.sha256((folder / name).read_bytes()).hexdigest()}
        assert found[name]["annotations"] == {"kind": "file", "serializer": serializer, "outputs": [output]}
    assert found.keys() == {"runs/weights.npz", "runs/config.json"}


def test_a_source_whose_digest_is_unknown_has_an_address_instead(build: Build) -> None:
    # Without a cache, a conversion does not hash its source, which would be read once more for it.
    (source,) = (one for one in sources(predicate_of(build(digest_cache=False))).values() if "uri" in one)
    assert (source["uri"], source.get("digest")) == ("file:runs/weights.npz", None)


def test_a_source_in_its_format_already_has_the_digest_of_the_output(build: Build) -> None:
    release = build()
    (release.project.folder / "runs/model.safetensors").write_bytes(_bytes_of(release, "model.safetensors"))
    again = build(MANIFEST.replace("weights.npz", "model.safetensors"), digest_cache=False)
    source = sources(predicate_of(again))["runs/model.safetensors"]
    assert source["digest"] == {"sha256": next(one.sha256 for one in again.files if one.path_in_repo[-1] == "s")}


def _bytes_of(release: Release, path: str) -> bytes:
    return next(release.project.folder.parent.glob(f"build-*/{path}")).read_bytes()


@pytest.mark.parametrize(
    "kept_back",
    ["publish_manifest: load", "publish_manifest: none", "patterns: {ignore_patterns: [hub.yaml]}"],
)
def test_a_manifest_that_is_kept_back_is_not_published_in_parts(build: Build, kept_back: str) -> None:
    release = build(f"{MANIFEST}{kept_back}\n")
    release = replace(release, project=replace(release.project, settings={"secret_name": "x"}))
    text = json.dumps(predicate_of(release))
    assert "runs/" not in text.replace("actions/runs/", "")
    assert "secret_name" not in text
    assert "model.safetensors" in text


def test_variables_that_were_set_are_parameters(build: Build) -> None:
    release = build()
    release = replace(release, project=replace(release.project, settings={"version": "2"}, environment={"env.A": "b"}))
    parameters = predicate_of(release)["buildDefinition"]["externalParameters"]
    assert (parameters["variables"], parameters["environment"]) == ({"version": "2"}, {"env.A": "b"})


def test_a_restored_release_claims_no_source_but_its_commit_on_the_hub(build: Build) -> None:
    release = replace(build(), former=FormerRelease("v1.0.0", "56" * 20, {}))
    predicate = predicate_of(release)
    read = read_provenance(predicate)
    assert (read.restores, read.source_commit, read.dependencies) == ("56" * 20, None, ())
    assert sources(predicate) == {}


LOCK: dict[str, Any] = {
    "lock_version": 2,
    "repo_id": "acme/rows",
    "repo_type": "dataset",
    "endpoint": "https://huggingface.co",
    "revision": "main",
    "commit": "56" * 20,
    "tag": "v1.0.0",
    "manifest_sha256": "ab" * 32,
    "load": {},
    "files": [
        {"path_in_repo": "hub.yaml", "source": "hub.yaml"},
        {"path_in_repo": "README.md", "source": "template dataset", "serializer": "card"},
        {"path_in_repo": "model.sig", "source": "sign", "serializer": "sign"},
        {"path_in_repo": "data/train.csv", "source": "rows.csv"},
        {
            "path_in_repo": "a-00001-of-00002.safetensors",
            "source": "runs/a.pt",
            "serializer": "safetensors",
            "parameters": {"version": "3"},
        },
        {"path_in_repo": "a-00002-of-00002.safetensors", "source": "runs/a.pt", "serializer": "safetensors"},
    ],
}


def recorded(**fields: Any) -> Lock:
    digests = {"size": 1, "sha256": "cd" * 32, "blob_id": "ef" * 20}
    files = [{**digests, **file} for file in LOCK["files"]]
    files[0]["sha256"] = fields.pop("published_manifest", LOCK["manifest_sha256"])
    return read_lock(json.dumps({**LOCK, "files": files, **fields}).encode())


def test_a_release_that_is_attested_later_claims_what_its_lock_records() -> None:
    predicate = recorded_provenance(recorded(), PLAN)
    read = read_provenance(json.loads(json.dumps(predicate)))
    assert (read.repo_id, read.repo_type, read.tag, read.plan_sha256) == ("acme/rows", "dataset", "v1.0.0", PLAN)
    assert (read.builder, read.source_commit, read.dirty, read.invocation) == (RECORDED, None, None, None)
    assert predicate["buildDefinition"]["internalParameters"] == {"serializers": {"safetensors": "3"}}
    found = sources(predicate)
    assert found.keys() == {"rows.csv", "runs/a.pt"}
    assert found["rows.csv"]["digest"] == {"sha256": "cd" * 32}
    assert "digest" not in found["runs/a.pt"]
    assert found["runs/a.pt"]["annotations"]["outputs"] == [
        "a-00001-of-00002.safetensors",
        "a-00002-of-00002.safetensors",
    ]


def test_what_the_lock_does_not_record_is_not_claimed() -> None:
    read = read_provenance(recorded_provenance(recorded(tag=None, published_manifest="00" * 32), None))
    assert (read.tag, read.plan_sha256) == (None, None)
    # A manifest that was kept back: its paths are not published.
    assert "runs/a.pt" not in json.dumps(recorded_provenance(recorded(published_manifest="00" * 32), None))


def test_the_commit_in_a_lock_is_claimed_again_and_the_builder_is_not() -> None:
    # Whoever attests the release later is not the workflow that built it.
    signature = {"method": "key", "signer": "sha256:00", "builder": "https://ci.example/workflow"}
    lock = recorded(signature=signature, facts={"state": {"git.commit": "12" * 20}})
    read = read_provenance(recorded_provenance(lock, None))
    assert (read.builder, read.source_commit) == (RECORDED, "12" * 20)
    forged = recorded(facts={"state": {"git.commit": "main"}})
    assert read_provenance(recorded_provenance(forged, None)).source_commit is None


def test_the_same_build_gives_the_same_predicate(build: Build) -> None:
    assert predicate_of(build()) == predicate_of(build())


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in items:
        yield from _places(one, (*path, key))


def _changed(predicate: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    changed = copy.deepcopy(predicate)
    holder = changed
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return changed


PREDICATE: dict[str, Any] = {
    "buildDefinition": {
        "buildType": BUILD_TYPE,
        "externalParameters": {
            "manifest": {"name": "hub.yaml", "sha256": "cd" * 32},
            "plan": {"sha256": PLAN},
            "repo": {"repo_id": "a/b", "repo_type": "model", "endpoint": "https://hub.example", "revision": "main"},
        },
        "internalParameters": {"hublish": "1.0", "serializers": {"safetensors": "1"}},
        "resolvedDependencies": [
            {
                "uri": "git+https://github.com/a/b",
                "digest": {"gitCommit": "12" * 20},
                "annotations": {"kind": "git", "dirty": True},
            },
            {
                "uri": "git+https://hub.example/a/c",
                "digest": {"gitCommit": "12" * 20},
                "annotations": {
                    "kind": "hub",
                    "repo_id": "a/c",
                    "repo_type": "model",
                    "endpoint": "https://hub.example",
                },
            },
            {
                "name": "w.pt",
                "digest": {"sha256": "ef" * 32},
                "annotations": {"kind": "file", "serializer": "copy", "outputs": ["w.pt"]},
            },
        ],
    },
    "runDetails": {"builder": {"id": "https://hublish.github.io/hublish/builders/local"}},
}
OPTIONAL = {("uri",), ("digest",), ("name",), ("dirty",), ("plan",), ("hublish",)}
FREE = ("serializers",)
"""Places below which any value may be."""


def test_the_sample_is_valid() -> None:
    assert read_provenance(PREDICATE).dirty is True


@pytest.mark.parametrize("path", [path for path in _places(PREDICATE) if not set(FREE) & set(path)])
def test_any_value_of_another_type_is_refused(path: tuple[Any, ...]) -> None:
    others: tuple[Any, ...] = (None, 1, [], [[]], {"a": "b"}, True)
    for value in others:
        changed = _changed(PREDICATE, path, value)
        # A fact that is left out is null for some writers, and an empty list is a list.
        if (value is None and path[-1:] in OPTIONAL) or (
            path[-1:] in {("dirty",), ("resolvedDependencies",)} and value in (True, [])
        ):
            continue
        with pytest.raises(InvalidSignatureError):
            read_provenance(changed)


@pytest.mark.parametrize(
    "path", [path for path in _places(PREDICATE) if path and not set(FREE) & set(path) and isinstance(path[-1], str)]
)
def test_an_unknown_field_is_refused_everywhere(path: tuple[Any, ...]) -> None:
    with pytest.raises(InvalidSignatureError):
        read_provenance(_changed(PREDICATE, (*path[:-1], "extra"), "value"))


@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_second_source_is_refused(index: int) -> None:
    found = PREDICATE["buildDefinition"]["resolvedDependencies"]
    changed = _changed(PREDICATE, ("buildDefinition", "resolvedDependencies"), [*found, found[index]])
    if index:
        assert read_provenance(changed).source_commit == "12" * 20
        return
    with pytest.raises(InvalidSignatureError, match="two sources"):
        read_provenance(changed)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("runDetails", "builder", "id"), "local"),
        (("runDetails", "builder", "id"), "https://x y"),
        (("runDetails", "builder", "id"), "https://x\n"),
        (("buildDefinition", "buildType"), f"{BUILD_TYPE}/"),
        (("buildDefinition", "externalParameters", "plan", "sha256"), "AB" * 32),
        (("buildDefinition", "externalParameters", "plan", "sha256"), f"{PLAN}\n"),
        (("buildDefinition", "resolvedDependencies", 0, "digest", "gitCommit"), "12" * 19),
        (("buildDefinition", "resolvedDependencies", 0, "annotations", "dirty"), "false"),
        (("buildDefinition", "resolvedDependencies", 0, "annotations", "kind"), "other"),
    ],
)
def test_a_value_of_another_form_is_refused(place: tuple[Any, ...], value: str) -> None:
    with pytest.raises(InvalidSignatureError):
        read_provenance(_changed(PREDICATE, place, value))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=20,
)


@settings(max_examples=rounds(200))
@given(value=JSON, path=st.sampled_from(list(_places(PREDICATE))))
def test_any_json_is_read_or_refused(value: Any, path: tuple[Any, ...]) -> None:
    with suppress(InvalidSignatureError):
        read = read_provenance(_changed(PREDICATE, path, value))
        assert read.plan_sha256 == PLAN


@pytest.mark.parametrize("name", ["x" * 10_000, "\x1b[2J", "\u202e"])
def test_the_name_of_an_unknown_field_is_shown_safely(name: str) -> None:
    with pytest.raises(InvalidSignatureError) as caught:
        read_provenance({**PREDICATE, name: 1})
    assert len(str(caught.value)) < 300
    assert str(caught.value).isprintable()


DOCS = Path(__file__).parents[3] / "docs"
SITE = "https://hublish.github.io/hublish/"


@pytest.mark.parametrize("address", [BUILD_TYPE, LOCAL, RECORDED])
def test_the_documentation_has_a_page_at_each_address_in_the_claims(address: str) -> None:
    assert (DOCS / f"{address.removeprefix(SITE)}.md").is_file()


def test_the_documentation_describes_every_field_and_kind(build: Build) -> None:
    release = build()
    project = replace(release.project, settings={"version": "2"}, environment={"env.A": "b"})
    definition = predicate_of(replace(release, project=project))["buildDefinition"]
    page = (DOCS / "provenance/v1.md").read_text()
    fields = {*definition["externalParameters"], *definition["externalParameters"]["repo"]}
    fields |= {*definition["internalParameters"], "git", "hub", "restored", "file"}
    fields |= {name for one in definition["resolvedDependencies"] for name in one["annotations"]}
    assert [name for name in sorted(fields) if f"`{name}`" not in page and f"`{name}." not in page] == []
