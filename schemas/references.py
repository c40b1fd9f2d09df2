"""repo_id, branch and tag names: what the Hub and git accept, checked before anything is sent."""

import re

_REPO_ID = re.compile(r"(?:[A-Za-z0-9][\w.-]{0,95}/)?[A-Za-z0-9_][\w.-]{0,95}", re.ASCII)
_BAD_IN_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|/\.|\.lock(?:/|$)|\.$|/$")


def check_repo_id(repo_id: str) -> str:
    """Return `repo_id` when the Hub would take it.

    The rules are huggingface_hub's `validate_repo_id`: one optional namespace, 96 characters a repo name,
    letters, digits, `-`, `_`, `.`, no `--` or `..`, no `-` or `.` at either end, not ending in `.git`.

    Raises:
        ValueError: saying which rule is broken.
    """
    name = repo_id.rpartition("/")[2]
    if repo_id.count("/") > 1:
        msg = "repo_id must be `name` or `namespace/name`"
    elif not _REPO_ID.fullmatch(repo_id):
        msg = "repo_id may hold letters, digits, '-', '_' and '.', at most 96 characters a part"
    elif "--" in repo_id or ".." in repo_id:
        msg = "repo_id may not hold '--' or '..'"
    elif name[0] in "-." or name[-1] in "-.":
        msg = "repo_id may not begin or end with '-' or '.'"
    elif repo_id.endswith(".git"):
        msg = "repo_id may not end in '.git'"
    else:
        return repo_id
    raise ValueError(msg)


def check_ref(name: str) -> str:
    """Return `name` when git accepts it as a branch or tag (git-check-ref-format).

    Raises:
        ValueError: saying that git would refuse it.
    """
    if not name or name.startswith(("-", "/", ".")) or name == "@" or _BAD_IN_REF.search(name):
        msg = f"{name!r} is not a name git accepts for a branch or tag"
        raise ValueError(msg)
    return name
