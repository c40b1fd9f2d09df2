"""`hublish sign` and `hublish attest` from the command line."""

import json
import re
import shlex
from pathlib import Path

import pytest

from hublish.base.values.attested import SignedBy
from hublish.cli.views.sign import verify_command
from tests.hublish.cli.running import Run
from tests.signing_keys import key

both = pytest.mark.parametrize("command", ["sign", "attest"])


@pytest.fixture
def published(run: Run, project: Path) -> Path:
    """Publish the project to the Hub beside the manifest, and put a key beside it."""
    run("publish -y --local -q")
    (project / "acme.pem").write_bytes(key().private)
    return project


@both
def test_it_proposes_a_signature_and_says_how_to_verify_it(run: Run, published: Path, command: str) -> None:
    done = run(f"{command} --private-key acme.pem --local -y")
    assert done.stdout.startswith("Proposed the signature of acme/digits-mlp as pull request 1.\n")
    assert "model_signing verify key digits-mlp --signature digits-mlp/model.sig" in done.stdout
    assert re.search(r"signer +key sha256:", done.stdout)
    again = run(f"{command} --private-key acme.pem --local -y")
    assert "Nothing to do: pull request 1 proposes the signature" in again.stdout


@both
def test_the_signer_of_the_manifest_is_used(run: Run, published: Path, command: str) -> None:
    manifest = published / "hub.yaml"
    manifest.write_text(f"{manifest.read_text()}sign: {{method: key, private_key: acme.pem}}\n")
    document = json.loads(run(f"{command} --local -y --json").stdout)
    assert (document["pull_request"], document["created"]) == (1, True)
    assert document["verify_with"][-1].startswith("model_signing verify key ")
    assert len(run(f"{command} --local -y -q").stdout.strip()) == 40


def test_a_repo_is_signed_by_its_name(run: Run, published: Path) -> None:
    done = run("attest acme/digits-mlp@v1 --private-key acme.pem --lock hub.lock --local -y")
    assert re.search(r"builder +https://hublish\.github\.io/hublish/builders/recorded\n", done.stdout)
    assert "as pull request 2" in run("sign acme/digits-mlp --private-key acme.pem --local -y --format markdown").stdout


@both
@pytest.mark.parametrize(
    ("line", "words", "exits"),
    [
        ("", "cannot ask for confirmation", 2),
        ("-y --local", "no signer is declared", 1),
        ("acme/a --set version=1 -y", "REPO needs no manifest", 2),
        ("--repo-type dataset -y", "--repo-type belongs to REPO", 2),
        ("acme/none --private-key acme.pem -y --local", "acme/none", 1),
        ("acme/a/b/c --private-key acme.pem -y --local", "REPO is not valid", 2),
        ("--private-key nowhere.pem -y --local", "does not exist", 1),
        ("--private-key hub.yaml -y --local", "private key", 1),
        ("--password-env SECRET -y --local", "needs a private key", 2),
        ("--identity-provider https://issuer.example -y --local", "needs identity", 2),
        ("--identity acme --private-key acme.pem -y --local", "identity", 2),
    ],
)
def test_what_cannot_be_signed_is_refused(
    command: str, line: str, words: str, exits: int, run: Run, project: Path
) -> None:
    (project / "acme.pem").write_bytes(key().private)
    assert words in run(f"{command} {line}", exits=exits).stderr


@pytest.mark.parametrize(
    ("signer", "words"),
    [
        (SignedBy("key", "sha256:00"), "--public_key PUBLIC_KEY.pem"),
        (SignedBy("certificate", "ci@acme.example"), "--certificate_chain CA.pem"),
        (
            SignedBy("sigstore", "https://x.example/a b", "https://issuer.example"),
            "--identity 'https://x.example/a b' --identity_provider https://issuer.example",
        ),
    ],
)
def test_the_stock_command_names_the_signer(signer: SignedBy, words: str) -> None:
    command = verify_command(signer, "digits")
    assert command.endswith(words)
    assert shlex.split(command)[:4] == ["model_signing", "verify", signer.method, "digits"]
    assert "--ignore-paths digits/claims.jsonl" in command
    assert "--ignore-paths digits/.cache" in command
