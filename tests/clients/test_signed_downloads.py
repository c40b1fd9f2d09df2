"""The command that hublish prints for strangers verifies a signature, in a folder and in the cache of the client."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import snapshot_download

import hublish
from hublish.attestation.stock_command import stock_command
from hublish.base.values.attested import SignedBy
from hublish.cli.views.sign import SignedView
from hublish.hub.server import EmbeddedHub
from tests.clients.model_signing_command import INSTALLED
from tests.faults.projects import noise
from tests.signing_keys import key


@pytest.fixture
def hub(tmp_path: Path) -> Any:
    with EmbeddedHub(tmp_path / "hub") as hub:
        yield hub


@pytest.fixture
def signed(hub: EmbeddedHub, tmp_path: Path) -> hublish.SignedRelease:
    """Publish a release, and attest it afterwards."""
    project = tmp_path / "project"
    (project / "files/sub").mkdir(parents=True)
    (project / "files/config.json").write_text("{}")
    # The tool passes over it by default.
    (project / "files/.gitignore").write_text("*.tmp\n")
    (project / "files/sub/weights.bin").write_bytes(noise(200_000, 1))
    (project / "hub.yaml").write_text("repo: {repo_id: acme/digits}\nartifacts: [{source: 'files/**'}]\n")
    (tmp_path / "acme.pem").write_bytes(key().private)
    (tmp_path / "PUBLIC_KEY.pem").write_bytes(key().public)
    hublish.publish(project, endpoint=hub.endpoint, token=hub.token)
    signer = {"method": "key", "private_key": "../acme.pem"}
    return hublish.attest(manifest=project, signer=signer, endpoint=hub.endpoint, token=hub.token)


def signer_of(signed: hublish.SignedRelease) -> SignedBy:
    attestation = signed.receipt.plan.release.attestation
    assert attestation is not None
    assert attestation.signer is not None
    return attestation.signer


def succeeds(line: str, folder: Path, **variables: str) -> bool:
    """Return whether a command line succeeds in a folder."""
    programs = [str(INSTALLED), str(Path(sys.executable).parent), os.environ["PATH"]]
    environ = {**os.environ, "PATH": os.pathsep.join(programs), **variables}
    done = subprocess.run(["bash", "-c", line], cwd=folder, env=environ, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode == 0


def change(file: Path) -> None:
    # A file in the cache is a link.
    file.unlink()
    file.write_text("{} ")


def test_the_printed_commands_download_and_verify(
    hub: EmbeddedHub, signed: hublish.SignedRelease, tmp_path: Path
) -> None:
    download, verify = SignedView(signed).document()["verify_with"]
    assert succeeds(download, tmp_path, HF_TOKEN=hub.token, HF_HOME=str(tmp_path / "hf"))
    assert succeeds(verify, tmp_path)
    change(tmp_path / "digits/config.json")
    assert not succeeds(verify, tmp_path)


def test_the_command_follows_the_links_of_the_cache(
    hub: EmbeddedHub, signed: hublish.SignedRelease, tmp_path: Path
) -> None:
    cache = snapshot_download(
        "acme/digits", revision=signed.receipt.commit, cache_dir=tmp_path / "hf", endpoint=hub.endpoint, token=hub.token
    )
    verify = stock_command(signer_of(signed).method, cache, ("--public_key", "PUBLIC_KEY.pem"), is_snapshot=True)
    assert succeeds(verify, tmp_path)
    change(Path(cache, "config.json"))
    assert not succeeds(verify, tmp_path)
