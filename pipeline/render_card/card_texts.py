"""Fill the texts of a card with values of named files and facts: `{{ data.metrics.accuracy | score }}`.

A string that is one placeholder becomes the value itself, a number or a list as well; in other text, a value is written
on one line, as a template prints it. Values are data: braces in them have no meaning.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final

from hublish.base.values import Project, StagedFile
from hublish.cards import wording
from hublish.cards.facts.fact import Fact, as_tree
from hublish.cards.record.fact_names import PIECES, VALUE, MissingError, value_of
from hublish.pipeline.render_card.card_template import CardTemplate
from hublish.pipeline.render_card.escaping import on_one_line
from hublish.pipeline.render_card.references import await_conversion
from hublish.pipeline.render_card.release_facts import Digests, release_facts
from hublish.schemas.diagnose.problems import InvalidDocumentError, Path, Problem, format_path
from hublish.schemas.diagnose.suggestions import nearest
from hublish.schemas.documents.manifest import Card
from hublish.schemas.variables.deferred import Later, deferred_in, with_values
from hublish.schemas.variables.lookup import HOW_TO_ESCAPE
from hublish.schemas.yaml.reader import read_yaml

_FILTERS: Final[Mapping[str, Callable[[Any], str]]] = {
    each.__name__: each
    for each in (
        *(wording.size, wording.short, wording.digits, wording.score, wording.duration),
        *(wording.language, wording.license),
    )
}
_CODE: Final = "card.value"
# Jinja2's message for a key that a mapping lacks.
_MISSING: Final = re.compile(r"'[\w ]+ object' has no attribute '")
_NAME: Final = re.compile(r"\w+")
# Names that are compared to find a similar one.
_MOST_NAMES: Final = 2_000


@dataclass(frozen=True, slots=True)
class Filled:
    """A card whose texts have their values."""

    card: Card
    marked: Mapping[str, Any] = field(default_factory=dict)
    """The variables with their values in pieces, each with its name; empty if no text has values."""
    names: tuple[tuple[Path, str], ...] = ()
    """The places in the metadata that are values, each with the name of its value."""
    facts: tuple[Fact, ...] = ()
    """The facts that the values were looked up in; empty if no text names one."""


def as_warnings(problems: Iterable[Problem]) -> tuple[Problem, ...] | None:
    """Return the problems of a card whose files are not converted yet; None if another one makes it invalid.

    A template that prints a fact of the weights cannot be checked before these are converted.
    """
    found = tuple(problems)
    if any(problem.severity == "error" and not _MISSING.match(problem.message) for problem in found):
        return None
    hint = "facts of converted files are known once they are converted, as in `hublish card`"
    return tuple(replace(each, severity="warning", hint=hint) if each.severity == "error" else each for each in found)


def fill_texts(
    project: Project,
    card: Card,
    template: CardTemplate | None,
    data: Mapping[str, Any],
    files: Sequence[StagedFile],
    digests: Digests,
    problems: list[Problem],
) -> Filled:
    """Return a card with the values of its texts; those that are not found are added to the problems.

    Args:
        project: the manifest.
        card: its card.
        template: the card's template.
        data: the values of the files under `card.data`.
        files: the files of the release.
        digests: see `RenderCard`.
        problems: receives the problems.
    """
    texts = (text for part in (card.metadata, card.variables) for _, text in deferred_in(part))
    names = "\n".join(value.name for text in texts for value in text.values)

    derived: list[Fact] = []

    @cache
    def facts() -> Mapping[str, Any]:
        # The other metadata: that of the texts may depend on facts itself.
        known = {key: value for key, value in card.metadata.items() if not any(deferred_in(value))}
        derived.extend(release_facts(project, files, known, template, digests, names=names))
        return as_tree(derived)

    def find(value: Later) -> Mapping[str, Any]:
        return {"facts": facts()} if value.name.startswith("facts") else {"data": data}

    found = _Texts(card, find, project.text, project.name, complete=not await_conversion(files, project.manifest))
    filled = found.filled()
    problems += found.problems
    return replace(filled, facts=tuple(derived))


@dataclass(frozen=True, slots=True)
class _Texts:
    card: Card
    find: Callable[[Later], Mapping[str, Any]]
    """Returns the values by their roots: `data`, `facts`."""
    text: bytes
    """The manifest as it is written, for the places of problems."""
    shown: str
    """The name of the manifest in diagnostics."""
    complete: bool
    """Whether the files are those of the release; otherwise, a fact that is not known yet is 0."""
    problems: list[Problem] = field(default_factory=list)

    def filled(self) -> Filled:
        parts = {"metadata": self.card.metadata, "variables": self.card.variables}
        values: dict[Path, Any] = {}
        marked: dict[Path, Any] = {}
        names: list[tuple[Path, str]] = []
        for path, deferred in deferred_in(parts):
            pieces = [self._piece(piece, path) for piece in deferred.pieces]
            values[path], marked[path] = _joined(pieces)
            if path[0] == "metadata":
                names += [(path[1:], name) for _, name in pieces if name is not None]
        if not values:
            return Filled(self.card)
        variables = with_values(parts, marked)["variables"]
        return Filled(self.card.model_copy(update=with_values(parts, values)), variables, tuple(names))

    def _piece(self, piece: str | Later, path: Path) -> tuple[Any, str | None]:
        if not isinstance(piece, Later):
            return piece, None
        try:
            return _value(piece, self.find(piece)), piece.name
        except MissingError as error:
            if not self.complete and piece.name.startswith("facts"):
                return 0, None
            if self._of_unread_file(piece):  # the file has problems of its own, which are reported
                return piece.written, None
            problem = _problem(error, piece, self.find(piece))
            self.problems.append(_placed(problem, piece, ("card", *path), self.text, self.shown))
            return piece.written, None

    def _of_unread_file(self, piece: Later) -> bool:
        unread = self.card.data.keys() - self.find(piece).get("data", self.card.data).keys()
        return not unread.isdisjoint(_NAME.findall(piece.name)[1:2])


def _joined(pieces: list[tuple[Any, str | None]]) -> tuple[Any, Any]:
    """Return the value of a text, and its form for the second rendering."""
    # A block of YAML ends with a line break.
    only = [piece for piece in pieces if piece[1] is not None or str(piece[0]).strip()]
    if len(only) == 1 and only[0][1] is not None:
        return only[0][0], {VALUE: only[0]}
    # A line break of a value could open a heading or a list in the author's text.
    texts = [(str(text) if name is None else on_one_line(_written(text)), name) for text, name in pieces]
    return "".join(text for text, _ in texts), {PIECES: texts}


def _written(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_written, value))
    return "" if value is None else str(value)


def _value(later: Later, values: Mapping[str, Any]) -> Any:
    value = value_of(later.name, values)
    if later.filter:
        if later.filter not in _FILTERS:
            raise MissingError(later.filter)
        return _FILTERS[later.filter](value)
    if isinstance(value, dict):
        raise MissingError(later.name)
    return value


def _problem(error: MissingError, later: Later, values: Mapping[str, Any]) -> Problem:
    if later.filter and error.args == (later.filter,):
        near = nearest(later.filter, _FILTERS)
        question = f", did you mean '{near}'?" if near else ""
        hint = f"write one of {', '.join(_FILTERS)}; {HOW_TO_ESCAPE}"
        return Problem(_CODE, f"unknown filter '{later.filter}'{question}", hint)
    known = [name for name, _ in zip(_names(values), range(_MOST_NAMES), strict=False)]
    inside = [name for name in known if name.startswith((f"{later.name}.", f"{later.name}["))]
    if inside:
        message = f"'{later.name}' has several values"
        return Problem(_CODE, message, f"write one of them: {{{{ {inside[0]} }}}}")
    near = nearest(later.name, known, cutoff=0.7)
    question = f", did you mean '{near}'?" if near else ""
    root = later.name.partition(".")[0]
    source = (
        "name its file under `card.data`" if root == "data" else "`hublish card --facts` prints those of the release"
    )
    return Problem(_CODE, f"unknown value '{later.name}'{question}", (near and f"write {{{{ {near} }}}}") or source)


def _names(value: Any, prefix: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _names(item, f"{prefix}.{key}" if prefix else key)
    elif isinstance(value, list) and len(value) < 100:
        for index, item in enumerate(value):
            yield from _names(item, f"{prefix}[{index}]")
    else:
        yield prefix


def _placed(problem: Problem, later: Later, path: Path, text: bytes, shown: str) -> Problem:
    place = format_path(path)
    try:
        location = read_yaml(text, shown).positions.within(path, later.written)
    except InvalidDocumentError:  # a manifest that was built in Python may have no text
        location = None
    return Problem(problem.code, problem.message, problem.hint, place, location)
