"""Sign a release that is on the Hub already, in a pull request."""

from typing import Unpack

from hublish.api.options import SignatureOptions, takes
from hublish.api.sign_published import SignedRelease, signed_on_hub


@takes(SignatureOptions)
def sign(repo_id: str | None = None, **options: Unpack[SignatureOptions]) -> SignedRelease:
    """Propose a signature over all files of a repo, as a pull request.

    The signature is over the files as they are on main: their digests are those of the lock, or else those that the Hub
    lists for large files, which are not downloaded. Small files that no lock records are downloaded, compared, and
    audited by the policy of the manifest; for a repo that is named, by the default one, except that a pickle is a
    warning. A second run finds the open pull request, or the signature on main, and does nothing.

    Args:
        repo_id: a repo by its id or a URL. A revision in it must be what main has. With the commit, files are signed
            that the lock of a release does not record. Default: that of the manifest.
        **options: see `SignatureOptions`.

    Raises:
        UsageError: the revision is not what main has.
        SigningError: the signer is not complete or not here; main has other files than the release in the lock, and its
            commit is not named; or claims on the Hub are about other files.
        NotFoundError: the repo does not exist, or the token may not see it.
        AuthenticationError: the token may not open a pull request there.
        PolicyError: a small file that no lock records violates the policy.
        IntegrityError: the Hub sent other bytes than it lists.
        DeclinedError: `confirm` returned False.
    """
    return signed_on_hub(repo_id, options, with_claims=False)
