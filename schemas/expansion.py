"""Variables: `{{ name }}` in the manifest's texts becomes the value from `variables`.

Every text is expanded once, before validation, except keys and `variables` itself. It is no template language: a
value is never read again, and an unknown name is a problem. `{{ '{{' }}` writes two braces. The texts of `card` may
hold other uses of braces, such as a chat template: there only `{{ name }}` means something.
"""

import re
from collections.abc import Mapping
from typing import Any

from hublish.schemas.positions import Path, Positions, format_path
from hublish.schemas.problems import Problem
from hublish.schemas.reading import Reading
from hublish.schemas.suggestions import nearest

_NAME = r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*"
_PLACEHOLDER = re.compile(
    rf"""\{{\{{\s*(?:(?P<name>{_NAME})|(?P<quote>['"])(?P<literal>\{{\{{|\}}\}})(?P=quote))\s*\}}\}}""", re.ASCII
)
_OPENING = re.compile(r"\{\{[^{}\n]{0,40}(?:\}\})?")
_NOT_YET = ("git", "env", "source_date")


def expand(reading: Reading) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """Return the data of a manifest with its variables replaced, and every placeholder that has no value."""
    if "{{" not in reading.positions.text.text and "\\" not in reading.positions.text.text:
        return reading.data, ()  # nothing to replace, escaped or not
    declared = reading.data.get("variables")
    expansion = _Expansion(declared if isinstance(declared, dict) else {}, reading.positions)
    data = {key: value if key == "variables" else expansion.of(value, (key,)) for key, value in reading.data.items()}
    return data, tuple(expansion.problems)


def escape(text: str) -> str:
    """Return a text that expands to `text`, whatever braces it holds."""
    return text.replace("{{", "{{ '{{' }}")


class _Expansion:
    """Walks plain data once, replacing, and gathers what is wrong on the way."""

    def __init__(self, variables: Mapping[str, Any], positions: Positions) -> None:
        self.problems: list[Problem] = []
        self._variables = variables
        self._positions = positions

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
        if path[0] != "card":
            self._refuse_other_braces(text, path)
        return _PLACEHOLDER.sub(lambda found: self._replacement(found, path), text)

    def _replacement(self, found: re.Match[str], path: Path) -> str:
        if literal := found["literal"]:
            return literal
        name = found["name"]
        value = self._variables.get(name)
        if isinstance(value, str | int | float):
            return str(value)
        if name not in self._variables:  # else its type is a problem of its own
            self._refuse_unknown(name, found.group(), path)
        return found.group()

    def _refuse_unknown(self, name: str, written: str, path: Path) -> None:
        if name.split(".", maxsplit=1)[0] in _NOT_YET:
            self._refuse(f"'{written}' is not supported yet", "put the value under 'variables'", written, path)
        elif near := nearest(name, self._variables):
            message = f"unknown variable '{name}', did you mean '{near}'?"
            self._refuse(message, f"write '{{{{ {near} }}}}'", written, path)
        else:
            hint = f"add '{name}' under 'variables'; to write two braces, write {{{{ '{{{{' }}}}"
            self._refuse(f"unknown variable '{name}'", hint, written, path)

    def _refuse_other_braces(self, text: str, path: Path) -> None:
        for found in _OPENING.finditer(_PLACEHOLDER.sub("", text)):
            message = "'{{' must be followed by the name of a variable and '}}'"
            self._refuse(message, "to write two braces, write {{ '{{' }}", found.group(), path)

    def _refuse(self, message: str, hint: str, written: str, path: Path) -> None:
        place = self._positions.within(path, written)
        self.problems.append(Problem("manifest.variable", message, hint, format_path(path), place))
