"""The command line that hublish prints for others: with it, the stock command verifies a release in any folder."""

import shlex
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

import hublish
from hublish.hub.server import EmbeddedHub
from tests.attested_release import FILES, Readers, Repo, attested, certificate_signer, key_signer, write_folder
from tests.clients.model_signing_command import INSTALLED
from tests.hublish.attestation.recorded import IDENTITY, recorded, recorded_release

WITH_GIT = {**FILES, ".gitignore": b"*.tmp\n", ".github/dependabot.yml": b"version: 2\n"}


def by_identity(readers: Readers) -> Path:
    """Write a trust.yaml that declares a keyless identity, with a pattern as CI needs it."""
    readers.folder.mkdir(parents=True)
    (readers.folder / "sigstore.json").write_bytes(recorded().trust_config)
    readers.policy.write_text(
        f"signers: {{ci: {{identity: '{IDENTITY.replace('/v1', '/*')}', identity_provider: '{recorded().provider}', "
        "trust_config: sigstore.json}}\nrules: [{repos: [acme/*], signers: [ci], require: [provenance]}]\n"
    )
    return readers.policy


RELEASES: dict[str, tuple[Callable[[str], Mapping[str, bytes]], Callable[[Readers], Path]]] = {
    "a key": (lambda repo: attested(key_signer(), FILES, repo), Readers.by_key),
    "files of git": (lambda repo: attested(key_signer(), WITH_GIT, repo), Readers.by_key),
    "a certificate": (lambda repo: attested(certificate_signer(), FILES, repo), Readers.by_certificate),
    "an identity": (lambda _repo: recorded_release(), by_identity),
}


def run(command: str) -> subprocess.CompletedProcess[str]:
    """Run a printed command line in the environment of the stock command."""
    assert command.startswith("model_signing verify ")
    return subprocess.run(
        [INSTALLED / "model_signing", *shlex.split(command)[1:]],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def check(folder: Path, policy: Path) -> None:
    """Check that the printed command verifies a folder, and no longer after a change of a file."""
    found = hublish.verify_attestations(folder, trust_policy=policy)
    assert found.ok, found.examination.problems
    done = run(found.command)
    assert done.returncode == 0, f"{found.command}\n{done.stdout}"
    changed = folder / "config.json" if (folder / "config.json").exists() else next(folder.glob("*.safetensors"))
    changed.unlink()
    changed.write_bytes(b"[]")
    assert run(found.command).returncode == 1


@pytest.mark.parametrize("name", RELEASES)
def test_a_folder(tmp_path: Path, name: str) -> None:
    release, policy = RELEASES[name]
    folder = write_folder(tmp_path / "a release", release("acme/digits"))
    check(folder, policy(Readers(tmp_path / "reader")))


@pytest.mark.parametrize("name", ["a key", "files of git", "a certificate"])
@pytest.mark.parametrize("local", [False, True], ids=["in the cache", "with local_dir"])
def test_a_download(tmp_path: Path, own_hub: EmbeddedHub, own_home: Path, name: str, local: bool) -> None:
    release, policy = RELEASES[name]
    repo = Repo.new(own_hub)
    repo.commit(release(repo.repo_id))
    folder = repo.api.snapshot_download(
        repo.repo_id, cache_dir=tmp_path / "cache", local_dir=tmp_path / "download" if local else None
    )
    check(Path(folder), policy(Readers(tmp_path / "reader")))
