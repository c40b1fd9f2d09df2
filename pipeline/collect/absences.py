"""Why no source collects a file of the working tree: a folder that is never entered, or each source for a reason."""

import re
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from fnmatch import fnmatchcase
from typing import Final

from hublish.base.globs import glob_expression
from hublish.base.values import Effect, Project, Step
from hublish.pipeline.collect.sources import MAGIC, normalised
from hublish.pipeline.collect.walking import pruned_folder
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.file_names import STATE_FOLDER

_NEAREST: Final = 3
"""Sources that are told one by one; a manifest may have hundreds."""
_ONE: Final = "the one source does not collect it"
_CLIENTS: Final = "as huggingface_hub never does (its DEFAULT_IGNORE_PATTERNS)"
_WHY: Final = {".git": _CLIENTS, ".cache/huggingface": _CLIENTS, STATE_FOLDER: "it is hublish's own"}


def steps(project: Project, relative: str, failed: Mapping[int, Problem]) -> Iterator[Step]:
    """Yield what keeps a file out that is no candidate; of many sources the likeliest to have been meant.

    Args:
        project: the manifest and its folder.
        relative: the file, below the folder.
        failed: why artifacts collected nothing at all, by their index.
    """
    folder = pruned_folder(relative)
    if folder is not None:
        yield Step("pruned", Effect.EXCLUDES, f"{folder}/ is never looked into, {_WHY[_kind(folder)]}")
        return
    for index, problem in failed.items():
        if _covers(normalised(project.manifest.artifacts[index].source), relative):
            yield _source_step(project, index, Effect.COLLECTS)
            yield Step(problem.code, Effect.REFUSES, problem.message, problem.path, problem.hint)
            return
    count = len(project.manifest.artifacts)
    yield Step("source", Effect.EXCLUDES, f"none of {count} sources collects it" if count > 1 else _ONE, "artifacts")
    for index in _nearest(project, relative):
        source = project.manifest.artifacts[index].source
        yield _source_step(project, index, Effect.MISSES, f": {_why_not(source, relative, failed.get(index))}")


def _nearest(project: Project, relative: str) -> list[int]:
    """Return the artifacts whose sources are most like a path, in the order of the manifest."""
    every = list(range(len(project.manifest.artifacts)))
    if len(every) <= _NEAREST:
        return every
    return sorted(sorted(every, key=lambda index: -_likeness(project, index, relative))[:_NEAREST])


def _source_step(project: Project, index: int, effect: Effect, more: str = "") -> Step:
    place = f"artifacts[{index}].source"
    return Step("source", effect, f"{place}: {project.manifest.artifacts[index].source}{more}", place)


def _covers(source: str, relative: str) -> bool:
    inside = source == "." or relative == source or relative.startswith(f"{source}/")
    return inside or bool(MAGIC.search(source) and glob_expression(source).fullmatch(relative))


def _kind(folder: str) -> str:
    return next(name for name in _WHY if folder == name or folder.endswith(f"/{name}"))


def _likeness(project: Project, index: int, relative: str) -> float:
    return SequenceMatcher(None, project.manifest.artifacts[index].source[:200], relative[:200]).ratio()


def _why_not(source: str, relative: str, failed: Problem | None) -> str:
    if failed is not None:
        return f"collects nothing for now: {failed.message}"
    plain = normalised(source)
    return _glob_mismatch(plain, relative) if MAGIC.search(plain) else "names another file or folder"


def _glob_mismatch(pattern: str, relative: str) -> str:
    """Return where a glob and a path part, in words."""
    if fnmatchcase(relative, pattern):
        head, _, last = pattern.rpartition("/")
        deep = f"{head}/**/{last}" if head else f"**/{last}"
        fits = re.fullmatch(glob_expression(deep), relative)
        return "`*` stays within a folder" + (f"; {deep} would match" if fits else "")
    for wanted, found in zip(pattern.split("/"), relative.split("/"), strict=False):
        if wanted == "**":
            break
        if not glob_expression(wanted).fullmatch(found):
            return f"`{wanted}` does not match `{found}`"
    return "does not match"
