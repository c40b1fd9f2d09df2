"""The call that made an object, and the config.json that makes it again.

The arguments are described during the call, before `__init__` may change them. Before config.json is written, it is
read in the way that loading reads it, and every argument is compared: one that would come back changed is refused.
"""

import inspect
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, is_dataclass
from typing import Any, Final

from hublish.base.errors import HublishError, LoadError, SerializationError, UsageError
from hublish.formats.release_files import CONFIG
from hublish.pipeline.restore.arguments import WHOLE, Constructor
from hublish.pipeline.restore.config_reading import Reader
from hublish.pipeline.restore.config_values import Coders, Described, UnwritableError, describe
from hublish.schemas.diagnose.problems import InvalidDocumentError, Problem
from hublish.schemas.documents.json_documents import read_json_value

_CODE: Final = "config.argument"
_HINT: Final = (
    "annotate the parameter with its type, declare `coders` for the type in the class, pass values that JSON has, or "
    "give the content of config.json with config="
)


class ConfigError(SerializationError):
    """config.json cannot hold an argument; `problems` names each, and nothing was written."""

    code = "config.lossy"


@dataclass(frozen=True)
class RecordedCall:
    """The arguments of one call of a class, described."""

    given: Mapping[str, Described]
    """Those that were passed, by the name of the parameter; those of `**kwargs` under their own."""
    defaults: Mapping[str, Described]
    """The defaults of the others."""
    order: tuple[str, ...]
    """The names that went to `**kwargs`, in their order."""
    problems: tuple[Problem, ...]
    """The arguments that have no form in JSON."""
    whole: Any = None
    """The argument `config` itself, when it is a dataclass."""

    @classmethod
    def of(cls, into: type, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> "RecordedCall | None":
        """Describe the arguments of a call; None when they do not fit the parameters, so that the call fails too."""
        maker = Constructor(into)
        try:
            signature = inspect.Signature(list(maker.parameters.values()))
            bound = signature.bind(*args, **kwargs).arguments
        except (TypeError, ValueError):
            return None
        rest: Mapping[str, Any] = bound.pop(maker.rest, {}) if maker.rest is not None else {}
        given, problems = _described(maker, {**bound, **rest})
        # `f(1, n=2)` of `f(n, /, **kwargs)`: one name with two values, which no mapping holds.
        twice = [name for name in rest if name in maker.parameters and name != maker.rest]
        problems += [_problem(name, "", "is also the name of a parameter") for name in twice]
        defaults, _ = _described(maker, {name: each.default for name, each in maker.named.items() if name not in bound})
        whole = {**bound, **rest}.get(WHOLE)
        is_whole = is_dataclass(whole) and not isinstance(whole, type)
        return cls(given, defaults, tuple(rest), tuple(problems), whole if is_whole else None)

    @property
    def view(self) -> Any:
        """The arguments as huggingface_hub's mixin keeps them: the dataclass `config`; or all of them, None for none.

        Defaults are among them, and a mapping `config` is merged into them.
        """
        if self.whole is not None:
            return self.whole
        values = {name: each.plain for name, each in {**self.defaults, **self.given}.items()}
        whole = values.get(WHOLE)
        if not isinstance(whole, dict):
            whole = {}
        return {**{name: value for name, value in values.items() if name != WHOLE}, **whole} or None

    def render(self, into: type, *, by_itself: Iterable[str] | None = None) -> bytes | None:
        """Return config.json, None when nothing needs to be stored.

        Args:
            into: the class that loads it.
            by_itself: for a class that reads its files itself, the parameters of loading: keywords with these names
                would collide.

        Raises:
            ConfigError: an argument would not come back as it was.
        """
        maker = Constructor(into)
        problems = list(self.problems)
        names = dict.fromkeys((*self.defaults, *self.given))
        if by_itself is not None:
            problems += self._not_as_keywords(maker, tuple(by_itself))
            names = {name: None for name in names if name in self.given or name not in by_itself}
        if problems:
            raise _refusal(into, problems)
        found: list[Problem] = []
        for merged in (True, False):
            content = self._content(names, merged=merged)
            lost = self._lost(maker, content)
            # A default that does not come back need not be stored: the class has it.
            if lost and lost.keys() <= self.defaults.keys():
                content = self._content([name for name in names if name not in lost], merged=merged)
                lost = self._lost(maker, content)
            if not lost:
                return _rendered(content) if content else None
            found = list(lost.values())
        raise _refusal(into, found)

    def _content(self, names: Iterable[str], *, merged: bool) -> dict[str, Any]:
        """Return the configuration; merged, a mapping `config` is not under its name but among the others."""
        values = {name: {**self.defaults, **self.given}[name].plain for name in names}
        whole: dict[str, Any] = {}
        if merged and isinstance(values.get(WHOLE), dict):
            whole = values.pop(WHOLE)
        elif merged and values.get(WHOLE, "") is None:
            del values[WHOLE]
        # Sorted as huggingface_hub's mixins write it, but keys whose order may count keep it among each other.
        ordered = dict.fromkeys([*(name for name in self.order if name in values), *whole])
        slots = iter(ordered)
        content = {**values, **whole}
        return {name: content[name] for name in (next(slots) if each in ordered else each for each in sorted(content))}

    def _lost(self, maker: Constructor, content: Mapping[str, Any]) -> dict[str, Problem]:
        """Return the arguments that loading this configuration would not give back, with the difference."""
        try:
            parsed = read_json_value(_rendered(content), CONFIG, family="config")
            read = maker.chosen(parsed)
        except InvalidDocumentError as error:
            return {"": _unreadable(content, error)}
        except LoadError as error:
            return {name: _problem(name, "", error.message) for name in self.given}
        lost = {}
        for name in (*self.given, *(name for name in read if name not in self.given)):
            before = self.given.get(name) or self.defaults.get(name)
            difference = _difference(maker, name, before, read)
            if difference is not None:
                lost[name] = _problem(name, *difference)
        if not lost and (order := tuple(name for name in read if name in self.order)) != self.order:
            lost[maker.rest or ""] = _problem(maker.rest or "", "", f"would come back in the order {', '.join(order)}")
        return lost

    def _not_as_keywords(self, maker: Constructor, loading: tuple[str, ...]) -> list[Problem]:
        # Its `_from_pretrained` receives the arguments as keywords, beside those of loading.
        by_place = inspect.Parameter.POSITIONAL_ONLY
        own = {name for name, each in maker.parameters.items() if each.kind is by_place or name == maker.star}
        return [
            _problem(name, "", "cannot be passed by its name to the `_from_pretrained` of the class")
            for name in self.given
            if name in loading or (name in own and self.given[name].parts != ())
        ]


def unseen(into: type) -> ConfigError:
    """Return the error for an instance whose arguments no `__new__` received."""
    names = ", ".join(f"'{name}'" for name in Constructor(into).parameters)
    msg = f"the arguments of this {into.__name__} are not known: {names}"
    hint = "pass all arguments on in its `__new__`, or give the content of config.json with config="
    return ConfigError(msg, hint=hint)


def render_config(into: type, config: Any) -> bytes:
    """Return a config.json that a caller gives, after the comparison with what loading would read.

    Raises:
        UsageError: a value would not come back as it is.
    """
    coders = Constructor(into).coders
    known = _entries(config)
    problems, content = [], {}
    for name, value in known.items():
        try:
            before = describe(value, coders)
        except UnwritableError as error:
            problems.append(_problem(name, error.place, f"is {error.kind}"))
            continue
        content[name] = before.plain
        problems += _changed(into, config, name, before)
    if not problems:
        rendered = _rendered(content if isinstance(config, Mapping) or known.keys() != {""} else content[""])
        try:
            read_json_value(rendered, CONFIG, family="config")
        except InvalidDocumentError as error:
            problems.append(_unreadable(content, error))
        else:
            return rendered
    raise _not_plain(problems)


def _entries(config: Any) -> dict[str, Any]:
    if is_dataclass(config) and not isinstance(config, type):
        return {name: getattr(config, name, None) for name in sorted(config.__dataclass_fields__)}
    if isinstance(config, Mapping):
        wrong = next((name for name in config if not isinstance(name, str)), None)
        if wrong is not None:
            raise _not_plain([_problem(repr(wrong)[:60], "", "is a key that JSON does not have")])
        return dict(config)
    return {"": config}


def _changed(into: type, config: Any, name: str, before: Described) -> list[Problem]:
    """Return the difference, unless the value is plain, or the class or the dataclass of the caller reads it back."""
    maker = Constructor(into)
    read = [before.plain]
    try:
        read.append(maker.value_of(name, before.plain))
        if is_dataclass(config):
            reader = Reader(maker.coders)
            read.append(reader.read(reader.hints(type(config)).get(name), before.plain))
    except LoadError as error:
        return [_problem(name, "", error.message)]
    differences = [_compared(before, value, maker.coders) for value in read]
    return [] if None in differences else [_problem(name, *differences[-1])]  # type: ignore[misc]  # not None


def _described(maker: Constructor, values: Mapping[str, Any]) -> tuple[dict[str, Described], list[Problem]]:
    described, problems = {}, []
    for name, value in values.items():
        try:
            described[name] = describe(value, maker.coders)
        except UnwritableError as error:
            known = maker.named.get(name)
            if known is None or not _is_same_marker(value, known.default):
                problems.append(_problem(name, error.place, f"is {error.kind}"))
    return described, problems


def _is_same_marker(value: Any, default: Any) -> bool:
    # A bare object has no content: one that marks an argument as not given is as good as another.
    return value is default or (type(value) is object and type(default) is object)


def _difference(
    maker: Constructor, name: str, before: Described | None, read: Mapping[str, Any]
) -> tuple[str, str] | None:
    """Return the place where an argument would come back changed, and the change in words; None for none."""
    if before is None:
        return "", "would be passed as well, and was not"
    if name in read:
        return _compared(before, read[name], maker.coders)
    # An empty `*args` is the same as none; a default that was passed is used when nothing is stored.
    known = maker.named.get(name)
    if before.kind is tuple and not before.parts and name == maker.star:
        return None
    if known is not None and known.default is not known.empty:
        return _compared(before, known.default, maker.coders)
    return "", "would not be passed"


def _compared(before: Described, value: Any, coders: Coders) -> tuple[str, str] | None:
    try:
        return _first_difference(before, describe(value, coders), "")
    except UnwritableError as error:
        return error.place, f"would come back as {error.kind}"


def _first_difference(before: Described, after: Described, place: str) -> tuple[str, str] | None:
    if before == after:
        return None
    if before.kind is not after.kind:
        return place, f"is of type {_name(before.kind)}, and would come back as {_name(after.kind)}"
    old_parts, new_parts = before.parts, after.parts
    if isinstance(old_parts, Described) and isinstance(new_parts, Described):
        return _first_difference(old_parts, new_parts, place)
    if isinstance(old_parts, tuple) and isinstance(new_parts, tuple) and len(old_parts) == len(new_parts):
        for index, (old, new) in enumerate(zip(old_parts, new_parts, strict=True)):
            key, inner, other = (index, old, new) if isinstance(old, Described) else (old[0], old[1], new[1])
            if isinstance(key, Described) and key != new[0]:
                return place, "would come back with other keys"
            step = f".{key}" if isinstance(key, str) else f"[{key.plain if isinstance(key, Described) else key!r}]"
            found = _first_difference(inner, other, f"{place}{step}")
            if found is not None:
                return found
    return place, "would come back with another value"


def _name(kind: type) -> str:
    return kind.__qualname__.rpartition("<locals>.")[2]


def _problem(name: str, place: str, fact: str) -> Problem:
    subject = f"argument '{name}{place}'" if name else "the configuration"
    return Problem(_CODE, f"{subject} {fact}")


def _unreadable(content: Mapping[str, Any], error: InvalidDocumentError) -> Problem:
    """Return a problem that names the arguments that cannot be read back, such as a lone surrogate."""
    broken = []
    for name, value in content.items():
        try:
            read_json_value(_rendered({name: value}), CONFIG, family="config")
        except InvalidDocumentError:
            broken.append(name)
    return _problem(", ".join(broken), "", f"cannot be read back: {error.problems[0].message}")


def _refusal(into: type, problems: Iterable[Problem]) -> HublishError:
    msg = f"{CONFIG} would not give back the arguments of this {into.__name__}; nothing was written"
    return ConfigError(msg, hint=_HINT, problems=problems)


def _not_plain(problems: Iterable[Problem]) -> UsageError:
    msg = "the configuration is not plain data, or would come back changed; nothing was written"
    hint = "give a mapping of strings, numbers, lists and mappings, or a dataclass of them"
    return UsageError(msg, hint=hint, problems=problems)


def _rendered(content: Any) -> bytes:
    # The form in which huggingface_hub's mixins write it.
    return json.dumps(content, indent=2).encode()
