"""The names that may stand in `{{ name }}` beside a manifest's own, where their values come from, what may be set.

Nothing here looks around: git, the date and the environment come in as `Surroundings`.
"""

import re
from typing import Protocol

from hublish.schemas.secrets.unsafe_characters import text_problem

BUILT_IN = ("git.branch", "git.commit", "git.dirty", "git.short_commit", "git.tag", "source_date")
"""The names that have a value without being declared; besides them, `env.NAME` of each NAME under `env`."""
RESERVED = "source_date"
"""The one of them that could be declared, and may not be: the others hold a dot."""
ENV = "env."

Setting = str | int
"""A value given from outside: `--set NAME=VALUE`."""

HOW_TO_ESCAPE = "to write two braces, write {{ '{{' }}"
SECRET = "manifest.secret"  # noqa: S105 - the code of a problem

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_SHOWN = 60


class NoValueError(Exception):
    """A name has no value.

    Args:
        reason: why not, to go after a colon.
        hint: what to do about it.
        code: the code of the problem.
    """

    def __init__(self, reason: str, hint: str = "", *, code: str = "manifest.variable") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint
        self.code = code

    def told_of(self, name: str) -> str:
        """Return what is wrong, in one sentence."""
        return f"'{name}' has no value: {self.reason}"


class NameRefusedError(NoValueError):
    """A name that may not stand where it stands, or stands for nothing; the reason says it all."""

    def told_of(self, name: str) -> str:
        """Return what is wrong, in one sentence."""
        del name
        return self.reason


class Surroundings(Protocol):
    """Where the values come from that no manifest declares."""

    def value(self, name: str) -> str:
        """Return the value of one of `BUILT_IN`, or of `env.NAME`.

        Raises:
            NoValueError: when it has none.
        """


class Nowhere:
    """No surroundings: nothing is known but the text itself."""

    def value(self, name: str) -> str:
        """Refuse every name."""
        del name
        msg = "only the text of the manifest is known here"
        raise NoValueError(msg)


NOWHERE = Nowhere()


def setting_problem(name: str, value: object) -> tuple[str, str] | None:
    """Return why `value` may not be set for `name`, and what to do; None when it may. The value is not repeated."""
    shown = name[:_SHOWN]
    if name in BUILT_IN or name.startswith(("git.", ENV)):
        source = {"g": "git", "s": "SOURCE_DATE_EPOCH or git"}.get(name[0], "the environment")
        return f"'{shown}' comes from {source} and cannot be set", "set a name of 'variables', and use it instead"
    if not _NAME.fullmatch(name):
        return f"'{shown}' is no name of a variable", "use letters, digits and '_', not beginning with a digit"
    if isinstance(value, bool) or not isinstance(value, str | int):
        return f"the value of '{shown}' is neither text nor a whole number", "quote it"
    if isinstance(value, str) and (found := text_problem(value)):
        return f"the value of '{shown}' is refused: {found[1]}", "give a text without it"
    return None
