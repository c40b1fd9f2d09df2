"""A project whose releases are signed with a key, and the checks of a reader who has the public key."""

import hashlib
from pathlib import Path
from typing import Any

import hublish
from hublish.attestation.keys import KeyVerifier
from hublish.attestation.model_signature import read_signature_statement
from hublish.attestation.provenance import PREDICATE_TYPE, Provenance, read_provenance
from hublish.attestation.statements import read_claims, read_statement
from hublish.schemas.documents.file_names import CLAIMS_FILE, SIGNATURE_FILE
from hublish.schemas.documents.hub_names import repo_path
from tests.faults.projects import Served
from tests.hublish.api.released_project import ReleasedProject
from tests.signing_keys import KeyPair, key

OUTSIDE = (".gitattributes", CLAIMS_FILE, SIGNATURE_FILE)


class SignedProject(ReleasedProject):
    """A folder under git whose releases are signed with the key beside it."""

    def __init__(self, folder: Path, hub: Served, endpoint: str = "", **repo: Any) -> None:
        super().__init__(folder, hub, endpoint, **repo)
        self.pair: KeyPair = key()
        self.key = folder.parent / "acme.pem"
        self.key.write_bytes(self.pair.private)
        self.more = {"sign": {"method": "key", "private_key": "../acme.pem"}}

    def read(self, path: str, revision: str = "main") -> bytes:
        found = self.api.hf_hub_download(self.repo_id, path, revision=revision, repo_type=self.kind)
        return Path(found).read_bytes()

    def digests(self, revision: str = "main") -> dict[str, str]:
        """Return the sha256 of every file that a signature must be about."""
        names = self.api.list_repo_files(self.repo_id, revision=revision, repo_type=self.kind)
        files = (name for name in names if name not in OUTSIDE)
        return {name: hashlib.sha256(self.read(name, revision)).hexdigest() for name in files}

    def verified(self, revision: str = "main") -> Provenance:
        """Check the signature and the claims with the public key, and return the provenance."""
        verifier = KeyVerifier.from_pem(self.pair.public)
        digests = self.digests(revision)
        signed = read_signature_statement(verifier.verify(self.read(SIGNATURE_FILE, revision)).statement)
        assert (signed.repo, signed.files) == (repo_path(self.repo_id, self.kind), digests)
        lines = read_claims(self.read(CLAIMS_FILE, revision))
        claims = [read_statement(verifier.verify(line).statement) for line in lines]
        assert [claim.subjects == digests for claim in claims] == [True, True]
        (provenance,) = (claim.predicate for claim in claims if claim.predicate_type == PREDICATE_TYPE)
        return read_provenance(provenance)

    def plan(self) -> hublish.Plan:
        return hublish.plan(self.manifest, **self.options)

    def hide_key(self) -> None:
        """Take the key away, as on the machine of a reviewer."""
        self.key.rename(self.key.with_suffix(".away"))

    def return_key(self) -> None:
        self.key.with_suffix(".away").rename(self.key)
