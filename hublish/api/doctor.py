"""Check whether this machine can publish and load, with a hint for every failure."""

import platform
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, Unpack

from hublish._version import __version__
from hublish.api.options import HubOptions, takes
from hublish.api.session import Session
from hublish.base.errors import AuthenticationError, HublishError
from hublish.base.values import Reference
from hublish.hub.client import installed_client as library
from hublish.hub.client.account import account, objections
from hublish.hub.client.hub import Hub
from hublish.schemas.documents.hub_names import RepoType
from hublish.schemas.documents.repo_addresses import RepoAddress
from hublish.schemas.documents.sizes import format_size

# A pull of a model with a few billion parameters needs about this much.
_LOW_DISK = 5 * 10**9


@dataclass(frozen=True)
class Finding:
    """The result of one check."""

    name: str
    ok: bool
    detail: str
    hint: str = ""


_UNCHECKED: Final = Finding("token", False, "not checked: the endpoint does not respond")


@takes(HubOptions)
def doctor(
    repo_id: str | None = None, *, repo_type: RepoType | None = None, **options: Unpack[HubOptions]
) -> tuple[Finding, ...]:
    """Check versions, disk, endpoint, token and xet, and the rights to a repo.

    Args:
        repo_id: a repo to publish to, which need not exist; None checks no rights.
        repo_type: the type of that repo. Default: model.
        **options: see `HubOptions`.

    Raises:
        UsageError: the repo_id is not valid.
    """
    with Session(**options) as session:
        repo = None if repo_id is None else session.addressed(repo_id, repo_type)
        # Asked first, reported later: without an endpoint, the question about the token would wait for a timeout.
        reached = _checked("endpoint", session.hub, _endpoint)
        token = _checked("token", session.hub, _token) if reached.ok else _UNCHECKED
        rights = [] if repo is None or not token.ok else [_checked("rights", session.hub, partial(_rights, repo))]
        return (
            Finding("hublish", True, f"{__version__} on Python {platform.python_version()}"),
            Finding("huggingface_hub", True, library.version()),
            _xet(),
            _disk(),
            reached,
            token,
            *rights,
        )


def _checked(name: str, hub: Hub, check: Callable[[Hub], Finding]) -> Finding:
    try:
        return check(hub)
    except HublishError as error:
        return Finding(name, False, error.message, error.hint)


def _endpoint(hub: Hub) -> Finding:
    hub.ping()
    return Finding("endpoint", True, f"{hub.endpoint} responds")


def _token(hub: Hub) -> Finding:
    try:
        found = account(hub)
    except AuthenticationError:
        hint = "log in with `hf auth login` or set HF_TOKEN; loading public repos needs no token"
        return Finding("token", False, "missing or not valid", hint)
    # Enough to load, so that it is not a failure.
    for refused in found.against_proposing():
        return Finding("token", True, f"belongs to {found.name}, and may only read", refused.hint)
    return Finding("token", True, f"belongs to {found.name}")


def _rights(address: RepoAddress, hub: Hub) -> Finding:
    repo = Reference(address.repo_id, address.repo_type or "model")
    found = objections(hub, repo, exists=hub.exists(repo))
    if found:
        return Finding("rights", False, "; ".join(one.message for one in found), "; ".join(one.hint for one in found))
    return Finding("rights", True, f"nothing is known that would keep the token from writing to {repo.repo_id}")


def _xet() -> Finding:
    found = library.xet_version()
    if found is None:
        hint = "pip install hf_xet, and do not set HF_HUB_DISABLE_XET"
        return Finding("xet", True, "off: large files are sent as a whole, by LFS", hint)
    return Finding("xet", True, f"hf_xet {found}")


def _disk() -> Finding:
    folder = cache = library.cache_folder()
    while not folder.exists():  # a cache that is not created yet is on the disk of its nearest parent
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    hint = "" if free > _LOW_DISK else "free some, or set HF_HOME to a larger disk"
    return Finding("disk", free > _LOW_DISK, f"{format_size(free)} free for the cache in {cache}", hint)
