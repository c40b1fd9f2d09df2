"""Filters that a repository brings along: programs that git would run to compare a file, kept from running.

An unpacked archive can hold a `.git/config` with any command in it, and `hublish check` runs nobody's commands. What
the user's own configuration says of a filter, such as Git LFS, stays.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from hublish.api.git.command import ask

_KEYS = (".clean", ".process", ".required")
"""What git runs on a file in the work tree to compare it with the index, and whether it insists."""
_OF_THE_REPOSITORY = ("local", "worktree")


def without_own_filters(folder: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment in which git runs no filter that the repository itself configures.

    Args:
        folder: a folder of the repository.
        environ: the environment; what it configures already stays.

    Raises:
        NoValueError: git does not answer.
    """
    users: dict[str, str] = {}
    own: dict[str, str] = {}
    for scope, key, value in _configured(folder, environ):
        (own if scope in _OF_THE_REPOSITORY else users)[key] = value
    count = environ.get("GIT_CONFIG_COUNT", "0")
    first = int(count) if count.isascii() and count.isdigit() else 0
    changed = {"GIT_CONFIG_COUNT": str(first + len(own))}
    for number, key in enumerate(own, first):
        changed |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": users.get(key, "")}
    return {**environ, **changed} if own else dict(environ)


def _configured(folder: Path, environ: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """Yield scope, key and value of everything that says what a filter runs, those that count more later."""
    asked = ("config", "--null", "--show-scope", "--get-regexp", r"^filter\..*\.(clean|process|required)$")
    # Each is `scope NUL key LF value NUL`; a key without a value has no line feed.
    fields = iter(ask(folder, environ, *asked).out.decode("utf-8", "surrogateescape").split("\0"))
    for scope, entry in zip(fields, fields, strict=False):
        key, _, value = entry.partition("\n")
        if key.endswith(_KEYS):
            yield scope, key, value
