"""Sign a release that is on the Hub already, in a pull request."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Unpack

from hublish.api.options import HubOptions, takes
from hublish.api.read_project import AnyManifest
from hublish.api.sign_published import SignedRelease, signed_on_hub
from hublish.base.values import Plan
from hublish.schemas.documents.file_names import MANIFEST_FILE
from hublish.schemas.documents.hub_names import RepoType
from hublish.schemas.documents.signing import Sign


@takes(HubOptions)
def sign(
    repo_id: str | None = None,
    *,
    repo_type: RepoType | None = None,
    manifest: AnyManifest = MANIFEST_FILE,
    lock: str | Path | None = None,
    signer: Sign | Mapping[str, Any] | None = None,
    confirm: Callable[[Plan], bool] | None = None,
    **options: Unpack[HubOptions],
) -> SignedRelease:
    """Propose a signature over all files of a repo, as a pull request.

    The signature is over the files as they are on main: their digests are those of the lock, or else those that the Hub
    lists for large files, which are not downloaded. Small files that no lock records are downloaded, compared, and
    audited by the policy of the manifest; for a repo that is named, by the default one, except that a pickle is a
    warning. A second run finds the open pull request, or the signature on main, and does nothing.

    Args:
        repo_id: a repo by its id or a URL. A revision in it must be what main has. With the commit, files are signed
            that the lock of a release does not record. Default: that of the manifest.
        repo_type: the type of `repo_id`. Default: the one in its address, else model.
        manifest: the manifest, which names the repo, the signer and the lock; not read with `repo_id`.
        lock: the path of the lock of the release; a run updates it once main has the signature. Default: the one
            beside the manifest, or hub.lock with `repo_id`.
        signer: who signs, with the fields of `sign` in hub.yaml. Default: that of the manifest.
        confirm: receives the plan before anything is written; False stops.
        **options: see `HubOptions`.

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
    return signed_on_hub(
        with_claims=False,
        repo_id=repo_id,
        repo_type=repo_type,
        manifest=manifest,
        lock=lock,
        signer=signer,
        confirm=confirm,
        options=options,
    )
