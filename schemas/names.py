"""One validator for names in a repo, used in both directions: what goes up and what comes down.

The rules are those of shared practice: what git, Windows, macOS and the Hub each refuse. A name that any of
them would change or refuse is refused here, so that a release is the same everywhere.
"""

import re
import unicodedata
from collections.abc import Iterable

SEGMENT_BYTES = 255
"""Longest name of one file or folder, in bytes of UTF-8 (ext4, APFS, NTFS)."""
PATH_BYTES = 1024
"""Longest path, in bytes of UTF-8."""

_WINDOWS_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", *(f"{name}{digit}" for name in ("com", "lpt") for digit in "123456789")]
)
# git treats these as `.git` on NTFS and HFS+: CVE-2014-9390.
_GIT_ALIASES = frozenset([".git", "git~1"])
_HFS_IGNORED = re.compile("[\u200c-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")
_DRIVE = re.compile(r"[A-Za-z]:")


def path_problems(path: str) -> tuple[str, ...]:
    """Return why `path` may not name a file in a repo; empty when it may.

    Args:
        path: a `path_in_repo` with `/` between its segments.
    """
    if not path:
        return ("the path is empty",)
    found = [*_character_problems(path), *_form_problems(path)]
    for segment in path.split("/"):
        found += _segment_problems(segment)
    if len(encoded(path)) > PATH_BYTES:
        found.append(f"the path has {len(encoded(path))} bytes; the limit is {PATH_BYTES}")
    return tuple(dict.fromkeys(found))


def portability_problems(path: str) -> tuple[str, ...]:
    """Return why `path` cannot be checked out on Windows; empty when it can."""
    found = []
    for segment in path.split("/"):
        if segment.split(".")[0].rstrip(" ").lower() in _WINDOWS_DEVICES:
            found.append(f"'{segment}' is a device name on Windows")
        if segment != segment.rstrip(". ") and segment not in (".", ".."):
            found.append(f"'{segment}' ends with a dot or a space, which Windows drops")
        if re.search(r'[<>:"|?*]', segment):
            found.append(f"'{segment}' holds a character Windows does not allow")
    return tuple(found)


def collisions(paths: Iterable[str]) -> tuple[tuple[str, str, str], ...]:
    """Return `(first, second, why)` for names that are one file on some systems, or file and folder at once."""
    found: list[tuple[str, str, str]] = []
    seen: dict[str, str] = {}
    names = sorted(set(paths))
    for name in names:
        folded = unicodedata.normalize("NFC", name).casefold()
        other = seen.setdefault(folded, name)
        if other != name:
            same_case = unicodedata.normalize("NFC", other) == unicodedata.normalize("NFC", name)
            found.append((other, name, "Unicode-normalisation collision" if same_case else "case-only collision"))
    for name in names:
        found += [
            (seen[parent], name, "one is a file, the other needs it to be a folder")
            for parent in _parents(unicodedata.normalize("NFC", name).casefold())
            if parent in seen
        ]
    return tuple(found)


def encoded(path: str) -> bytes:
    """Return the bytes of a name; a name that is not Unicode keeps its raw bytes."""
    return path.encode("utf-8", "surrogateescape" if _is_escaped(path) else "surrogatepass")


def _is_escaped(path: str) -> bool:
    return all(not 0xD800 <= ord(char) <= 0xDFFF or 0xDC80 <= ord(char) <= 0xDCFF for char in path)


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def _character_problems(path: str) -> list[str]:
    found = []
    if any(unicodedata.category(char) == "Cs" for char in path):
        found.append("the file name is not UTF-8")
    if any(unicodedata.category(char) == "Cc" or char in "\u2028\u2029" for char in path):
        found.append("control character in the file name")
    if _BIDI.search(path):
        found.append("bidi control character not allowed")
    if "\\" in path:
        found.append("backslash not allowed; use '/'")
    return found


def _form_problems(path: str) -> list[str]:
    if path.startswith(("/", "\\\\")) or _DRIVE.match(path):
        return ["absolute path not allowed; give it relative to the repo's root"]
    if "//" in path or path.endswith("/") or "." in path.split("/"):
        return ["not a normalised relative path; remove empty and '.' segments"]
    return []


def _segment_problems(segment: str) -> list[str]:
    found = []
    plain = _HFS_IGNORED.sub("", segment).rstrip(". ").lower()
    if segment == "..":
        found.append("'..' segment not allowed")
    if plain in _GIT_ALIASES:
        found.append("a path under .git is not allowed")
    if plain == ".cache":
        found.append("a path under .cache is reserved by huggingface_hub")
    if len(encoded(segment)) > SEGMENT_BYTES:
        found.append(f"a segment has {len(encoded(segment))} bytes; the limit is {SEGMENT_BYTES}")
    return found
