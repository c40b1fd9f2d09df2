"""Verify signatures and claims: offline of a folder or a locked commit in the cache, and of a revision on the Hub."""

import socket
from dataclasses import replace
from pathlib import Path

import pytest

import hublish
from hublish.base.errors import DocumentInvalidError, OfflineError, UsageError
from hublish.hub.server import EmbeddedHub
from hublish.schemas.documents.file_names import BOM_FILE, CLAIMS_FILE, SIGNATURE_FILE
from hublish.schemas.documents.lock import Lock
from tests.attested_release import (
    BUILDER,
    FILES,
    REPO,
    Readers,
    Repo,
    attested,
    certificate_signer,
    key_signer,
    write_folder,
)
from tests.hublish.attestation.recorded import IDENTITY, recorded, recorded_release
from tests.signing_keys import key

OWN = key_signer().signed_by


@pytest.fixture
def repo(own_hub: EmbeddedHub, own_home: Path) -> Repo:
    return Repo.new(own_hub)


@pytest.fixture
def readers(tmp_path: Path) -> Readers:
    return Readers(tmp_path / "reader")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path / "release", attested(key_signer()))


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def blocked(*arguments: object) -> None:
        raise AssertionError(f"a connection: {arguments}")

    monkeypatch.setattr(socket.socket, "connect", blocked)
    monkeypatch.setattr(socket, "getaddrinfo", blocked)


def codes(found: hublish.CheckedAttestations) -> list[str]:
    return [problem.code for problem in found.examination.problems]


@pytest.mark.usefixtures("offline")
class TestAFolder:
    """Every file is hashed."""

    def test_as_it_was_signed(self, folder: Path, readers: Readers) -> None:
        found = hublish.verify_attestations(folder, trust_policy=readers.by_key())
        assert found.ok
        assert found.examination.signed_by == OWN
        assert found.examination.attestation is not None
        assert found.examination.attestation.builder == BUILDER

    def test_by_a_certificate(self, tmp_path: Path, readers: Readers) -> None:
        write_folder(tmp_path / "release", attested(certificate_signer()))
        assert hublish.verify_attestations(tmp_path / "release", trust_policy=readers.by_certificate()).ok

    def test_by_an_identity(self, tmp_path: Path) -> None:
        write_folder(tmp_path / "release", recorded_release())
        (tmp_path / "sigstore.json").write_bytes(recorded().trust_config)
        (tmp_path / "trust.yaml").write_text(
            f"signers: {{ci: {{identity: '{IDENTITY}', identity_provider: '{recorded().provider}', "
            "trust_config: sigstore.json}}\n"
            "rules: [{repos: [acme/*], signers: [ci], require: [provenance]}]\n"
        )
        found = hublish.verify_attestations(tmp_path / "release", trust_policy=tmp_path / "trust.yaml")
        assert found.ok
        assert f"--identity {IDENTITY}" in found.command

    @pytest.mark.parametrize("path", ["README.md", "data/train.csv", "model.safetensors", BOM_FILE])
    def test_with_another_byte(self, path: str, folder: Path, readers: Readers) -> None:
        (folder / path).write_bytes((folder / path).read_bytes()[:-1] + b"?")
        found = hublish.verify_attestations(folder, trust_policy=readers.by_key())
        assert (found.ok, codes(found)) == (False, ["trust.files"])

    def test_with_a_link_in_the_place_of_a_file(self, folder: Path, readers: Readers, tmp_path: Path) -> None:
        (folder / "config.json").rename(tmp_path / "config.json")
        (folder / "config.json").symlink_to(tmp_path / "config.json")
        found = hublish.verify_attestations(folder, trust_policy=readers.by_key())
        assert codes(found) == ["trust.files"]

    def test_without_some_files(self, folder: Path, readers: Readers) -> None:
        (folder / "config.json").unlink()
        policy = readers.by_key()
        assert codes(hublish.verify_attestations(folder, trust_policy=policy)) == ["trust.files"]
        assert hublish.verify_attestations(folder, trust_policy=policy, ignore_missing=True).ok

    @pytest.mark.parametrize("path", [SIGNATURE_FILE, CLAIMS_FILE])
    def test_without_what_the_rule_requires(self, path: str, folder: Path, readers: Readers) -> None:
        (folder / path).unlink()
        found = hublish.verify_attestations(folder, trust_policy=readers.by_key(rules=ANYONE_SIGNED))
        assert codes(found) == ["trust.unsigned" if path == SIGNATURE_FILE else "trust.provenance"]

    def test_without_a_rule_for_it(self, folder: Path, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match=r"hub\.yaml declares no signer"):
            hublish.verify_attestations(folder, manifest=tmp_path / "hub.yaml")

    def test_by_the_identity_in_hub_yaml_it_says_so(self, tmp_path: Path) -> None:
        write_folder(tmp_path / "release", recorded_release())
        (tmp_path / "sigstore.json").write_bytes(recorded().trust_config)
        (tmp_path / "hub.yaml").write_text(
            "repo: {repo_id: acme/digits}\nartifacts: [{source: release}]\n"
            f"sign: {{method: sigstore, identity: '{IDENTITY}', identity_provider: '{recorded().provider}', "
            "trust_config: sigstore.json}\n"
        )
        found = hublish.verify_attestations(tmp_path / "release", manifest=tmp_path / "hub.yaml")
        assert found.ok
        assert found.by == "`sign` of hub.yaml"

    def test_by_the_key_in_hub_yaml(self, folder: Path, tmp_path: Path) -> None:
        (tmp_path / "acme.pem").write_bytes(key().private)
        manifest = tmp_path / "hub.yaml"
        manifest.write_text(
            "repo: {repo_id: acme/digits}\nartifacts: [{source: release}]\nsign: {method: key, private_key: acme.pem}\n"
        )
        assert hublish.verify_attestations(folder, manifest=manifest).ok
        (tmp_path / "acme.pem").write_bytes(key("mallory").private)
        assert codes(hublish.verify_attestations(folder, manifest=manifest)) == ["trust.signer"]

    def test_of_another_repo_than_the_lock(self, folder: Path, readers: Readers, repo: Repo) -> None:
        lock = replace_repo(repo, attested(key_signer()))
        found = hublish.verify_attestations(folder, lock=lock, trust_policy=readers.by_key())
        assert codes(found) == ["trust.repo"]

    def test_that_does_not_exist(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="is not a folder"):
            hublish.verify_attestations(tmp_path / "none")


ANYONE_SIGNED = "rules: [{repos: ['*'], signers: [acme], require: [provenance]}]\n"


def replace_repo(repo: Repo, files: dict[str, bytes]) -> Lock:
    """Return a lock of these files, without a commit."""
    return repo.locked(files, "0" * 40, signer=OWN, builder=BUILDER)


class TestALockedCommit:
    """Cached files are hashed; the others have the digests of the lock."""

    def test_some_of_its_files_are_in_the_cache(
        self, repo: Repo, readers: Readers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lock = repo.lock(attested(key_signer(), repo=repo.repo_id), signer=OWN, builder=BUILDER)
        policy = readers.by_key()
        repo.pull(policy, lock=lock, allow_patterns=["config.json"])
        monkeypatch.setattr(socket.socket, "connect", None)
        found = hublish.verify_attestations(lock=lock, trust_policy=policy)
        assert found.ok
        assert found.subject == f"{repo.repo_id} at commit {lock.commit}"
        assert "--allow_symlinks" in found.command
        blob = (found.folder / "config.json").resolve()
        blob.write_bytes(blob.read_bytes()[:-2] + b" }")
        assert codes(hublish.verify_attestations(lock=lock, trust_policy=policy)) == ["trust.files"]

    def test_it_is_not_in_the_cache(self, repo: Repo, readers: Readers) -> None:
        lock = repo.lock(attested(key_signer(), repo=repo.repo_id), signer=OWN, builder=BUILDER)
        with pytest.raises(OfflineError, match="the locked commit of"):
            hublish.verify_attestations(lock=lock, trust_policy=readers.by_key())
        hublish.pull(lock=lock, token=repo.token, endpoint=repo.endpoint, allow_patterns=["config.json"])
        with pytest.raises(OfflineError, match=r"model\.sig of"):
            hublish.verify_attestations(lock=lock, trust_policy=readers.by_key())


class TestTheHub:
    """`verify` compares the signature at the locked revision, too."""

    def test_a_signed_release(self, repo: Repo, readers: Readers) -> None:
        lock = repo.lock(attested(key_signer(), repo=repo.repo_id), signer=OWN, builder=BUILDER)
        found = repo.verify(readers.by_key(), lock)
        assert found.ok
        assert found.examination is not None
        assert found.examination.reasons[-1].name == "lock"

    def test_a_changed_file_outside_of_lfs(self, repo: Repo, readers: Readers) -> None:
        lock = repo.lock(attested(key_signer(), repo=repo.repo_id), signer=OWN, builder=BUILDER)
        repo.commit({"config.json": b"{}"})
        found = repo.verify(readers.by_key(), lock)
        assert (found.ok, found.different) == (False, ("config.json",))
        assert found.examination is not None
        assert [problem.code for problem in found.examination.problems] == ["trust.files"]

    def test_another_signer(self, repo: Repo, readers: Readers) -> None:
        lock = repo.lock(attested(key_signer("mallory"), repo=repo.repo_id), builder=BUILDER)
        found = repo.verify(readers.by_key(), lock)
        assert found.examination is not None
        assert [problem.code for problem in found.examination.problems] == ["trust.signer"]
        assert not found.ok

    def test_without_a_trust_yaml_the_key_in_the_lock_counts(self, repo: Repo) -> None:
        lock = repo.lock(attested(key_signer(), repo=repo.repo_id), signer=OWN, builder=BUILDER)
        found = repo.verify(None, lock)
        assert found.ok
        assert found.examination is not None
        repo.commit({SIGNATURE_FILE: attested(key_signer("mallory"), repo=repo.repo_id)[SIGNATURE_FILE]})
        found = repo.verify(None, lock)
        assert found.examination is not None
        assert [problem.code for problem in found.examination.problems] == ["trust.signer"]

    def test_a_damaged_key_in_the_lock_is_an_error(self, repo: Repo) -> None:
        damaged = replace(OWN, public_key=OWN.public_key.replace("MFkw", "MFkx"))
        lock = repo.lock(attested(key_signer(), repo=repo.repo_id), signer=damaged, builder=BUILDER)
        with pytest.raises(DocumentInvalidError, match=r"signature\.public_key of the lock is damaged"):
            repo.verify(None, lock)

    def test_a_signer_that_nothing_here_can_verify_is_reported(self, repo: Repo) -> None:
        signer = certificate_signer()
        lock = repo.lock(attested(signer, repo=repo.repo_id), signer=signer.signed_by, builder=BUILDER)
        found = repo.verify(None, lock)
        assert found.ok
        assert "names the signer" in found.unverified

    def test_an_unsigned_release_without_a_rule_is_as_before(self, repo: Repo) -> None:
        found = repo.verify(None, repo.lock(dict(FILES)))
        assert (found.ok, found.examination, found.unverified) == (True, None, "")


@pytest.mark.usefixtures("offline")
class TestAnAudit:
    """The rule for the repo is one more policy."""

    def test_of_a_folder_as_it_was_signed(self, folder: Path, readers: Readers) -> None:
        assert hublish.audit_folder(folder, trust_policy=readers.by_key()).ok

    def test_of_a_changed_folder(self, folder: Path, readers: Readers) -> None:
        (folder / "README.md").write_text("x")
        (folder / "more.txt").write_text("x")
        found = hublish.audit_folder(folder, trust_policy=readers.by_key())
        assert [(one.problem.code, one.path_in_repo) for one in found.findings] == [
            ("trust.files", "README.md"),
            ("trust.files", "more.txt"),
        ]
        assert hublish.audit_folder(folder).ok, "without a rule"

    def test_of_a_folder_without_a_signature_nothing_is_known(self, tmp_path: Path, readers: Readers) -> None:
        write_folder(tmp_path / "plain", FILES)
        found = hublish.audit_folder(tmp_path / "plain", trust_policy=readers.by_key())
        assert [one.problem.code for one in found.findings] == ["trust.no_rule"]
        assert hublish.audit_folder(tmp_path / "plain").ok


def test_an_audit_of_a_repo_in_the_cache_knows_its_rule(repo: Repo, readers: Readers) -> None:
    repo.commit(FILES)
    local = repo.pull(None)
    found = hublish.audit_folder(local.folder, trust_policy=readers.by_key())
    assert [one.problem.code for one in found.findings] == ["trust.unsigned"]


def test_the_name_in_the_signature_is_that_of_the_repo_in_the_cache(repo: Repo, readers: Readers) -> None:
    repo.commit(attested(key_signer(), repo=REPO))
    local = repo.pull(None)
    found = hublish.verify_attestations(local.folder, trust_policy=readers.by_key())
    assert codes(found) == ["trust.repo"]
