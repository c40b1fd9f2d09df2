"""Calls before an upload: whether the card is valid, how each file will be stored, and which files are ignored."""

import base64
import binascii
import io
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from dulwich.attrs import compile_gitattributes_patterns, match_path, parse_git_attributes
from dulwich.ignore import IgnoreFilter, read_ignore_patterns

from hublish.hub.server.access import repo_to_upload
from hublish.hub.server.card_checks import validate
from hublish.hub.server.http import Request, Response, json_response
from hublish.hub.server.refusals import bad_request, invalid_path
from hublish.hub.server.repo_ids import path_problem
from hublish.hub.server.snapshots import Snapshot, open_snapshot
from hublish.hub.server.stores import Hub
from hublish.schemas.documents.file_names import GITATTRIBUTES, GITIGNORE

# Files in one preupload call; the client sends 256.
MAX_FILES = 1000


def validate_yaml(_hub: Hub, request: Request) -> Response:
    """`POST /api/validate-yaml`: 200 with warnings, or 400 with errors."""
    body = request.json_object()
    content = body.get("content")
    if not isinstance(content, str):
        raise bad_request('"content" must be a string')
    report = validate(str(body.get("repoType") or "model"), content)
    # Only a 400 makes the client raise ValueError; it parses the JSON of both.
    status = 400 if report.errors else 200
    if request.headers.get("accept", "").startswith("text/plain"):  # from `RepoCard.validate`, which shows the text
        return Response(status, {"content-type": "text/plain; charset=utf-8"}, report.to_text().encode())
    return json_response(report.to_json(), status=status)


def preupload(hub: Hub, request: Request) -> Response:
    """`POST /api/P/R/preupload/V[?create_pr=1]`."""
    repo = repo_to_upload(hub, request)
    body = request.json_object()
    files = body.get("files")
    if not isinstance(files, list) or len(files) > MAX_FILES:
        raise bad_request(f'"files" must be a list of at most {MAX_FILES} files')
    with open_snapshot(hub, repo, request.params["revision"]) as snapshot:
        # Rules that are part of the upload replace those of the revision.
        parsed = [_parse(file) for file in files]
        names = Names.of(path for path, _, _ in parsed)
        lfs = lfs_rule(_rules(snapshot, body.get("gitAttributes"), GITATTRIBUTES), names)
        ignored = ignore_rule(_rules(snapshot, body.get("gitIgnore"), GITIGNORE), names)
        return json_response({"files": [_file(snapshot, lfs, ignored, *file) for file in parsed]})


def _rules(snapshot: Snapshot, given: object, path: str) -> bytes:
    if isinstance(given, str):
        return given.encode("utf-8", "surrogatepass")  # JSON can carry lone surrogates
    return snapshot.read(path) or b""


def _file(
    snapshot: Snapshot,
    lfs: Callable[[str], bool | None],
    ignored: Callable[[str], bool],
    path: str,
    size: int,
    sample: bytes,
) -> dict[str, Any]:
    by_rule = lfs(path)
    large = size > snapshot.hub.limits.regular_file or by_rule or (by_rule is None and looks_binary(sample))
    shown = {
        "path": path,
        "uploadMode": "lfs" if size and large else "regular",  # the client sends empty files as regular in any case
        "shouldIgnore": ignored(path),  # must be present; the client then drops the file silently
    }
    # The client compares this id with its own, and does not commit an unchanged file.
    if entry := snapshot.find_file(path):
        shown["oid"] = snapshot.facts(entry).digest or entry.sha
    return shown


def _parse(file: Any) -> tuple[str, int, bytes]:
    if not isinstance(file, dict) or not isinstance(file.get("path"), str):
        raise bad_request("A file needs a path")
    path, size = file["path"], file.get("size")
    if problem := path_problem(path):
        raise invalid_path(path, problem)
    if not isinstance(size, int) or size < 0:
        raise bad_request(f"Invalid size of {path!r}")
    try:
        return path, size, base64.b64decode(file.get("sample") or "", validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise bad_request(f"Invalid sample of {path!r}") from None


@dataclass(frozen=True, slots=True)
class Names:
    """The names of files and folders in some paths, to leave out the rules that match none of them.

    A rule becomes a regular expression, which takes longer than all else of a call when a file has 200,000 rules.
    """

    whole: frozenset[bytes]
    beginnings: frozenset[bytes]
    ends: frozenset[bytes]

    @classmethod
    def of(cls, paths: Iterable[str]) -> "Names | None":
        """Return the names in some paths; None for too many of them."""
        names = {name.encode("utf-8", "surrogatepass") for path in paths for name in path.split("/")}
        if len(names) > _MAX_NAMES:
            return None
        beginnings = {name[:size] for name in names for size in range(min(len(name), _COMPARED) + 1)}
        ends = {name[len(name) - size :] for name in names for size in range(min(len(name), _COMPARED) + 1)}
        return cls(frozenset(names), frozenset(beginnings), frozenset(ends))

    def may_match(self, pattern: bytes) -> bool:
        """Return whether a pattern of git may match one of the paths, or a folder above it."""
        # A part without wildcards is a whole name; brackets and escapes are left to the real match.
        if b"\\" in pattern or b"[" in pattern:
            return True
        for part in pattern.removeprefix(b"!").strip(b"/").split(b"/"):
            pieces = _WILDCARD.split(part)
            if len(pieces) == 1:
                if part not in self.whole:
                    return False
            elif pieces[0][:_COMPARED] not in self.beginnings or pieces[-1][-_COMPARED:] not in self.ends:
                return False
        return True


# Names of which beginnings and ends are kept, at most; deeper paths than this are rare.
_MAX_NAMES = 20_000

# Bytes of the beginning and the end of a name that are compared.
_COMPARED = 32

_WILDCARD = re.compile(rb"[*?]+")


def lfs_rule(attributes: bytes, names: Names | None = None) -> Callable[[str], bool | None]:
    """Return a function from a path to its LFS rule in a `.gitattributes`: True, False, or None without a rule.

    With `names`, it is for the paths with these names.
    """
    rules = parse_git_attributes(io.BytesIO(attributes))
    patterns = compile_gitattributes_patterns(rule for rule in rules if names is None or names.may_match(rule[0]))

    def rule(path: str) -> bool | None:
        found = match_path(patterns, path.encode("utf-8", "surrogateescape"))
        return None if b"filter" not in found else found[b"filter"] == b"lfs"

    return rule


def ignore_rule(gitignore: bytes, names: Names | None = None) -> Callable[[str], bool]:
    """Return whether a `.gitignore` excludes a path, as git reads it: git never enters an excluded folder.

    With `names`, the function is for the paths with these names.
    """
    if not gitignore.strip():
        return lambda _: False
    rules = read_ignore_patterns(io.BytesIO(gitignore))
    ignore = IgnoreFilter(rule for rule in rules if names is None or names.may_match(rule))
    return lambda path: bool(ignore.is_ignored(path))


def looks_binary(sample: bytes) -> bool:
    """Return whether the first bytes of a file are not text: a NUL, or invalid UTF-8."""
    if b"\0" in sample:
        return True
    try:
        sample.decode()
    except UnicodeDecodeError as error:
        # The sample may end inside of a character.
        return error.start < len(sample) - 3 or error.reason != "unexpected end of data"
    return False
