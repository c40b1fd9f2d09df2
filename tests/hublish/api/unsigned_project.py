"""Releases on the Hub without a signature, and the two verbs that sign them later."""

from collections.abc import Callable
from typing import Any

import pytest

import hublish
from hublish.attestation.keys import KeyVerifier
from hublish.attestation.model_signature import read_signature_statement
from hublish.attestation.provenance import PREDICATE_TYPE, Provenance, read_provenance
from hublish.attestation.statements import read_claims, read_statement
from tests.hublish.api.signed_project import SignedProject

Verb = Callable[..., hublish.SignedRelease]
VERBS: dict[str, Verb] = {"sign": hublish.sign, "attest": hublish.attest}
both = pytest.mark.parametrize("verb", VERBS)


class Unsigned(SignedProject):
    """A project whose releases are on the Hub without a signature."""

    def __init__(self, *args: Any, **repo: Any) -> None:
        super().__init__(*args, **repo)
        self.more = {}
        self.signer = {"method": "key", "private_key": "../acme.pem"}

    def run(self, verb: str, **more: Any) -> hublish.Receipt:
        """Sign the release of the manifest, and return the pull request."""
        return VERBS[verb](manifest=self.manifest, **{"signer": self.signer, **self.options, **more}).receipt

    def run_at_head(self, verb: str, **more: Any) -> hublish.SignedRelease:
        """Sign what main has now by its commit, whatever the lock records."""
        repo = f"{self.repo_id}@{self.api.model_info(self.repo_id).sha}"
        options = {"signer": signer_of(self), "lock": self.folder / "hub.lock", **self.options, **more}
        return VERBS[verb](repo, **options)

    def signed_files(self, revision: str) -> dict[str, str]:
        """Return the files of the signature at a revision, by its public key."""
        verified = KeyVerifier.from_pem(self.pair.public).verify(self.read("model.sig", revision))
        signed = read_signature_statement(verified.statement)
        assert signed.repo == self.repo_id
        return dict(signed.files)

    def claims(self, revision: str) -> dict[str, Any]:
        """Return the predicates of the claims at a revision, which are about all of its files."""
        verifier, digests = KeyVerifier.from_pem(self.pair.public), self.digests(revision)
        found = {}
        for line in read_claims(self.read("claims.jsonl", revision)):
            statement = read_statement(verifier.verify(line).statement)
            assert statement.subjects == digests
            found[statement.predicate_type] = statement.predicate
        return found

    def built(self, revision: str) -> Provenance | None:
        """Return the provenance at a revision; None without one."""
        predicate = self.claims(revision).get(PREDICATE_TYPE)
        return None if predicate is None else read_provenance(predicate)


def ref(receipt: hublish.Receipt) -> str:
    """Return the ref of a proposal."""
    assert receipt.pull_request is not None
    return f"refs/pr/{receipt.pull_request}"


def signer_of(project: Unsigned) -> dict[str, str]:
    """Return the key of a project as a signer, from any folder."""
    return {"method": "key", "private_key": str(project.key)}
