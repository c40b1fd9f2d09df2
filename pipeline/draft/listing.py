"""List the files of a folder or of a Hub repo, and read the small ones that describe the rest."""

import json
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from posixpath import basename, dirname
from typing import TYPE_CHECKING, Any, Final, Literal

from hublish.audit.path_audit import default_denied
from hublish.base.content import open_below
from hublish.base.errors import UsageError
from hublish.base.values import Kind, Reference
from hublish.formats.catalogue import WEIGHT_SUFFIXES
from hublish.pipeline.collect.walking import look, walk
from hublish.pipeline.draft.release_parts import LeftOut
from hublish.schemas.documents.hub_names import RepoType
from hublish.schemas.documents.path_rules import local_problems, path_problems
from hublish.schemas.secrets.masking import holds_token, redact
from hublish.schemas.secrets.unsafe_characters import text_problem
from hublish.schemas.vocabulary import table

if TYPE_CHECKING:
    from hublish.hub.client.hub import Hub

# The largest file that is read whole, in bytes: enough for any configuration, and quick to download from a Hub.
SMALL: Final = 1 << 20
# Enough of a text file to recognize it by its beginning, in bytes.
_HEAD: Final = 64 << 10
# Twice the 100,000 files that the Hub recommends for one repo: such a folder is never a release.
_MOST_FILES: Final = 200_000


@dataclass(frozen=True, slots=True)
class Item:
    """A file, link or device in the listing; never a folder."""

    path: str
    """Relative to the root, with `/` between segments."""
    size: int
    kind: Kind = Kind.FILE


@dataclass(frozen=True)
class Listing:
    """The files of a folder or repo. Contents are read on request only, and never beyond a limit."""

    name: str
    """The name of the folder or repo."""
    items: tuple[Item, ...]
    """Sorted by path."""
    reader: Callable[[str, int], bytes]
    """Returns at most so many bytes from the start of a file; nothing if the file cannot be read."""
    skipped: Mapping[str, str] = field(default_factory=dict)
    """Folders that were not entered, with the reason."""
    folder: Path | None = None
    """The folder on this machine; None for a Hub repo."""
    from_hub: bool = False
    """Whether the files come from a Hub repo, which holds only files that were released on purpose."""

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """The size of every regular file, by path."""
        return {item.path: item.size for item in self.items if item.kind is Kind.FILE}

    def __contains__(self, path: str) -> bool:
        return path in self.sizes

    def head(self, path: str, limit: int = _HEAD) -> bytes:
        """Return at most `limit` bytes from the start of a file; nothing if it does not exist."""
        return self.reader(path, limit) if path in self.sizes else b""

    def text(self, path: str, limit: int = _HEAD) -> str:
        """Return the start of a file as text, with invalid bytes replaced."""
        return self.head(path, limit).decode("utf-8", "replace")

    def json(self, path: str) -> Any:
        """Return the content of a small JSON file; None if it is missing, large or invalid."""
        try:
            return json.loads(self.head(path, SMALL)) if self.sizes.get(path, SMALL + 1) <= SMALL else None
        except (ValueError, RecursionError):  # json recurses: a few kilobytes of brackets exceed Python's limit
            return None

    def json_object(self, path: str) -> Mapping[str, Any]:
        """Return the object in a small JSON file; empty if the file has another content."""
        found = self.json(path)
        return found if isinstance(found, dict) else {}


def list_folder(folder: Path) -> Listing:
    """List a folder without following links, and without entering folders that are never released.

    Raises:
        UsageError: when `folder` is not a folder, or holds more files than a release can have.
        OSError: when the folder cannot be read.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", hint="name the folder that holds the files of the release")
    skipped: dict[str, str] = {}

    def enter(path: str) -> bool:
        reason = folder_reason(path) or ("" if os.access(folder / path, os.R_OK | os.X_OK) else "cannot be read")
        if reason:
            skipped[path] = reason
        return not reason

    items = []
    for entry in walk(folder, enter=enter):
        items.append(Item(entry.relative, entry.identity.size, entry.kind))
        if len(items) > _MOST_FILES:
            msg = f"{folder} holds more than {_MOST_FILES:,} files"
            raise UsageError(msg, hint="name the subfolder that holds the files of the release")
    items.sort(key=lambda item: item.path)
    return Listing(folder.resolve().name, tuple(items), lambda path, limit: _head(folder, path, limit), skipped, folder)


def list_file(path: Path) -> Listing:
    """List one file, without the others in its folder; a link is not followed.

    Raises:
        UsageError: when there is no such file.
        OSError: when its folder cannot be read.
    """
    folder, entry = path.parent, look(path.parent, path.name)
    if entry is None or entry.kind is Kind.FOLDER:
        raise UsageError(f"{path} is not a file", hint="name the file or the folder to release")
    items = (Item(entry.relative, entry.identity.size, entry.kind),)
    return Listing(path.name, items, lambda name, limit: _head(folder, name, limit), folder=folder)


def list_repo(hub: "Hub", repo_id: str, repo_type: RepoType, revision: str) -> tuple[Listing, str]:
    """Return the files of a Hub repo at a revision, and the commit that the revision names.

    Raises:
        NotFoundError, AuthenticationError, RemoteError: as the Hub responds.
    """
    from hublish.hub.client import transfer  # imports huggingface_hub, which a draft of a folder does not need

    repo = Reference(repo_id, repo_type)
    commit = hub.commit_of(repo, revision)
    sizes = {path: file.size for path, file in hub.tree(repo, commit).items()}

    @cache
    def whole(path: str) -> bytes:
        # No copy stays on this machine: these files are not audited for pickles.
        return transfer.read(hub, repo, path, commit, size=sizes[path])

    def read(path: str, limit: int) -> bytes:
        # The client downloads whole files only, and the Hub may list any name.
        return b"" if sizes[path] > SMALL or tuple(path_problems(path)) else whole(path)[:limit]

    items = tuple(Item(path, size) for path, size in sorted(sizes.items()))
    return Listing(repo_id.rpartition("/")[2], items, read, from_hub=True), commit


def _head(folder: Path, path: str, limit: int) -> bytes:
    try:
        descriptor = open_below(folder, path)
    except OSError:
        return b""
    with open(descriptor, "rb") as file:
        # The file may have been replaced by a pipe since it was listed.
        return file.read(limit) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""


# Excluded files are reported, since a user may miss one of them; the release itself is selected by the other modules.
def never_released(listing: Listing) -> Iterator[LeftOut]:
    """Yield the files and folders that no release contains, with the reason for each."""
    yield from (LeftOut(f"{redact(folder)}/", why) for folder, why in listing.skipped.items())
    for item in listing.items:
        if item.kind is not Kind.FILE:
            yield LeftOut(item.path, f"a {item.kind}; only regular files are released")
        elif why := file_reason(item.path, from_hub=listing.from_hub):
            yield LeftOut(item.path, why)
        elif not item.size and item.path.lower().endswith(WEIGHT_SUFFIXES):
            yield LeftOut(item.path, "an empty weight file: export it again")


def folder_reason(path: str) -> str:
    """Return why a folder is not entered; empty if it is entered."""
    return _rule("folders", basename(path))


def file_reason(path: str, *, from_hub: bool = False) -> str:
    """Return why a file is never released; empty if it may be, as one in a Hub repo was before."""
    if holds_token(path):
        return "its name contains a possible token"
    if denied := default_denied(path):
        return f"never released ({denied})"
    if problems := (*path_problems(path), *local_problems(path)):
        return problems[0]
    if problem := text_problem(path):
        return f"its name: {problem[1]}"
    return _rule("released_before" if from_hub else "files", basename(path))


def _rule(section: Literal["folders", "files", "released_before"], name: str) -> str:
    expression, reasons = _rules(section)
    found = expression.fullmatch(name)
    return reasons[found.lastindex - 1] if found and found.lastindex else ""


@cache
def _rules(section: str) -> tuple[re.Pattern[str], tuple[str, ...]]:
    # One expression with a group for each reason: a folder may hold 200,000 names, and each is matched once.
    rules = table("never_released")[section]
    groups = (f"({'|'.join(rule['names'])})" for rule in rules)
    return re.compile("|".join(groups), re.IGNORECASE), tuple(rule["reason"] for rule in rules)


def directly_in(paths: Iterable[str], folder: str) -> tuple[str, ...]:
    """Return the paths directly in a folder."""
    return tuple(path for path in paths if dirname(path) == folder)
