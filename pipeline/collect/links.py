"""Links and other things that are not files: refused, or followed where the policy says so, never out of the tree."""

import os
from dataclasses import replace
from pathlib import Path

from hublish.audit.denied import default_denied
from hublish.base.content import OnDisk
from hublish.base.values import Candidate, Kind, Project
from hublish.schemas.diagnose.problems import Problem


def problem(project: Project, candidate: Candidate) -> Problem | None:
    """Return why a file that is in may not be: a link, a pipe, a device, or named although it may hold secrets."""
    if not candidate.verdict.included or candidate.content is None or candidate.artifact is None:
        return None
    fault = _fault(project, candidate)
    if fault is None:
        return None
    code, message, hint = fault
    return Problem(code, f"'{candidate.source}' {message}", hint, f"artifacts[{candidate.artifact}].source")


def followed(project: Project, candidate: Candidate) -> Candidate:
    """Return an allowed link as the file it stands for, anything else as it is."""
    if candidate.kind is not Kind.LINK or not candidate.verdict.included or _link_fault(project, candidate):
        return candidate
    return replace(candidate, content=OnDisk.at(_target(project, candidate)), kind=Kind.FILE)


def _fault(project: Project, candidate: Candidate) -> tuple[str, str, str] | None:
    denied = default_denied(candidate.source)
    if denied:
        return "source.denied", f"may hold secrets and is never released ({denied})", "remove it from the artifacts"
    if candidate.kind is Kind.LINK:
        message = _link_fault(project, candidate)
        hint = "replace it by the file, ignore it, or set policy.symlinks: follow"
        return ("source.symlink", message, hint) if message else None
    if candidate.kind is not Kind.FILE:
        return "source.not_a_file", f"is not a regular file ({candidate.kind})", "ignore it or move it away"
    return None


def _link_fault(project: Project, candidate: Candidate) -> str:
    target = _target(project, candidate)
    if not target.exists():
        return "is a dangling symlink"
    if not target.is_relative_to(project.folder.resolve()):
        return "is a symlink that leaves the manifest's folder"
    if target.is_dir():
        return "is a symlink to a folder"
    if not target.is_file():
        return "is a symlink to something that is not a regular file"
    return "is a symlink" if project.manifest.policy.symlinks == "forbid" else ""


def _target(project: Project, candidate: Candidate) -> Path:
    # Not Path.resolve: on a link that leads to itself it raises RuntimeError up to Python 3.12.
    return Path(os.path.realpath(project.folder / candidate.source))
