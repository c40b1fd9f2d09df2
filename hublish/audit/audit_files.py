"""Audit many files by a policy: their names, sizes and counts, then the content of each, then the waivers."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from hublish.audit.file_audit import audit_content
from hublish.audit.fingerprint import Fingerprint
from hublish.audit.path_audit import audit_paths
from hublish.audit.read_files import Unread
from hublish.audit.waivers import Waivers
from hublish.base.values import StagedFile, Waived
from hublish.schemas.diagnose.problems import Problem, errors_in
from hublish.schemas.documents.manifest import Policy

Read = Callable[[list[StagedFile]], Sequence[Fingerprint | Unread]]


class AuditedFiles(NamedTuple):
    """The result for all files, which are sorted by path."""

    read: list[StagedFile]
    """The files that are not above a limit of size, and could be read."""
    prints: list[Fingerprint]
    """The result of reading each of them."""
    unread: list[Unread]
    problems: list[Problem]
    """The findings that are not waived, those of names first."""
    waived: tuple[Waived, ...]


def audit_files(files: Iterable[StagedFile], policy: Policy, read: Read) -> AuditedFiles:
    """Return everything that the policy has against files, and the result of reading each.

    Args:
        files: the files.
        policy: the manifest's.
        read: reads files; called once, with those that are not too large.
    """
    ordered = sorted(files, key=lambda file: file.path_in_repo)
    waivers = Waivers(policy)
    sizes = [(file.path_in_repo, file.content.size) for file in ordered]
    # Names, counts and sizes come first: they need no reading, and decide which files are read at all.
    found = [*waivers.left_of_names(audit_paths(sizes, policy), dict(sizes))]
    # Files above the limit are not read: a sparse file of 600 GB would take an hour.
    too_large = {problem.path for problem in errors_in(found) if problem.code == "policy.size"}
    readable = [file for file in ordered if file.path_in_repo not in too_large]
    outcomes = read(readable)
    unread = [one for one in outcomes if isinstance(one, Unread)]
    prints = [one for one in outcomes if isinstance(one, Fingerprint)]
    if unread:
        results = zip(readable, outcomes, strict=True)
        readable = [file for file, outcome in results if isinstance(outcome, Fingerprint)]
    found += _in_contents(readable, prints, policy, waivers)
    if waivers:
        read_paths = {file.path_in_repo for file in readable}
        names = {file.path_in_repo for file in ordered}
        found += waivers.unused(names, lambda _, path: path in read_paths or path not in names)
    return AuditedFiles(readable, prints, unread, found, waivers.waived)


def _in_contents(
    files: Iterable[StagedFile], prints: Iterable[Fingerprint], policy: Policy, waivers: Waivers
) -> Iterator[Problem]:
    for file, print_ in zip(files, prints, strict=True):
        # Nearly all files.
        if print_.links == 1 and print_.inspection.is_clean:
            continue
        # Files that hublish makes, such as the card, have no source that a person could open at a line.
        source = file.path_in_repo if file.origin.artifact is None else file.origin.source
        problems = audit_content(file.path_in_repo, source, print_, policy)
        yield from waivers.left_of_content(file.path_in_repo, problems)
