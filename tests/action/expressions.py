"""The part of GitHub's expression language that the Action and its recipes use; anything else is an error.

Sources: "Evaluate expressions in workflows and actions", and the runner's evaluation (actions/runner, DTExpressions2).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>\d+)|(?P<name>[A-Za-z_][\w-]*)|(?P<mark>==|!=|&&|\|\||[!().]))"
)
_TEMPLATE = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_STATUS = re.compile(r"\b(?:success|failure|cancelled|always)\(\)")
_CONSTANTS = {"true": True, "false": False, "null": None}


@dataclass(frozen=True)
class Context:
    """The values that expressions see."""

    values: Mapping[str, Any]
    failed: bool = False

    def fill(self, template: str) -> str:
        """Return a text with its expressions replaced."""
        return _TEMPLATE.sub(lambda found: text(self.evaluate(found[1])), template)

    def holds(self, condition: str | None) -> bool:
        """Return whether a step runs."""
        if condition is None:
            return not self.failed
        expression = found[1] if (found := _TEMPLATE.fullmatch(condition.strip())) else condition
        implied = bool(_STATUS.search(expression)) or not self.failed
        return implied and truth(self.evaluate(expression))

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression."""
        parser = _Parser(_tokens(expression), self)
        value = parser.alternatives()
        assert not parser.rest, f"not understood: {expression!r} at {parser.rest}"
        return value

    def call(self, name: str) -> bool:
        """Return the value of a function."""
        return {"success": not self.failed, "failure": self.failed, "cancelled": False, "always": True}[name]


def text(value: Any) -> str:
    """Return a value as a text."""
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def truth(value: Any) -> bool:
    """Return whether a value counts as true: every text that is not empty does, `'false'` as well."""
    return value not in (None, False, "", 0)


def equal(left: Any, right: Any) -> bool:
    """Compare as GitHub does: texts without regard to case, different types as numbers."""
    if isinstance(left, str) and isinstance(right, str):
        return left.lower() == right.lower()
    return left == right if type(left) is type(right) else _number(left) == _number(right)


def _number(value: Any) -> float:
    try:
        return float(value or 0)
    except ValueError:
        return float("nan")


def _tokens(expression: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while at < len(expression.rstrip()):
        token = _TOKEN.match(expression, at)
        assert token, f"not understood: {expression[at:]!r}"
        found.append((str(token.lastgroup), token[str(token.lastgroup)]))
        at = token.end()
    return found


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]], context: Context) -> None:
        self.rest, self._context = tokens, context

    def alternatives(self) -> Any:
        value = self._all()
        while self._takes("||"):
            other = self._all()
            value = value if truth(value) else other
        return value

    def _all(self) -> Any:
        value = self._comparison()
        while self._takes("&&"):
            other = self._comparison()
            value = other if truth(value) else value
        return value

    def _comparison(self) -> Any:
        value = self._single()
        for mark, wanted in (("==", True), ("!=", False)):
            if self._takes(mark):
                return equal(value, self._single()) is wanted
        return value

    def _single(self) -> Any:
        if self._takes("!"):
            return not truth(self._single())
        if self._takes("("):
            value = self.alternatives()
            assert self._takes(")")
            return value
        kind, found = self.rest.pop(0)
        if kind == "text":
            return found[1:-1].replace("''", "'")
        if kind == "number":
            return int(found)
        assert kind == "name", found
        return self._named(found)

    def _named(self, name: str) -> Any:
        if name in _CONSTANTS:
            return _CONSTANTS[name]
        if self._takes("("):
            assert self._takes(")"), f"{name} takes no arguments here"
            return self._context.call(name)
        # A context that does not exist is an error, a key without a value is empty.
        value = self._context.values[name]
        while self._takes("."):
            key = self.rest.pop(0)[1]
            value = value.get(key) if isinstance(value, Mapping) else None
        return value

    def _takes(self, mark: str) -> bool:
        if self.rest[:1] == [("mark", mark)]:
            del self.rest[0]
            return True
        return False
