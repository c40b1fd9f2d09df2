"""The values that flow between the stages, in the order of their appearance. All are frozen.

publish:  Project -> Collection -> Staged -> Staged (+README.md) -> Release -> Plan -> Receipt
load:     Reference -> RemoteRelease -> DownloadPlan -> LocalRelease -> Loaded | Restored

Values that only the remote and loading need are imported on first use, which saves time in `hublish check`.
"""

from typing import TYPE_CHECKING, Any

from hublish.base.values.sealed_release import (
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
    Waived,
)
from hublish.base.values.target import RepoRef, Target

if TYPE_CHECKING:
    from hublish.base.values.downloads import (
        Digest,
        DownloadPlan,
        Finding,
        Loaded,
        LocalFile,
        LocalRelease,
        PromisedFile,
        Reference,
        RemoteRelease,
        Restored,
    )
    from hublish.base.values.publication import Action, Change, Head, Plan, Receipt, Setting
    from hublish.base.values.remote_tree import FormerRelease, RemoteFile

__all__ = [
    "Action",
    "Candidate",
    "Change",
    "Collection",
    "Digest",
    "DownloadPlan",
    "Effect",
    "Finding",
    "FormerRelease",
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
    "Waived",
]

_LAZY = {
    **dict.fromkeys(("Action", "Change", "Head", "Plan", "Receipt", "Setting"), "publication"),
    **dict.fromkeys(("FormerRelease", "RemoteFile"), "remote_tree"),
    **dict.fromkeys(("Digest", "DownloadPlan", "Finding", "Loaded", "LocalFile", "LocalRelease"), "downloads"),
    **dict.fromkeys(("PromisedFile", "Reference", "RemoteRelease", "Restored"), "downloads"),
}


# PEP 562: called for names that the module does not have yet.
def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'hublish.base.values' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"hublish.base.values.{_LAZY[name]}"), name)
