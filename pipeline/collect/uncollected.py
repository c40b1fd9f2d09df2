"""Explain why no source collects a file: a folder that is never searched, or a reason for each source."""

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from fnmatch import fnmatchcase
from typing import Final

from hublish.base.patterns import glob_expression
from hublish.base.values import Effect, Project, Step
from hublish.pipeline.collect.sources import MAGIC, candidates_if_present, covers, normalized
from hublish.pipeline.collect.verdicts import Locks, Matches, with_verdict
from hublish.pipeline.collect.walking import pruned_folder
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.file_names import STATE_FOLDER

# A manifest may have hundreds of sources: only those most like the path are listed.
_NEAREST: Final = 3
_COMPARED: Final = 200
_ONLY: Final = "the only source does not collect it"
_AS_THE_CLIENT: Final = "as in huggingface_hub (its DEFAULT_IGNORE_PATTERNS)"
_REASONS: Final = {
    ".git": _AS_THE_CLIENT,
    ".cache/huggingface": _AS_THE_CLIENT,
    STATE_FOLDER: "since hublish keeps its own state there",
}


def uncollected_steps(project: Project, relative: str, failed: Mapping[int, Problem]) -> Iterator[Step]:
    """Yield the steps that exclude a file below the folder that is not a candidate; `failed` is as in `Survey`."""
    folder = pruned_folder(relative)
    if folder is not None:
        yield Step("pruned", Effect.EXCLUDES, f"{folder}/ is never searched, {_REASONS[_kind(folder)]}")
        return
    # An artifact that would collect the file, but failed: its problem is the reason.
    for index, problem in failed.items():
        if covers(normalized(project.manifest.artifacts[index].source), relative):
            yield _source_step(project, index, Effect.COLLECTS)
            yield Step(problem.code, Effect.REFUSES, problem.message, problem.path, problem.hint)
            return
    count = len(project.manifest.artifacts)
    yield Step("source", Effect.EXCLUDES, f"none of {count} sources collects it" if count > 1 else _ONLY, "artifacts")
    for index in _nearest(project, relative):
        source = project.manifest.artifacts[index].source
        yield _source_step(project, index, Effect.MISSES, f": {_reason(source, relative, failed.get(index))}")


def missing_files(project: Project, names: Iterable[str]) -> tuple[str, ...]:
    """Return the names of files that are not there, and would be part of the release otherwise."""
    locks = Locks.of(project)
    found = [candidate for name in names for candidate in candidates_if_present(project, locks, name)]
    matches = Matches.among([candidate.path_in_repo for candidate in found], project.manifest.patterns)
    included = (one.source for one in found if with_verdict(one, matches).verdict.included)
    return tuple(dict.fromkeys(included))


def _nearest(project: Project, relative: str) -> list[int]:
    """Return the artifacts whose sources are most like a path, in the order of the manifest."""
    every = range(len(project.manifest.artifacts))
    return sorted(sorted(every, key=lambda index: -_likeness(project, index, relative))[:_NEAREST])


def _source_step(project: Project, index: int, effect: Effect, more: str = "") -> Step:
    place = f"artifacts[{index}].source"
    return Step("source", effect, f"{place}: {project.manifest.artifacts[index].source}{more}", place)


def _kind(folder: str) -> str:
    return next(name for name in _REASONS if folder == name or folder.endswith(f"/{name}"))


def _likeness(project: Project, index: int, relative: str) -> float:
    # SequenceMatcher takes quadratic time: the beginnings are enough to rank sources.
    source = project.manifest.artifacts[index].source
    return SequenceMatcher(None, source[:_COMPARED], relative[:_COMPARED]).ratio()


def _reason(source: str, relative: str, failed: Problem | None) -> str:
    if failed is not None:
        return f"collects nothing at the moment: {failed.message}"
    plain = normalized(source)
    return _glob_mismatch(plain, relative) if MAGIC.search(plain) else "names another file or folder"


def _glob_mismatch(pattern: str, relative: str) -> str:
    """Return the first place where a glob and a path differ."""
    # In fnmatch `*` crosses `/`: a glob that matches only there was probably written in that belief.
    if fnmatchcase(relative, pattern):
        head, _, last = pattern.rpartition("/")
        deep = f"{head}/**/{last}" if head else f"**/{last}"
        fits = re.fullmatch(glob_expression(deep), relative)
        return "`*` stops at `/`" + (f"; {deep} would match" if fits else "")
    for wanted, found in zip(pattern.split("/"), relative.split("/"), strict=False):
        # After `**` segments do not correspond one to one.
        if wanted == "**":
            break
        if not glob_expression(wanted).fullmatch(found):
            return f"`{wanted}` does not match `{found}`"
    return "does not match"
