"""A lock belongs to a target: verify and status refuse the lock of another one, and each manifest has its own."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi

import hublish
from hublish.api.lock_target import DeclaredTarget
from hublish.base.errors import HublishError, LockTargetError, ManifestInvalidError
from hublish.hub.server import EmbeddedHub
from hublish.schemas.documents.lock import Lock, read_lock
from hublish.schemas.documents.manifest import Load, Manifest, Policy

OUR_HUB = "https://ours.example"
VERBS: dict[str, Callable[..., Any]] = {"verify": hublish.verify, "status": hublish.status}


def declare(path: Path, **repo: Any) -> Path:
    (path.parent / "config.json").write_text("{}")
    path.write_text(json.dumps({"repo": {"repo_id": "acme/first", **repo}, "artifacts": [{"source": "config.json"}]}))
    return path


def lock(**fields: Any) -> Lock:
    return Lock(
        **{"repo_id": "acme/first", "endpoint": OUR_HUB, **fields},
        revision="main",
        commit="c" * 40,
        manifest_sha256="d" * 64,
        load=Load(),
        files=(),
    )


@pytest.fixture
def there(own_home: Path, own_hub: EmbeddedHub) -> dict[str, Any]:
    """A running Hub and its token."""
    return {"endpoint": own_hub.endpoint, "token": own_hub.token}


def test_manifests_in_one_folder_have_locks_of_their_own(tmp_path: Path, there: dict[str, Any]) -> None:
    first, second = declare(tmp_path / "hub.yaml"), declare(tmp_path / "priv.yaml", repo_id="acme/second")
    for manifest in (first, second):
        hublish.publish(manifest, **there)
    repos = {name: read_lock((tmp_path / name).read_bytes()).repo_id for name in ("hub.lock", "priv.lock")}
    assert repos == {"hub.lock": "acme/first", "priv.lock": "acme/second"}
    for manifest, repo in ((first, "acme/first"), (second, "acme/second")):
        assert hublish.verify(manifest, **there).lock.repo_id == repo
        assert not hublish.status(manifest, **there).changed
        assert hublish.plan(manifest, **there).nothing_to_do


def test_a_lock_that_is_named_is_written_and_read(tmp_path: Path, there: dict[str, Any]) -> None:
    manifest, path = declare(tmp_path / "hub.yaml"), tmp_path / "v1.lock"
    hublish.publish(manifest, lock=path, **there)
    assert [each.name for each in tmp_path.glob("*.lock")] == ["v1.lock"]
    assert hublish.verify(manifest, lock=path, **there).ok
    assert not hublish.status(manifest, lock=path, **there).changed
    assert hublish.status(manifest, **there).lock is None


def test_a_plan_knows_the_last_release_by_the_lock_that_is_named(tmp_path: Path, there: dict[str, Any]) -> None:
    manifest, path = declare(tmp_path / "hub.yaml"), tmp_path / "v1.lock"
    hublish.publish(manifest, lock=path, **there)
    (tmp_path / "other.json").write_text("{}")
    manifest.write_text(manifest.read_text().replace('"config.json"', '"other.json"'))
    assert not any(change.was_released for change in hublish.plan(manifest, **there).changes)
    released = [each.path_in_repo for each in hublish.plan(manifest, lock=path, **there).changes if each.was_released]
    assert released == ["config.json"]


@pytest.mark.parametrize("repo", [{"repo_id": "acme/second"}, {"revision": "next"}])
def test_the_receipt_of_a_new_repo_or_branch_has_all_that_its_plan_compared_with_the_last_release(
    tmp_path: Path, there: dict[str, Any], repo: dict[str, str]
) -> None:
    manifest = declare(tmp_path / "hub.yaml")
    (tmp_path / "other.json").write_text("{}")
    fields = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**fields, "artifacts": [{"source": "*.json"}]}))
    first = hublish.publish(manifest, **there)
    api = HfApi(**there)
    api.upload_file(repo_id="acme/first", path_in_repo="config.json", path_or_fileobj=b"[]")
    declare(manifest, **repo)
    planned, published = hublish.plan(manifest, **there), hublish.publish(manifest, **there).plan
    assert planned.last is not None
    assert planned.last.commit == first.commit
    branch = "revision" in repo
    for plan in (planned, published):
        assert plan.last == planned.last
        assert plan.edited == (frozenset(["config.json"]) if branch else frozenset())
        assert plan.released_policy == (Policy() if branch else None)
        assert [each.path_in_repo for each in plan.changes if each.was_released] == (["other.json"] if branch else [])


def test_an_object_that_is_pushed_by_a_manifest_has_the_lock_of_the_manifest(
    tmp_path: Path, there: dict[str, Any]
) -> None:
    np = pytest.importorskip("numpy")
    manifest = declare(tmp_path / "priv.yaml", repo_id=f"acme/{tmp_path.name}")
    fields = json.loads(manifest.read_text())
    fields["artifacts"] = [{"source": "w.npz", "path_in_repo": "model.safetensors", "serializer": "safetensors"}]
    manifest.write_text(json.dumps(fields))
    for message in (None, "Another message"):
        hublish.push_to_hub({"w": np.ones(2)}, manifest=manifest, commit_message=message, **there)
        assert [each.name for each in tmp_path.glob("*.lock")] == ["priv.lock"]
    assert hublish.verify(manifest, **there).ok


OTHERS = {
    "another repo": {"repo_id": "acme/second"},
    "another namespace": {"repo_id": "other/first"},
    "another type": {"repo_type": "dataset"},
    "another Hub": {"endpoint": "https://hub.other.example"},
    "the embedded Hub": {"endpoint": "embedded"},
    "another port": {"endpoint": f"{OUR_HUB}:8443"},
    "another scheme": {"endpoint": OUR_HUB.replace("https", "http")},
    "another path": {"endpoint": f"{OUR_HUB}/hub"},
    "not a URL": {"endpoint": "https://[::1"},
}


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("verb", VERBS)
def test_the_lock_of_another_target_is_refused_before_any_request(verb: str, other: str, tmp_path: Path) -> None:
    manifest = declare(tmp_path / "hub.yaml", endpoint=OUR_HUB)
    for given in (None, tmp_path / "given.lock", lock(**OTHERS[other])):
        path = given if isinstance(given, Path) else tmp_path / "hub.lock"
        path.write_text(lock(**OTHERS[other]).to_json())
        with pytest.raises(LockTargetError) as caught:
            VERBS[verb](manifest, lock=given)
        assert caught.value.code == "lock.target"
        assert next(iter(OTHERS[other].values())) in caught.value.message


SAME = {
    "the same": {},
    "another spelling of the name": {"repo_id": "Acme/First"},
    "a slash at the end": {"endpoint": f"{OUR_HUB}/"},
    "the port of the scheme": {"endpoint": f"{OUR_HUB}:443"},
    "another spelling of the host": {"endpoint": "https://OURS.example"},
}


@pytest.mark.parametrize("same", SAME)
def test_another_spelling_of_the_target_is_accepted(same: str, tmp_path: Path) -> None:
    manifest = declare(tmp_path / "hub.yaml", endpoint=OUR_HUB)
    assert hublish.status(manifest, lock=lock(**SAME[same]), offline=True).lock is not None


def test_a_name_without_a_namespace_is_that_of_the_account(
    tmp_path: Path, own_home: Path, own_hub: EmbeddedHub
) -> None:
    ada, bob = (dict[str, Any](endpoint=own_hub.endpoint, token=own_hub.add_user(name)) for name in ("ada", "bob"))
    manifest = declare(tmp_path / "hub.yaml", repo_id="bare")
    hublish.publish(manifest, **ada)
    assert hublish.verify(manifest, **ada).ok
    assert hublish.status(manifest, **ada).error is None
    # Without a token, nothing names the account.
    assert hublish.verify(manifest, endpoint=own_hub.endpoint, token=False).ok
    for verb in VERBS.values():
        with pytest.raises(LockTargetError, match="repo_id ada/bare, not bob/bare"):
            verb(manifest, **bob)


@pytest.mark.parametrize(
    ("repo", "accepted"),
    [
        ({"repo_id": "{{ owner }}/first"}, True),
        ({"repo_id": "acme/{{ name }}"}, True),
        ({"repo_type": "{{ kind }}"}, True),
        ({"repo_id": "acme/second-{{ name }}"}, False),
        ({"repo_id": "acme/second", "repo_type": "{{ kind }}"}, False),
        ({"repo_id": "{{ owner }}/first", "repo_type": "dataset"}, False),
    ],
)
def test_a_variable_that_only_the_publisher_sets_matches_any_text(
    repo: dict[str, str], accepted: bool, tmp_path: Path, there: dict[str, Any]
) -> None:
    hublish.publish(declare(tmp_path / "hub.yaml"), **there)
    manifest = declare(tmp_path / "hub.yaml", **repo)
    if accepted:
        assert hublish.verify(manifest, **there).ok
    else:
        with pytest.raises(LockTargetError):
            hublish.verify(manifest, **there)


def test_the_manifest_beside_a_lock_counts_where_there_is_no_other(
    tmp_path: Path, there: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = declare(tmp_path / "priv.yaml", endpoint=there["endpoint"])
    hublish.publish(manifest, token=there["token"])
    monkeypatch.chdir(tmp_path)
    assert hublish.verify(lock="priv.lock", token=there["token"]).ok
    declare(tmp_path / "priv.yaml", repo_id="acme/second", endpoint=there["endpoint"])
    with pytest.raises(LockTargetError):
        hublish.verify(lock="priv.lock", token=there["token"])


def test_locks_of_manifests_are_not_part_of_a_release(tmp_path: Path) -> None:
    (tmp_path / "v1").mkdir()
    for name in (
        "hub.lock",
        "priv.lock",
        "priv.yaml",
        "uv.lock",
        "v1/hub.lock",
        "v1/own.lock",
        ".hub.lock.abc12345.tmp",
    ):
        (tmp_path / name).write_text("{}")
    (tmp_path / "v1" / ".own.lock.abc12345.tmp").write_text("{}")
    fields = {"repo": {"repo_id": "acme/x"}, "artifacts": [{"source": "."}]}
    (tmp_path / "hub.yaml").write_text(json.dumps(fields))
    project = hublish.read_project(tmp_path / "hub.yaml", lock=tmp_path / "v1" / "own.lock")
    paths = {file.path_in_repo for file in hublish.files(project).files}
    assert paths == {"hub.yaml", "priv.yaml", "uv.lock", "v1/hub.lock"}


@pytest.mark.parametrize("text", ['version = 1\n[[package]]\nname = "numpy"\n', '{"lockfileVersion": 3}', "\0\1"])
def test_a_file_that_is_not_a_lock_is_never_replaced(text: str, tmp_path: Path, there: dict[str, Any]) -> None:
    manifest, path = declare(tmp_path / "hub.yaml", repo_id=f"acme/{tmp_path.name}"), tmp_path / "uv.lock"
    path.write_text(text)
    with pytest.raises(HublishError, match="is not a lock of hublish"):
        hublish.publish(manifest, lock=path, **there)
    assert hublish.plan(manifest, **there).head.repo_exists is False
    # Also where there is nothing else to do.
    hublish.publish(manifest, **there)
    with pytest.raises(HublishError, match="is not a lock of hublish"):
        hublish.publish(manifest, lock=path, **there)
    assert path.read_text() == text


def test_a_pipe_or_a_device_is_never_replaced(tmp_path: Path, there: dict[str, Any]) -> None:
    os.mkfifo(tmp_path / "x.lock")
    with pytest.raises(HublishError, match="is not a lock of hublish"):
        hublish.publish(declare(tmp_path / "hub.yaml"), lock=tmp_path / "x.lock", **there)
    assert (tmp_path / "x.lock").is_fifo()


@pytest.mark.parametrize("mark", ["", "<<<<<<< HEAD\n"])
def test_a_lock_that_is_empty_or_has_a_merge_conflict_is_replaced(
    mark: str, tmp_path: Path, there: dict[str, Any]
) -> None:
    manifest, path = declare(tmp_path / "hub.yaml"), tmp_path / "hub.lock"
    path.write_text(mark + lock().to_json() if mark else "")
    hublish.publish(manifest, **there)
    assert hublish.verify(manifest, **there).ok


@pytest.mark.parametrize("name", ["missing/x.lock", "a-folder", "hub.yaml/x.lock", f"{'x' * 300}.lock"])
def test_a_lock_that_cannot_be_written_is_refused_before_anything_is_sent(
    name: str, tmp_path: Path, there: dict[str, Any]
) -> None:
    (tmp_path / "a-folder").mkdir()
    manifest = declare(tmp_path / "hub.yaml", repo_id=f"acme/{tmp_path.name}")
    with pytest.raises(HublishError, match="cannot be written"):
        hublish.publish(manifest, lock=tmp_path / name, **there)
    assert hublish.plan(manifest, **there).head.repo_exists is False


def test_a_release_that_is_locked_already_needs_no_writable_folder(
    tmp_path: Path, there: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = declare(tmp_path / "hub.yaml")
    hublish.publish(manifest, **there)

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("hublish.base.durable.require_writable", refuse)
    assert hublish.publish(manifest, **there).plan.nothing_to_do


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("repo: {repo_id: acme/x, endpoint: 'https://ours.example'}\nartifacts: [{source: a}]", OUR_HUB),
        (
            "variables: {h: ours}\nrepo: {repo_id: a/x, endpoint: 'https://{{ h }}.example'}\nartifacts: [{source: a}]",
            OUR_HUB,
        ),
        ("repo: {repo_id: acme/x}\nartifacts: [{source: a}]", ""),
        ("repo: {repo_id: acme/x, tag: '{{ env.NOT_SET_HERE }}'}\nenv: [NOT_SET_HERE]\nartifacts: []", ""),
        ("repo: 7", ""),
    ],
)
def test_a_manifest_without_an_endpoint_need_not_be_valid(text: str, endpoint: str, tmp_path: Path) -> None:
    (tmp_path / "hub.yaml").write_text(text)
    assert DeclaredTarget.of(tmp_path / "hub.yaml").endpoint == endpoint


def test_a_manifest_that_does_not_exist_declares_no_endpoint(tmp_path: Path) -> None:
    assert DeclaredTarget.of(tmp_path / "hub.yaml").endpoint == ""


def test_a_manifest_built_in_python_declares_its_endpoint() -> None:
    fields = {"repo": {"repo_id": "acme/x", "endpoint": "embedded"}, "artifacts": [{"source": "a"}]}
    assert DeclaredTarget.of(Manifest.model_validate(fields)).endpoint == "embedded"


@pytest.mark.parametrize(
    "text",
    [
        "repo: {repo_id: acme/x, endpoint: 'https://ours.example'}\nartifacts: []",
        "repo: {repo_id: acme/x, endpoint: 'not a URL'}\nartifacts: [{source: a}]",
        "repo: [",
        "",
    ],
)
def test_a_manifest_whose_endpoint_is_not_certain_is_an_error(text: str, tmp_path: Path) -> None:
    (tmp_path / "hub.yaml").write_text(text)
    with pytest.raises(ManifestInvalidError):
        DeclaredTarget.of(tmp_path / "hub.yaml")
