"""What hublish signs, the stock command of OpenSSF Model Signing verifies; what it signs, hublish reads or refuses.

Both refuse the same changes of a release. Where the command accepts one on purpose, a test names it.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from hublish.attestation.certificates import CertificateSigner, CertificateVerifier
from hublish.attestation.interface import InvalidSignatureError, Signer
from hublish.attestation.keys import KeySigner, KeyVerifier
from hublish.attestation.statements import Statement, statement_bytes
from hublish.hub.server import EmbeddedHub
from tests.clients.model_signing_command import model_signing, run_python, sign_key, verify_certificate, verify_key
from tests.clients.signed_folder import (
    FILES,
    REPO,
    TAMPERINGS,
    UNSIGNED,
    add,
    change,
    in_envelope,
    is_what_was_signed,
    read_by_hublish,
    signed,
    written,
)
from tests.hublish.attestation.test_certificates import ACCEPTED
from tests.signing_keys import EXPIRED, NOW, Curve, key, leaf


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with keys and certificates as files."""
    folder = tmp_path_factory.mktemp("keys")
    for curve in ("P-256", "P-384", "P-521"):
        pair = key("acme", curve)
        (folder / f"{curve}.pem").write_bytes(pair.private)
        (folder / f"{curve}.pub").write_bytes(pair.public)
    (folder / "mallory.pub").write_bytes(key("mallory").public)
    (folder / "acme-root.pem").write_bytes(leaf().root)
    (folder / "mallory-root.pem").write_bytes(leaf("mallory").root)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a release that a key has signed."""
    return signed(written(tmp_path / "digits", FILES), KeySigner.from_pem(key().private))


# ------------------------------------------------------------------------------- what hublish signs


@pytest.mark.parametrize("curve", ["P-256", "P-384", "P-521"])
def test_the_command_verifies_the_signature_of_a_key(tmp_path: Path, keys: Path, curve: Curve) -> None:
    folder = signed(written(tmp_path / "digits", FILES), KeySigner.from_pem(key("acme", curve).private))
    outcome = verify_key(folder, keys / f"{curve}.pub")
    assert outcome.succeeded, outcome.output
    assert not verify_key(folder, keys / "mallory.pub").succeeded


@pytest.mark.parametrize("name", ACCEPTED)
def test_the_command_verifies_the_signature_of_a_certificate(tmp_path: Path, keys: Path, name: str) -> None:
    one = ACCEPTED[name]()
    signer = CertificateSigner(one.private, None, one.certificate, one.chain, now=lambda: NOW)
    folder = signed(written(tmp_path / "digits", FILES), signer)
    (tmp_path / "root.pem").write_bytes(one.root)
    outcome = verify_certificate(folder, tmp_path / "root.pem")
    assert outcome.succeeded, outcome.output
    assert not verify_certificate(folder, keys / "mallory-root.pem").succeeded


RELEASES: dict[str, dict[str, bytes]] = {
    "one file": {"model.bin": b"x"},
    "an order that paths and texts differ in": {
        name: name.encode() for name in ("a/b", "a.txt", "a b", "a/b.c", "a-/b", "A", "ab/c", "a/c/d")
    },
    "many files": {f"part-{number % 7}/{number:04}.bin": b"%d" % number for number in range(500)},
    "names of a signature in a folder": {"sub/model.sig": b"x", "sub/claims.jsonl": b"x", "sub/.gitattributes": b"x"},
    "hidden files": {".hidden": b"x", ".config/settings.json": b"{}"},
    "names of its own options": {"--signature": b"x", "-h": b"x"},
}


@pytest.mark.parametrize("name", RELEASES)
def test_the_command_verifies_any_names(tmp_path: Path, keys: Path, name: str) -> None:
    folder = signed(written(tmp_path / "digits", RELEASES[name]), KeySigner.from_pem(key().private))
    outcome = verify_key(folder, keys / "P-256.pub")
    assert outcome.succeeded, outcome.output
    assert is_what_was_signed(folder, KeyVerifier.from_pem(key().public))


def test_a_release_with_files_of_git_needs_an_option(tmp_path: Path, keys: Path) -> None:
    files = {**FILES, ".gitignore": b"*.tmp\n", ".github/workflows/test.yml": b"on: push\n"}
    folder = signed(written(tmp_path / "digits", files), KeySigner.from_pem(key().private))
    assert "Missing files" in verify_key(folder, keys / "P-256.pub").output
    outcome = verify_key(folder, keys / "P-256.pub", "--no-ignore-git-paths")
    assert outcome.succeeded, outcome.output


@pytest.mark.parametrize("method", ["key", "certificate"])
def test_the_command_verifies_links_of_the_clients_cache(tmp_path: Path, keys: Path, method: str) -> None:
    one = leaf()
    signer: Signer = KeySigner.from_pem(key().private)
    if method == "certificate":
        signer = CertificateSigner(one.private, None, one.certificate, one.chain)
    folder = signed(written(tmp_path / "digits", FILES), signer)
    with EmbeddedHub(tmp_path / "hub", user="acme") as hub:
        api = HfApi(endpoint=hub.endpoint, token=hub.token)
        api.create_repo(REPO)
        api.upload_folder(repo_id=REPO, folder_path=folder)
        snapshot = Path(api.snapshot_download(REPO, cache_dir=tmp_path / "cache"))
    assert (snapshot / "model.safetensors").is_symlink()
    verify = {"key": verify_key, "certificate": verify_certificate}[method]
    trusted = keys / {"key": "P-256.pub", "certificate": "acme-root.pem"}[method]
    assert "is a symlink" in verify(snapshot, trusted).output
    outcome = verify(snapshot, trusted, "--allow_symlinks")
    assert outcome.succeeded, outcome.output
    (snapshot / "config.json").unlink()
    (snapshot / "config.json").write_bytes(b"{}")
    assert not verify(snapshot, trusted, "--allow_symlinks").succeeded


# ------------------------------------------------------------------------------- what both refuse


def test_the_table_is_long_enough() -> None:
    assert len(TAMPERINGS) >= 60


@pytest.mark.parametrize("name", TAMPERINGS)
def test_both_refuse_a_tampering(folder: Path, keys: Path, name: str) -> None:
    verifier = KeyVerifier.from_pem(key().public)
    assert is_what_was_signed(folder, verifier)
    TAMPERINGS[name](folder)
    assert not is_what_was_signed(folder, verifier)
    assert not verify_key(folder, keys / "P-256.pub").succeeded


def test_the_command_accepts_the_release_before_it_is_tampered_with(folder: Path, keys: Path) -> None:
    assert verify_key(folder, keys / "P-256.pub").succeeded


# ------------------------------------------------------------------------------- what only hublish refuses

ACCEPTED_BY_THE_COMMAND: dict[str, Callable[[Path], None]] = {
    "a workflow": add(".github/workflows/evil.yml"),
    "a hook of git": add(".git/hooks/post-checkout"),
    "a file that hides others from git": add(".gitignore"),
    "two signatures in the envelope": in_envelope(
        lambda envelope: envelope.update(signatures=[*envelope["signatures"]] * 2)  # type: ignore[misc]
    ),
    "a key twice": change("model.sig", lambda data: data.replace(b'{"payload"', b'{"payload":"eA==","payload"')),
    "base64 in another form": change("model.sig", lambda data: data.replace(b'"payload":"', b'"payload":"\\n')),
}


@pytest.mark.parametrize("name", ACCEPTED_BY_THE_COMMAND)
def test_hublish_refuses_what_the_command_ignores(folder: Path, keys: Path, name: str) -> None:
    ACCEPTED_BY_THE_COMMAND[name](folder)
    assert verify_key(folder, keys / "P-256.pub").succeeded
    assert not is_what_was_signed(folder, KeyVerifier.from_pem(key().public))


def test_hublish_refuses_a_certificate_that_has_expired_since(tmp_path: Path, keys: Path) -> None:
    one = leaf("acme", EXPIRED)
    when = EXPIRED.since
    signer = CertificateSigner(one.private, None, one.certificate, one.chain, now=lambda: when)
    folder = signed(written(tmp_path / "digits", FILES), signer)
    assert verify_certificate(folder, keys / "acme-root.pem").succeeded
    with pytest.raises(InvalidSignatureError, match="the certificate expired on"):
        read_by_hublish(folder, CertificateVerifier(one.root, None))
    assert read_by_hublish(folder, CertificateVerifier(one.root, None, lambda: when)).repo == REPO


# ------------------------------------------------------------------------------- what the command signs


@dataclass(frozen=True)
class Signing:
    """Options of the command, and what hublish reads of its signature."""

    options: tuple[str, ...] = ()
    files: tuple[str, ...] = tuple(sorted({*FILES, "claims.jsonl"}))
    refused: str = ""


SIGNINGS = {
    "by default": Signing(),
    "with the files of git": Signing(("--no-ignore-git-paths",), tuple(sorted({*FILES, *UNSIGNED}))),
    "without a file": Signing(("--ignore-paths", "config.json"), refused="leaves out 'config.json'"),
    "without a folder": Signing(("--ignore-paths", "tokenizer"), refused="leaves out 'tokenizer'"),
    "without the claims": Signing(("--ignore-paths", "claims.jsonl"), tuple(sorted(FILES))),
    "with links": Signing(("--allow_symlinks",)),
}


@pytest.mark.parametrize("name", SIGNINGS)
def test_a_signature_of_the_command_is_read_or_refused(tmp_path: Path, keys: Path, name: str) -> None:
    signing = SIGNINGS[name]
    folder = written(tmp_path / "digits", FILES)
    options = [str(folder / each) if not each.startswith("--") else each for each in signing.options]
    outcome = sign_key(folder, keys / "P-256.pem", *options)
    assert outcome.succeeded, outcome.output
    verifier = KeyVerifier.from_pem(key().public)
    if signing.refused:
        with pytest.raises(InvalidSignatureError, match=signing.refused):
            read_by_hublish(folder, verifier)
        return
    found = read_by_hublish(folder, verifier)
    assert found.repo == "digits"
    assert tuple(sorted(found.files)) == signing.files
    assert is_what_was_signed(folder, verifier)


def test_a_signature_by_a_certificate_of_the_command_is_read(tmp_path: Path) -> None:
    one = leaf()
    folder = written(tmp_path / "digits", FILES)
    (tmp_path / "key.pem").write_bytes(one.private)
    (tmp_path / "certificate.pem").write_bytes(one.certificate)
    (tmp_path / "chain.pem").write_bytes(b"".join(one.chain))
    outcome = model_signing(
        *("sign", "certificate", folder, "--signature", folder / "model.sig"),
        *("--private_key", tmp_path / "key.pem", "--signing_certificate", tmp_path / "certificate.pem"),
        *("--certificate_chain", tmp_path / "chain.pem"),
    )
    assert outcome.succeeded, outcome.output
    assert is_what_was_signed(folder, CertificateVerifier(one.root, "release@acme.example"))


SIGN_OTHERWISE = """
import sys, model_signing.hashing as hashing, model_signing.signing as signing
folder, key, how = sys.argv[1:]
config = hashing.Config()
{"shards": config.use_shard_serialization, "blake2": lambda: config.use_file_serialization(hashing_algorithm="blake2"),
 "blake3": lambda: config.use_file_serialization(hashing_algorithm="blake3")}[how]()
signing.Config().use_elliptic_key_signer(private_key=key).set_hashing_config(config).sign(folder, folder + "/model.sig")
"""


@pytest.mark.parametrize(
    ("how", "reason"), [("shards", "over 'shards'"), ("blake2", "of 'blake2b'"), ("blake3", "of 'blake3'")]
)
def test_other_ways_to_hash_are_refused_with_the_reason(tmp_path: Path, keys: Path, how: str, reason: str) -> None:
    folder = written(tmp_path / "digits", FILES)
    run_python(SIGN_OTHERWISE, folder, keys / "P-256.pem", how)
    with pytest.raises(InvalidSignatureError, match=reason):
        read_by_hublish(folder, KeyVerifier.from_pem(key().public))


def test_both_sign_the_same_digests_in_the_same_order(tmp_path: Path, keys: Path) -> None:
    files = {**FILES, **RELEASES["an order that paths and texts differ in"], **RELEASES["many files"]}
    verifier = KeyVerifier.from_pem(key().public)
    ours = signed(written(tmp_path / "digits", files), KeySigner.from_pem(key().private), "digits")
    theirs = Path(shutil.copytree(ours, tmp_path / "theirs" / "digits"))
    (theirs / "claims.jsonl").unlink()
    assert sign_key(theirs, keys / "P-256.pem").succeeded
    statements = [json.loads(verifier.verify((each / "model.sig").read_bytes()).statement) for each in (ours, theirs)]
    for statement in statements:
        statement["predicate"]["serialization"].pop("ignore_paths")
    assert statements[0] == statements[1]


VERIFY_ENVELOPE = """
import json, sys
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey
bundle, public_key = sys.argv[1:]
fields = json.load(open(bundle))["dsseEnvelope"]
key = SSlibKey.from_crypto(load_pem_public_key(open(public_key, "rb").read()))
fields["signatures"][0]["keyid"] = key.keyid  # by which it finds the key; nothing signs this name
Envelope.from_dict(fields).verify([key], threshold=1)
print("verified", fields["payloadType"])
"""


def test_a_claim_is_verified_by_the_library_of_in_toto(tmp_path: Path, keys: Path) -> None:
    claim = Statement("https://slsa.dev/provenance/v1", {"README.md": "0" * 64}, {"buildDefinition": {}})
    (tmp_path / "claim").write_bytes(KeySigner.from_pem(key().private).sign(statement_bytes(claim)))
    output = run_python(VERIFY_ENVELOPE, tmp_path / "claim", keys / "P-256.pub")
    assert output == "verified application/vnd.in-toto+json\n"
    with pytest.raises(AssertionError, match="VerificationError"):
        run_python(VERIFY_ENVELOPE, tmp_path / "claim", keys / "mallory.pub")
