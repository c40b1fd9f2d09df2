"""Validate the names of files in a repo, for uploads and downloads alike.

A name that git, Windows, macOS or the Hub would reject or change is not allowed, so that a release is the same
everywhere.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from hublish.schemas.secrets.unsafe_characters import BIDI, NAME_CONTROLS, SURROGATES

# Longest name of one file or folder, in bytes of UTF-8 (ext4, APFS, NTFS).
SEGMENT_BYTES = 255
# Longest path, in bytes of UTF-8.
PATH_BYTES = 1024
# Longest path or pattern in a manifest, in bytes of UTF-8 (Linux).
LOCAL_BYTES = 4096

_WINDOWS_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$"]
    + [f"{name}{digit}" for name in ("com", "lpt") for digit in "123456789\u00b9\u00b2\u00b3"]
)
_WINDOWS_FORBIDDEN = re.compile(r'[<>:"|?*]')
# Every name with a problem on Windows has one of these, and nearly no other name: the first characters of a device, a
# forbidden character, a dot or a space at an end.
_PERHAPS_UNPORTABLE = re.compile(r'(?:^|/)(?:con|prn|aux|nul|com|lpt)|[<>:"|?*]|[. ](?:/|$)', re.IGNORECASE)
# git treats these names as `.git` on NTFS and HFS+ (CVE-2014-9390), and HFS+ ignores these characters in names.
_GIT_ALIASES = frozenset([".git", "git~1"])
_HFS_IGNORED = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
_IN_GIT = "a path under .git is not allowed"
_DRIVE = re.compile(r"[A-Za-z]:")
_DRIVE_ROOT = re.compile(r"[A-Za-z]:[/\\]")
# Nearly all names have this form and break no rule: a shortcut, because a lock may contain 100,000.
_ORDINARY = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*", re.ASCII)
_FULL_STOPS = (".", "..")
# The same for many names at once, each of them between two NULs.
_ORDINARY_CHARACTERS = re.compile(r"[A-Za-z0-9._/\0-]*")
_PERHAPS_UNUSUAL = re.compile(r"[/\0](?:[./\0]|con|prn|aux|nul|com|lpt)|\.[/\0]", re.IGNORECASE)
# Names that are searched at once: where one is found, each is searched alone.
_BATCH = 500


def path_problems(path: str) -> tuple[str, ...]:
    """Return the reasons why `path`, with `/` between its segments, cannot name a file in a repo; empty when it can."""
    if len(path) <= SEGMENT_BYTES and _ORDINARY.fullmatch(path):
        return ()
    if not path:
        return ("not a normalized relative path: it is empty",)
    found = [*_written_problems(path), *_form_problems(path)]
    for segment in path.split("/"):
        found += _segment_problems(segment)
    return tuple(dict.fromkeys([*found, *_length_problems(path, PATH_BYTES)]))


def pattern_problems(pattern: str) -> tuple[str, ...]:
    """Return the reasons why a pattern cannot match a path in a repo; empty when it can.

    Reserved folders are allowed: a pattern such as `.git/*` may exclude them.
    """
    # huggingface_hub reads a trailing slash as "everything in this folder".
    path = pattern.removesuffix("/")
    if not path:
        return ("not a normalized relative path: it is empty",)
    return (*_written_problems(path), *_form_problems(path), *_length_problems(path, LOCAL_BYTES))


def local_problems(path: str) -> tuple[str, ...]:
    """Return the reasons why a string cannot be a path or glob below the manifest's folder; empty when it can."""
    if path == "~" or path.startswith("~/"):
        return ("'~' is not expanded to the home folder",)
    if path in (".", "./"):
        return ()
    inside = path.removeprefix("./").removesuffix("/") or path
    return (*_written_problems(inside), *_form_problems(inside), *_length_problems(inside, LOCAL_BYTES))


def source_problems(path: str) -> tuple[str, ...]:
    """Return the reasons why `path` may not be read as a source; empty when it may.

    The limits of names in a repo do not apply: a source may be in `.cache`, and its path may be longer.
    """
    in_git = (_IN_GIT,) if any(_plain(segment) in _GIT_ALIASES for segment in path.split("/")) else ()
    return (*local_problems(path), *in_git)


def nearest_allowed(path: str, problems: Callable[[str], tuple[str, ...]] = path_problems) -> str | None:
    """Return the allowed path that was most likely intended by a rejected one, or None."""
    visible = "".join(char for char in path if not (NAME_CONTROLS.match(char) or BIDI.match(char)))
    segments: list[str] = []
    # `..` removes the segment before it, as a file system would.
    for segment in _DRIVE.sub("", visible.strip().replace("\\", "/"), count=1).split("/"):
        if segment == "..":
            del segments[-1:]
        elif segment not in ("", ".", "~"):
            segments.append(segment)
    likely = "/".join(segments)
    return likely if likely and likely != path and not problems(likely) else None


def in_suspect_batches(paths: Sequence[str], search: Callable[[str], Any], apart: str = "\0") -> Iterator[str]:
    """Yield the names of every batch in which `search` finds something; it receives each name between two `apart`.

    A search of each of 100,000 names takes many times as long.
    """
    for start in range(0, len(paths), _BATCH):
        batch = paths[start : start + _BATCH]
        text = apart.join(["", *batch, ""])
        # A name that contains the separator would pass as two.
        if text.count(apart) > len(batch) + 1 or search(text):
            yield from batch


def unusual_among(paths: Sequence[str]) -> Iterator[str]:
    """Yield the names that `path_problems` or `portability_problems` may have something against: few of a release."""
    longest = max(map(len, paths), default=0)

    def is_unusual(text: str) -> bool:
        return not _ORDINARY_CHARACTERS.fullmatch(text) or _PERHAPS_UNUSUAL.search(text) is not None

    search = is_unusual if longest <= SEGMENT_BYTES else bool
    return (path for path in in_suspect_batches(paths, search) if not _is_ordinary(path))


def _is_ordinary(path: str) -> bool:
    """Return whether a name has a form without any problem; most names without problems have it."""
    return len(path) <= SEGMENT_BYTES and bool(_ORDINARY.fullmatch(path)) and not _PERHAPS_UNPORTABLE.search(path)


def character_problems(text: str) -> tuple[str, ...]:
    """Return the reasons why a string cannot be the name of anything: a path, a branch, a title; empty when it can."""
    found = []
    if SURROGATES.search(text):
        found.append("the name is not UTF-8")
    if NAME_CONTROLS.search(text):
        found.append("control character in the name")
    if BIDI.search(text):
        found.append("bidi control character not allowed")
    return tuple(found)


def portability_problems(path: str) -> tuple[str, ...]:
    """Return the reasons why `path` cannot be checked out on Windows; empty when it can."""
    if not _PERHAPS_UNPORTABLE.search(path):
        return ()
    found = []
    for segment in path.split("/"):
        if re.split(r"[.:]", segment)[0].rstrip(" ").lower() in _WINDOWS_DEVICES:
            found.append(f"'{segment}' is a device name on Windows")
        if segment != segment.rstrip(". ") and segment not in _FULL_STOPS:
            found.append(f"'{segment}' ends with a dot or a space, which Windows removes")
        if _WINDOWS_FORBIDDEN.search(segment):
            found.append(f"'{segment}' contains a character that Windows does not allow")
    return tuple(found)


def collisions(paths: Iterable[str]) -> tuple[tuple[str, str, str], ...]:
    """Return `(first, second, reason)` for names that are the same file on some systems, or a file and a folder."""
    found: list[tuple[str, str, str]] = []
    # Sorted, so that the same files always give the same messages; most paths come in order, which a set would lose.
    names = sorted(dict.fromkeys(paths))
    folded = str.lower if "".join(names).isascii() else _folded
    # The first of equal names remains.
    seen = dict(zip(map(folded, reversed(names)), reversed(names), strict=True))
    for name in names if len(seen) < len(names) else ():
        other = seen[folded(name)]
        if other != name:
            same_case = unicodedata.normalize("NFC", other) == unicodedata.normalize("NFC", name)
            found.append(
                (other, name, "Unicode-normalization collision" if same_case else "case-insensitive collision")
            )
    folders = {folder for path in {name.rpartition("/")[0] for name in names} for folder in _folders(_folded(path))}
    if folders.isdisjoint(seen):
        return tuple(found)
    for name in names:
        found += [
            (seen[parent], name, "target collision: the first is a file, and the second needs it to be a folder")
            for parent in _folders(_folded(name.rpartition("/")[0]))
            if parent in seen
        ]
    return tuple(found)


def encoded(path: str) -> bytes:
    """Return the bytes of a name; the raw bytes of a name that is not valid UTF-8."""
    # `os.fsdecode` maps bytes that are not UTF-8 to these surrogates; no bytes correspond to the others.
    escaped = all(0xDC80 <= ord(char) <= 0xDCFF for char in SURROGATES.findall(path))
    return path.encode("utf-8", "surrogateescape" if escaped else "surrogatepass")


def _folded(path: str) -> str:
    """Return the form that names share when they differ only in case or composition (Unicode, D145)."""
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", path).casefold())


def _folders(path: str) -> list[str]:
    """Return a folder and those above it, the topmost first; none for an empty path."""
    parts = path.split("/") if path else []
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]


def _written_problems(path: str) -> tuple[str, ...]:
    backslash = ("backslash not allowed between segments",) if "\\" in path else ()
    return (*character_problems(path), *backslash)


def _form_problems(path: str) -> tuple[str, ...]:
    segments = path.split("/")
    dots = ("'..' segment not allowed",) if ".." in segments else ()
    if path.startswith(("/", "\\\\")) or _DRIVE_ROOT.match(path):
        return ("absolute path not allowed", *dots)
    # Windows reads `a:b.txt` as the file b.txt in the current folder of drive A.
    if _DRIVE.match(path):
        return (f"begins with a drive letter of Windows, '{path[:2]}'", *dots)
    if "" in segments or "." in segments:
        return ("not a normalized relative path: it has an empty or '.' segment", *dots)
    return dots


def _length_problems(path: str, limit: int) -> tuple[str, ...]:
    length = len(encoded(path))
    return (f"path too long: {length} bytes; the limit is {limit}",) if length > limit else ()


def _segment_problems(segment: str) -> list[str]:
    found = []
    plain = _plain(segment)
    if plain in _GIT_ALIASES:
        found.append(_IN_GIT)
    if plain == ".cache":
        found.append("a path under .cache is reserved by huggingface_hub")
    if len(encoded(segment)) > SEGMENT_BYTES:
        found.append(f"path too long: a segment has {len(encoded(segment))} bytes; the limit is {SEGMENT_BYTES}")
    return found


def _plain(segment: str) -> str:
    # NTFS removes trailing dots and spaces, and reads the part after a colon as the name of a stream in the same file.
    return _HFS_IGNORED.sub("", segment).split(":")[0].rstrip(". ").lower()
