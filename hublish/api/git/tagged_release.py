"""Compare a release with the git tag or commit that its tag is named after, as GoReleaser and cargo do."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from hublish.base.errors import PolicyError
from hublish.base.values import Candidate, Project
from hublish.pipeline.collect.collect import survey
from hublish.schemas.diagnose.problems import MAX_PROBLEMS, Problem, counted, errors_in
from hublish.schemas.variables.lookup import NoValueError

_CODE: Final = "policy.dirty"
_PLACE: Final = "repo.tag"
_HINT: Final = "commit it and tag that commit, or set policy.dirty: allow"
_NAMES: Final = ("git.tag", "git.commit", "git.short_commit")
_SHOWN: Final = 5


def dirty_problems(project: Project) -> tuple[Problem, ...]:
    """Return an error for each file of the release that differs from the tag's tree, and a warning for untracked ones.

    Files that git ignores do not count: generated weights are not in the tree of any tag.
    """
    names = [name for name in _NAMES if name in project.named_after]
    if not names or project.manifest.policy.dirty == "allow":
        return ()
    shown, revision = _revision(project, names[0])
    # Imported here: most manifests do not mention git, and `check` runs before every commit.
    from hublish.api.git.committed_tree import CommittedTree
    from hublish.pipeline.collect.uncollected import missing_files

    try:
        found = CommittedTree(project.folder, os.environ, revision).differences(_files(project))
    except NoValueError as error:
        return (Problem(_CODE, f"the release cannot be compared with {shown}: {error.reason}", error.hint, _PLACE),)
    problems = [_problem(f"'{path}' differs from {shown}") for path in found.changed]
    problems += [_problem(f"'{path}' was deleted since {shown}") for path in missing_files(project, found.gone)]
    return (*problems[:MAX_PROBLEMS], *_untracked(found.untracked, shown))


def refuse_dirty(project: Project) -> tuple[Problem, ...]:
    """Return the warnings of `dirty_problems`.

    Raises:
        PolicyError: with its errors.
    """
    problems = dirty_problems(project)
    if errors := errors_in(problems):
        raise PolicyError(f"{counted(errors)} with the state of the files in git", problems=problems)
    return problems


def _revision(project: Project, name: str) -> tuple[str, str]:
    """Return the words for the tag or commit, and its name for git."""
    value = project.environment[name]
    # Of two names that mean the same commit, the tag: HEAD may have moved since the manifest was read.
    if name == "git.tag":
        return f"the git tag {value}", f"refs/tags/{value}^{{commit}}"
    return f"the git commit {value}", f"{value}^{{commit}}"


def _files(project: Project) -> Iterator[str]:
    """Yield the files of the working tree that the release is made of, by their paths below the manifest's folder."""
    root = os.path.realpath(project.folder)
    paths = {path for one in survey(project).candidates if one.verdict.included for path in _sources(one, root)}
    if card := project.manifest.card:
        paths |= {name for name in (card.template, card.evaluation) if name}
    # The names of built-in templates and of values in memory are not files.
    return (path for path in sorted(paths) if (project.folder / path).is_file())


def _sources(candidate: Candidate, root: str) -> Iterable[str]:
    yield candidate.source
    # A link that is followed is uploaded as the file that it leads to.
    path = candidate.content.local_path if candidate.content else None
    if path is not None and (real := Path(os.path.realpath(path))).is_relative_to(root):
        yield real.relative_to(root).as_posix()


def _problem(message: str) -> Problem:
    return Problem(_CODE, message, _HINT, _PLACE)


def _untracked(paths: tuple[str, ...], shown: str) -> Iterator[Problem]:
    if paths:
        names = ", ".join(map(repr, paths[:_SHOWN])) + (f" and {len(paths) - _SHOWN} more" if paths[_SHOWN:] else "")
        message = f"{shown} does not have {names}, which git neither tracks nor ignores"
        hint = "commit and tag, list generated files in .gitignore, or set policy.dirty: allow"
        yield Problem(_CODE, message, hint, _PLACE, severity="warning")
