"""Whether what stands on the Hub is what was planned: the one comparison that upload and verify both use."""

from collections.abc import Iterable, Mapping

from hublish.base.values import Action, Plan, ReleaseFile, RemoteFile
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.file_names import GITATTRIBUTES


def differences(plan: Plan, files: Mapping[str, RemoteFile]) -> tuple[Problem, ...]:
    """Return every way in which a remote tree is not the planned one; empty when it is."""
    expected = {change.path_in_repo: change for change in plan.changes}
    found = list(missing_or_different(plan.release.files, files))
    for path in sorted(files):
        change = expected.get(path)
        if path != GITATTRIBUTES and (change is None or change.action is Action.DELETE):
            word = "should have been deleted" if change else "was not planned"
            found.append(Problem("verify.extra", f"'{path}' stands there and {word}"))
    return tuple(found)


def missing_or_different(release: Iterable[ReleaseFile], files: Mapping[str, RemoteFile]) -> Iterable[Problem]:
    """Yield the files of a release that a remote tree lacks or holds with other bytes."""
    for file in release:
        remote = files.get(file.path_in_repo)
        if remote is None:
            yield Problem("verify.missing", f"'{file.path_in_repo}' is missing")
        elif not remote.holds(file):
            yield Problem("verify.different", f"'{file.path_in_repo}' has other bytes")
