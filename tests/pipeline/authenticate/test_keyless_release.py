"""Pull a release that a job has signed without a key, as it was recorded; its Sigstore does not run any more."""

import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from hublish.base.errors import TrustError
from hublish.hub.server import EmbeddedHub
from hublish.schemas.documents.file_names import CLAIMS_FILE, SIGNATURE_FILE
from tests.attested_release import Repo
from tests.hublish.attestation.recorded import IDENTITY, REPO, recorded, recorded_release

FILES = recorded_release()
SIGNER = recorded()
TAGS = IDENTITY.replace("/v1", "/v*")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedHub]:
    # The repo has the name that was signed.
    with EmbeddedHub(tmp_path_factory.mktemp("hub")) as running:
        yield running


@pytest.fixture
def repo(hub: EmbeddedHub, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Repo]:
    """Return a repo with the release, on a machine that reaches no other host than its Hub."""
    port, connect = urlsplit(hub.endpoint).port, socket.socket.connect

    def connect_to_hub(self: socket.socket, address: Any) -> None:
        assert address[1] == port, f"a connection to {address}"
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect_to_hub)
    repo = Repo(hub, REPO)
    repo.commit(FILES)
    yield repo
    repo.api.delete_repo(REPO)


def policy(folder: Path, trust_config: bytes | None = SIGNER.trust_config, **signer: str) -> Path:
    """Write a trust.yaml for the job that has signed."""
    known = {"identity": TAGS, "identity_provider": SIGNER.provider, **signer}
    if trust_config is not None:
        (folder / "sigstore.json").write_bytes(trust_config)
        known["trust_config"] = "sigstore.json"
    rule = {"repos": ["acme/*"], "signers": ["ci"], "require": ["signature", "provenance"]}
    path = folder / "trust.yaml"
    path.write_text(yaml.safe_dump({"signers": {"ci": known}, "rules": [rule]}))
    return path


def test_a_release_of_a_job_is_accepted_without_a_request_to_its_sigstore(repo: Repo, tmp_path: Path) -> None:
    local = repo.pull(policy(tmp_path))
    found = local.plan.release.examination
    assert found is not None
    assert (found.ok, found.signer) == (True, "ci")
    assert found.signed_by is not None
    assert (found.signed_by.name, found.signed_by.provider) == (IDENTITY, SIGNER.provider)
    assert found.attestation is not None
    assert found.attestation.builder == IDENTITY


@pytest.mark.parametrize(
    "trusted",
    [
        {"identity": TAGS.replace("training", "other")},
        {"identity": TAGS.replace("tags", "heads")},
        {"identity": "https://github.com/acme/*"},
        {"identity_provider": "https://token.actions.githubusercontent.com"},
        # Another Sigstore, and the public one.
        {"trust_config": recorded("late").trust_config},
        {"trust_config": None},
        {"trust_config": b"{}"},
    ],
)
def test_those_who_trust_another_job_or_another_sigstore_refuse_it(
    repo: Repo, tmp_path: Path, trusted: Mapping[str, Any]
) -> None:
    with pytest.raises(TrustError) as caught:
        repo.pull(policy(tmp_path, **trusted), local_dir=tmp_path / "here")
    assert "trust." in caught.value.problems[0].code
    assert not (tmp_path / "here").exists()


def _cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("model.safetensors", lambda content: content[:-1] + b" "),
        ("config.json", lambda content: content.replace(b"10", b"11")),
        ("README.md", lambda content: content + b"!"),
        ("bom.cdx.json", lambda content: content.replace(b"MIT", b"BSD") + b" "),
        (SIGNATURE_FILE, _cut),
        (SIGNATURE_FILE, lambda _: FILES[CLAIMS_FILE].splitlines()[0]),
        (SIGNATURE_FILE, lambda content: content + b" {}"),
        (CLAIMS_FILE, _cut),
        (CLAIMS_FILE, lambda content: content.splitlines(keepends=True)[1]),
        (CLAIMS_FILE, lambda content: content + FILES[SIGNATURE_FILE] + b"\n"),
        ("added.bin", lambda _: b"x"),
    ],
)
def test_a_changed_release_is_refused(repo: Repo, tmp_path: Path, path: str, change: Callable[[bytes], bytes]) -> None:
    repo.commit({path: change(FILES.get(path, b""))})
    with pytest.raises(TrustError):
        repo.pull(policy(tmp_path), local_dir=tmp_path / "here")


@pytest.mark.parametrize("path", [SIGNATURE_FILE, CLAIMS_FILE, "config.json"])
def test_a_release_that_lacks_a_file_is_refused(repo: Repo, tmp_path: Path, path: str) -> None:
    repo.commit({}, delete=[path])
    with pytest.raises(TrustError):
        repo.pull(policy(tmp_path))


def test_the_signature_of_one_repo_is_not_that_of_another(repo: Repo, hub: EmbeddedHub, tmp_path: Path) -> None:
    copy = Repo(hub, "acme/copy")
    copy.commit(FILES)
    with pytest.raises(TrustError):
        copy.pull(policy(tmp_path))
