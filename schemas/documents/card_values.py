"""Check the types and forms of single values in a card's front matter, by the forms of the vocabulary.

All findings are warnings: the Hub accepts most of these values, and then shows nothing, or reads another value.
The exception is a number where text is expected, which loses characters when hublish writes it: 3.10 becomes 3.1.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final, NamedTuple

from hublish.schemas.diagnose.problems import Path, Severity, format_path
from hublish.schemas.diagnose.suggestions import misspelled
from hublish.schemas.documents.hub_names import RepoType
from hublish.schemas.vocabulary import card_fields, is_language, language_code

# Returns a scalar as it is written in the file, such as `3.10` for the number 3.1; None if that is unknown.
Written = Callable[[str], str | None]


class Finding(NamedTuple):
    """One problem, and its place relative to the front matter."""

    place: str
    message: str
    hint: str
    severity: Severity = "error"
    of_key: bool = False
    """Whether the key is wrong, rather than its value."""


# Keys at any depth whose values are versions or names; the YAML of a version often reads as a number.
_VERSION_KEY: Final = re.compile(r"(?:^|_)(?:version|revision)$")
_NAME_KEYS: Final = ("config_name", "config", "split", "tag")
_REGIONAL: Final = re.compile(r"([A-Za-z]{2,3})[-_]\w+")
# The keys of an example whose names differ by more than a letter; the inputs of rare tasks have others.
_EXAMPLE: Final = (
    *("text", "src", "example_title", "output", "group", "parameters", "messages", "context", "table", "prompt"),
    *("source_sentence", "sentences", "structured_data", "candidate_labels"),
)
_ABOUT_CARBON: Final = ("source", "training_type", "geographical_location", "hardware_used")
_ANSWERS: Final = ("text", "checkbox", "date_picker", "country", "select")


def form_findings(metadata: Mapping[str, Any], repo_type: RepoType) -> Iterator[Finding]:
    """Yield each value that has another type than its key requires."""
    for key, field in card_fields().items():
        value = metadata.get(key)
        if value is not None and field.form and repo_type in field.repo_types:
            yield from _FORMS[field.form](key, value)


def number_findings(metadata: Mapping[str, Any], written: Written, *, kept: bool) -> Iterator[Finding]:
    """Yield the numbers in place of versions, names and other text.

    Args:
        metadata: the front matter.
        written: returns a value as it is written.
        kept: whether the file is published as written. Otherwise hublish writes the number again, without the zero at
            its end, and such a number is an error.
    """
    fields = card_fields()
    for path, number in _numbers(metadata, ()):
        top, last = str(path[0]), next(step for step in reversed(path) if isinstance(step, str))
        known = top in fields
        flat = all(isinstance(step, int) for step in path[1:])
        text = flat and known and fields[top].form in ("text", "texts", "list")
        place = format_path(path)
        plain = written(place) or str(number)
        # A measurement such as 12.50 may lose its zero, a version may not.
        version = _VERSION_KEY.search(last) is not None
        changed = plain != str(number) and (text or version or (flat and not known) or last in _NAME_KEYS)
        if version or text or changed or last in _NAME_KEYS:
            severe = not kept and (version or changed)
            reads = f"{plain} is the number {number}" if plain != str(number) else f"{plain} is a number"
            hint = f'quote it: "{plain}"'
            yield Finding(place, f"expected text; {reads}", hint, "error" if severe else "warning")


def _numbers(value: Any, path: Path) -> Iterator[tuple[Path, int | float]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _numbers(inner, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _numbers(inner, (*path, index))
    elif isinstance(value, int | float) and not isinstance(value, bool) and path:
        yield path, value


def advice(place: str, message: str, hint: str) -> Finding:
    """Return a finding about a value that the Hub accepts."""
    return Finding(place, message, hint, "warning")


def _text(place: str, value: object) -> Iterator[Finding]:
    # Numbers have a finding of their own, with the text that is written.
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        yield advice(place, "expected text", f"write one string after `{place}:`")


def _texts(place: str, value: object) -> Iterator[Finding]:
    if isinstance(value, list | tuple):
        for index, item in enumerate(value):
            if item is None or isinstance(item, bool) or not isinstance(item, str | int | float):
                yield advice(f"{place}[{index}]", "expected text", "write one string for each item")
    elif isinstance(value, bool) or not isinstance(value, str | int | float):
        yield advice(place, "expected text, or a list of texts", f"write `{place}: [first, second]`")


def _list(place: str, value: object) -> Iterator[Finding]:
    if isinstance(value, str):
        items = ", ".join(part.strip() for part in value.split(",") if part.strip())
        yield advice(place, "expected a list, got a string", f"write `{place}: [{items[:80]}]`")
    else:
        yield from _texts(place, value)


def _flag(place: str, value: object) -> Iterator[Finding]:
    if not isinstance(value, bool):
        yield advice(place, "expected true or false", "write `true` or `false`, without quotes")


def _count(place: str, value: object) -> Iterator[Finding]:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        yield advice(place, "expected a whole number", "write digits, without quotes")


def _mapping(place: str, value: object) -> Iterator[Finding]:
    if not isinstance(value, Mapping):
        yield advice(place, "expected a mapping", _example(place, "write `key: value` lines below it"))


def _mappings(place: str, value: object) -> Iterator[Finding]:
    if not isinstance(value, list | tuple):
        yield advice(place, "expected a list of mappings", _example(place, "begin each entry with `- key: value`"))
        return
    for index, item in enumerate(value):
        if not isinstance(item, Mapping):
            yield advice(f"{place}[{index}]", "expected a mapping", "write `key: value` lines")


def _example(key: str, advice: str) -> str:
    known = card_fields()[key].example
    entry = known[0] if isinstance(known, list) else known
    if not isinstance(entry, Mapping):
        return advice
    shown = ", ".join(f"{name}: {value}" for name, value in entry.items() if isinstance(value, str | int | float))
    return f"{advice}, such as {{{shown}}}" if shown else advice


_FORMS: Final[Mapping[str, Callable[[str, object], Iterator[Finding]]]] = {
    "text": _text,
    "texts": _texts,
    "list": _list,
    "flag": _flag,
    "count": _count,
    "mapping": _mapping,
    "mappings": _mappings,
}


def language_findings(metadata: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield the languages that are not codes of ISO 639."""
    for place, value in items("language", metadata.get("language")):
        if isinstance(value, str) and not is_language(value):
            region = _REGIONAL.fullmatch(value)
            plain = (region[1] if region else value.strip()).lower()
            # Not before the code itself: a language of Siberia is named En.
            plain = plain if is_language(plain) else language_code(value) or plain
            more = "; the region belongs in language_details" if region else ""
            hint = f"write `{plain}`{more}" if is_language(plain) else "write a code such as `en`"
            yield advice(place, "not a language code of ISO 639", hint)


def key_findings(place: Path, given: Mapping[str, Any], known: Collection[str]) -> Iterator[Finding]:
    """Yield the keys of a mapping that are likely known ones, spelled wrongly."""
    for key in given:
        if key not in known and (near := misspelled(str(key), known)):
            at = format_path((*place, str(key)))
            yield Finding(at, f"did you mean '{near}'?", f"rename it to '{near}'", "warning", of_key=True)


def carbon_findings(metadata: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield emissions that are not a number of grams, and descriptions that are not text."""
    given = metadata.get("co2_eq_emissions")
    if not isinstance(given, Mapping):
        return
    grams = given.get("emissions")
    if isinstance(grams, bool) or not isinstance(grams, int | float) or grams < 0:
        yield advice("co2_eq_emissions.emissions", "expected the number of grams", "write a number, such as 12.5")
    for key in given:
        if key in _ABOUT_CARBON and not isinstance(given[key], str):
            yield advice(f"co2_eq_emissions.{key}", "expected text", "write a string")
    yield from key_findings(("co2_eq_emissions",), given, ("emissions", *_ABOUT_CARBON))


def widget_findings(metadata: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield a widget that the Hub rejects, and examples with a text or a source of another type."""
    given = metadata.get("widget")
    if given is not None and not isinstance(given, list | tuple):
        yield Finding(
            "widget", "expected a list of examples", "begin each entry with `- key: value`, such as `- text: Hello`"
        )
    for index, entry in enumerate(given if isinstance(given, list | tuple) else ()):
        if not isinstance(entry, Mapping):
            continue
        for key in ("src", "example_title"):
            if entry.get(key) is not None and not isinstance(entry[key], str):
                yield advice(f"widget[{index}].{key}", "expected text", "write a string")
        output = entry.get("output")
        if output is not None and not isinstance(output, Mapping | list | tuple):
            yield advice(f"widget[{index}].output", "expected a mapping", "write `text: ...` or `url: ...` below it")
        yield from key_findings(("widget", index), entry, _EXAMPLE)
        if entry.keys() <= {"example_title", "group", "parameters"}:
            yield advice(
                f"widget[{index}]", "an example without an input", "add `text: ...`, `src: ...` or `messages: ...`"
            )


def gate_findings(metadata: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield the fields of a gated repo's form whose type the Hub does not know."""
    given = metadata.get("extra_gated_fields")
    if given is not None and not isinstance(given, Mapping) and not _lists_mappings(given):
        hint = "write `name of the field: text` lines below it"
        yield advice("extra_gated_fields", "expected a mapping of fields", hint)
    # One of the specifications lists the fields, the other has a mapping.
    listed = enumerate(given) if isinstance(given, list | tuple) else ()
    pairs = [
        ((index, str(name)), kind) for index, one in listed if isinstance(one, Mapping) for name, kind in one.items()
    ]
    fields = [((str(name),), kind) for name, kind in given.items()] if isinstance(given, Mapping) else pairs
    for path, kind in fields:
        place = format_path(("extra_gated_fields", *path))
        named = kind.get("type") if isinstance(kind, Mapping) else kind
        options = kind.get("options") if isinstance(kind, Mapping) else None
        if named not in _ANSWERS:
            yield advice(place, f"expected one of {', '.join(_ANSWERS)}", "write one of them")
        elif named == "select" and not isinstance(options, list | tuple):
            yield advice(place, "a selection needs options", "write {type: select, options: [first, second]}")
        elif named == "select" and not all(map(_is_option, options or ())):
            yield advice(
                f"{place}.options", "expected texts, or entries with a label and a value", "write one string each"
            )


def _lists_mappings(value: object) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(one, Mapping) for one in value)


def _is_option(option: object) -> bool:
    return isinstance(option, str) or (isinstance(option, Mapping) and {"label", "value"} <= option.keys())


def items(key: str, value: object) -> Iterator[tuple[str, Any]]:
    """Yield the place and value of each element: the Hub accepts one value or a list; null means no value."""
    if isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield f"{key}[{number}]", item
    elif value is not None:
        yield key, value
