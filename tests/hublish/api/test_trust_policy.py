"""The trust policy of a call is the reader's own: it is never lost silently, and never the publisher's."""

from collections.abc import Callable
from pathlib import Path

import pytest

import hublish
from hublish.api.trust_policy import find_trust_policy
from hublish.base.errors import TrustPolicyError, UsageError
from hublish.schemas.documents.file_names import SIGNATURE_FILE
from tests.attested_release import FILES, Readers, attested, key_signer, signature, write_folder
from tests.signing_keys import key

RULES = "rules: [{repos: [acme/*], signers: [acme], require: [signature]}]\n"


@pytest.fixture
def readers(tmp_path: Path) -> Readers:
    return Readers(tmp_path / "reader")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Change to an empty folder, in which nothing names a policy."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.delenv("HUBLISH_TRUST", raising=False)
    return folder


def test_the_one_in_the_current_folder_counts(here: Path) -> None:
    assert find_trust_policy(None) is None
    Readers(here).by_key(rules=RULES)
    found = find_trust_policy(None)
    assert found is not None
    assert found.applies_to("acme/digits")


BROKEN: list[tuple[str, Callable[[Path], object]]] = [
    ("cannot be read", lambda path: path.symlink_to("nowhere.yaml")),
    ("cannot be read", Path.mkdir),
    ("has a problem", lambda path: path.write_bytes(b"")),
]


@pytest.mark.parametrize(("message", "make"), BROKEN, ids=["a link to nothing", "a folder", "an empty file"])
def test_a_broken_one_is_not_passed_over(message: str, make: Callable[[Path], object], here: Path) -> None:
    make(here / "trust.yaml")
    with pytest.raises((UsageError, TrustPolicyError), match=message):
        find_trust_policy(None)


@pytest.mark.parametrize("given", ["", "nowhere.yaml"])
@pytest.mark.parametrize("by", ["the argument", "HUBLISH_TRUST"])
def test_a_name_without_a_policy_is_refused(
    given: str, by: str, here: Path, readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "trust.yaml").symlink_to(readers.by_key(rules=RULES))
    if by == "HUBLISH_TRUST":
        monkeypatch.setenv(by, given)
    with pytest.raises(UsageError, match="the trust policy"):
        find_trust_policy(given if by == "the argument" else None)


def hostile(folder: Path) -> Path:
    """Write a release of mallory, who trusts himself: in trust.yaml and in hub.yaml."""
    Readers(folder).by_key("mallory", RULES)
    (folder / "key.pem").write_bytes(key("mallory").private)
    sign = b"sign: {method: key, private_key: key.pem}\n"
    write_folder(folder, {**FILES, "hub.yaml": FILES["hub.yaml"] + sign})
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return write_folder(folder, attested(key_signer("mallory"), files))


@pytest.mark.parametrize("check", [hublish.verify_attestations, hublish.audit_folder])
@pytest.mark.parametrize("below", [".", "data"])
def test_the_one_of_a_release_is_refused_in_its_folder(
    check: Callable[..., object], below: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile(here)
    if below != ".":
        (here / "trust.yaml").rename(here / below / "trust.yaml")
    monkeypatch.chdir(here / below)
    with pytest.raises(UsageError, match="its publisher wrote it"):
        check(here)


def test_one_that_was_downloaded_with_an_unsigned_release_is_refused(here: Path) -> None:
    Readers(here).by_key()
    record = here / ".cache" / "huggingface" / "download" / "trust.yaml.metadata"
    record.parent.mkdir(parents=True)
    (record.parent / "config.json.metadata").touch()
    assert find_trust_policy(None) is not None
    record.touch()
    with pytest.raises(UsageError, match="its publisher wrote it"):
        find_trust_policy(None)


def test_the_signer_of_a_release_is_not_the_one_that_its_hub_yaml_declares(here: Path) -> None:
    (hostile(here) / "trust.yaml").unlink()
    with pytest.raises(UsageError, match="no rule of a trust"):
        hublish.verify_attestations(here, ignore_missing=True)


class TestAuditOfAFolder:
    """A folder has no name that anybody vouches for."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return write_folder(tmp_path / "release", attested(key_signer()))

    @staticmethod
    def codes(audited: hublish.Audited) -> list[tuple[str, str]]:
        return [(one.problem.code, one.problem.severity) for one in audited.findings]

    def test_a_signature_of_the_rule(self, folder: Path, readers: Readers) -> None:
        assert hublish.audit_folder(folder, trust_policy=readers.by_key(rules=RULES)).ok

    @pytest.mark.parametrize("repo", [None, "mallory/digits"])
    def test_the_signature_was_removed_or_names_a_repo_without_a_rule(
        self, repo: str | None, folder: Path, here: Path, readers: Readers
    ) -> None:
        (folder / SIGNATURE_FILE).unlink()
        if repo is not None:
            (folder / SIGNATURE_FILE).write_bytes(signature(key_signer("mallory"), FILES, repo))
        policy = readers.by_key(rules=RULES)
        assert self.codes(hublish.audit_folder(folder, trust_policy=policy)) == [("trust.no_rule", "error")]
        (here / "trust.yaml").symlink_to(policy)
        (here / "acme.pub").symlink_to(policy.with_name("acme.pub"))
        found = self.codes(hublish.audit_folder(folder))
        assert found == ([] if repo is None else [("trust.no_rule", "warning")])

    def test_a_file_is_not_a_release(self, folder: Path, readers: Readers) -> None:
        with pytest.raises(UsageError, match="folder of a release"):
            hublish.audit_folder(folder / "README.md", trust_policy=readers.by_key())
