"""The files that facts are read from, within limits, and the values in them that a card may repeat.

Every file may be damaged or hostile. A file that cannot be read, or that violates its format, gives no facts: other
stages report it, as the audit and the comparison do.
"""

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hublish.base.content import Content, ContentChangedError
from hublish.formats.input_files import InvalidFileError

CONFIGURATION_LIMIT: Final = 8 << 20
"""Bytes of a configuration; the largest published ones, with thousands of labels or tokens, have some megabytes."""
LONGEST_TEXT: Final = 200
"""Characters of a text that a fact repeats."""
# Bytes of all JSON that is parsed and kept: as values, a hostile file takes thirty times its size.
_ALL_JSON: Final = 48 << 20
_MOST_ITEMS: Final = 100
# JavaScript, jq and others read integers beyond this as other numbers, and no count of a release is as large.
_MOST: Final = 1 << 53
# Levels of lists and mappings within one value.
_DEEPEST: Final = 8
# A path on the machine that wrote a file shows the name of its user, and is of no use to a reader.
_OWN_PATH: Final = re.compile(r"/|~|\.{1,2}/|[A-Za-z]:[\\/]|\\\\|file:")
_POSSIBLE_SECRET: Final = re.compile(r"[A-Za-z0-9]{16}|://")
UNREADABLE: Final = (OSError, ContentChangedError, InvalidFileError)
"""The errors of files that give no facts."""


@dataclass(frozen=True)
class SourceFiles:
    """Files by path; each configuration is parsed once."""

    contents: Mapping[str, Content]
    released: bool = True
    """Whether they are part of the release."""
    _parsed: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, files: Iterable[tuple[str, Content]], *, released: bool = True) -> "SourceFiles":
        """Return the files in the order of their paths, so that equal files give equal facts."""
        return cls(dict(sorted(files, key=lambda file: file[0])), released)

    def __contains__(self, path: str) -> bool:
        return path in self.contents

    def __iter__(self) -> Iterator[str]:
        return iter(self.contents)

    def named(self, name: str) -> list[str]:
        """Return the paths of the files with a name, those in the fewest folders first."""
        return sorted(self._by_name().get(name, ()), key=_by_depth)

    def matching(self, pattern: re.Pattern[str]) -> list[str]:
        """Return the paths of the files whose names match an expression, those in the fewest folders first."""
        found = (path for name, paths in self._by_name().items() if pattern.fullmatch(name) for path in paths)
        return sorted(found, key=_by_depth)

    def _by_name(self) -> Mapping[str, list[str]]:
        def index() -> Mapping[str, list[str]]:
            names: dict[str, list[str]] = {}
            for path in self.contents:
                names.setdefault(path.rpartition("/")[2], []).append(path)
            return names

        # Many kinds of files are searched for, among thousands.
        found: Mapping[str, list[str]] = self.once("paths by name", index)
        return found

    def size(self, path: str) -> int:
        """Return the number of bytes of a file."""
        return self.contents[path].size

    def start(self, path: str, length: int) -> bytes:
        """Return the first bytes of a file; none if it cannot be read."""
        try:
            return self.contents[path].read_at(0, length)
        except UNREADABLE:
            return b""

    def whole(self, path: str, limit: int) -> bytes | None:
        """Return the bytes of a file; None if there is none, or one that is larger or cannot be read."""
        content = self.contents.get(path)
        if content is None or content.size > limit:
            return None
        try:
            return content.read()
        except UNREADABLE:
            return None

    def json(self, path: str, limit: int = CONFIGURATION_LIMIT) -> Any:
        """Return the value of a JSON file; None if there is none."""

        def parse() -> Any:
            left = self.once("bytes left", lambda: [_ALL_JSON])
            left[0] -= self.contents[path].size if path in self.contents else 0
            data = self.whole(path, limit) if left[0] >= 0 else None
            return None if data is None else parsed_json(data)

        return self.once(f"json of {path}", parse)

    def once(self, key: str, make: Callable[[], Any]) -> Any:
        """Return the result of a function, which is called for the first request only."""
        if key not in self._parsed:
            self._parsed[key] = make()
        return self._parsed[key]

    def mapping(self, path: str, limit: int = CONFIGURATION_LIMIT) -> Mapping[str, Any]:
        """Return the object in a JSON file; an empty one if there is none."""
        value = self.json(path, limit)
        return value if isinstance(value, dict) else {}


def parsed_json(data: bytes) -> Any:
    """Return the value of a JSON text as the libraries read it that wrote it; None if it is not JSON.

    Python's reader, which those libraries use, keeps the last of two equal keys, and accepts NaN, which `plain` drops.
    """
    try:
        return json.loads(data)
    # Text that is not UTF-8 and a number of more than 4,300 digits are a ValueError as well.
    except (ValueError, RecursionError):
        return None


def _by_depth(path: str) -> tuple[int, str]:
    return path.count("/"), path


def in_folder(folder: str, name: str) -> str:
    """Return the path of a file in a folder; the folder of the release itself is empty."""
    return f"{folder}/{name}" if folder else name


def text(value: Any, longest: int = LONGEST_TEXT) -> str | None:
    """Return a value that is a text fit for a card: of one line, not too long, and not a path of another machine."""
    if not isinstance(value, str) or not 0 < len(value) <= longest or not value.isprintable():
        return None
    return None if _OWN_PATH.match(value) or _is_secret(value) else value


def count(value: Any, least: int = 1) -> int | None:
    """Return a value that is a whole number; some libraries write 512 as 512.0."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if type(value) is int and least <= value < _MOST else None


def number(value: Any) -> int | float | None:
    """Return a value that is a finite number, and not a boolean."""
    if type(value) is int and abs(value) < _MOST:
        return value
    return value if type(value) is float and math.isfinite(value) else None


def plain(value: Any, depth: int = 0) -> Any:
    """Return a value of a configuration without the parts that a card must not repeat; None if nothing is left."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, list):
        short = value if depth < _DEEPEST and len(value) <= _MOST_ITEMS else []
        return [found for one in short if (found := plain(one, depth + 1)) is not None] or None
    if isinstance(value, Mapping):
        pairs = ((text(key), plain(one, depth + 1)) for key, one in value.items()) if depth < _DEEPEST else ()
        return {key: one for key, one in pairs if key is not None and one is not None} or None
    return text(value) if isinstance(value, str) else number(value)


def _is_secret(value: str) -> bool:
    # The rules take time to load, and credentials contain long runs of letters and digits, or an address.
    if value.isalpha() or not _POSSIBLE_SECRET.search(value):
        return False
    from hublish.schemas.secrets.masking import holds_token

    return holds_token(value)
