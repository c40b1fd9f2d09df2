"""The verbs of the Python API: what the command line stands on and `import hublish` offers.

Not the embedded Hub: a server and its libraries are no part of publishing and pulling.
"""

from hublish.checkup import Finding, doctor
from hublish.loading import load, pull
from hublish.projects import read_project
from hublish.publishing import build, card, check, files, plan, publish
from hublish.rehearsal import Rehearsal, rehearse
from hublish.verifying import Verification, verify

__all__ = [
    "Finding",
    "Rehearsal",
    "Verification",
    "build",
    "card",
    "check",
    "doctor",
    "files",
    "load",
    "plan",
    "publish",
    "pull",
    "read_project",
    "rehearse",
    "verify",
]
