"""Variables: `{{ name }}` in the manifest's texts becomes the value the name stands for.

Every text is expanded once, before validation, except keys, `variables` and `env`. It is no template language: a
value is never read again, and an unknown name is a problem. `{{ '{{' }}` writes two braces. The texts of `card` may
hold other uses of braces, such as a chat template: there only `{{ name }}` means something. The texts of `load` may
hold only what readers of the published file can replace in the same way: names under `variables`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from hublish.schemas.diagnose.problems import InvalidDocumentError, Path, Positions, Problem, format_path
from hublish.schemas.variables.lookup import HOW_TO_ESCAPE, NOWHERE, NoValueError, Setting, Surroundings, Values
from hublish.schemas.yaml.composing import MAX_PROBLEMS
from hublish.schemas.yaml.reader import MAX_BYTES, Reading

MAX_CHARACTERS = MAX_BYTES
"""What the texts with variables in them may grow to, all together: as much as a manifest may have."""

_NAME = r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*"
_PLACEHOLDER = re.compile(
    rf"""\{{\{{\s*(?:(?P<name>{_NAME})|(?P<quote>['"])(?P<literal>\{{\{{|\}}\}})(?P=quote))\s*\}}\}}""", re.ASCII
)
_OPENING = re.compile(r"\{\{[^{}\n]{0,40}(?:\}\})?")
_DECLARING = ("variables", "env")
"""The sections that say what names there are; their own texts are taken as they are."""
NO_SETTINGS: Mapping[str, Setting] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Expansion:
    """A manifest's data with its variables replaced."""

    data: dict[str, Any]
    problems: tuple[Problem, ...]
    """Every placeholder without a value, and every setting that is mentioned nowhere."""
    unresolved: frozenset[Path]
    """The places whose text is not what its author meant; a later check has nothing to say about them."""
    replaced: Mapping[Path, tuple[str, ...]]
    """The names whose values went into a text, by its place."""
    surroundings: Mapping[str, str]
    """What git and the date said, by the names that are mentioned."""


def expand(
    reading: Reading, settings: Mapping[str, Setting] = NO_SETTINGS, surroundings: Surroundings = NOWHERE
) -> Expansion:
    """Replace the variables of a manifest.

    Args:
        reading: the manifest.
        settings: values that stand in for those under `variables`, or add to them.
        surroundings: what git, the date and the environment say; asked only for what is mentioned.

    Raises:
        InvalidDocumentError: when the texts outgrow MAX_CHARACTERS, and after MAX_PROBLEMS.
    """
    values = Values(reading.data, settings, surroundings)
    walk = _Walk(values, reading.positions)
    data = reading.data
    text = reading.positions.text.text
    if "{{" in text or "\\" in text:  # else there is nothing to replace, escaped or not
        data = {key: value if key in _DECLARING else walk.of(value, (key,)) for key, value in data.items()}
    if settings:
        data = _with_settings(data, settings)
    problems = (*walk.problems, *_unmentioned(values, settings))
    replaced = {path: tuple(names) for path, names in walk.replaced.items()}
    return Expansion(data, problems, frozenset(walk.unresolved), replaced, values.asked)


def escape(text: str) -> str:
    """Return a text that expands to `text`, whatever braces it holds."""
    return text.replace("{{", "{{ '{{' }}")


class _Walk:
    """Walks plain data once, replacing, and gathers what is wrong on the way."""

    def __init__(self, values: Values, positions: Positions) -> None:
        self.problems: list[Problem] = []
        self.unresolved: set[Path] = set()
        self.replaced: dict[Path, dict[str, None]] = {}
        self._values = values
        self._positions = positions
        self._told: set[tuple[Path, str]] = set()
        self._left = MAX_CHARACTERS

    def of(self, value: Any, path: Path) -> Any:
        """Return `value` with every text in it expanded."""
        if isinstance(value, str):
            return self._text(value, path) if "{{" in value else value
        if isinstance(value, list):
            return [self.of(item, (*path, index)) for index, item in enumerate(value)]
        if isinstance(value, dict):
            return {key: self.of(item, (*path, key)) for key, item in value.items()}
        return value

    def _text(self, text: str, path: Path) -> str:
        pieces = []
        for piece in self._pieces(text, path):
            self._left -= len(piece)
            if self._left < 0:
                self._stop(path)
            pieces.append(piece)
        return "".join(pieces)

    def _pieces(self, text: str, path: Path) -> Iterator[str]:
        end = 0
        for found in _PLACEHOLDER.finditer(text):
            yield self._other(text[end : found.start()], path)
            yield found["literal"] or self._value(found["name"], found.group(), path)
            end = found.end()
        yield self._other(text[end:], path)

    def _other(self, text: str, path: Path) -> str:
        if path[0] != "card":
            for found in _OPENING.finditer(text):
                message = "'{{' must be followed by the name of a variable and '}}'"
                self._refuse(Problem("manifest.variable", message, HOW_TO_ESCAPE), found.group(), path)
        return text

    def _value(self, name: str, written: str, path: Path) -> str:
        try:
            value = self._values.of(name, to_load=path[0] == "load")
        except NoValueError as error:
            self._refuse(Problem(error.code, error.told_of(name), error.hint), written, path)
            return written
        if value is None:
            self.unresolved.add(path)
            return written
        self.replaced.setdefault(path, {})[name] = None
        return value

    def _refuse(self, problem: Problem, written: str, path: Path) -> None:
        self.unresolved.add(path)
        if (path, written) in self._told:
            return
        self._told.add((path, written))
        self.problems.append(_placed(problem, self._positions, path, written))
        if len(self.problems) >= MAX_PROBLEMS:
            raise InvalidDocumentError(tuple(self.problems))

    def _stop(self, path: Path) -> None:
        message = f"the texts of the manifest grow over {MAX_CHARACTERS} characters once its variables are replaced"
        problem = Problem("manifest.too_large", message, "use shorter values, or mention them less often")
        raise InvalidDocumentError((*self.problems, _placed(problem, self._positions, path, "{{")))


def _placed(problem: Problem, positions: Positions, path: Path, written: str) -> Problem:
    place = positions.within(path, written)
    return Problem(problem.code, problem.message, problem.hint, format_path(path), place)


def _with_settings(data: dict[str, Any], settings: Mapping[str, Setting]) -> dict[str, Any]:
    declared = data.get("variables", {})
    return {**data, "variables": {**declared, **settings}} if isinstance(declared, dict) else data


def _unmentioned(values: Values, settings: Mapping[str, Setting]) -> Iterator[Problem]:
    for name, hint in values.unmentioned().items() if settings else ():
        yield Problem("manifest.setting", f"'{name}' is set, and the manifest mentions no such variable", hint)
