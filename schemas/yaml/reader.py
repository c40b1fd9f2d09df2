"""Read YAML as plain data with positions: the only YAML reader of hublish.

It accepts a strict subset of YAML 1.2: mappings with string keys, sequences, and scalars of the core schema. It rejects
anchors, aliases, merge keys, tags, directives and duplicate keys, with which a file can mean other than it shows.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from hublish.schemas.diagnose.problems import (
    InvalidDocumentError,
    Location,
    Node,
    Path,
    Positions,
    Problem,
    SourceText,
    format_path,
    parse_path,
)
from hublish.schemas.secrets.unsafe_characters import text_problem
from hublish.schemas.yaml.composing import BrokenSyntaxError, Composer

MAX_BYTES = 256 * 1024
# Each replaced value costs another pass over the text.
# Values that break the syntax and are replaced, before reading stops.
MAX_REPLACED = 10
_LONGEST_REREAD = 32 * 1024


@dataclass(frozen=True, slots=True)
class Reading:
    """A document that was read, with the problems that were found.

    `data` is usable in spite of `problems`: an alias is None, and a duplicate key has its first value.
    """

    data: dict[str, Any]
    positions: Positions
    problems: tuple[Problem, ...] = ()
    # The paths of values that were rejected; later checks skip them.
    refused: frozenset[Path] = frozenset()


def read_yaml(data: bytes, source: str, *, max_bytes: int = MAX_BYTES) -> Reading:
    """Read a YAML document whose top level is a mapping.

    Args:
        data: the bytes of the document, UTF-8.
        source: its name in diagnostics: `hub.yaml`.
        max_bytes: the size of the largest document to parse.

    Raises:
        InvalidDocumentError: when the structure cannot be read: not text, broken syntax, nested too deep.
    """
    text = read_text(data, source, max_bytes)
    root, problems, refused = _compose(text)
    if not isinstance(root.value, dict):
        raise InvalidDocumentError((*problems, _not_a_mapping(root, text)))
    return Reading(root.value, Positions(text, root), problems, refused)


def read_yaml_list(data: bytes, source: str, *, max_bytes: int = MAX_BYTES) -> tuple[list[Any], Positions]:
    """Read a YAML document whose top level is a list; return it with its positions.

    Raises:
        InvalidDocumentError: when it is not a list, or cannot be read as `read_yaml` reads a mapping.
    """
    text = read_text(data, source, max_bytes)
    root, problems, _ = _compose(text)
    if problems:
        raise InvalidDocumentError(problems)
    if not isinstance(root.value, list):
        wrong = replace(_not_a_mapping(root, text), code="yaml.not_a_list", message="expected a list at top level")
        raise InvalidDocumentError((replace(wrong, hint="begin each entry with `- `"),))
    return root.value, Positions(text, root)


def _compose(text: SourceText) -> tuple[Node, tuple[Problem, ...], frozenset[Path]]:
    """Return the root of a document, its problems, and the paths of rejected values.

    One unquoted pattern makes the whole text invalid. To check the rest as well, such a value is reported, replaced by
    letters of the same length, and the text is parsed again.
    """
    readable, replaced = text.text, dict[int, Problem]()
    while True:
        composer = Composer(text, readable, replaced)
        try:
            root = composer.document()
        except BrokenSyntaxError as broken:
            from hublish.schemas.yaml.common_mistakes import syntax_problem  # only needed when the text is not YAML

            problem, value = syntax_problem(broken, readable, text)
            repaired = _replace(readable, value, replaced)
            if repaired is None:
                raise InvalidDocumentError((*replaced.values(), *composer.problems, problem)) from None
            readable, start = repaired
            replaced[start] = problem
        except InvalidDocumentError as error:
            raise InvalidDocumentError((*replaced.values(), *error.problems)) from None
        else:
            paths = composer.paths_of_replaced
            syntax = (replace(each, path=format_path(paths.get(start, ()))) for start, each in replaced.items())
            return root, (*syntax, *composer.problems), frozenset(composer.refused)


def _replace(text: str, value: tuple[int, int] | None, known: Collection[int]) -> tuple[str, int] | None:
    """Return the text with letters in place of a value, and their offset; None when reading cannot continue."""
    if value is None or len(known) == MAX_REPLACED or len(text) > _LONGEST_REREAD:
        return None
    start, end = value
    space = " " * (text[start - 1 : start] == ":")  # a key without the space after its colon
    # Each value gets its own letter: equal keys in a mapping would be duplicates.
    begin, letter = start + len(space), chr(ord("a") + len(known))
    if begin in known:  # the value was not the cause
        return None
    return f"{text[:start]}{space}{letter * (end - begin)}{text[end:]}", begin


def _not_a_mapping(root: Node, text: SourceText) -> Problem:
    kind = "a list" if isinstance(root.value, list) else "null" if root.value is None else "a single value"
    return Problem(
        "yaml.not_a_mapping",
        f"expected a mapping at top level, got {kind}",
        hint="begin with a `key: value` line",
        location=text.location(root.start, root.end),
    )


_UTF8_BOM = b"\xef\xbb\xbf"
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")


def read_text(data: bytes, source: str, max_bytes: int) -> SourceText:
    """Decode a document.

    A UTF-8 byte order mark is accepted, because some editors on Windows write one.

    Raises:
        InvalidDocumentError: when the document is too large, not UTF-8, or contains invisible characters.
    """
    if len(data) > max_bytes:
        hint = "name folders and globs instead of single files"
        raise _rejection("yaml.too_large", f"larger than {max_bytes // 1024} KiB; not parsed", _start(source), hint)
    text = SourceText(_decode(data.removeprefix(_UTF8_BOM), source), source)
    if found := text_problem(text.text):
        offset, message = found
        place = text.location(offset, offset + 1)
        raise _rejection("yaml.character", message, place, "delete it; it is invisible in most editors")
    return text


def _decode(data: bytes, source: str) -> str:
    # UTF-16 without a byte order mark has a zero byte in its first character.
    if data.startswith(_UTF16_BOMS) or b"\0" in data[:2]:
        raise _rejection("yaml.encoding", "must be UTF-8; this is UTF-16", _start(source), "save the file as UTF-8")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        # The error counts bytes, and editors count characters.
        offset = len(data[: error.start].decode("utf-8"))
        place = SourceText(data.decode("utf-8", "replace"), source).location(offset, offset + 1)
        raise _rejection("yaml.encoding", f"not UTF-8 at byte {error.start}", place, "save the file as UTF-8") from None


def _start(source: str) -> Location:
    return Location(source, 1, 1)


def _rejection(code: str, message: str, location: Location, hint: str) -> InvalidDocumentError:
    return InvalidDocumentError((Problem(code, message, hint=hint, location=location),))


@dataclass(frozen=True, slots=True)
class Places:
    """Finds the place of a rule in a manifest, for output that names the rule."""

    positions: Positions | None

    @classmethod
    def of(cls, text: bytes, source: str) -> "Places":
        """Read a manifest; one that is not valid YAML has no places."""
        try:
            return cls(read_yaml(text, source).positions)
        except InvalidDocumentError:
            return cls(None)

    def find(self, path: str) -> Location | None:
        """Return the place of `patterns.ignore_patterns[0]`; None for a default, which is written nowhere."""
        if self.positions is None or not path:
            return None
        steps = parse_path(path)
        node = self.positions.root
        for step in steps:
            if isinstance(step, str) and step in node.entries:
                node = node.entries[step][1]
            elif isinstance(step, int) and step < len(node.items):
                node = node.items[step]
            else:
                return None
        # The place of a whole mapping or list is its key: its value may begin on another line.
        whole = node.entries or node.items
        return self.positions.key(steps) if whole else self.positions.value(steps)
