"""What a name in `{{ name }}` stands for: a variable of the manifest, a value that was set, or its surroundings."""

import re
from collections.abc import Collection, Mapping
from itertools import chain
from typing import Any, Protocol

from hublish.schemas.diagnose.suggestions import nearest
from hublish.schemas.secrets.masking import holds_token
from hublish.schemas.secrets.token_rules import WHERE_CREDENTIALS_GO, names_credential
from hublish.schemas.secrets.unsafe_characters import text_problem
from hublish.schemas.vocabulary import synonyms

_SHOWN = 60
_COMPARISONS = 5_000
"""How many names are compared in search of those that were meant: a hostile manifest has thousands of each."""

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


class Values:
    """The value of each name, looked up when it is first mentioned.

    Args:
        data: the manifest as it was read: its `variables` and `env` count.
        settings: values that stand in for declared ones, or add to them.
        surroundings: asked for everything else.
    """

    def __init__(self, data: Mapping[str, Any], settings: Mapping[str, Setting], surroundings: Surroundings) -> None:
        self.asked: dict[str, str] = {}
        """What git and the date said, by name; the environment's values are nobody's business."""
        self.mentioned: set[str] = set()
        self._declared = _or_none(data.get("variables", {}), dict)
        listed = _or_none(data.get("env", []), list)
        self._listed = None if listed is None else dict.fromkeys(each for each in listed if isinstance(each, str))
        self._settings = settings
        self._surroundings = surroundings
        self._known: dict[str, str | NoValueError | None] = {}
        self._comparisons = _COMPARISONS

    def of(self, name: str, *, to_load: bool = False) -> str | None:
        """Return the value of a name; None when what is wrong with it is told where it is declared.

        Args:
            name: as it stands between the braces.
            to_load: whether it is for those who load the release: they have hub.yaml and nothing else.

        Raises:
            NoValueError: when it has none.
        """
        self.mentioned.add(name)
        if to_load:
            self._refuse_unknown_to_readers(name)
        if name not in self._known:
            self._known[name] = self._looked_up(name)
        known = self._known[name]
        if isinstance(known, NoValueError):
            raise known.with_traceback(None)  # it is raised again wherever the name stands
        return known

    def unmentioned(self) -> dict[str, str]:
        """Return what was set and is nowhere mentioned, each with the hint that helps."""
        known = {*(self._declared or {}), *(name for name in self.mentioned if "." not in name)} - {RESERVED}
        return {
            name: f"did you mean '{near}'?" if (near := self._nearest(name, known, ())) else f"mention {{{{ {name} }}}}"
            for name in sorted(self._settings.keys() - known)
        }

    def _looked_up(self, name: str) -> str | NoValueError | None:
        try:
            if name in BUILT_IN:
                self.asked[name] = _checked(self._surroundings.value(name))
                return self.asked[name]
            if name.startswith(ENV):
                return self._from_environment(name)
            return self._from_manifest(name)
        except NoValueError as error:
            return error

    def _from_environment(self, name: str) -> str | None:
        variable = name.removeprefix(ENV)
        if self._listed is None:
            return None
        shown = variable[:_SHOWN]
        if names_credential(variable):
            if variable in self._listed:
                return None
            raise NameRefusedError(f"'{ENV}{shown}' is the name of a credential", WHERE_CREDENTIALS_GO, code=SECRET)
        if variable in self._listed:
            return _checked(self._surroundings.value(name))
        if near := self._nearest(variable, self._listed):
            msg = f"'{ENV}{shown}' is not listed under 'env', did you mean '{ENV}{near}'?"
            raise NameRefusedError(msg, f"write '{{{{ {ENV}{near} }}}}', or add {shown} under 'env'")
        msg = f"'{ENV}{shown}' is not listed under 'env'"
        raise NameRefusedError(msg, f"add {shown} under 'env'")

    def _from_manifest(self, name: str) -> str | None:
        if name in self._settings:
            return _checked(str(self._settings[name]))
        if self._declared is None and "." not in name:
            return None
        if name not in (self._declared or {}):
            raise self._unknown(name)
        value = self._declared[name]
        return str(value) if isinstance(value, str | int | float) else None

    def _unknown(self, name: str) -> NoValueError:
        shown = name[:_SHOWN]
        known: tuple[Collection[Any], ...] = (self._declared or {}, BUILT_IN, self._listed or [])
        if near := synonyms("Variables").get(name) or self._nearest(name, *known, prefix=ENV):
            msg, hint = f"unknown variable '{shown}', did you mean '{near}'?", f"write '{{{{ {near} }}}}'"
        elif "." in name:
            msg, hint = f"unknown variable '{shown}'", f"names with a dot: {', '.join(BUILT_IN[:-1])}, {ENV}NAME"
        else:
            msg = f"unknown variable '{shown}'"
            hint = f"add '{shown}' under 'variables', or pass --set {shown}=VALUE; {HOW_TO_ESCAPE}"
        return NameRefusedError(msg, hint)

    def _nearest(self, name: str, *known: Collection[Any], prefix: str = "") -> str | None:
        """Return the known name that was likely meant; the last collection's names go by a prefix."""
        self._comparisons -= sum(map(len, known))
        if self._comparisons < 0:
            return None
        *plain, listed = known
        return nearest(name, [*chain(*plain), *(f"{prefix}{each}" for each in listed)])

    def _refuse_unknown_to_readers(self, name: str) -> None:
        if name in BUILT_IN or name.startswith(ENV):
            msg = f"'{name}' may not stand in 'load': readers of the published hub.yaml cannot know its value"
            raise NameRefusedError(msg, "write the value out, or use a name of 'variables'")
        declared = (self._declared or {}).get(name)
        if name in self._settings and str(self._settings[name]) != str(declared):
            msg = f"'{name}' stands in 'load' and is set from outside: readers of the published file see another value"
            raise NameRefusedError(msg, f"write the value under 'variables' and leave --set {name}=... out")


def _checked(value: str) -> str:
    """Return a value from outside when a document may hold it; it is never repeated.

    Raises:
        NoValueError: for a credential, and for characters that hide, reorder or break the text around them.
    """
    if holds_token(value):
        msg = "it is a secret"
        raise NoValueError(msg, WHERE_CREDENTIALS_GO, code=SECRET)
    if found := text_problem(value):
        msg = f"its value is refused: {found[1]}"
        raise NoValueError(msg)
    return value


def _or_none(value: Any, kind: type) -> Any:
    """Return what was declared when it has the right form; what is wrong with another is told where it stands."""
    return value if isinstance(value, kind) else None
