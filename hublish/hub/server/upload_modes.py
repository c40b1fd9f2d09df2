"""How a file will be stored, and whether at all: `.gitattributes`, sizes, samples and `.gitignore`."""

import io
import json
from collections.abc import Callable
from pathlib import Path

from dulwich.attrs import compile_gitattributes_patterns, match_path, parse_git_attributes
from dulwich.ignore import IgnoreFilter, read_ignore_patterns


def default_attributes(kind: str) -> bytes:
    """Return the `.gitattributes` a new repository starts with, as the Hub's: large formats go to LFS."""
    known = json.loads(Path(__file__).with_name("lfs_patterns.json").read_text("utf-8"))
    patterns = known["all"] + known.get(kind, [])
    return "".join(f"{pattern} filter=lfs diff=lfs merge=lfs -text\n" for pattern in patterns).encode()


def lfs_rule(attributes: bytes) -> Callable[[str], bool | None]:
    """Return what a `.gitattributes` says about a path: True for LFS, False for not, None for nothing."""
    patterns = compile_gitattributes_patterns(parse_git_attributes(io.BytesIO(attributes)))

    def rule(path: str) -> bool | None:
        found = match_path(patterns, path.encode("utf-8", "surrogateescape"))
        return None if b"filter" not in found else found[b"filter"] == b"lfs"

    return rule


def ignore_rule(gitignore: bytes) -> Callable[[str], bool]:
    """Return whether a `.gitignore` keeps a path out, as git reads it: excluded folders are never entered."""
    ignore = IgnoreFilter(read_ignore_patterns(io.BytesIO(gitignore)))
    return lambda path: bool(ignore.is_ignored(path))


def looks_binary(sample: bytes) -> bool:
    """Tell whether the first bytes of a file are no text: a NUL, or no UTF-8 but for a character cut at the end."""
    if b"\0" in sample:
        return True
    try:
        sample.decode()
    except UnicodeDecodeError as error:
        return error.start < len(sample) - 3 or error.reason != "unexpected end of data"
    return False
