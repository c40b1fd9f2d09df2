"""Signed releases on the embedded Hub with the real client: published, planned, rolled back and deprecated."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from huggingface_hub import CommitOperationAdd

import hublish
from hublish.attestation.certificates import CertificateVerifier
from hublish.attestation.keys import KeyVerifier
from hublish.attestation.model_signature import read_signature_statement
from hublish.base.errors import (
    PolicyError,
    RemoteConflictError,
    RemoteIgnoredError,
    SigningError,
    SourceError,
)
from hublish.base.values import Action
from hublish.hub.server import EmbeddedHub
from hublish.pipeline.lock.records import plan_document
from hublish.schemas.documents.file_names import ATTESTATION_FILES, BOM_FILE, CLAIMS_FILE, SIGNATURE_FILE
from tests.hublish.api.released_project import FIRST, SECOND
from tests.hublish.api.signed_project import SignedProject
from tests.signing_keys import leaf

LOCAL = "https://hublish.github.io/hublish/builders/local"


# ------------------------------------------------------------------------------------------------------- publishing


def test_a_release_is_signed_with_its_claims_in_one_commit(signed: SignedProject) -> None:
    signed.publish("v1.0.0", FIRST)
    assert len(signed.titles()) == 2  # that of the new repo, and the release
    found = signed.verified("v1.0.0")
    assert (found.builder, found.repo_id, found.tag) == (LOCAL, signed.repo_id, "v1.0.0")
    assert found.endpoint == signed.options["endpoint"]
    record = signed.lock["signature"]
    assert (record["method"], record["builder"], record["log_index"]) == ("key", LOCAL, None)
    assert signed.lock["lock_version"] == 2
    assert {file["path_in_repo"] for file in signed.lock["files"]} >= {*ATTESTATION_FILES}
    assert signed.is_verified()


@pytest.mark.parametrize("repo", [{"repo_type": "dataset"}, {"repo_type": "space", "space_sdk": "static"}])
def test_other_types_of_repos_are_signed_under_their_own_name(
    own_hub: EmbeddedHub, tmp_path: Path, repo: dict[str, Any]
) -> None:
    signed = SignedProject(tmp_path / tmp_path.name[:40].strip("-_"), own_hub, **repo)
    files = {"index.html": "<p>", "README.md": FIRST["README.md"], "data.csv": "a,b\n1,2\n"}
    signed.publish("v1.0.0", files)
    assert signed.verified().repo_type == repo["repo_type"]


@pytest.mark.parametrize("manifest", ["load", "none"])
def test_the_manifest_need_not_be_published(signed: SignedProject, manifest: str) -> None:
    signed.more["publish_manifest"] = manifest
    signed.publish("v1.0.0", FIRST)
    assert signed.verified().plan_sha256
    again = hublish.publish(signed.manifest, **signed.options)
    assert (again.created, again.plan.nothing_to_do) == (False, True)


def test_the_claims_have_the_digest_of_the_plan_that_was_reviewed(signed: SignedProject) -> None:
    signed.publish("v1.0.0", FIRST)
    signed.write(SECOND)
    signed.manifest.write_text(signed.manifest.read_text().replace("v1.0.0", "v1.1.0"))
    plan = signed.plan()
    receipt = hublish.publish(signed.manifest, plan=plan, **signed.options)
    assert signed.verified("v1.1.0").plan_sha256 == receipt.plan.sha256


def test_a_second_publish_has_nothing_to_do_and_writes_the_same_lock(signed: SignedProject) -> None:
    commit = signed.publish("v1.0.0", FIRST)
    lock = (signed.folder / "hub.lock").read_bytes()
    receipt = hublish.publish(signed.manifest, **signed.options)
    assert (receipt.created, receipt.commit, receipt.plan.nothing_to_do) == (False, commit, True)
    assert (signed.folder / "hub.lock").read_bytes() == lock


def test_the_claims_are_made_anew_by_another_builder(signed: SignedProject, monkeypatch: pytest.MonkeyPatch) -> None:
    del signed.repo["repo_id"]
    signed.repo["repo_id"] = signed.repo_id
    signed.publish("v1.0.0", FIRST)
    text = signed.manifest.read_text().replace('"tag": "v1.0.0"', '"tag": null')
    signed.manifest.write_text(text)
    hublish.publish(signed.manifest, **signed.options)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.com")
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/digits")
    monkeypatch.setenv("GITHUB_WORKFLOW_REF", "acme/digits/.github/workflows/release.yml@refs/heads/main")
    monkeypatch.setenv("GITHUB_SHA", "0" * 40)
    receipt = hublish.publish(signed.manifest, **signed.options)
    assert {one.path_in_repo for one in receipt.plan.of(Action.CHANGE)} == {CLAIMS_FILE}
    assert signed.verified().builder.startswith("https://github.com/acme/digits/.github/workflows/release.yml@")


def test_a_change_of_a_setting_alone_keeps_the_signature(signed: SignedProject) -> None:
    signed.publish("v1.0.0", FIRST)
    data = json.loads(signed.manifest.read_text())
    data["repo"]["gated"] = "auto"
    signed.manifest.write_text(json.dumps(data))
    receipt = hublish.publish(signed.manifest, **signed.options)
    assert not receipt.created
    assert [setting.name for setting in receipt.plan.settings] == ["gated"]
    signed.verified()


def test_a_merged_card_is_signed_as_it_is_published(signed: SignedProject) -> None:
    signed.more["card"] = {"metadata": {"license": "mit"}}
    signed.publish("v1.0.0", {"config.json": "{}", "data.bin": b"\0" * 100})
    card = signed.read("README.md") + b"\nA note of a reader.\n"
    signed.api.create_commit(signed.repo_id, [CommitOperationAdd("README.md", card)], commit_message="note")
    signed.publish("v1.1.0", {"config.json": '{"a": 1}'})
    assert b"A note of a reader." in signed.read("README.md")
    signed.verified("v1.1.0")
    assert hublish.status(signed.manifest, **signed.options).changed is False


def test_moving_tags_follow_a_signed_release(signed: SignedProject) -> None:
    commit = signed.publish("v1.0.0", FIRST, moving_tags=["latest"], moving_branches=["stable"])
    assert signed.lock["moving_tags"] == ["latest"]
    assert signed.api.repo_info(signed.repo_id, revision="stable").sha == commit
    signed.verified("latest")


def test_a_large_release_is_signed_and_sent_in_parts(signed: SignedProject) -> None:
    files = {f"data/{number:02}.txt": str(number) for number in range(12)}
    signed.publish("v1.0.0", files, files_per_commit=4)
    signed.verified()
    assert hublish.publish(signed.manifest, **signed.options).plan.nothing_to_do


def test_a_pull_request_has_the_signature_and_is_found_again(signed: SignedProject) -> None:
    signed.api.create_repo(signed.repo_id)
    signed.write(FIRST)
    data = {
        "repo": {**signed.repo, "create_pr": True},
        "artifacts": [{"source": "files/**"}],
        "patterns": {"delete_patterns": ["*"]},
        **signed.more,
    }
    signed.manifest.write_text(json.dumps(data))
    first = hublish.publish(signed.manifest, **signed.options)
    assert first.created
    signed.verified(f"refs/pr/{first.pull_request}")
    again = hublish.publish(signed.manifest, **signed.options)
    assert (again.created, again.pull_request) == (False, first.pull_request)


def test_an_object_is_pushed_with_a_signature(signed: SignedProject) -> None:
    data = {
        "repo": {**signed.repo},
        "artifacts": [{"source": "model.npz", "path_in_repo": "model.safetensors", "serializer": "safetensors"}],
        **signed.more,
    }
    signed.manifest.write_text(json.dumps(data))
    arrays = {"w": np.ones(3, np.float32)}
    receipt = hublish.push_to_hub(arrays, manifest=signed.manifest, **signed.options)
    assert receipt.created
    signed.verified()
    assert not hublish.push_to_hub(arrays, manifest=signed.manifest, **signed.options).created


def test_a_certificate_signs_a_release(signed: SignedProject) -> None:
    certified = leaf()
    signed.key.write_bytes(certified.private)
    chain = {"acme.crt": certified.certificate, **{f"ca-{n}.crt": pem for n, pem in enumerate(certified.chain)}}
    for name, pem in chain.items():
        (signed.folder.parent / name).write_bytes(pem)
    first, *others = (f"../{name}" for name in chain)
    signed.more["sign"] |= {"method": "certificate", "signing_certificate": first, "certificate_chain": others}
    signed.publish("v1.0.0", FIRST)
    verified = CertificateVerifier(certified.root, "release@acme.example").verify(signed.read(SIGNATURE_FILE))
    assert read_signature_statement(verified.statement).files == signed.digests()
    assert (signed.lock["signature"]["method"], signed.lock["signature"]["signer"]) == (
        "certificate",
        "release@acme.example",
    )
    lock = (signed.folder / "hub.lock").read_bytes()
    assert hublish.publish(signed.manifest, **signed.options).plan.nothing_to_do
    assert (signed.folder / "hub.lock").read_bytes() == lock


# ---------------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize("path", [*ATTESTATION_FILES, "Model.SIG"])
def test_a_source_cannot_take_the_name_of_a_signature(signed: SignedProject, path: str) -> None:
    with pytest.raises(SourceError) as caught:
        signed.publish("v1.0.0", {**FIRST, path: "mine"})
    assert [(one.code, one.path) for one in caught.value.problems] == [("source.collision", "artifacts[0].source")]


def test_an_unsigned_project_may_release_a_signature_of_another_tool(signed: SignedProject) -> None:
    signed.more = {}
    signed.publish("v1.0.0", {**FIRST, SIGNATURE_FILE: "{}"})
    assert signed.read(SIGNATURE_FILE) == b"{}"


def test_a_file_that_would_stay_without_a_signature_is_refused(signed: SignedProject) -> None:
    signed.more["patterns"] = {"delete_patterns": ["old/*"]}
    signed.api.create_repo(signed.repo_id)
    for path in ("old/a.txt", "other.txt"):
        change = CommitOperationAdd(path, b"slipped in")
        signed.api.create_commit(signed.repo_id, [change], commit_message="other")
    with pytest.raises(RemoteConflictError, match=r"'other.txt' is on the Hub") as caught:
        signed.publish("v1.0.0", FIRST)
    assert "patterns.delete_patterns" in caught.value.hint
    assert [one.code for one in signed.plan().refusals] == ["sign.unsigned_file"]
    signed.more["patterns"] = {"delete_patterns": ["old/*", "other.txt"]}
    signed.publish("v1.0.0", FIRST)
    signed.verified()


@pytest.mark.parametrize("where", ["release", "hub"])
def test_a_gitignore_that_drops_a_file_of_the_signature_is_refused_before_it_is_made(
    signed: SignedProject, where: str
) -> None:
    rules = "claims.jsonl\n"
    if where == "hub":
        signed.api.create_repo(signed.repo_id)
        change = CommitOperationAdd(".gitignore", rules.encode())
        signed.api.create_commit(signed.repo_id, [change], commit_message="rules")
    files = {**FIRST, **({".gitignore": rules} if where == "release" else {})}
    with pytest.raises(RemoteIgnoredError) as caught:
        signed.publish("v1.0.0", files)
    dropped = [one.message for one in caught.value.problems if one.code == "plan.remote_ignored"]
    assert [message.split(":")[0] for message in dropped] == [f"'{CLAIMS_FILE}'"]
    assert signed.api.repo_exists(signed.repo_id) == (where == "hub")


def test_a_key_among_the_released_files_is_refused(signed: SignedProject) -> None:
    signed.more["sign"]["private_key"] = "files/acme.txt"
    with pytest.raises(PolicyError) as caught:
        signed.publish("v1.0.0", {**FIRST, "acme.txt": signed.pair.private})
    assert [one.code for one in caught.value.problems] == ["policy.secret"]
    assert not signed.api.repo_exists(signed.repo_id)


@pytest.mark.parametrize("by", ["private_key", "private_key_env"])
def test_its_own_key_is_released_by_no_policy(signed: SignedProject, by: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNING_KEY", signed.pair.private.decode().strip().replace("\n", "\\n"))
    sign = {"method": "key", by: "../acme.pem" if by == "private_key" else "SIGNING_KEY"}
    signed.more = {"sign": sign, "policy": {"secrets": "allow"}}
    with pytest.raises(PolicyError, match="its own private key") as caught:
        signed.publish("v1.0.0", {**FIRST, "notes.txt": signed.pair.private})
    assert [one.message for one in caught.value.problems] == ["'notes.txt' is the private key that signs the release"]
    assert not signed.api.repo_exists(signed.repo_id)
    signed.publish("v1.0.0", {"notes.txt": "nothing secret"})


def test_a_private_key_that_cannot_sign_is_an_error_of_the_plan(signed: SignedProject) -> None:
    signed.key.write_text("no key")
    signed.write(FIRST)
    with pytest.raises(SigningError, match="not a private key in PEM"):
        signed.publish("v1.0.0", FIRST)


def test_checking_warns_of_a_key_that_is_elsewhere(signed: SignedProject) -> None:
    signed.publish("v1.0.0", FIRST)
    assert hublish.check(signed.manifest) == ()
    signed.hide_key()
    (warning,) = hublish.check(signed.manifest)
    assert (warning.code, warning.severity, warning.path) == ("sign.key", "warning", "sign.private_key")
    assert warning.location is not None


# ----------------------------------------------------------------------------------------------------- local commands


def test_the_files_of_a_signature_are_listed_built_and_explained(signed: SignedProject, tmp_path: Path) -> None:
    signed.publish("v1.0.0", FIRST)
    release = hublish.files(signed.manifest)
    assert {file.path_in_repo for file in release.files} >= {BOM_FILE, SIGNATURE_FILE}
    assert release.attestation is not None
    assert release.attestation.pending == (CLAIMS_FILE,)
    hublish.build(signed.manifest, tmp_path / "built")
    built = tmp_path / "built"
    assert not (built / CLAIMS_FILE).exists()
    verified = KeyVerifier.from_pem(signed.pair.public).verify((built / SIGNATURE_FILE).read_bytes())
    paths = (path for path in built.rglob("*") if path.is_file() and path.name != SIGNATURE_FILE)
    digests = {path.relative_to(built).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
    assert read_signature_statement(verified.statement).files == digests
    explained = hublish.explain(signed.manifest, SIGNATURE_FILE, CLAIMS_FILE)
    assert [one.outcome.value for one in explained.explanations] == ["in", "in"]
    assert {fate.decisive.path for one in explained.explanations for fate in one.fates} == {"sign"}


def test_a_rehearsal_signs_with_the_key_or_says_that_it_used_another(signed: SignedProject) -> None:
    signed.publish("v1.0.0", FIRST)
    assert hublish.rehearse(signed.manifest).signed_with == "the key of the manifest"
    signed.hide_key()
    rehearsal = hublish.rehearse(signed.manifest)
    assert rehearsal.same
    assert rehearsal.signed_with.startswith("a throwaway key")


def write_keyless(signed: SignedProject) -> None:
    """Write a release that only a job of an identity signs."""
    signed.write(FIRST)
    identity = {"identity": "release@acme.example", "identity_provider": "https://gitlab.com"}
    data = {
        "repo": signed.repo,
        "artifacts": [{"source": "files/**"}],
        "sign": {"method": "sigstore", **identity},
    }
    signed.manifest.write_text(json.dumps(data))


def test_a_rehearsal_of_a_keyless_release_asks_for_no_identity(
    signed: SignedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing listens there: a request would fail.
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", "http://127.0.0.1:9/")
    write_keyless(signed)
    rehearsal = hublish.rehearse(signed.manifest)
    assert rehearsal.same
    assert "identity" in rehearsal.signed_with
    attestation = rehearsal.receipt.plan.release.attestation
    assert attestation is not None
    assert attestation.signer is not None
    assert attestation.signer.method == "key"


def test_a_plan_of_a_keyless_release_needs_no_identity(signed: SignedProject) -> None:
    write_keyless(signed)
    document = plan_document(signed.plan())
    assert document.attestation is not None
    assert (document.attestation.method, document.attestation.signer) == ("sigstore", "release@acme.example")
    assert [one.path_in_repo for one in document.files if one.made_at_publish] == [CLAIMS_FILE, SIGNATURE_FILE]
    with pytest.raises(SigningError, match="ID token"):
        hublish.publish(signed.manifest, **signed.options)
    assert not signed.api.repo_exists(signed.repo_id)
