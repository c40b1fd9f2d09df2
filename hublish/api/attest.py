"""Describe and sign a release that is on the Hub already, in a pull request."""

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
def attest(
    repo_id: str | None = None,
    *,
    repo_type: RepoType | None = None,
    manifest: AnyManifest = MANIFEST_FILE,
    lock: str | Path | None = None,
    signer: Sign | Mapping[str, Any] | None = None,
    confirm: Callable[[Plan], bool] | None = None,
    **options: Unpack[HubOptions],
) -> SignedRelease:
    """Propose a bill of materials, signed claims and a signature for all files of a repo, as a pull request.

    The files are signed as by `sign`. The bill of materials repeats the card and the headers of weights. The claims say
    how the release was built, as far as its lock, the current one or a former version in the git history, records it;
    without a lock that records exactly these files they do not, and a warning says so. Claims of the same signer about
    these files stay as they are.

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
        UsageError, SigningError, NotFoundError, AuthenticationError, PolicyError, IntegrityError, DeclinedError: as
            `sign` does.
    """
    return signed_on_hub(
        with_claims=True,
        repo_id=repo_id,
        repo_type=repo_type,
        manifest=manifest,
        lock=lock,
        signer=signer,
        confirm=confirm,
        options=options,
    )
