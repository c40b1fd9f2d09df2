"""The files that count as downloads: the Hub counts a download only when a reader fetches one of its query files.

A rule is a query in the syntax of Elasticsearch: alternatives of conjunctions of terms such as `path_extension:"pt"`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from posixpath import basename, dirname, splitext
from typing import Final

from hublish.schemas.vocabulary import table

_TERM: Final = re.compile(r'(NOT )?(path|path_extension|path_filename|path_prefix|_exists_):"([^"]+)"')
# The files of a rule that a message names.
_MOST_NAMED: Final = 4


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
        shown = named if len(named) <= _MOST_NAMED else [*named[: _MOST_NAMED - 1], f"{len(named) - 3} other files"]
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
