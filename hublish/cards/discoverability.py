"""Warn about a model card by which readers do not find, load or count a model.

The Hub counts a download only when a reader fetches one of the query files of the model's library. A rule is a query in
the syntax of Elasticsearch: alternatives of conjunctions of terms such as `path_extension:"pt"`.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from posixpath import basename, dirname, splitext
from typing import Any, Final

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
_TERM: Final = re.compile(r'(NOT )?(path|path_extension|path_filename|path_prefix|_exists_):"([^"]+)"')
# The files of a rule that a message names.
_MOST_NAMED: Final = 4


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


@dataclass(frozen=True, slots=True)
class _Term:
    field: str
    value: str
    negated: bool

    def holds(self, path: str) -> bool:
        return self._is_equal(path) is not self.negated

    def _is_equal(self, path: str) -> bool:
        folder, name = dirname(path), basename(path)
        match self.field:
            case "path":
                return path == self.value
            case "path_extension":
                # A few libraries write `.pth`, or a whole name.
                wanted = self.value.lstrip(".")
                return splitext(name)[1] == f".{wanted}" or ("." in wanted and name == wanted)
            case "path_filename":
                return splitext(name)[0] == self.value
            case "path_prefix":
                return folder == self.value.rstrip("/")
            case _:
                return bool(folder)


@dataclass(frozen=True, slots=True)
class DownloadRule:
    """The query files of a library."""

    alternatives: tuple[tuple[_Term, ...], ...]

    def counts(self, path: str) -> bool:
        """Return whether fetching a file counts as a download."""
        return any(all(term.holds(path) for term in terms) for terms in self.alternatives)

    def files(self) -> tuple[str, ...]:
        """Return the query files as patterns: `config.json`, `*.safetensors`, `checkpoints/*.pt`."""
        return tuple(dict.fromkeys(map(_pattern, self.alternatives)))

    @property
    def description(self) -> str:
        """The query files in words."""
        named = [f"`{pattern}`" for pattern in self.files()]
        shown = (
            named
            if len(named) <= _MOST_NAMED
            else [*named[: _MOST_NAMED - 1], f"{len(named) - _MOST_NAMED + 1} other files"]
        )
        return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"


def is_counted(library: str, paths: Iterable[str]) -> bool:
    """Return whether any of a release's files counts as a download for a library."""
    rule, always = download_rule(library), parse_rule(table("hub_facts")["downloads"]["of_any_library"])
    return any(rule.counts(path) or always.counts(path) for path in paths)


@cache
def download_rule(library: str) -> DownloadRule:
    """Return the rule of a library; that of models without a library for one that the Hub does not know."""
    known = table("hub_facts")["downloads"]
    query = known["of_library"].get(library) or table("libraries")["entries"].get(library, {}).get("downloads")
    if query is None:
        query = " OR ".join(f'path:"{name}"' for name in known["by_default"])
    return parse_rule(query)


@cache
def parse_rule(query: str) -> DownloadRule:
    """Parse a query.

    Raises:
        ValueError: the query contains something other than alternatives of conjunctions of known terms.
    """
    alternatives = re.split(r"\s+OR\s+", query.strip())
    return DownloadRule(tuple(tuple(map(_term, _conjunction(part))) for part in alternatives))


def _conjunction(part: str) -> list[str]:
    inner = part.removeprefix("(").removesuffix(")") if part.startswith("(") else part
    return re.split(r"\s+AND\s+", inner)


def _term(text: str) -> _Term:
    found = _TERM.fullmatch(text)
    if found is None:
        msg = f"unknown term in a download rule: {text}"
        raise ValueError(msg)
    return _Term(found[2], found[3], negated=found[1] is not None)


def _pattern(terms: tuple[_Term, ...]) -> str:
    values = {term.field: term.value for term in terms if not term.negated}
    if "path" in values:
        return values["path"]
    suffix = values.get("path_extension", "*").lstrip(".")
    name = suffix if "." in suffix else f"{values.get('path_filename', '*')}.{suffix}"
    folder = values.get("path_prefix") or ("*/" if "_exists_" in values else "")
    return f"{folder}{name}"
