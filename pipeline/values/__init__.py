"""What flows between the stages, in the order it appears. Everything here is frozen.

publish:  Project -> Collection -> Staged -> Staged (+README.md) -> Release -> Plan -> Receipt
load:     Reference -> RemoteRelease -> DownloadPlan -> LocalRelease -> Loaded | Restored
"""

from hublish.pipeline.values.load import (
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
from hublish.pipeline.values.plan import Action, Change, Head, Plan, Receipt, RemoteFile, Setting
from hublish.pipeline.values.release import (
    Candidate,
    Collection,
    Content,
    Effect,
    Identity,
    InMemory,
    Kind,
    OnDisk,
    Origin,
    Project,
    Release,
    ReleaseFile,
    Staged,
    StagedFile,
    Step,
    Verdict,
)

__all__ = [
    "Action",
    "Candidate",
    "Change",
    "Collection",
    "Content",
    "Digest",
    "DownloadPlan",
    "Effect",
    "Head",
    "Identity",
    "InMemory",
    "Kind",
    "Loaded",
    "LocalFile",
    "LocalRelease",
    "OnDisk",
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
    "Restored",
    "Setting",
    "Staged",
    "StagedFile",
    "Step",
    "Verdict",
]
