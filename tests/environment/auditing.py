"""Audit every file below a folder as `hublish files` audits a release, in several processes."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from hublish.audit.file_audit import audit_content
from hublish.audit.fingerprint import Interest, fingerprint
from hublish.base.content import OnDisk
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.manifest import Policy
from tests.environment.oracle import holds_a_pickle

POLICY = Policy()
"""The one of a manifest without a section `policy`."""
PICKLE = "policy.pickle"
# Files a process takes at once: few enough that one slow batch at the end does not leave the other process idle.
_BATCH = 200


@dataclass(frozen=True, slots=True)
class Refusal:
    """A problem of one file, and whether the file is a pickle to other readers as well."""

    path: str
    problem: Problem
    justified: bool


@dataclass(frozen=True, slots=True)
class Share:
    """The result of auditing some of the files."""

    files: int = 0
    nbytes: int = 0
    refusals: tuple[Refusal, ...] = ()


def files_below(root: Path) -> Iterator[Path]:
    """Yield every regular file below a folder, in the order of the names; links are not followed."""
    for entry in sorted(root.iterdir()):
        if entry.is_symlink():
            continue
        if entry.is_dir():
            yield from files_below(entry)
        elif entry.is_file():
            yield entry


def audit_all(paths: Iterable[Path], processes: int) -> Iterator[Share]:
    """Audit files, and yield the results of one batch after another."""
    rest = iter(paths)
    batches = list(iter(lambda: tuple(islice(rest, _BATCH)), ()))
    with ProcessPoolExecutor(processes) as pool:
        yield from pool.map(audit_some, batches)


def audit_some(paths: Iterable[Path]) -> Share:
    """Audit files in this process."""
    files, nbytes, refusals = 0, 0, list[Refusal]()
    for path in paths:
        seen = fingerprint(OnDisk.at(path), Interest.of(POLICY), lambda _: None)
        files, nbytes = files + 1, nbytes + seen.size
        for problem in audit_content(str(path), str(path), seen, POLICY):
            if problem.severity == "error":
                justified = problem.code == PICKLE and holds_a_pickle(path.read_bytes())
                refusals.append(Refusal(str(path), problem, justified))
    return Share(files, nbytes, tuple(refusals))
