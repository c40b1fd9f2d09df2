"""Release -> Release: the bill of materials, and the signature as far as this machine can make it before a review."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Final

from hublish.base.values import Release

if TYPE_CHECKING:
    from hublish.pipeline.attest.signing import Signing


@dataclass(frozen=True)
class Attest:
    """Add the files of a signed release, and name those that are made when it is published.

    A signature by a key is known now: equal files give equal bytes. That of a job of CI is not, nor are the claims,
    which record the plan that was reviewed. Where the Hub has both for these very files, they are used again.

    Raises (from `run`):
        SourceError: the release has a file of one of these names already.
        PolicyError: the bill of materials contains a secret.
        SigningError: the key cannot sign.
        RemoteError: the Hub cannot be read.
    """

    signing: "Signing | None" = field(default=None, repr=False)
    """None for a manifest that signs nothing."""
    title: ClassVar[str] = "describing and signing the release"

    def run(self, release: Release) -> Release:
        """Return the release with its bill of materials, and with its signature and claims as far as they are known."""
        if self.signing is None:
            return release
        # Imported here: few manifests sign.
        from hublish.pipeline.attest.signed_release import signed_release

        return signed_release(release, self.signing)

    def works_on(self, release: Release) -> bool:
        """Return whether the release is signed."""
        del release
        return self.signing is not None


UNSIGNED: Final = Attest()
"""For a manifest that signs nothing."""
