"""Warn about a model card by which readers do not find, load or count a model."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from hublish.cards.download_rules import download_rule, is_counted
from hublish.formats.catalogue import PICKLE_SUFFIXES
from hublish.formats.model_library import ModelKind, Read, configured_kinds, file_format
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.vocabulary import table

LIBRARY, TASK, DOWNLOADS = "card.library", "card.task", "card.downloads"

# Libraries that also load the files of another one.
_ALSO_READ: Final[Mapping[str, frozenset[str]]] = {
    "timm": frozenset({"transformers"}),
    "peft": frozenset({"transformers", "sentence-transformers", "diffusers"}),
    "adapter-transformers": frozenset({"transformers"}),
    "sentence-transformers": frozenset({"transformers", "setfit"}),
    "setfit": frozenset({"sentence-transformers", "transformers"}),
    "span-marker": frozenset({"transformers"}),
    "model2vec": frozenset({"sentence-transformers", "transformers"}),
    "gliner": frozenset({"transformers"}),
    "open_clip": frozenset({"timm", "transformers"}),
    "transformers": frozenset({"sentence-transformers", "peft", "setfit", "adapter-transformers"}),
}
# The libraries whose models always contain a file by which they are detected: without it, the name is wrong.
_CERTAIN: Final = frozenset({*_ALSO_READ, "diffusers", "sklearn", "keras", "nemo", "litert"})


def discovery_problems(
    metadata: Mapping[str, Any], paths: Collection[str], read: Read, *, prefix: str, complete: bool
) -> Iterator[Problem]:
    """Yield a warning for each key by which readers would find a model, and which is missing or contradicts its files.

    Args:
        metadata: the front matter of a model card.
        paths: the files of the release.
        read: reads a JSON file of the release.
        prefix: the problems are placed below it.
        complete: whether `paths` has the names of all files; otherwise nothing is known of downloads.
    """
    kinds = tuple(configured_kinds(read))
    library, task = metadata.get("library_name"), metadata.get("pipeline_tag")
    tags = metadata.get("tags")
    tagged = frozenset(tag for tag in tags if isinstance(tag, str)) if isinstance(tags, list | tuple) else frozenset()
    if library is None:
        yield from _without_library(kinds, paths, tagged, f"{prefix}library_name")
    elif isinstance(library, str):
        yield from _other_library(kinds, library, f"{prefix}library_name")
        if complete:
            yield from _uncounted(library, paths, f"{prefix}library_name")
    first = _chosen(kinds, library)
    if first is None or first.task is None:
        return
    if task is None and first.task not in tagged:
        message = f"the card does not name the task of the model ({first.evidence})"
        hint = f"add `pipeline_tag: {first.task}`: readers search by it, and it selects the widget"
        yield Problem(TASK, message, hint, f"{prefix}pipeline_tag", severity="warning")
    elif isinstance(task, str) and task in table("model_tasks")["contradictions"].get(first.task, ()):
        message = f"'{task}' contradicts the class of the model ({first.evidence})"
        yield Problem(TASK, message, f"write `{first.task}`", f"{prefix}pipeline_tag", severity="warning")


def _chosen(kinds: tuple[ModelKind, ...], library: object) -> ModelKind | None:
    """Return the kind of the declared library, or of the most specific one."""
    declared = next((kind for kind in kinds if kind.library == library), None)
    return declared or next(iter(kinds), None)


def _without_library(
    kinds: tuple[ModelKind, ...], paths: Collection[str], tags: frozenset[str], place: str
) -> Iterator[Problem]:
    found = [(kind.library, kind.evidence) for kind in kinds[:1]]
    if not kinds and (only := file_format([path for path in paths if not path.endswith(PICKLE_SUFFIXES)])):
        found = [(only.library, only.file)] if only.library else []
    for library, evidence in found:
        if tags.isdisjoint(table("libraries")["entries"]):
            message = f"the card does not name the library that loads the model ({evidence})"
            hint = f"add `library_name: {library}`: the Hub shows how to load the model, and counts downloads, by it"
            yield Problem(LIBRARY, message, hint, place, severity="warning")


def _other_library(kinds: tuple[ModelKind, ...], library: str, place: str) -> Iterator[Problem]:
    if library not in _CERTAIN or not kinds:
        return
    if any(library == kind.library or library in _ALSO_READ.get(kind.library, ()) for kind in kinds):
        return
    message = f"'{library}' contradicts the files of the model ({kinds[0].evidence})"
    yield Problem(LIBRARY, message, f"write `{kinds[0].library}`", place, severity="warning")


def _uncounted(library: str, paths: Collection[str], place: str) -> Iterator[Problem]:
    if library in table("libraries")["entries"] and not is_counted(library, paths):
        message = f"no file of the release counts as a download of a {library} model"
        hint = (
            f"the Hub counts when readers fetch {download_rule(library).description}: add such a file, or name one so"
        )
        yield Problem(DOWNLOADS, message, hint, place, severity="warning")
