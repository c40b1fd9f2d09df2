"""Describe and sign a release that is on the Hub already, in a pull request."""

from typing import Unpack

from hublish.api.options import SignatureOptions, takes
from hublish.api.sign_published import SignedRelease, signed_on_hub


@takes(SignatureOptions)
def attest(repo_id: str | None = None, **options: Unpack[SignatureOptions]) -> SignedRelease:
    """Propose a bill of materials, signed claims and a signature for all files of a repo, as a pull request.

    The files are signed as by `sign`. The bill of materials repeats the card and the headers of weights. The claims say
    how the release was built, as far as its lock, the current one or a former version in the git history, records it;
    without a lock that records exactly these files they do not, and a warning says so. Claims of the same signer about
    these files stay as they are.

    Args:
        repo_id: a repo by its id or a URL. A revision in it must be what main has. With the commit, files are signed
            that the lock of a release does not record. Default: that of the manifest.
        **options: see `SignatureOptions`.

    Raises:
        UsageError, SigningError, NotFoundError, AuthenticationError, PolicyError, IntegrityError, DeclinedError: as
            `sign` does.
    """
    return signed_on_hub(repo_id, options, with_claims=True)
