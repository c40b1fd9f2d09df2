"""Look up the value of a name in `{{ name }}`: a variable of the manifest, a setting, or a value of the environment."""

import re
from collections.abc import Collection, Mapping
from itertools import chain
from typing import Any, Protocol

from hublish.schemas.diagnose.problems import shortened
from hublish.schemas.diagnose.suggestions import nearest
from hublish.schemas.secrets.masking import holds_token
from hublish.schemas.secrets.token_rules import WHERE_CREDENTIALS_GO, names_credential
from hublish.schemas.secrets.unsafe_characters import text_problem
from hublish.schemas.vocabulary import synonyms

# The names that have a value without a declaration, besides `env.NAME` for each NAME under `env`.
BUILT_IN = ("git.branch", "git.commit", "git.dirty", "git.short_commit", "git.tag", "source_date")
# The built-in name that looks like a variable, and may not be declared as one; the others contain a dot.
RESERVED = "source_date"
ENV = "env."

# A value from outside the manifest: `--set NAME=VALUE`.
Setting = str | int

HOW_TO_ESCAPE = "to write two braces, write {{ '{{' }}"
SECRET = "manifest.secret"  # noqa: S105 - the code of a problem

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_SHOWN = 60
# Names that are compared to find a similar one; a hostile manifest declares and mentions thousands.
_COMPARISONS = 5_000


class NoValueError(Exception):
    """A name has no value; the reason is for the end of a sentence."""

    def __init__(self, reason: str, hint: str = "", *, code: str = "manifest.variable") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint
        self.code = code

    def message_for(self, name: str) -> str:
        """Return the message of the problem."""
        return f"'{name}' has no value: {self.reason}"


class InvalidNameError(NoValueError):
    """A name is unknown, or not allowed at this place; the reason names it."""

    def message_for(self, name: str) -> str:
        """Return the message of the problem."""
        del name
        return self.reason


class Environment(Protocol):
    """The source of the values that a manifest does not declare: git, the date and environment variables."""

    def value(self, name: str) -> str:
        """Return the value of one of `BUILT_IN`, or of `env.NAME`.

        Raises:
            NoValueError: when it has none.
        """


class _NoEnvironment:
    def value(self, name: str) -> str:
        del name
        raise NoValueError("only the text of the manifest is known here")


# For readers who have the manifest and nothing else.
NO_ENVIRONMENT: Environment = _NoEnvironment()


def setting_problem(name: str, value: object) -> tuple[str, str] | None:
    """Return why `name` cannot be set to `value`, and a hint; None when it can. The texts do not contain the value."""
    shown = shortened(name, _SHOWN)
    if name in BUILT_IN or name.startswith(("git.", ENV)):
        source = {"g": "git", "s": "SOURCE_DATE_EPOCH or git"}.get(name[0], "the environment")
        return f"'{shown}' comes from {source} and cannot be set", "set a name of 'variables', and use it instead"
    if not _NAME.fullmatch(name):
        return f"'{shown}' is not the name of a variable", "use letters, digits and '_', and begin with a letter or '_'"
    if isinstance(value, bool) or not isinstance(value, str | int):
        return f"the value of '{shown}' is neither a string nor a whole number", "quote it"
    if isinstance(value, str) and (found := text_problem(value)):
        return f"the value of '{shown}' is invalid: {found[1]}", "remove the character"
    return None


class Values:
    """Looks up the value of each name on first use; settings replace the variables of the manifest, or add to them."""

    def __init__(self, data: Mapping[str, Any], settings: Mapping[str, Setting], environment: Environment) -> None:
        self.used: dict[str, str] = {}
        """The values that git and the date had, by name; those of environment variables may be private."""
        self.mentioned: set[str] = set()
        self._declared = _or_none(data.get("variables", {}), dict)
        listed = _or_none(data.get("env", []), list)
        self._listed = None if listed is None else dict.fromkeys(each for each in listed if isinstance(each, str))
        self._settings = settings
        self._environment = environment
        self._known: dict[str, str | NoValueError | None] = {}
        self._comparisons = _COMPARISONS

    def of(self, name: str, *, to_load: bool = False) -> str | None:
        """Return the value of a name; None when its declaration is invalid, which is reported there.

        Args:
            name: the name between the braces.
            to_load: whether readers of the release need it: they have hub.yaml and nothing else.

        Raises:
            NoValueError: when it has no value.
        """
        self.mentioned.add(name)
        if to_load:
            self._require_known_to_readers(name)
        # Errors are kept as well: asking git again for each mention would be slow.
        if name not in self._known:
            self._known[name] = self._look_up(name)
        known = self._known[name]
        if isinstance(known, NoValueError):
            raise known.with_traceback(None)  # it is raised again for every mention of the name
        return known

    def unused_settings(self) -> dict[str, str]:
        """Return the settings that the manifest never mentions, each with a hint."""
        known = {*(self._declared or {}), *(name for name in self.mentioned if "." not in name)} - {RESERVED}
        return {
            name: f"did you mean '{near}'?" if (near := self._nearest(name, known, ())) else f"mention {{{{ {name} }}}}"
            for name in sorted(self._settings.keys() - known)
        }

    def _look_up(self, name: str) -> str | NoValueError | None:
        try:
            if name in BUILT_IN:
                self.used[name] = _checked(self._environment.value(name))
                return self.used[name]
            if name.startswith(ENV):
                return self._from_environment(name)
            return self._from_manifest(name)
        except NoValueError as error:
            return error

    def _from_environment(self, name: str) -> str | None:
        variable = name.removeprefix(ENV)
        if self._listed is None:
            return None
        shown = shortened(variable, _SHOWN)
        # A credential is not even read: its value would be published with the manifest.
        if names_credential(variable):
            if variable in self._listed:
                return None  # reported where it is listed
            raise InvalidNameError(f"'{ENV}{shown}' is the name of a credential", WHERE_CREDENTIALS_GO, code=SECRET)
        if variable in self._listed:
            return _checked(self._environment.value(name))
        if near := self._nearest(variable, self._listed):
            msg = f"'{ENV}{shown}' is not listed under 'env', did you mean '{ENV}{near}'?"
            raise InvalidNameError(msg, f"write '{{{{ {ENV}{near} }}}}', or add {shown} under 'env'")
        raise InvalidNameError(f"'{ENV}{shown}' is not listed under 'env'", f"add {shown} under 'env'")

    def _from_manifest(self, name: str) -> str | None:
        if name in self._settings:
            return _checked(str(self._settings[name]))
        if self._declared is None and "." not in name:
            return None
        if name not in (self._declared or {}):
            raise self._unknown(name)
        value = self._declared[name]
        # Validation reports a value of another type; floats are expanded so that its problem is the only one.
        return str(value) if isinstance(value, str | int | float) else None

    def _unknown(self, name: str) -> NoValueError:
        shown = shortened(name, _SHOWN)
        known: tuple[Collection[Any], ...] = (self._declared or {}, BUILT_IN, self._listed or [])
        if near := synonyms("Variables").get(name) or self._nearest(name, *known, prefix=ENV):
            msg, hint = f"unknown variable '{shown}', did you mean '{near}'?", f"write '{{{{ {near} }}}}'"
        elif "." in name:
            msg, hint = f"unknown variable '{shown}'", f"names with a dot: {', '.join(BUILT_IN[:-1])}, {ENV}NAME"
        else:
            msg = f"unknown variable '{shown}'"
            hint = f"add '{shown}' under 'variables', or pass --set {shown}=VALUE; {HOW_TO_ESCAPE}"
        return InvalidNameError(msg, hint)

    def _nearest(self, name: str, *known: Collection[Any], prefix: str = "") -> str | None:
        """Return the known name that is most similar; names of the last collection get a prefix."""
        self._comparisons -= sum(map(len, known))
        if self._comparisons < 0:
            return None
        *plain, listed = known
        return nearest(name, [*chain(*plain), *(f"{prefix}{each}" for each in listed)])

    def _require_known_to_readers(self, name: str) -> None:
        if name in BUILT_IN or name.startswith(ENV):
            msg = f"'{name}' is not allowed in 'load': readers of the published hub.yaml do not know its value"
            raise InvalidNameError(msg, "write the value itself, or use a name of 'variables'")
        declared = (self._declared or {}).get(name)
        if name in self._settings and str(self._settings[name]) != str(declared):
            msg = f"'{name}' is used in 'load' and set from outside: readers of the published file get another value"
            raise InvalidNameError(msg, f"write the value under 'variables', and remove --set {name}=...")


def _checked(value: str) -> str:
    """Return a value from outside if a document may contain it; the errors do not repeat it.

    Raises:
        NoValueError: when it is a credential, or contains characters that hide or reorder text.
    """
    if holds_token(value):
        raise NoValueError("it is a secret", WHERE_CREDENTIALS_GO, code=SECRET)
    if found := text_problem(value):
        raise NoValueError(f"its value is invalid: {found[1]}")
    return value


def _or_none(value: Any, kind: type) -> Any:
    """Return a declaration of the right type; the errors of another type are reported where it is declared."""
    return value if isinstance(value, kind) else None
