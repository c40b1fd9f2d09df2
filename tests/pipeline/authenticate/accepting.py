"""What a reader has who accepts the releases of `tamperings`: a trust.yaml and a lock."""

from functools import cache
from pathlib import Path

import yaml

from hublish.attestation.keyless import KeylessVerifier
from hublish.base.values.attested import Attestation, SignedBy
from hublish.pipeline.lock.records import locked_signature
from hublish.schemas.documents.file_names import SIGNATURE_FILE
from hublish.schemas.documents.lock import Lock
from hublish.schemas.documents.manifest import Load
from tests.attested_release import BUILDER, REPO, RULES, Readers, certificate_signer, key_signer, locked_files
from tests.hublish.attestation.recorded import IDENTITY, recorded
from tests.pipeline.authenticate.changes import Method, release


def accepting(folder: Path, method: Method) -> Path:
    """Write a trust.yaml below a folder that accepts the signer of a method, and return its path."""
    readers = Readers(folder / "reader")
    if method == "key":
        return readers.by_key()
    if method == "certificate":
        return readers.by_certificate()
    readers.folder.mkdir(parents=True, exist_ok=True)
    (readers.folder / "sigstore.json").write_bytes(recorded().trust_config)
    signer = {"identity": IDENTITY, "identity_provider": recorded().provider, "trust_config": "sigstore.json"}
    readers.policy.write_text(yaml.safe_dump({"signers": {"acme": signer}}) + RULES)
    return readers.policy


def lock_of(method: Method, commit: str = "0" * 40, endpoint: str = "http://127.0.0.1") -> Lock:
    """Return a lock of a release as it was signed."""
    signer = _signed_by(method)
    return Lock(
        repo_id=REPO,
        endpoint=endpoint,
        revision="main",
        commit=commit,
        manifest_sha256="0" * 64,
        load=Load(),
        signature=locked_signature(Attestation(signer, IDENTITY if method == "sigstore" else BUILDER)),
        files=locked_files(release(method)),
    )


@cache
def _signed_by(method: Method) -> SignedBy:
    if method == "key":
        return key_signer().signed_by
    if method == "certificate":
        return certificate_signer().signed_by
    verifier = KeylessVerifier(IDENTITY, recorded().provider, recorded().trust_config)
    return verifier.verify(release(method)[SIGNATURE_FILE]).signed_by
