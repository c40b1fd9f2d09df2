"""Signing and describing releases that are on the Hub already, in pull requests, with the real client."""

import json
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from huggingface_hub import CommitOperationAdd

import hublish
from hublish.attestation.certificates import CertificateVerifier
from hublish.attestation.keys import KeyVerifier
from hublish.attestation.model_signature import read_signature_statement
from hublish.attestation.provenance import RECORDED
from hublish.base.errors import (
    RemoteConflictError,
    TrustError,
)
from hublish.hub.server import EmbeddedHub
from tests.faults.proxy import Proxy
from tests.hublish.api.released_project import FIRST, SECOND
from tests.hublish.api.signed_project import SignedProject
from tests.hublish.api.unsigned_project import VERBS, Unsigned, both, ref, signer_of
from tests.signing_keys import leaf, new_key


def test_a_signature_is_proposed_over_every_file(unsigned: Unsigned) -> None:
    before, lock = unsigned.tree(), unsigned.lock
    receipt = unsigned.run("sign")
    after = unsigned.tree(ref(receipt))
    assert after.keys() - before.keys() == {"model.sig"}
    assert {path: blob for path, blob in after.items() if path != "model.sig"} == before
    assert unsigned.signed_files(ref(receipt)) == unsigned.digests(ref(receipt))
    # Nothing is on main, and the release is still the one in the lock.
    assert unsigned.tree() == before
    assert unsigned.lock == lock


def test_claims_say_what_the_lock_records(unsigned: Unsigned) -> None:
    receipt = unsigned.run("attest")
    added = unsigned.tree(ref(receipt)).keys() - unsigned.tree().keys()
    assert added == {"model.sig", "claims.jsonl", "bom.cdx.json"}
    assert unsigned.signed_files(ref(receipt)) == unsigned.digests(ref(receipt))
    built = unsigned.built(ref(receipt))
    assert built is not None
    assert (built.builder, built.source_commit, built.dirty) == (RECORDED, None, None)
    assert (built.repo_id, built.tag, built.manifest_sha256) == (
        unsigned.repo_id,
        "v1.0.0",
        unsigned.lock["manifest_sha256"],
    )
    # The commit of the release records the plan that was published.
    message = unsigned.api.list_repo_commits(unsigned.repo_id)[0].message
    assert f"Hublish-Plan: {built.plan_sha256}" in message
    bom = unsigned.read("bom.cdx.json", ref(receipt)).decode()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bom) is None
    assert unsigned.claims(ref(receipt))["https://cyclonedx.org/bom"] == json.loads(bom)


@both
def test_a_second_run_finds_the_pull_request(unsigned: Unsigned, verb: str) -> None:
    first = unsigned.run(verb)
    second = unsigned.run(verb)
    assert (second.created, second.pull_request, second.commit) == (False, first.pull_request, first.commit)
    assert second.plan.nothing_to_do


@both
def test_after_the_merge_there_is_nothing_to_do(unsigned: Unsigned, verb: str) -> None:
    receipt = unsigned.run(verb)
    unsigned.api.merge_pull_request(unsigned.repo_id, receipt.pull_request or 0)
    again = unsigned.run(verb)
    assert (again.created, again.pull_request) == (False, None)
    assert unsigned.signed_files("main") == unsigned.digests()


@both
def test_after_the_merge_the_lock_records_the_signature(unsigned: Unsigned, verb: str) -> None:
    before = unsigned.lock
    receipt = unsigned.run(verb)
    unsigned.api.merge_pull_request(unsigned.repo_id, receipt.pull_request or 0)
    assert not unsigned.is_verified()
    options = {"manifest": unsigned.manifest, "signer": unsigned.signer, **unsigned.options}
    assert [VERBS[verb](**options).lock_state for _ in range(2)] == ["updated", "current"]
    after = unsigned.lock
    assert (after["commit"], after["tag"], after["tag_commit"]) == (
        unsigned.api.model_info(unsigned.repo_id).sha,
        "v1.0.0",
        before["commit"],
    )
    assert after["signature"]["method"] == "key"
    assert after["signature"].get("builder") == (RECORDED if verb == "attest" else None)
    assert unsigned.is_verified()


def test_the_lock_of_another_release_is_not_changed(unsigned: Unsigned) -> None:
    unsigned.api.create_commit(
        unsigned.repo_id, [CommitOperationAdd("extra.json", b"{}")], commit_message="An edit on the Hub"
    )
    proposed = unsigned.run_at_head("sign").receipt
    unsigned.api.merge_pull_request(unsigned.repo_id, proposed.pull_request or 0)
    lock = unsigned.lock
    found = unsigned.run_at_head("sign")
    assert found.lock_state == "elsewhere"
    assert unsigned.lock == lock


def test_a_release_without_a_signature_does_not_replace_a_signed_one(unsigned: Unsigned) -> None:
    unsigned.api.merge_pull_request(unsigned.repo_id, unsigned.run("attest").pull_request or 0)
    unsigned.more = {"patterns": {}}
    with pytest.raises(RemoteConflictError, match="which nothing signs"):
        unsigned.publish("v1.1.0", {"config.json": '{"version": 3}'})
    assert [one.code for one in hublish.plan(unsigned.manifest, **unsigned.options).refusals] == ["sign.stale"]
    # Deleted on purpose, or signed again.
    unsigned.more = {"patterns": {"delete_patterns": ["model.sig", "claims.jsonl", "bom.cdx.json"]}}
    unsigned.publish("v1.1.0", {})
    assert "model.sig" not in unsigned.tree()


def test_the_same_release_is_published_beside_its_signature(unsigned_project: Unsigned) -> None:
    unsigned_project.more = {"patterns": {}}
    unsigned_project.publish("v1.0.0", FIRST)
    unsigned_project.api.merge_pull_request(unsigned_project.repo_id, unsigned_project.run("sign").pull_request or 0)
    plan = hublish.plan(unsigned_project.manifest, **unsigned_project.options)
    assert not plan.commits
    assert plan.refusals == ()


@both
def test_a_certificate_signs_as_well(unsigned: Unsigned, verb: str) -> None:
    certified, folder = leaf(), unsigned.folder.parent
    names = [f"above-{number}.pem" for number, _ in enumerate(certified.chain)]
    for name, data in (("signer.pem", certified.private), ("signer.crt", certified.certificate)):
        (folder / name).write_bytes(data)
    for name, data in zip(names, certified.chain, strict=True):
        (folder / name).write_bytes(data)
    signer = {
        "method": "certificate",
        "private_key": "../signer.pem",
        "signing_certificate": "../signer.crt",
        "certificate_chain": [f"../{name}" for name in names],
    }
    first, second = (unsigned.run(verb, signer=signer) for _ in range(2))
    verifier = CertificateVerifier(certified.root, "release@acme.example")
    signed = read_signature_statement(verifier.verify(unsigned.read("model.sig", ref(first))).statement)
    assert signed.files == unsigned.digests(ref(first))
    assert (second.created, second.pull_request) == (False, first.pull_request)


@both
def test_large_files_are_not_downloaded_and_small_ones_once(
    unsigned: Unsigned, proxy: Proxy, verb: str, tmp_path: Path
) -> None:
    proxy.clear()
    VERBS[verb](unsigned.repo_id, signer=signer_of(unsigned), lock=tmp_path / "no.lock", **unsigned.options)
    gets = [str(call) for call in proxy.calls if str(call).startswith("GET") and "/resolve/" in str(call)]
    paths = [path.split("/resolve/")[1].split("/", 1)[1].split(" ")[0] for path in gets]
    assert len(paths) == len(set(paths))
    assert not any("model.bin" in path for path in paths)
    assert {"config.json", "README.md", "old/data.csv"} <= {path.replace("%2F", "/") for path in paths}


def test_files_of_a_lock_are_not_downloaded_for_a_signature(unsigned: Unsigned, proxy: Proxy) -> None:
    proxy.clear()
    unsigned.run("sign")
    resolved = [str(call) for call in proxy.calls if str(call).startswith("GET") and "/resolve/" in str(call)]
    # hub.yaml, to compare its policy, and a file that the Hub has written itself.
    assert [call for call in resolved if not call.endswith(("hub.yaml", ".gitattributes"))] == []


@both
def test_any_repo_is_signed_by_its_name(unsigned: Unsigned, verb: str, tmp_path: Path) -> None:
    lock = tmp_path / "absent.lock"
    receipt = VERBS[verb](
        f"{unsigned.repo_id}@v1.0.0", signer=signer_of(unsigned), lock=lock, **unsigned.options
    ).receipt
    assert unsigned.signed_files(ref(receipt)) == unsigned.digests(ref(receipt))
    assert "sign.unread" in {one.code for one in receipt.plan.release.warnings}
    if verb == "attest":
        # Nothing records how it was built.
        assert unsigned.built(ref(receipt)) is None
        assert "sign.no_provenance" in {one.code for one in receipt.plan.warnings}
        assert not VERBS[verb](
            unsigned.repo_id, signer=signer_of(unsigned), lock=lock, **unsigned.options
        ).receipt.created


def test_a_former_version_of_the_lock_records_the_release(unsigned: Unsigned) -> None:
    unsigned.publish("v1.1.0", SECOND)
    unsigned.rollback("v1.0.0")
    (unsigned.folder / "hub.lock").unlink()
    receipt = unsigned.run("attest")
    built = unsigned.built(ref(receipt))
    assert built is not None
    assert built.tag == "v1.0.0"


@pytest.mark.parametrize("change", ["content", "more"])
def test_a_lock_of_other_files_supports_no_claims(unsigned: Unsigned, change: str) -> None:
    path = "config.json" if change == "content" else "extra.json"
    unsigned.api.create_commit(
        unsigned.repo_id, [CommitOperationAdd(path, b'{"edited": true}')], commit_message="An edit on the Hub"
    )
    receipt = unsigned.run_at_head("attest").receipt
    assert unsigned.built(ref(receipt)) is None
    assert unsigned.signed_files(ref(receipt)) == unsigned.digests(ref(receipt))


def test_a_signature_of_another_key_is_replaced(unsigned: Unsigned) -> None:
    unsigned.api.merge_pull_request(unsigned.repo_id, unsigned.run("sign").pull_request or 0)
    first = unsigned.read("model.sig")
    other = new_key()
    unsigned.key.write_bytes(other.private)
    unsigned.pair = other
    receipt = unsigned.run("sign")
    assert unsigned.read("model.sig", ref(receipt)) != first
    assert unsigned.signed_files(ref(receipt)) == unsigned.digests(ref(receipt))


def test_claims_of_these_files_stay_beside_a_new_signature(unsigned: Unsigned) -> None:
    unsigned.api.merge_pull_request(unsigned.repo_id, unsigned.run("attest").pull_request or 0)
    claims = unsigned.read("claims.jsonl")
    unsigned.key.write_bytes(new_key().private)
    receipt = unsigned.run("sign")
    assert unsigned.read("claims.jsonl", ref(receipt)) == claims
    assert "sign.foreign_claims" in {one.code for one in receipt.plan.warnings}


@both
def test_the_provenance_of_the_builder_is_kept(own_hub: EmbeddedHub, proxy: Proxy, tmp_path: Path, verb: str) -> None:
    project = SignedProject(tmp_path / tmp_path.name, own_hub, proxy.endpoint)
    project.publish("v1.0.0", FIRST)
    before = project.tree()
    found = VERBS[verb](manifest=project.manifest, **project.options)
    assert (found.receipt.created, found.lock_state) == (False, "current")
    assert project.tree() == before


ACCEPTED = [
    ("sign", True, ["signature"]),
    ("attest", True, ["signature", "provenance"]),
    ("attest", False, ["signature"]),
]


@pytest.mark.parametrize("repo", [{"repo_type": "dataset"}, {"repo_type": "space", "space_sdk": "static"}])
def test_other_types_of_repos_are_signed_under_their_own_name(
    own_hub: EmbeddedHub, tmp_path: Path, repo: dict[str, Any]
) -> None:
    project = Unsigned(tmp_path / tmp_path.name[:40].strip("-_"), own_hub, **repo)
    project.publish("v1.0.0", {"index.html": "<p>", "README.md": FIRST["README.md"], "data.csv": "a,b\n1,2\n"})
    receipt = project.run("attest")
    verified = KeyVerifier.from_pem(project.pair.public).verify(project.read("model.sig", ref(receipt)))
    assert read_signature_statement(verified.statement).repo == f"{repo['repo_type']}s/{project.repo_id}"
    assert project.built(ref(receipt)) is not None


@pytest.mark.parametrize(("verb", "has_lock", "require"), ACCEPTED)
def test_a_reader_accepts_what_was_signed_later(
    unsigned: Unsigned, tmp_path: Path, verb: str, has_lock: bool, require: list[str]
) -> None:
    lock = {} if has_lock else {"lock": _lock_of_nothing(tmp_path)}
    receipt = unsigned.run(verb, **lock)
    (tmp_path / "acme.pub").write_bytes(unsigned.pair.public)
    for needs in (["signature"], ["signature", "provenance"]):
        rule = {"repos": ["acme/*"], "signers": ["acme"], "require": needs}
        policy = {"schema_version": 1, "signers": {"acme": {"public_key": "acme.pub"}}, "rules": [rule]}
        (tmp_path / "trust.yaml").write_text(json.dumps(policy))
        options = {**unsigned.options, "revision": receipt.commit, "trust_policy": tmp_path / "trust.yaml"}
        folder = tmp_path / "-".join(needs)
        if needs == require or require[-1] == "provenance":
            assert hublish.pull(unsigned.repo_id, local_dir=folder, **options).files
        else:
            with pytest.raises(TrustError):
                hublish.pull(unsigned.repo_id, local_dir=folder, **options)


def _lock_of_nothing(folder: Path) -> Path:
    """Return the path of a lock that does not exist, outside of any repository."""
    return folder / "elsewhere.lock"
