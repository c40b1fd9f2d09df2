"""Signed releases that are rolled back, deprecated, sent by two publishers at once, or interrupted."""

import json
from typing import Any

import pytest
from huggingface_hub import CommitOperationAdd

import hublish
from hublish.api.read_project import read_lock_file, read_project
from hublish.base.errors import (
    HublishError,
    RemoteConflictError,
    SigningError,
)
from hublish.schemas.documents.file_names import ATTESTATION_FILES, BOM_FILE
from tests.faults.projects import COMMIT
from tests.faults.proxy import Proxy, doing, instead, lost_after
from tests.hublish.api.released_project import FIRST, SECOND
from tests.hublish.api.signed_project import SignedProject


def test_a_rollback_restores_the_signature_without_signing(signed: SignedProject) -> None:
    signed.publish("v1.0.0", FIRST)
    first = {path: signed.read(path) for path in ATTESTATION_FILES}
    signed.publish("v1.1.0", SECOND)
    signed.hide_key()
    receipt = signed.rollback("v1.0.0")
    assert receipt.created
    assert {path: signed.read(path) for path in ATTESTATION_FILES} == first
    assert signed.verified().tag == "v1.0.0"
    assert signed.lock["signature"]["method"] == "key"
    assert receipt.plan.release.attestation is not None
    assert signed.is_verified()


def successor(signed: SignedProject) -> str:
    name = f"{signed.repo_id}-new"
    signed.api.create_repo(name, exist_ok=True)
    return name


def test_a_deprecation_signs_the_changed_card_in_the_same_commit_and_so_does_its_undo(signed: SignedProject) -> None:
    signed.publish("v1.0.0", FIRST)
    card, count = signed.read("README.md"), len(signed.titles())
    found = hublish.deprecate(new_version=successor(signed), manifest=signed.manifest, **signed.options)
    assert found.receipt is not None
    assert found.receipt.created
    assert len(signed.titles()) == count + 1
    assert b"deprecated" in signed.read("README.md")
    parent = found.parent
    assert [one.commit for one in signed.verified().dependencies] == [parent]
    bom = json.loads(signed.read(BOM_FILE))
    (hashes,) = (one["hashes"] for one in bom["components"] if one["name"] == "README.md")
    assert hashes[0]["content"] == signed.digests()["README.md"]
    assert found.lock_state == "updated"
    assert signed.is_verified()
    assert hublish.verify(signed.manifest, **signed.options).ok
    undone = hublish.deprecate(undo=True, manifest=signed.manifest, **signed.options)
    assert undone.receipt is not None
    assert signed.read("README.md") == card
    signed.verified()
    assert signed.is_verified()


def test_a_deprecation_without_the_key_changes_nothing(signed: SignedProject) -> None:
    signed.publish("v1.0.0", FIRST)
    tree, new = signed.tree(), successor(signed)
    for manifest in (True, False):
        signed.hide_key()
        where: dict[str, Any] = {"manifest": signed.manifest} if manifest else {"repo_id": signed.repo_id}
        with pytest.raises(SigningError) as caught:
            hublish.deprecate(new_version=new, **where, **signed.options)
        signed.return_key()
        assert caught.value.hint
    assert signed.tree() == tree


@pytest.mark.parametrize("path", ["README.md", "config.json", "extra.txt", "model.bin"])
def test_a_deprecation_signs_no_change_of_others(signed: SignedProject, path: str) -> None:
    signed.publish("v1.0.0", FIRST)
    change = CommitOperationAdd(path, b"---\nlicense: mit\n---\n# Changed\n")
    signed.api.create_commit(signed.repo_id, [change], commit_message="web")
    tree = signed.tree()
    with pytest.raises(SigningError, match="changed since it was signed") as caught:
        hublish.deprecate(new_version=successor(signed), manifest=signed.manifest, **signed.options)
    assert [one.message for one in caught.value.problems] == [f"'{path}' is not as it was signed"]
    assert signed.tree() == tree


def test_a_deprecation_knows_files_without_a_lock(signed: SignedProject) -> None:
    signed.publish("v1.0.0", FIRST)
    (signed.folder / "hub.lock").unlink()
    hublish.deprecate(new_version=successor(signed), manifest=signed.manifest, **signed.options)
    signed.verified()


@pytest.mark.parametrize("same_plan", [True, False])
def test_of_two_publishers_at_once_one_makes_the_commit(signed: SignedProject, proxy: Proxy, same_plan: bool) -> None:
    signed.publish("v1.0.0", FIRST)
    signed.write(SECOND)
    signed.manifest.write_text(signed.manifest.read_text().replace("v1.0.0", "v1.1.0"))
    lock = signed.folder.parent / "other.lock"
    if same_plan:
        lock.write_bytes((signed.folder / "hub.lock").read_bytes())
    other = read_project(signed.manifest, lock=lock)
    proxy.on(COMMIT, doing(lambda: hublish.publish(other, **signed.options)), times=1)
    if not same_plan:
        # The claims name another plan: it is another commit, which is not replaced.
        with pytest.raises(RemoteConflictError):
            hublish.publish(signed.manifest, **signed.options)
    assert not hublish.publish(signed.manifest, **signed.options).created
    assert signed.titles().count("Release v1.1.0") == 1
    signed.verified("v1.1.0")
    assert read_lock_file(signed.folder / "hub.lock").signature is not None


def test_a_lost_response_does_not_sign_a_second_commit(
    signed: SignedProject, proxy: Proxy, sleeps: list[float]
) -> None:
    proxy.on(COMMIT, lost_after, times=1)
    signed.publish("v1.0.0", FIRST)
    assert signed.titles().count("Release v1.0.0") == 1
    signed.verified()


def test_a_run_that_ends_before_its_commit_is_repeated(signed: SignedProject, proxy: Proxy) -> None:
    proxy.on(COMMIT, instead(403), times=1)
    with pytest.raises(HublishError):
        signed.publish("v1.0.0", FIRST)
    signed.publish("v1.0.0", FIRST)
    signed.verified()


def test_a_run_that_ends_after_its_commit_is_completed(signed: SignedProject, proxy: Proxy) -> None:
    proxy.on(r"POST .*/tag/", instead(403), times=1)
    with pytest.raises(HublishError):
        signed.publish("v1.0.0", FIRST)
    signed.publish("v1.0.0", FIRST)
    assert signed.titles().count("Release v1.0.0") == 1
    signed.verified("v1.0.0")
