"""Release -> Release: describe and sign a release that is on the Hub already."""

from dataclasses import dataclass, field, replace
from typing import ClassVar

from hublish.base.values import Release
from hublish.base.values.attested import Attestation
from hublish.pipeline.attest.own_signer import refuse_own_key, signed_digests
from hublish.pipeline.attest.reuse import signature_in
from hublish.pipeline.attest.signed_release import signed_release
from hublish.pipeline.attest.signing import Signing
from hublish.schemas.documents.file_names import SIGNATURE_FILE
from hublish.schemas.documents.hub_names import repo_path


@dataclass(frozen=True)
class AttestPublished:
    """Add the files of a signature to the tree of a commit.

    Raises (from `run`): as `Attest` does.
    """

    signing: Signing = field(repr=False)
    with_claims: bool
    """Whether claims and a bill of materials are added, or a signature alone."""
    builder: str | None = None
    """The builder that the claims on the Hub name, which stay beside a signature alone."""
    title: ClassVar[str] = "signing the release"

    def run(self, release: Release) -> Release:
        """Return the release with its signature, as far as it is known before it is committed."""
        # It has been on the Hub all the time, and nothing comes back.
        release = replace(release, former=None, attestation=None)
        return signed_release(release, self.signing) if self.with_claims else self._signed(release)

    def _signed(self, release: Release) -> Release:
        own, target = self.signing.own, self.signing.target
        refuse_own_key(release, own)
        repo, digests = repo_path(target.repo_id, target.repo_type), signed_digests(release)
        for tree in self.signing.trees():
            if found := signature_in(tree, digests, repo, own):
                return replace(release.with_files(found[0]), attestation=Attestation(found[1], self.builder))
        if signature := own.signature(repo, digests):
            return replace(release.with_files(signature), attestation=Attestation(own.signed_by, self.builder))
        return replace(release, attestation=Attestation(own.signed_by, self.builder, pending=(SIGNATURE_FILE,)))
