"""The verbs of the Python API: what the command line stands on and `import hublish` offers.

Each verb's module is imported when the verb is first used: `hublish check` needs neither arrays nor a network.
Not the embedded Hub: a server and its libraries are no part of publishing and pulling.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hublish.building import build, card, files
    from hublish.checking import check
    from hublish.checkup import Finding, doctor
    from hublish.drafts import Draft, init
    from hublish.drifting import Status, status
    from hublish.explaining import explain
    from hublish.helpers import from_hub, push_to_hub
    from hublish.loading import load, pull
    from hublish.projects import read_project
    from hublish.publishing import plan, publish
    from hublish.rehearsal import Rehearsal, rehearse
    from hublish.verifying import Verification, verify

__all__ = [
    "Draft",
    "Finding",
    "Rehearsal",
    "Status",
    "Verification",
    "build",
    "card",
    "check",
    "doctor",
    "explain",
    "files",
    "from_hub",
    "init",
    "load",
    "plan",
    "publish",
    "pull",
    "push_to_hub",
    "read_project",
    "rehearse",
    "status",
    "verify",
]

_HOMES = {
    **dict.fromkeys(("Finding", "doctor"), "hublish.checkup"),
    **dict.fromkeys(("Draft", "init"), "hublish.drafts"),
    **dict.fromkeys(("Status", "status"), "hublish.drifting"),
    "explain": "hublish.explaining",
    **dict.fromkeys(("from_hub", "push_to_hub"), "hublish.helpers"),
    **dict.fromkeys(("load", "pull"), "hublish.loading"),
    **dict.fromkeys(("build", "card", "files"), "hublish.building"),
    "check": "hublish.checking",
    **dict.fromkeys(("plan", "publish"), "hublish.publishing"),
    **dict.fromkeys(("Rehearsal", "rehearse"), "hublish.rehearsal"),
    **dict.fromkeys(("Verification", "verify"), "hublish.verifying"),
    "read_project": "hublish.projects",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        msg = f"module 'hublish.api' has no attribute {name!r}"
        raise AttributeError(msg)
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
