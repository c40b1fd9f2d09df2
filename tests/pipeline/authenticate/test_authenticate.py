"""Pull a signed release by a trust policy, from the embedded Hub with the real client."""

import json
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import CommitOperationAdd

import hublish
from hublish.api.options import PullOptions
from hublish.base.errors import HublishError, OfflineError, TrustError, TrustPolicyError, UsageError
from hublish.hub.server import EmbeddedHub
from hublish.schemas.documents.file_names import BOM_FILE, CLAIMS_FILE, SIGNATURE_FILE
from tests.attested_release import (
    BUILDER,
    FILES,
    Readers,
    Repo,
    attested,
    certificate_signer,
    key_signer,
)

ATTESTATION = {SIGNATURE_FILE, CLAIMS_FILE, BOM_FILE}
ANYONE = "rules: [{repos: ['*'], signers: [acme], require: []}]\n"
SIGNED = "rules: [{repos: ['*'], signers: [acme], require: [signature]}]\n"


@pytest.fixture
def repo(own_hub: EmbeddedHub, own_home: Path) -> Repo:
    return Repo.new(own_hub)


@pytest.fixture
def readers(tmp_path: Path) -> Readers:
    return Readers(tmp_path / "reader")


def names(local: hublish.LocalRelease) -> set[str]:
    return {file.promised.path_in_repo for file in local.files}


def refusal(run: Callable[[], Any]) -> tuple[str, ...]:
    with pytest.raises(TrustError) as caught:
        run()
    return tuple(problem.code for problem in caught.value.problems)


def test_a_signed_release_is_pulled_with_the_digests_of_its_signature(repo: Repo, readers: Readers) -> None:
    files = attested(key_signer(), repo=repo.repo_id)
    repo.commit(files)
    local = repo.pull(readers.by_key())
    assert local.checked
    assert names(local) == files.keys() | {".gitattributes"}
    assert {file.promised.path_in_repo for file in local.files if file.promised.digest.algorithm == "git-blob"} == {
        ".gitattributes"
    }
    found = local.plan.release.examination
    assert found is not None
    assert [reason.name for reason in found.reasons] == ["rule", "signature", "files", "claims", "provenance", "bom"]
    assert (found.signer, found.ok, local.warnings) == ("acme", True, ())
    assert found.attestation is not None
    assert found.attestation.builder == BUILDER


def test_a_certificate_is_accepted_like_a_key(repo: Repo, readers: Readers) -> None:
    repo.commit(attested(certificate_signer(), repo=repo.repo_id))
    local = repo.pull(readers.by_certificate())
    assert local.plan.release.examination is not None
    assert local.plan.release.examination.signed_by == certificate_signer().signed_by


def test_without_a_policy_nothing_is_verified(repo: Repo) -> None:
    repo.commit({**attested(key_signer("mallory"), repo="acme/other"), "more.txt": b"x"})
    assert repo.pull(None).plan.release.examination is None


def test_a_rule_for_other_repos_requires_nothing_of_this_one(repo: Repo, readers: Readers) -> None:
    repo.commit(FILES)
    rules = "rules: [{repos: [other/*], signers: [acme], require: [signature]}]\n"
    assert repo.pull(readers.by_key(rules=rules)).plan.release.examination is None


def test_an_unsigned_release_is_refused_before_a_file_is_downloaded(
    repo: Repo, readers: Readers, tmp_path: Path
) -> None:
    repo.commit(FILES)
    assert refusal(lambda: repo.pull(readers.by_key(), local_dir=tmp_path / "here")) == ("trust.unsigned",)
    assert not (tmp_path / "here").exists()


@pytest.mark.parametrize("large", [False, True])
def test_a_file_with_other_bytes_is_refused_and_removed(
    large: bool, repo: Repo, readers: Readers, tmp_path: Path
) -> None:
    path = "model.safetensors" if large else "config.json"
    repo.commit({**attested(key_signer(), repo=repo.repo_id), path: FILES[path][:-1] + b"?"})
    assert refusal(lambda: repo.pull(readers.by_key(), local_dir=tmp_path / "here")) == ("trust.files",)
    # The Hub lists the digest of the large file; the small one is compared when it has arrived.
    assert not (tmp_path / "here" / path).exists()
    assert refusal(lambda: repo.pull(readers.by_key())) == ("trust.files",)
    with pytest.raises(OfflineError):
        repo.pull(None, local_files_only=True, allow_patterns=[path])


def test_a_file_beside_the_signed_ones_is_refused(repo: Repo, readers: Readers) -> None:
    repo.commit({**attested(key_signer(), repo=repo.repo_id), "tokenizer/vocab.txt": b"x"})
    with pytest.raises(TrustError, match=r"'tokenizer/vocab\.txt' is not signed"):
        repo.pull(readers.by_key())


def test_a_changed_manifest_is_refused_although_its_load_plan_leaves_it_out(repo: Repo, readers: Readers) -> None:
    files = attested(key_signer(), repo=repo.repo_id)
    files["hub.yaml"] += b"load: {allow_patterns: [config.json]}\n"
    repo.commit(files)
    with pytest.raises(TrustError, match=r"'hub\.yaml' has other bytes than were signed"):
        repo.pull(readers.by_key())


def test_patterns_leave_out_files_but_not_the_proof_of_the_others(repo: Repo, readers: Readers) -> None:
    repo.commit(attested(key_signer(), repo=repo.repo_id))
    policy = readers.by_key()
    some = repo.pull(policy, allow_patterns=["*.json"], ignore_patterns=[BOM_FILE, "*.sig"])
    assert names(some) == {"config.json", *ATTESTATION}
    assert all((some.folder / name).is_file() for name in ATTESTATION)


def test_a_folder_gets_the_proof_too_and_a_second_pull_is_offline(
    repo: Repo, readers: Readers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.commit(attested(key_signer(), repo=repo.repo_id))
    policy, here = readers.by_key(), tmp_path / "here"
    repo.pull(policy, local_dir=here)
    monkeypatch.setattr(socket, "socket", None)
    assert repo.pull(policy, local_dir=here, local_files_only=True).checked
    assert {*ATTESTATION} <= {path.name for path in here.iterdir()}


def test_a_forced_download_is_verified_again(repo: Repo, readers: Readers) -> None:
    repo.commit(attested(key_signer(), repo=repo.repo_id))
    policy = readers.by_key()
    repo.pull(policy)
    assert repo.pull(policy, force_download=True).checked


def test_offline_without_the_proof_in_the_cache_is_an_error(repo: Repo, readers: Readers) -> None:
    repo.commit(attested(key_signer(), repo=repo.repo_id))
    repo.pull(None, allow_patterns=["config.json"])
    with pytest.raises(OfflineError):
        repo.pull(readers.by_key(), allow_patterns=["config.json"], local_files_only=True)


def test_a_huge_signature_is_refused_before_it_is_downloaded(repo: Repo, readers: Readers, own_home: Path) -> None:
    repo.commit({**FILES, SIGNATURE_FILE: b"{" + b" " * (5 << 20)})
    assert refusal(lambda: repo.pull(readers.by_key())) == ("trust.size",)
    assert not [path for path in own_home.rglob("*") if path.is_file() and path.stat().st_size > 1 << 20]


class TestARuleThatRequiresNothing:
    """A signature is reported, whoever made it; only a known signer's must be right."""

    def test_an_unsigned_release_passes(self, repo: Repo, readers: Readers) -> None:
        repo.commit(FILES)
        local = repo.pull(readers.by_key(rules=ANYONE))
        assert local.plan.release.examination is not None
        assert local.plan.release.examination.reasons[-1].text == "not signed"

    def test_a_known_signer_is_reported(self, repo: Repo, readers: Readers) -> None:
        repo.commit(attested(key_signer(), repo=repo.repo_id))
        local = repo.pull(readers.by_key(rules=ANYONE))
        assert local.plan.release.examination is not None
        assert local.plan.release.examination.signer == "acme"

    def test_a_stranger_is_reported_as_a_warning(self, repo: Repo, readers: Readers) -> None:
        repo.commit(attested(key_signer("mallory"), repo=repo.repo_id))
        local = repo.pull(readers.by_key(rules=ANYONE))
        assert [problem.code for problem in local.warnings] == ["trust.signer"]
        assert {file.promised.digest.algorithm for file in local.files} == {"sha256", "git-blob"}

    def test_a_known_signer_of_other_files_is_an_error(self, repo: Repo, readers: Readers) -> None:
        repo.commit({**attested(key_signer(), repo=repo.repo_id), "more.txt": b"x"})
        assert refusal(lambda: repo.pull(readers.by_key(rules=ANYONE))) == ("trust.files",)


def test_another_known_signer_is_named_when_the_rule_does_not_accept_it(repo: Repo, readers: Readers) -> None:
    repo.commit(attested(key_signer("partner"), repo=repo.repo_id))
    with pytest.raises(TrustError, match="signed by partner, whom rule 1 of"):
        repo.pull(readers.by_key(others=["partner"]))


def test_the_id_of_a_repo_is_compared_in_any_case(repo: Repo, readers: Readers) -> None:
    repo.commit(attested(key_signer(), repo=repo.repo_id.upper()))
    assert repo.pull(readers.by_key(rules=SIGNED.replace("'*'", repo.repo_id.title()))).checked


class TestTheRightBuilder:
    """`same_builder`: of the rule, else of the lock."""

    RULE = "rules: [{repos: ['*'], signers: [acme], require: [same_builder], builder: '%s'}]\n"

    @pytest.mark.parametrize("builder", [BUILDER, BUILDER.replace("v1", "v*"), "https://github.com/acme/*@refs/tags/*"])
    def test_it_is_the_one_of_the_rule(self, builder: str, repo: Repo, readers: Readers) -> None:
        repo.commit(attested(key_signer(), repo=repo.repo_id))
        local = repo.pull(readers.by_key(rules=self.RULE % builder))
        assert local.plan.release.examination is not None
        assert local.plan.release.examination.reasons[-1].name == "builder"

    @pytest.mark.parametrize("builder", [BUILDER.replace("v1", "v2"), "https://github.com/acme/*", BUILDER[:-1]])
    def test_another_one_is_refused(self, builder: str, repo: Repo, readers: Readers) -> None:
        repo.commit(attested(key_signer(), repo=repo.repo_id))
        assert refusal(lambda: repo.pull(readers.by_key(rules=self.RULE % builder))) == ("trust.builder",)

    def test_a_rule_without_one_and_no_lock_says_what_to_add(self, repo: Repo, readers: Readers) -> None:
        repo.commit(attested(key_signer(), repo=repo.repo_id))
        with pytest.raises(TrustError) as caught:
            repo.pull(readers.by_key(rules="rules: [{repos: ['*'], signers: [acme], require: [same_builder]}]\n"))
        assert caught.value.problems[0].hint == f"add `builder: {BUILDER}` to the rule, or give a lock"


class TestALock:
    """What a lock records about the signature must agree with it."""

    def test_it_agrees(self, repo: Repo, readers: Readers) -> None:
        files = attested(key_signer(), repo=repo.repo_id)
        lock = repo.lock(files, signer=key_signer().signed_by, builder=BUILDER)
        rules = "rules: [{repos: ['*'], signers: [acme], require: [same_builder]}]\n"
        local = repo.pull(readers.by_key(rules=rules), lock=lock)
        assert local.plan.release.examination is not None
        assert [reason.name for reason in local.plan.release.examination.reasons[-2:]] == ["builder", "lock"]

    def test_a_release_that_lost_its_signature_is_refused_without_a_policy(self, repo: Repo, readers: Readers) -> None:
        lock = repo.lock(dict(FILES), signer=key_signer().signed_by)
        assert refusal(lambda: repo.pull(None, lock=lock)) == ("trust.lock",)
        assert refusal(lambda: repo.pull(readers.by_key(), lock=lock)) == ("trust.lock",)

    @pytest.mark.parametrize("changed", ["name", "builder"])
    def test_another_signer_or_builder_is_refused(self, changed: str, repo: Repo, readers: Readers) -> None:
        files = attested(key_signer(), repo=repo.repo_id)
        signer = key_signer("mallory" if changed == "name" else "acme").signed_by
        lock = repo.lock(files, signer=signer, builder=BUILDER if changed == "name" else "https://example.com/x")
        assert refusal(lambda: repo.pull(readers.by_key(), lock=lock)) == ("trust.lock",)

    def test_its_digests_must_be_the_signed_ones(self, repo: Repo, readers: Readers) -> None:
        signed = attested(key_signer(), repo=repo.repo_id)
        lock = repo.lock({**signed, "config.json": b'{"hidden": 4}\n'}, signer=key_signer().signed_by, builder=BUILDER)
        assert refusal(lambda: repo.pull(readers.by_key(), lock=lock)) == ("trust.files",)


class TestThePolicyIsFound:
    """By the argument, else by HUBLISH_TRUST, else in the current folder."""

    def test_in_the_current_folder(self, repo: Repo, readers: Readers, monkeypatch: pytest.MonkeyPatch) -> None:
        repo.commit(FILES)
        monkeypatch.chdir(readers.by_key().parent)
        assert refusal(lambda: repo.pull(None)) == ("trust.unsigned",)

    def test_in_the_environment(
        self, repo: Repo, readers: Readers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        repo.commit(FILES)
        monkeypatch.chdir(Readers(tmp_path / "here").by_key(rules=ANYONE).parent)
        assert repo.pull(None).checked
        monkeypatch.setenv("HUBLISH_TRUST", str(readers.by_key()))
        assert refusal(lambda: repo.pull(None)) == ("trust.unsigned",)
        assert repo.pull(tmp_path / "here" / "trust.yaml").checked

    def test_one_that_is_named_must_exist(self, repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(UsageError, match="the trust policy cannot be read: none"):
            repo.pull(Path("none.yaml"))
        monkeypatch.setenv("HUBLISH_TRUST", "none.yaml")
        with pytest.raises(UsageError, match="the trust policy in HUBLISH_TRUST cannot be read"):
            repo.pull(None)

    def test_an_invalid_one_stops_everything(self, repo: Repo, tmp_path: Path) -> None:
        (tmp_path / "trust.yaml").write_text("signers: {}\n")
        with pytest.raises(TrustPolicyError) as caught:
            repo.pull(tmp_path / "trust.yaml")
        assert [problem.code for problem in caught.value.problems] == ["trust.missing", "trust.value"]

    @pytest.mark.parametrize("content", [None, b"no key", key_signer().public_key[:-30], b"x" * (2 << 20)])
    def test_a_key_that_cannot_be_used_has_its_place(self, content: bytes | None, repo: Repo, readers: Readers) -> None:
        repo.commit(attested(key_signer(), repo=repo.repo_id))
        policy = readers.by_key()
        (policy.parent / "acme.pub").unlink()
        if content is not None:
            (policy.parent / "acme.pub").write_bytes(content)
        with pytest.raises(TrustPolicyError) as caught:
            repo.pull(policy)
        (problem,) = caught.value.problems
        assert str(problem.location).endswith("trust.yaml:2:22")


OTHER_RULES = [
    "rules: [{repos: [acme/*], signers: [acme], require: [signature]}]\n",
    "rules: [{repos: [acme/*], signers: [acme], require: [signature]}, {repos: ['*'], require: []}]\n",
]


@pytest.mark.parametrize("rules", OTHER_RULES, ids=["no rule", "nothing required"])
def test_a_former_name_is_no_way_around_the_rule_for_a_repo(repo: Repo, readers: Readers, rules: str) -> None:
    repo.commit(FILES)
    former, policy = repo.repo_id.replace("acme/", "former/"), readers.by_key(rules=rules)
    repo.api.move_repo(repo.repo_id, former)
    repo.api.move_repo(former, repo.repo_id)
    options: PullOptions = {"trust_policy": policy, "endpoint": repo.endpoint, "token": repo.token}
    assert refusal(lambda: hublish.pull(former, **options)) == ("trust.unsigned",)
    # As its record in the cache has it, too.
    assert hublish.pull(former, endpoint=repo.endpoint, token=repo.token).files
    offline: PullOptions = {**options, "local_files_only": True}
    assert refusal(lambda: hublish.pull(former, **offline)) == ("trust.unsigned",)
    repo.commit(attested(key_signer(), repo=repo.repo_id))
    found = hublish.pull(former, **options).plan.release.examination
    assert found is not None
    assert (found.repo, found.signer) == (repo.repo_id, "acme")


def test_the_rule_for_the_name_that_was_asked_for_stays(repo: Repo, readers: Readers) -> None:
    repo.commit(attested(key_signer(), repo=repo.repo_id))
    other = repo.repo_id.replace("acme/", "other/")
    repo.api.move_repo(repo.repo_id, other)
    repo.api.create_commit(other, [CommitOperationAdd("more.txt", b"x")], commit_message="x")
    rules = "rules: [{repos: [acme/*], signers: [acme], require: [signature]}, {repos: ['*'], require: []}]\n"
    assert refusal(lambda: repo.pull(readers.by_key(rules=rules))) == ("trust.files",)


@pytest.mark.parametrize("signed", [None, "acme/newer"])
def test_only_the_signed_card_deprecates_a_repo(
    repo: Repo, readers: Readers, own_home: Path, signed: str | None
) -> None:
    card = f"---\nlicense: mit\nnew_version: {signed}\n---\n".encode() if signed else FILES["README.md"]
    repo.commit(attested(key_signer(), {**FILES, "README.md": card}, repo.repo_id))
    local = repo.pull(readers.by_key())
    deprecated = [] if signed is None else ["release.deprecated"]
    assert [one.code for one in local.warnings] == deprecated
    # What the Hub says of the card, as the cache has it.
    (record,) = own_home.rglob(f"{local.plan.release.commit}.json")
    said = json.loads(record.read_text())
    assert said["new_version"] == signed
    record.write_text(json.dumps({**said, "new_version": "mallory/newer"}))
    assert [one.code for one in repo.pull(readers.by_key(), local_files_only=True).warnings] == []
    assert [one.code for one in repo.pull(None, local_files_only=True).warnings] == ["release.deprecated"]


@pytest.mark.parametrize("verb", [hublish.load, hublish.from_hub])
def test_loading_verifies_too(verb: Callable[..., Any], repo: Repo, readers: Readers) -> None:
    options = {"trust_policy": readers.by_key(), "endpoint": repo.endpoint, "token": repo.token}
    repo.commit(FILES)
    assert refusal(lambda: verb(repo.repo_id, **options)) == ("trust.unsigned",)
    repo.commit(attested(key_signer(), repo=repo.repo_id))
    assert verb(repo.repo_id, **options) is not None


def test_the_proof_stays_beside_the_weights_that_are_loaded(repo: Repo, readers: Readers) -> None:
    repo.commit(attested(key_signer(), repo=repo.repo_id))
    loaded = hublish.load(repo.repo_id, trust_policy=readers.by_key(), endpoint=repo.endpoint, token=repo.token)
    assert [*loaded.arrays] == ["w"]
    assert names(loaded.release) == {"config.json", "model.safetensors", *ATTESTATION}


def test_every_problem_has_a_hint_and_the_error_names_the_rule(repo: Repo, readers: Readers) -> None:
    files = attested(key_signer(), repo=repo.repo_id)
    del files["config.json"]
    repo.commit({**files, "more.txt": b"x"})
    with pytest.raises(HublishError, match=r"does not satisfy rule 1 of .*trust\.yaml \(line 4\)") as caught:
        repo.pull(readers.by_key())
    assert [problem.path for problem in caught.value.problems] == ["more.txt", "config.json"]
    assert all(problem.hint for problem in caught.value.problems)


def test_a_signature_by_a_key_needs_no_library_for_those_of_identities(repo: Repo, readers: Readers) -> None:
    repo.commit(attested(key_signer("mallory"), repo=repo.repo_id))
    policy = readers.by_key()
    identity = "  ci: {identity: release@acme.example, identity_provider: 'https://accounts.example.com'}\n"
    policy.write_text(policy.read_text().replace("rules:", identity + "rules:"))
    script = (
        "import sys, hublish\n"
        "sys.modules['sigstore'] = None\n"
        "try:\n"
        f"    hublish.pull({repo.repo_id!r}, endpoint={repo.endpoint!r}, token={repo.token!r}, "
        f"trust_policy={str(policy)!r})\n"
        "except hublish.base.errors.TrustError as error:\n"
        "    print(error.problems[0].code)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "trust.signer\n", done.stderr
