"""Turn pydantic's validation errors into problems with a place and a hint; a message never contains the value."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from hublish.schemas.diagnose import suggestions
from hublish.schemas.diagnose.problems import (
    MAX_PROBLEMS,
    Location,
    Path,
    Positions,
    Problem,
    Related,
    by_place,
    format_path,
    shortened,
)
from hublish.schemas.diagnose.suggestions import field_at, fields_at, home_of, likely_key, nearest
from hublish.schemas.secrets.masking import safe_hint
from hublish.schemas.secrets.token_rules import WHERE_CREDENTIALS_GO, names_credential
from hublish.schemas.secrets.unsafe_characters import describe

_SHOWN = 60

# The error types of pydantic-core without their endings, such as `_type` and `_parsing`.
_EXPECTED = {
    "string": "a string",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "tuple": "a list",
    "list": "a list",
    "dict": "a mapping",
    "model": "a mapping",
    "mapping": "a mapping",
    "none": "null",
}
# The patterns of the models in words.
_FORMS = {
    r"^[0-9a-f]{64}$": "64 lowercase hexadecimal digits",
    r"^[0-9a-f]{40}$": "40 lowercase hexadecimal digits",
    r"^[A-Za-z_][A-Za-z0-9_]*$": "a name of letters, digits and '_' that does not begin with a digit",
}

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_]")


def diagnose(
    error: ValidationError,
    model: type[BaseModel],
    data: Mapping[str, Any],
    *,
    family: str,
    positions: Positions | None = None,
) -> tuple[Problem, ...]:
    """Return every problem of a document, in the order of its text.

    Unknown keys are compared with the fields of `model`. The codes begin with `family`: `manifest`, `lock`, `plan`,
    `receipt`. Without the positions of the data in the text, problems have a path only.
    """
    by_path: dict[tuple[Path, str], Problem] = {}
    # Twice as many as are reported, because some only repeat others.
    entries = error.errors(include_url=False, include_input=False)[: 2 * MAX_PROBLEMS]
    findings = [_Finding.of(entry, model, data, family, positions) for entry in entries]
    # A misspelled key is reported once, and not as a missing key too.
    misspelled = {finding.likely_path() for finding in findings if finding.kind == "extra_forbidden"}
    for finding in findings:
        if finding.is_repetition() or (finding.kind == "missing" and finding.path in misspelled):
            continue
        problem = finding.problem()
        # pydantic reports one error for each member of a union; to a reader they are one problem.
        known = by_path.setdefault((finding.path, problem.code), problem)
        if known is not problem and known.message != problem.message:
            by_path[finding.path, problem.code] = _either(known, problem)
    return tuple(sorted(by_path.values(), key=by_place)[:MAX_PROBLEMS])


def _either(first: Problem, second: Problem) -> Problem:
    """Merge the errors of a union's members: `expected a string or a whole number, got a list`."""
    expected, _, got = first.message.partition(", got ")
    other = second.message.partition(", got ")[0].removeprefix("expected ")
    message = f"{expected} or {other}, got {got}" if got else f"{first.message}, or {second.message}"
    return Problem(first.code, message, first.hint or second.hint, first.path, first.location)


@dataclass(frozen=True, slots=True)
class _Finding:
    """One of pydantic's errors, and the data that explains it."""

    kind: str
    path: Path
    context: Mapping[str, Any]
    of_key: bool
    model: type[BaseModel]
    data: Mapping[str, Any]
    family: str
    positions: Positions | None

    @classmethod
    def of(
        cls, entry: Any, model: type[BaseModel], data: Mapping[str, Any], family: str, positions: Positions | None
    ) -> "_Finding":
        path = _path_in(data, entry["loc"], with_missing=entry["type"] == "missing")
        of_key = entry["loc"][-1:] == ("[key]",)
        return cls(entry["type"], path, entry.get("ctx", {}), of_key, model, data, family, positions)

    def is_repetition(self) -> bool:
        """Return whether pydantic repeats itself: it calls a list too short when all of its elements are invalid."""
        return self.kind == "too_short" and len(self._value_here()) >= self.context["min_length"]

    def likely_path(self) -> Path:
        """Return the path of an unknown key, with the name that was most likely intended."""
        parent = self.path[:-1]
        return (*parent, likely_key(str(self.path[-1]), self.model, parent) or self.path[-1])

    def problem(self) -> Problem:
        """Return the error as a problem."""
        if self.kind == "extra_forbidden":
            code, (message, hint) = "unknown_key", self._unknown_key()
        elif self.kind == "missing":
            code, message = "missing", f"the required key '{self.path[-1]}' is missing"
            hint = suggestions.for_missing(self.model, self.path)
        elif self.kind == "literal_error":
            code, (message, hint) = "value", self._choice()
        elif self.kind.rpartition("_")[0] in _EXPECTED and self.kind.endswith(("_type", "_parsing", "_required")):
            code, (message, hint) = "type", self._wrong_type()
        else:
            code, (message, hint) = "value", self._value()
        path = format_path(self.path)
        code = f"{self.family}.{code}"
        return Problem(code, message, safe_hint(hint), path, self._location(), related=self._related())

    def _related(self) -> tuple[Related, ...]:
        """Return the place of the value that excludes this one, if the document has it."""
        conflict = getattr(self.context.get("error"), "conflict", "")
        # An element of a list has no siblings with names, but the list has.
        path = (*self.path[: -2 if isinstance(self.path[-1], int) else -1], conflict)
        if not conflict or self.positions is None or not self.positions.has(path):
            return ()
        return (Related("conflicts with this", format_path(path), self.positions.value(path)),)

    def _location(self) -> Location | None:
        if self.positions is None:
            return None
        if self.kind == "extra_forbidden" or self.of_key:
            return self.positions.key(self.path)
        return self.positions.value(self.path)

    def _unknown_key(self) -> tuple[str, str]:
        key = str(self.path[-1])
        message = f"unknown key '{shortened(key, _SHOWN)}'"
        # A Cyrillic letter in a key looks like a Latin one: only its code point explains the error.
        if odd := [describe(char) for char in dict.fromkeys(key[:_SHOWN]) if not char.isascii()]:
            message += f" (contains {', '.join(odd)})"
        if names_credential(key):
            return message, WHERE_CREDENTIALS_GO
        # A synonym leads to a field, or to a hint that names the right place.
        word = likely_key(key, self.model, self.path[:-1])
        if field_at(self.model, (*self.path[:-1], word or "")):
            return f"{message}, did you mean '{word}'?", f"rename it to '{word}'"
        if word:
            return message, word
        if home := home_of(key, self.model):
            return message, f"move it to '{home}'"
        known = fields_at(self.model, self.path[:-1])
        return message, f"known keys: {', '.join(known)}" if known else "remove it: no keys are allowed here"

    def _choice(self) -> tuple[str, str]:
        expected = str(self.context.get("expected", "")).replace("'", "").replace("False", "false")
        value = self._value_here()
        message = f"expected {expected}"
        if isinstance(value, str) and (near := nearest(value, expected.replace(" or ", ", ").split(", "))):
            return f"{message}; did you mean '{near}'?", f"write '{near}'"
        return message, suggestions.for_choice(self.model, self.path, value)

    def _wrong_type(self) -> tuple[str, str]:
        expected = _EXPECTED[self.kind.rpartition("_")[0]]
        value = self._value_here()
        message = f"expected {expected}, got {_kind(value)}"
        # The number 1.1 may be written as 1.10; the hint must quote the written form.
        written = self.positions.plain_text(self.path) if self.positions else None
        return message, suggestions.for_type(self.model, self.path, expected, value, written)

    def _value(self) -> tuple[str, str]:
        limit = self.context.get("min_length", self.context.get("max_length"))
        match self.kind:
            case "value_error":
                return str(self.context["error"]), getattr(self.context["error"], "hint", "")
            case "string_pattern_mismatch":
                return f"expected {_FORMS.get(str(self.context['pattern']), 'a different format')}", self._other_name()
            case "string_too_short" | "too_short":
                empty = limit == 1
                message = "must not be empty" if empty else f"must have at least {limit}"
                return message, suggestions.for_emptiness(self.model, self.path) if empty else ""
            case "string_too_long" | "too_long":
                return f"must have at most {limit}", "shorten it"
            case "greater_than_equal":
                return f"must be at least {self.context['ge']}", "write a larger number"
            case "greater_than":
                return f"must be greater than {self.context['gt']}", "write a larger number"
            case "string_unicode":
                return "invalid Unicode", "type it again"
        return "not a valid value for this key", ""

    def _other_name(self) -> str:
        written = self.path[-1] if self.of_key else self._value_here()
        likely = _NOT_IN_A_NAME.sub("_", str(written)).strip("_")
        return f"write '{likely}'" if likely.isidentifier() else ""

    def _value_here(self) -> Any:
        value: Any = self.data
        for step in self.path:
            value = value[step]
        return value


def _kind(value: object) -> str:
    # bool comes first: it is a subclass of int.
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return f"the number {value}"
        case str():
            return "a string"
        case list() | tuple():
            return "a list"
        case dict():
            return "a mapping"
    return "null" if value is None else "another type"


def _path_in(data: Any, loc: tuple[str | int, ...], *, with_missing: bool) -> Path:
    """Return the steps of `loc` that exist in the data: pydantic adds the names of union members and validators."""
    path: list[str | int] = []
    for step in loc:
        inside = isinstance(data, Mapping) and step in data
        # Other steps are names that pydantic adds, such as `str` for a member of a union.
        if inside or (isinstance(data, list | tuple) and isinstance(step, int) and step < len(data)):
            path.append(step)
            data = data[step]
    # The last step of a missing key exists only in `loc`.
    if with_missing:
        path.append(loc[-1])
    return tuple(path)
