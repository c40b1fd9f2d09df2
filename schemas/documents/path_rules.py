"""One validator for names in a repo, used in both directions: what goes up and what comes down.

The rules are those of shared practice: what git, Windows, macOS and the Hub each refuse. A name that any of
them would change or refuse is refused here, so that a release is the same everywhere.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable

from hublish.schemas.secrets.unsafe_characters import BIDI, NAME_CONTROLS, SURROGATES

SEGMENT_BYTES = 255
"""Longest name of one file or folder, in bytes of UTF-8 (ext4, APFS, NTFS)."""
PATH_BYTES = 1024
"""Longest path, in bytes of UTF-8."""
LOCAL_BYTES = 4096
"""Longest path or pattern that is written down, in bytes of UTF-8 (Linux)."""

_WINDOWS_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", "conin$", "conout$"]
    + [f"{name}{digit}" for name in ("com", "lpt") for digit in "123456789\u00b9\u00b2\u00b3"]
)
_WINDOWS_FORBIDDEN = re.compile(r'[<>:"|?*]')
# git treats these as `.git` on NTFS and HFS+ (CVE-2014-9390), where these characters count for nothing.
_GIT_ALIASES = frozenset([".git", "git~1"])
_HFS_IGNORED = re.compile("[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]")
_IN_GIT = "a path under .git is not allowed"
_DRIVE = re.compile(r"[A-Za-z]:")
# Names of this form break no rule; they are nearly all names, and a lock may hold 100,000.
_ORDINARY = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*", re.ASCII)
_FULL_STOPS = (".", "..")


def path_problems(path: str) -> tuple[str, ...]:
    """Return why `path` may not name a file in a repo; empty when it may.

    Args:
        path: a `path_in_repo` with `/` between its segments.
    """
    if len(path) <= SEGMENT_BYTES and _ORDINARY.fullmatch(path):
        return ()
    if not path:
        return ("not a normalised relative path: it is empty",)
    found = [*_character_problems(path), *_form_problems(path)]
    for segment in path.split("/"):
        found += _segment_problems(segment)
    return tuple(dict.fromkeys([*found, *_length_problems(path, PATH_BYTES)]))


def pattern_problems(pattern: str) -> tuple[str, ...]:
    """Return why a pattern over paths in a repo can match none, or not what it shows; empty when it can.

    Reserved folders are no problem: a pattern may well keep `.git/*` out.
    """
    # huggingface_hub reads a trailing slash as "everything in this folder".
    path = pattern.removesuffix("/")
    if not path:
        return ("not a normalised relative path: it is empty",)
    return (*_character_problems(path), *_form_problems(path), *_length_problems(path, LOCAL_BYTES))


def local_problems(path: str) -> tuple[str, ...]:
    """Return why a text may not be a path or glob below the manifest's folder; empty when it may."""
    if path == "~" or path.startswith("~/"):
        return ("'~' is not replaced by the home folder",)
    if path in (".", "./"):
        return ()
    inside = path.removeprefix("./").removesuffix("/") or path
    return (*_character_problems(inside), *_form_problems(inside), *_length_problems(inside, LOCAL_BYTES))


def source_problems(path: str) -> tuple[str, ...]:
    """Return the reasons why `path` may not be read as a source; empty when it may.

    The limits of names in a repo do not apply: a source may be in `.cache`, and its path may be longer.
    """
    in_git = (_IN_GIT,) if any(_plain(segment) in _GIT_ALIASES for segment in path.split("/")) else ()
    return (*local_problems(path), *in_git)


def mended(path: str, problems: Callable[[str], tuple[str, ...]] = path_problems) -> str | None:
    """Return the allowed path that a refused one most likely stands for, or None.

    Args:
        path: the refused one.
        problems: what decides whether a path is allowed.
    """
    visible = "".join(char for char in path if not (NAME_CONTROLS.match(char) or BIDI.match(char)))
    segments: list[str] = []
    for segment in _DRIVE.sub("", visible.strip().replace("\\", "/"), count=1).split("/"):
        if segment == "..":
            del segments[-1:]
        elif segment not in ("", ".", "~"):
            segments.append(segment)
    likely = "/".join(segments)
    return likely if likely and likely != path and not problems(likely) else None


def text_problems(text: str) -> tuple[str, ...]:
    """Return why a text may not be a name of anything: a local path, a branch, a title; empty when it may."""
    found = []
    if SURROGATES.search(text):
        found.append("the name is not UTF-8")
    if NAME_CONTROLS.search(text):
        found.append("control character in the name")
    if BIDI.search(text):
        found.append("bidi control character not allowed")
    return tuple(found)


def portability_problems(path: str) -> tuple[str, ...]:
    """Return why `path` cannot be checked out on Windows; empty when it can."""
    found = []
    for segment in path.split("/"):
        if re.split(r"[.:]", segment)[0].rstrip(" ").lower() in _WINDOWS_DEVICES:
            found.append(f"'{segment}' is a device name on Windows")
        if segment != segment.rstrip(". ") and segment not in _FULL_STOPS:
            found.append(f"'{segment}' ends with a dot or a space, which Windows drops")
        if _WINDOWS_FORBIDDEN.search(segment):
            found.append(f"'{segment}' holds a character Windows does not allow")
    return tuple(found)


def collisions(paths: Iterable[str]) -> tuple[tuple[str, str, str], ...]:
    """Return `(first, second, why)` for names that are one file on some systems, or file and folder at once."""
    found: list[tuple[str, str, str]] = []
    seen: dict[str, str] = {}
    names = sorted(set(paths))
    for name in names:
        other = seen.setdefault(_folded(name), name)
        if other != name:
            same_case = unicodedata.normalize("NFC", other) == unicodedata.normalize("NFC", name)
            found.append(
                (other, name, "Unicode-normalisation collision" if same_case else "case-insensitive collision")
            )
    for name in names:
        found += [
            (seen[parent], name, "target collision: one is a file, the other needs it to be a folder")
            for parent in _parents(_folded(name))
            if parent in seen
        ]
    return tuple(found)


def encoded(path: str) -> bytes:
    """Return the bytes of a name; a name that is not Unicode keeps its raw bytes."""
    return path.encode("utf-8", "surrogateescape" if _is_escaped(path) else "surrogatepass")


def _is_escaped(path: str) -> bool:
    return all(0xDC80 <= ord(char) <= 0xDCFF for char in SURROGATES.findall(path))


def _folded(path: str) -> str:
    """Return the form two names share when they differ in case or composition only (Unicode D145)."""
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", path).casefold())


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def _character_problems(path: str) -> tuple[str, ...]:
    backslash = ("backslash not allowed between segments",) if "\\" in path else ()
    return (*text_problems(path), *backslash)


def _form_problems(path: str) -> tuple[str, ...]:
    segments = path.split("/")
    dots = ("'..' segment not allowed",) if ".." in segments else ()
    if path.startswith(("/", "\\\\")) or _DRIVE.match(path):
        return ("absolute path not allowed", *dots)
    if "" in segments or "." in segments:
        return ("not a normalised relative path: it has an empty or '.' segment", *dots)
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
    # NTFS drops trailing dots and spaces, and what follows a colon names a stream of the same file.
    return _HFS_IGNORED.sub("", segment).split(":")[0].rstrip(". ").lower()
