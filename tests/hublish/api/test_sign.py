"""Signing and describing releases that are on the Hub already, in pull requests, with the real client."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from huggingface_hub import CommitOperationAdd

import hublish
from hublish.attestation.keys import KeyVerifier
from hublish.attestation.model_signature import read_signature_statement
from hublish.attestation.provenance import PREDICATE_TYPE, RECORDED, Provenance, read_provenance
from hublish.attestation.statements import read_claims, read_statement
from hublish.base.errors import (
    DeclinedError,
    HublishError,
    IntegrityError,
    PolicyError,
    RemoteConflictError,
    SigningError,
    TrustError,
    UsageError,
)
from hublish.hub.server import EmbeddedHub
from tests.faults.proxy import Proxy, instead
from tests.hublish.api.released_project import FIRST, SECOND
from tests.hublish.api.signed_project import SignedProject
from tests.signing_keys import new_key

Verb = Callable[..., hublish.SignedRelease]
VERBS: dict[str, Verb] = {"sign": hublish.sign, "attest": hublish.attest}
both = pytest.mark.parametrize("verb", VERBS)


class Unsigned(SignedProject):
    """A project whose releases are on the Hub without a signature."""

    def __init__(self, *args: Any, **repo: Any) -> None:
        super().__init__(*args, **repo)
        self.more = {}
        self.signer = {"method": "key", "private_key": "../acme.pem"}

    def run(self, verb: str, **more: Any) -> hublish.Receipt:
        """Sign the release of the manifest, and return the pull request."""
        return VERBS[verb](manifest=self.manifest, **{"signer": self.signer, **self.options, **more}).receipt

    def signed_files(self, revision: str) -> dict[str, str]:
        """Return the files of the signature at a revision, by its public key."""
        verified = KeyVerifier.from_pem(self.pair.public).verify(self.read("model.sig", revision))
        signed = read_signature_statement(verified.statement)
        assert signed.repo == self.repo_id
        return dict(signed.files)

    def claims(self, revision: str) -> dict[str, Any]:
        """Return the predicates of the claims at a revision, which are about all of its files."""
        verifier, digests = KeyVerifier.from_pem(self.pair.public), self.digests(revision)
        found = {}
        for line in read_claims(self.read("claims.jsonl", revision)):
            statement = read_statement(verifier.verify(line).statement)
            assert statement.subjects == digests
            found[statement.predicate_type] = statement.predicate
        return found

    def built(self, revision: str) -> Provenance | None:
        """Return the provenance at a revision; None without one."""
        predicate = self.claims(revision).get(PREDICATE_TYPE)
        return None if predicate is None else read_provenance(predicate)


@pytest.fixture
def project(own_hub: EmbeddedHub, proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Unsigned:
    for name in ("GITHUB_ACTIONS", "GITLAB_CI"):
        monkeypatch.delenv(name, raising=False)
    return Unsigned(tmp_path / tmp_path.name, own_hub, proxy.endpoint)


@pytest.fixture
def released(project: Unsigned) -> Unsigned:
    project.publish("v1.0.0", FIRST)
    return project


def ref(receipt: hublish.Receipt) -> str:
    assert receipt.pull_request is not None
    return f"refs/pr/{receipt.pull_request}"


def test_a_signature_is_proposed_over_every_file(released: Unsigned) -> None:
    before, lock = released.tree(), released.lock
    receipt = released.run("sign")
    after = released.tree(ref(receipt))
    assert after.keys() - before.keys() == {"model.sig"}
    assert {path: blob for path, blob in after.items() if path != "model.sig"} == before
    assert released.signed_files(ref(receipt)) == released.digests(ref(receipt))
    # Nothing is on main, and the release is still the one in the lock.
    assert released.tree() == before
    assert released.lock == lock


def test_claims_say_what_the_lock_records(released: Unsigned) -> None:
    receipt = released.run("attest")
    added = released.tree(ref(receipt)).keys() - released.tree().keys()
    assert added == {"model.sig", "claims.jsonl", "bom.cdx.json"}
    assert released.signed_files(ref(receipt)) == released.digests(ref(receipt))
    built = released.built(ref(receipt))
    assert built is not None
    assert (built.builder, built.source_commit, built.dirty) == (RECORDED, None, None)
    assert (built.repo_id, built.tag, built.manifest_sha256) == (
        released.repo_id,
        "v1.0.0",
        released.lock["manifest_sha256"],
    )
    # The commit of the release records the plan that was published.
    message = released.api.list_repo_commits(released.repo_id)[0].message
    assert f"Hublish-Plan: {built.plan_sha256}" in message
    bom = released.read("bom.cdx.json", ref(receipt)).decode()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bom) is None
    assert released.claims(ref(receipt))["https://cyclonedx.org/bom"] == json.loads(bom)


@both
def test_a_second_run_finds_the_pull_request(released: Unsigned, verb: str) -> None:
    first = released.run(verb)
    second = released.run(verb)
    assert (second.created, second.pull_request, second.commit) == (False, first.pull_request, first.commit)
    assert second.plan.nothing_to_do


@both
def test_after_the_merge_there_is_nothing_to_do(released: Unsigned, verb: str) -> None:
    receipt = released.run(verb)
    released.api.merge_pull_request(released.repo_id, receipt.pull_request or 0)
    again = released.run(verb)
    assert (again.created, again.pull_request) == (False, None)
    assert released.signed_files("main") == released.digests()


@both
def test_after_the_merge_the_lock_records_the_signature(released: Unsigned, verb: str) -> None:
    before = released.lock
    receipt = released.run(verb)
    released.api.merge_pull_request(released.repo_id, receipt.pull_request or 0)
    assert not released.is_verified()
    options = {"manifest": released.manifest, "signer": released.signer, **released.options}
    assert [VERBS[verb](**options).lock_state for _ in range(2)] == ["updated", "current"]
    after = released.lock
    assert (after["commit"], after["tag"], after["tag_commit"]) == (
        released.api.model_info(released.repo_id).sha,
        "v1.0.0",
        before["commit"],
    )
    assert after["signature"]["method"] == "key"
    assert after["signature"].get("builder") == (RECORDED if verb == "attest" else None)
    assert released.is_verified()


def test_the_lock_of_another_release_is_not_changed(released: Unsigned) -> None:
    released.api.create_commit(
        released.repo_id, [CommitOperationAdd("extra.json", b"{}")], commit_message="An edit on the Hub"
    )
    released.api.merge_pull_request(released.repo_id, released.run("sign").pull_request or 0)
    lock = released.lock
    found = hublish.sign(manifest=released.manifest, signer=released.signer, **released.options)
    assert found.lock_state == "elsewhere"
    assert released.lock == lock


def test_a_release_without_a_signature_does_not_replace_a_signed_one(released: Unsigned) -> None:
    released.api.merge_pull_request(released.repo_id, released.run("attest").pull_request or 0)
    released.more = {"patterns": {}}
    with pytest.raises(RemoteConflictError, match="which nothing signs"):
        released.publish("v1.1.0", {"config.json": '{"version": 3}'})
    assert [one.code for one in hublish.plan(released.manifest, **released.options).refusals] == ["sign.stale"]
    # Deleted on purpose, or signed again.
    released.more = {"patterns": {"delete_patterns": ["model.sig", "claims.jsonl", "bom.cdx.json"]}}
    released.publish("v1.1.0", {})
    assert "model.sig" not in released.tree()


def test_the_same_release_is_published_beside_its_signature(project: Unsigned) -> None:
    project.more = {"patterns": {}}
    project.publish("v1.0.0", FIRST)
    project.api.merge_pull_request(project.repo_id, project.run("sign").pull_request or 0)
    plan = hublish.plan(project.manifest, **project.options)
    assert not plan.commits
    assert plan.refusals == ()


@both
def test_large_files_are_not_downloaded_and_small_ones_once(
    released: Unsigned, proxy: Proxy, verb: str, tmp_path: Path
) -> None:
    proxy.clear()
    VERBS[verb](released.repo_id, signer=_signer(released), lock=tmp_path / "no.lock", **released.options)
    gets = [str(call) for call in proxy.calls if str(call).startswith("GET") and "/resolve/" in str(call)]
    paths = [path.split("/resolve/")[1].split("/", 1)[1].split(" ")[0] for path in gets]
    assert len(paths) == len(set(paths))
    assert not any("model.bin" in path for path in paths)
    assert {"config.json", "README.md", "old/data.csv"} <= {path.replace("%2F", "/") for path in paths}


def test_files_of_a_lock_are_not_downloaded_for_a_signature(released: Unsigned, proxy: Proxy) -> None:
    proxy.clear()
    released.run("sign")
    resolved = [str(call) for call in proxy.calls if str(call).startswith("GET") and "/resolve/" in str(call)]
    # hub.yaml, to compare its policy, and a file that the Hub has written itself.
    assert [call for call in resolved if not call.endswith(("hub.yaml", ".gitattributes"))] == []


def _signer(project: Unsigned) -> dict[str, str]:
    return {"method": "key", "private_key": str(project.key)}


@both
def test_any_repo_is_signed_by_its_name(released: Unsigned, verb: str, tmp_path: Path) -> None:
    lock = tmp_path / "absent.lock"
    receipt = VERBS[verb](f"{released.repo_id}@v1.0.0", signer=_signer(released), lock=lock, **released.options).receipt
    assert released.signed_files(ref(receipt)) == released.digests(ref(receipt))
    assert "sign.unread" in {one.code for one in receipt.plan.release.warnings}
    if verb == "attest":
        # Nothing records how it was built.
        assert released.built(ref(receipt)) is None
        assert "sign.no_provenance" in {one.code for one in receipt.plan.warnings}
        assert not VERBS[verb](
            released.repo_id, signer=_signer(released), lock=lock, **released.options
        ).receipt.created


def test_a_former_version_of_the_lock_records_the_release(released: Unsigned) -> None:
    released.publish("v1.1.0", SECOND)
    released.rollback("v1.0.0")
    (released.folder / "hub.lock").unlink()
    receipt = released.run("attest")
    built = released.built(ref(receipt))
    assert built is not None
    assert built.tag == "v1.0.0"


@pytest.mark.parametrize("change", ["content", "more"])
def test_a_lock_of_other_files_supports_no_claims(released: Unsigned, change: str) -> None:
    path = "config.json" if change == "content" else "extra.json"
    released.api.create_commit(
        released.repo_id, [CommitOperationAdd(path, b'{"edited": true}')], commit_message="An edit on the Hub"
    )
    receipt = released.run("attest")
    assert released.built(ref(receipt)) is None
    assert released.signed_files(ref(receipt)) == released.digests(ref(receipt))


def test_a_signature_of_another_key_is_replaced(released: Unsigned) -> None:
    released.api.merge_pull_request(released.repo_id, released.run("sign").pull_request or 0)
    first = released.read("model.sig")
    other = new_key()
    released.key.write_bytes(other.private)
    released.pair = other
    receipt = released.run("sign")
    assert released.read("model.sig", ref(receipt)) != first
    assert released.signed_files(ref(receipt)) == released.digests(ref(receipt))


def test_claims_of_these_files_stay_beside_a_new_signature(released: Unsigned) -> None:
    released.api.merge_pull_request(released.repo_id, released.run("attest").pull_request or 0)
    claims = released.read("claims.jsonl")
    released.key.write_bytes(new_key().private)
    receipt = released.run("sign")
    assert released.read("claims.jsonl", ref(receipt)) == claims
    assert "sign.foreign_claims" in {one.code for one in receipt.plan.warnings}


@pytest.mark.parametrize("claims", [b"", b"{}\n", b"not json\n"])
def test_claims_that_readers_refuse_are_not_signed_beside(released: Unsigned, claims: bytes) -> None:
    released.api.create_commit(
        released.repo_id, [CommitOperationAdd("claims.jsonl", claims)], commit_message="Claims of somebody"
    )
    with pytest.raises(SigningError, match=r"claims\.jsonl") as caught:
        released.run("sign")
    assert "hublish attest" in caught.value.hint
    receipt = released.run("attest")
    assert released.built(ref(receipt)) is not None


def test_claims_about_other_files_are_not_signed_beside(released: Unsigned) -> None:
    released.api.merge_pull_request(released.repo_id, released.run("attest").pull_request or 0)
    released.api.create_commit(
        released.repo_id, [CommitOperationAdd("config.json", b"{}")], commit_message="An edit on the Hub"
    )
    with pytest.raises(SigningError, match="about other files"):
        released.run("sign")


@both
def test_the_provenance_of_the_builder_is_kept(own_hub: EmbeddedHub, proxy: Proxy, tmp_path: Path, verb: str) -> None:
    project = SignedProject(tmp_path / tmp_path.name, own_hub, proxy.endpoint)
    project.publish("v1.0.0", FIRST)
    before = project.tree()
    found = VERBS[verb](manifest=project.manifest, **project.options)
    assert (found.receipt.created, found.lock_state) == (False, "current")
    assert project.tree() == before


@both
def test_a_pickle_that_no_lock_records_is_refused(released: Unsigned, verb: str) -> None:
    released.api.create_commit(
        released.repo_id,
        [CommitOperationAdd("state.txt", pickle.dumps(print, protocol=0))],
        commit_message="Add a pickle",
    )
    with pytest.raises(PolicyError):
        released.run(verb)
    assert not list(released.api.get_repo_discussions(released.repo_id))


REFUSALS: list[tuple[dict[str, Any], type[HublishError], str]] = [
    ({"signer": None}, SigningError, "no signer is declared"),
    ({"signer": {"method": "key"}}, UsageError, "needs a private key"),
    ({"signer": {"method": "key", "private_key": "nowhere.pem"}}, SigningError, "does not exist"),
    ({"signer": {"method": "sigstore"}}, UsageError, "needs identity"),
    ({"confirm": lambda _: False}, DeclinedError, "not confirmed"),
]


@both
@pytest.mark.parametrize(("options", "error", "message"), REFUSALS)
def test_what_cannot_be_signed_changes_nothing(
    released: Unsigned, verb: str, options: dict[str, Any], error: type[HublishError], message: str
) -> None:
    with pytest.raises(error, match=message):
        released.run(verb, **options)
    assert not list(released.api.get_repo_discussions(released.repo_id))


ACCEPTED = [
    ("sign", True, ["signature"]),
    ("attest", True, ["signature", "provenance"]),
    ("attest", False, ["signature"]),
]


@both
def test_only_what_main_has_is_signed(released: Unsigned, verb: str) -> None:
    first = released.lock["commit"]
    released.publish("v1.1.0", SECOND)
    for revision in ("v1.0.0", first, "refs/pr/1", "other", "0" * 40):
        with pytest.raises(UsageError, match="pull request"):
            VERBS[verb](f"{released.repo_id}@{revision}", signer=_signer(released), **released.options)
    assert VERBS[verb](f"{released.repo_id}@v1.1.0", signer=_signer(released), **released.options).receipt.created


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


def test_a_byte_that_the_hub_changed_is_noticed(released: Unsigned, proxy: Proxy, tmp_path: Path) -> None:
    proxy.on(r"^GET \S*/resolve/\S*config\.json", instead(200, b'{"VERSION": 1}'))
    with pytest.raises(IntegrityError):
        hublish.sign(released.repo_id, signer=_signer(released), lock=tmp_path / "no.lock", **released.options)
    assert not list(released.api.get_repo_discussions(released.repo_id))


@pytest.mark.parametrize(("verb", "has_lock", "require"), ACCEPTED)
def test_a_reader_accepts_what_was_signed_later(
    released: Unsigned, tmp_path: Path, verb: str, has_lock: bool, require: list[str]
) -> None:
    lock = {} if has_lock else {"lock": _lock_of_nothing(tmp_path)}
    receipt = released.run(verb, **lock)
    (tmp_path / "acme.pub").write_bytes(released.pair.public)
    for needs in (["signature"], ["signature", "provenance"]):
        rule = {"repos": ["acme/*"], "signers": ["acme"], "require": needs}
        policy = {"schema_version": 1, "signers": {"acme": {"public_key": "acme.pub"}}, "rules": [rule]}
        (tmp_path / "trust.yaml").write_text(json.dumps(policy))
        options = {**released.options, "revision": receipt.commit, "trust_policy": tmp_path / "trust.yaml"}
        folder = tmp_path / "-".join(needs)
        if needs == require or require[-1] == "provenance":
            assert hublish.pull(released.repo_id, local_dir=folder, **options).files
        else:
            with pytest.raises(TrustError):
                hublish.pull(released.repo_id, local_dir=folder, **options)


def _lock_of_nothing(folder: Path) -> Path:
    """Return the path of a lock that does not exist, outside of any repository."""
    return folder / "elsewhere.lock"
