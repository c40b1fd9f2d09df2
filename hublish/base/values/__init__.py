"""What flows between the stages, in the order it appears. Everything here is frozen.

publish:  Project -> Collection -> Staged -> Staged (+README.md) -> Release -> Plan -> Receipt
load:     Reference -> RemoteRelease -> DownloadPlan -> LocalRelease -> Loaded | Restored

What only the remote and loading deal in is imported when it is first named: `hublish check` does not.
"""

from typing import TYPE_CHECKING, Any

from hublish.base.values.release import (
    Candidate,
    Collection,
    Effect,
    Kind,
    Origin,
    Project,
    Release,
    ReleaseFile,
    Staged,
    StagedFile,
    Step,
    Verdict,
)
from hublish.base.values.target import RepoRef, Target

if TYPE_CHECKING:
    from hublish.base.values.load import (
        Digest,
        DownloadPlan,
        Loaded,
        LocalFile,
        LocalRelease,
        PromisedFile,
        Reference,
        RemoteRelease,
        Restored,
    )
    from hublish.base.values.plan import Action, Change, Head, Plan, Receipt, RemoteFile, Setting

__all__ = [
    "Action",
    "Candidate",
    "Change",
    "Collection",
    "Digest",
    "DownloadPlan",
    "Effect",
    "Head",
    "Kind",
    "Loaded",
    "LocalFile",
    "LocalRelease",
    "Origin",
    "Plan",
    "Project",
    "PromisedFile",
    "Receipt",
    "Reference",
    "Release",
    "ReleaseFile",
    "RemoteFile",
    "RemoteRelease",
    "RepoRef",
    "Restored",
    "Setting",
    "Staged",
    "StagedFile",
    "Step",
    "Target",
    "Verdict",
]

_HOMES = {
    **dict.fromkeys(("Action", "Change", "Head", "Plan", "Receipt", "RemoteFile", "Setting"), "plan"),
    **dict.fromkeys(("Digest", "DownloadPlan", "Loaded", "LocalFile", "LocalRelease"), "load"),
    **dict.fromkeys(("PromisedFile", "Reference", "RemoteRelease", "Restored"), "load"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        msg = f"module 'hublish.base.values' has no attribute {name!r}"
        raise AttributeError(msg)
    from importlib import import_module

    return getattr(import_module(f"hublish.base.values.{_HOMES[name]}"), name)
