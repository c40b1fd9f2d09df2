"""Replace `{{ name }}` in the strings of a manifest by the value of the name.

Every string is expanded once, before validation, except keys, `variables` and `env`. This is not a template language:
values are not expanded again, and an unknown name is a problem. `{{ '{{' }}` writes two braces. Strings of `card` may
contain other braces, such as those of a chat template: there, only `{{ name }}` has a meaning. Strings of `load` may
use only names under `variables`, which readers of the published file can replace in the same way. Texts of the card may
also use values that are known when the card is rendered, such as `{{ data.metrics.accuracy }}`: they stay `Deferred`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from hublish.schemas.diagnose.problems import MAX_PROBLEMS, InvalidDocumentError, Path, Positions, Problem, format_path
from hublish.schemas.variables.deferred import FILTER, NAME, Deferred, Later, allowed_at
from hublish.schemas.variables.lookup import HOW_TO_ESCAPE, NO_ENVIRONMENT, Environment, NoValueError, Setting, Values
from hublish.schemas.yaml.reader import MAX_BYTES, Reading

# The total length of the strings with variables in them, once expanded: the limit of the manifest itself.
MAX_CHARACTERS = MAX_BYTES

_NAME = r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*"
_PLACEHOLDER = re.compile(
    rf"""\{{\{{\s*(?:(?P<later>{NAME})(?:\s*\|\s*(?P<filter>{FILTER}))?|(?P<name>{_NAME})"""
    r"""|(?P<quote>['"])(?P<literal>\{\{|\}\})(?P=quote))\s*\}\}""",
    re.ASCII,
)
_OPENING = re.compile(r"\{\{[^{}\n]{0,40}(?:\}\})?")
# The sections that declare the names; their own strings are never expanded.
_DECLARING = ("variables", "env")
NO_SETTINGS: Mapping[str, Setting] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Expansion:
    """A manifest's data with its variables replaced."""

    data: dict[str, Any]
    # Every placeholder without a value, and every setting that the manifest never mentions.
    problems: tuple[Problem, ...]
    # The paths of strings that could not be expanded; later checks skip them.
    unresolved: frozenset[Path]
    # The names whose values were inserted, by the path of the string.
    replaced: Mapping[Path, tuple[str, ...]]
    # The values that git and the date had, by the names that the manifest mentions.
    environment: Mapping[str, str]


def expand(
    reading: Reading, settings: Mapping[str, Setting] = NO_SETTINGS, environment: Environment = NO_ENVIRONMENT
) -> Expansion:
    """Replace the variables of a manifest; the arguments are those of `resolve_manifest`.

    Raises:
        InvalidDocumentError: when the strings grow beyond MAX_CHARACTERS, and after MAX_PROBLEMS.
    """
    values = Values(reading.data, settings, environment)
    walk = _Walk(values, reading.positions)
    data = reading.data
    text = reading.positions.text.text
    if "{{" in text or "\\" in text:  # otherwise there is nothing to replace, not even as an escape
        data = {key: value if key in _DECLARING else walk.of(value, (key,)) for key, value in data.items()}
    # Validation must see the values that count, and not those they replace.
    if settings and isinstance(declared := data.get("variables", {}), dict):
        data = {**data, "variables": {**declared, **settings}}
    unused = (
        Problem("manifest.setting", f"'{name}' is set, but the manifest does not mention this variable", hint)
        for name, hint in values.unused_settings().items()
    )
    problems = (*walk.problems, *unused)
    replaced = {path: tuple(names) for path, names in walk.replaced.items()}
    return Expansion(data, problems, frozenset(walk.unresolved), replaced, values.used)


def escape(text: str) -> str:
    """Return a string that expands to `text`, with the braces escaped."""
    return text.replace("{{", "{{ '{{' }}")


class _Walk:
    """Expands plain data in one walk, and collects the problems."""

    def __init__(self, values: Values, positions: Positions) -> None:
        self.problems: list[Problem] = []
        self.unresolved: set[Path] = set()
        self.replaced: dict[Path, dict[str, None]] = {}
        self._values = values
        self._positions = positions
        self._reported: set[tuple[Path, str]] = set()
        self._left = MAX_CHARACTERS

    def of(self, value: Any, path: Path) -> Any:
        """Return `value` with every string in it expanded."""
        if isinstance(value, str):
            return self._string(value, path) if "{{" in value else value
        if isinstance(value, list):
            return [self.of(item, (*path, index)) for index, item in enumerate(value)]
        if isinstance(value, dict):
            return {key: self.of(item, (*path, key)) for key, item in value.items()}
        return value

    def _string(self, text: str, path: Path) -> str:
        pieces: list[str | Later] = []
        for piece in self._pieces(text, path):
            # Counted while expanding: a few bytes of placeholders could produce gigabytes.
            self._left -= len(piece.written if isinstance(piece, Later) else piece)
            if self._left < 0:
                self._stop(path)
            pieces.append(piece)
        if any(isinstance(piece, Later) for piece in pieces):
            return Deferred.of(tuple(pieces))
        return "".join(map(str, pieces))

    def _pieces(self, text: str, path: Path) -> Iterator[str | Later]:
        end = 0
        for found in _PLACEHOLDER.finditer(text):
            yield self._without_names(text[end : found.start()], path)
            if found["later"] and allowed_at(path):
                yield Later(found["later"], found["filter"] or "", found.group())
            elif found["filter"] or not (found["literal"] or re.fullmatch(_NAME, found["later"] or found["name"])):
                yield self._without_names(found.group(), path)
            else:
                yield found["literal"] or self._value(found["later"] or found["name"], found.group(), path)
            end = found.end()
        yield self._without_names(text[end:], path)

    def _without_names(self, text: str, path: Path) -> str:
        # A card may contain a chat template, whose braces hublish must not touch.
        if path[0] != "card":
            for found in _OPENING.finditer(text):
                message = "expected the name of a variable and '}}' after '{{'"
                self._refuse(Problem("manifest.variable", message, HOW_TO_ESCAPE), found.group(), path)
        return text

    def _value(self, name: str, written: str, path: Path) -> str:
        try:
            value = self._values.of(name, to_load=path[0] == "load")
        except NoValueError as error:
            self._refuse(Problem(error.code, error.message_for(name), error.hint), written, path)
            return written
        if value is None:
            self.unresolved.add(path)
            return written
        self.replaced.setdefault(path, {})[name] = None
        return value

    def _refuse(self, problem: Problem, written: str, path: Path) -> None:
        self.unresolved.add(path)
        # The same mistake twice in one string is one problem.
        if (path, written) in self._reported:
            return
        self._reported.add((path, written))
        self.problems.append(_placed(problem, self._positions, path, written))
        if len(self.problems) >= MAX_PROBLEMS:
            raise InvalidDocumentError(tuple(self.problems))

    def _stop(self, path: Path) -> None:
        message = f"the strings of the manifest exceed {MAX_CHARACTERS} characters once its variables are replaced"
        problem = Problem("manifest.too_large", message, "use shorter values, or mention them less often")
        raise InvalidDocumentError((*self.problems, _placed(problem, self._positions, path, "{{")))


def _placed(problem: Problem, positions: Positions, path: Path, written: str) -> Problem:
    place = positions.within(path, written)
    return Problem(problem.code, problem.message, problem.hint, format_path(path), place)
