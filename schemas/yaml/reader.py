"""YAML text to plain data that knows its places: the only YAML reader of hublish.

A strict subset of YAML 1.2: mappings with text keys, sequences and scalars of the core schema. Anchors, aliases,
merge keys, tags, directives and duplicate keys are refused: each lets a file say something other than it shows.
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
MAX_REPLACED = 10
"""Values that break the syntax by themselves before reading gives up: each costs another look at the text."""
_MANY_LOOKS = 32 * 1024
"""Characters of a text that is looked at more than once."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A document as it was read, with everything in it that was refused on the way.

    `data` is plain in spite of `problems`: an alias is None, of a duplicate key the first value stays.
    """

    data: dict[str, Any]
    positions: Positions
    problems: tuple[Problem, ...] = ()
    refused: frozenset[Path] = frozenset()
    """The places whose value is not what the author wrote; a later check has nothing to say about them."""


def read_yaml(data: bytes, source: str, *, max_bytes: int = MAX_BYTES) -> Reading:
    """Read a YAML document whose top level is a mapping.

    Args:
        data: the document as it lies on disk, UTF-8.
        source: how diagnostics call it: `hub.yaml`.
        max_bytes: the largest document that is parsed.

    Raises:
        InvalidDocumentError: when there is no structure to go on with: not text, broken syntax, nested too deep.
    """
    text = read_text(data, source, max_bytes)
    root, problems, refused = _composed(text)
    if not isinstance(root.value, dict):
        raise InvalidDocumentError((*problems, _not_a_mapping(root, text)))
    return Reading(root.value, Positions(text, root), problems, refused)


def _composed(text: SourceText) -> tuple[Node, tuple[Problem, ...], frozenset[Path]]:
    """Return the root of a document, what was refused in it, and where.

    One unquoted pattern makes a text that is no YAML at all. So that the rest is checked all the same, a value that
    is wrong by itself alone is told, replaced by letters, as many as it has, and the text is looked at again.
    """
    readable, replaced = text.text, dict[int, Problem]()
    while True:
        composer = Composer(text, readable, replaced)
        try:
            root = composer.document()
        except BrokenSyntaxError as broken:
            problem, value = _told(broken, readable, text)
            mended = _replaced(readable, value, replaced)
            if mended is None:
                raise InvalidDocumentError((*replaced.values(), *composer.problems, problem)) from None
            readable, start = mended
            replaced[start] = problem
        except InvalidDocumentError as error:
            raise InvalidDocumentError((*replaced.values(), *error.problems)) from None
        else:
            paths = composer.paths_of_replaced
            told = (replace(each, path=format_path(paths.get(start, ()))) for start, each in replaced.items())
            return root, (*told, *composer.problems), frozenset(composer.refused)


def _replaced(text: str, value: tuple[int, int] | None, known: Collection[int]) -> tuple[str, int] | None:
    """Return a text with letters for a value, and where they begin; None when reading cannot go on like that.

    Every value gets a letter of its own: equal ones would be a mistake of another kind.
    """
    if value is None or len(known) == MAX_REPLACED or len(text) > _MANY_LOOKS:
        return None
    start, end = value
    space = " " * (text[start - 1 : start] == ":")  # what was forgotten, then
    begin, letter = start + len(space), chr(ord("a") + len(known))
    if begin in known:  # it was not the value
        return None
    return f"{text[:start]}{space}{letter * (end - begin)}{text[end:]}", begin


def _told(broken: BrokenSyntaxError, readable: str, text: SourceText) -> tuple[Problem, tuple[int, int] | None]:
    """Return a syntax error as a problem, and the span of the value that is all that is wrong."""
    from hublish.schemas.yaml.slips import syntax_problem  # only needed when the text is not YAML

    return syntax_problem(broken, readable, text)


def _not_a_mapping(root: Node, text: SourceText) -> Problem:
    kind = "a list" if isinstance(root.value, list) else "nothing" if root.value is None else "a single value"
    return Problem(
        "yaml.not_a_mapping",
        f"expected a mapping at top level, got {kind}",
        hint="begin with `key: value` lines",
        location=text.location(root.start, root.end),
    )


_UTF8_BOM = b"\xef\xbb\xbf"
_UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")


def read_text(data: bytes, source: str, max_bytes: int) -> SourceText:
    """Decode a document.

    A UTF-8 byte order mark is tolerated: some Windows editors write one, and it changes nothing.

    Args:
        data: the document as it lies on disk.
        source: how diagnostics call it.
        max_bytes: the largest document that is looked at.

    Raises:
        InvalidDocumentError: for a document that is too large, not UTF-8, or holds characters no document may hold.
    """
    if len(data) > max_bytes:
        hint = "a manifest names folders and globs, not every file"
        raise _refusal("yaml.too_large", f"larger than {max_bytes // 1024} KiB; not parsed", _start(source), hint)
    text = SourceText(_decode(data.removeprefix(_UTF8_BOM), source), source)
    if found := text_problem(text.text):
        offset, message = found
        place = text.location(offset, offset + 1)
        raise _refusal("yaml.character", message, place, "delete it; it cannot be seen")
    return text


def _decode(data: bytes, source: str) -> str:
    # UTF-16 without a mark shows by the zero byte of its first character.
    if data.startswith(_UTF16_BOMS) or b"\0" in data[:2]:
        raise _refusal("yaml.encoding", "must be UTF-8; this is UTF-16", _start(source), "save the file as UTF-8")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        offset = len(data[: error.start].decode("utf-8"))
        place = SourceText(data.decode("utf-8", "replace"), source).location(offset, offset + 1)
        message = f"not UTF-8 at byte {error.start}"
        raise _refusal("yaml.encoding", message, place, "save the file as UTF-8") from None


def _start(source: str) -> Location:
    return Location(source, 1, 1)


def _refusal(code: str, message: str, location: Location, hint: str = "") -> InvalidDocumentError:
    return InvalidDocumentError((Problem(code, message, hint=hint, location=location),))


@dataclass(frozen=True, slots=True)
class Places:
    """The places of one manifest."""

    positions: Positions | None

    @classmethod
    def of(cls, text: bytes, source: str) -> "Places":
        """Read a manifest's text; one that is no YAML has no places."""
        try:
            return cls(read_yaml(text, source).positions)
        except InvalidDocumentError:
            return cls(None)

    def find(self, path: str) -> Location | None:
        """Return where `patterns.ignore_patterns[0]` stands; None when it is not written there."""
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
        # The items of a list begin on a line of their own; what is meant is the list.
        whole = node.entries or node.items
        return self.positions.key(steps) if whole else self.positions.value(steps)
