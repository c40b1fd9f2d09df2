"""Read the ways to name a repo that people paste: an id with its type and revision, a page of the Hub, a clone URL.

Nothing of a text that may hold a password is repeated: only ids, revisions and hosts that were recognized as such.
"""

import re
import shlex
from dataclasses import dataclass, replace
from typing import Final, Literal
from urllib.parse import SplitResult, unquote, urlsplit

from hublish.schemas.diagnose.problems import InvalidValueError
from hublish.schemas.documents.hub_names import EMBEDDED, URL_KINDS, RepoType, check_repo_id

_PUBLIC_HUB: Final = "huggingface.co"
_PUBLIC_HOSTS: Final = frozenset([_PUBLIC_HUB, "www.huggingface.co", "hf.co"])
# The form of `git clone`, where `git` is the user of every repo.
_SCP: Final = re.compile(r"git@(?P<host>[A-Za-z0-9.-]+):(?!//)(?P<path>[^:@]+)")
_SCHEMES: Final = ("https", "http", "ssh", "git+https", "git+ssh", "git", "hf")
# First segments of the Hub's pages that are not the namespace of a repo.
_OTHER_PAGES: Final = frozenset(
    [
        *("blog", "buckets", "chat", "collections", "docs", "join", "learn", "login", "new", "organizations", "papers"),
        *("posts", "pricing", "search", "settings", "tasks"),
    ]
)
_FOLDER_PAGES: Final = ("tree", "commits")
_FILE_PAGES: Final = ("blob", "resolve", "raw", "blame", "edit", "delete")
_PAGES: Final = (*_FOLDER_PAGES, *_FILE_PAGES, "commit")
_NO_REPO: Final = "this URL does not name a repo on a Hub"
_EXAMPLE: Final = "write the id as the Hub shows it, such as acme/digits-mlp or acme/digits-mlp@v1.2.0"


@dataclass(frozen=True, slots=True)
class RepoAddress:
    """A repo, and the type, revision and host that its address contains."""

    repo_id: str
    repo_type: RepoType | None = None
    revision: str | None = None
    host: str | None = None
    """The host of a URL, with its port; None for an id, which is of the Hub in use."""
    scheme: str = "https"
    """`http` for the URL of a Hub without TLS, such as one on this machine."""

    def on(self, endpoint: str, repo_type: RepoType | None = None, revision: str | None = None) -> "RepoAddress":
        """Return the address completed by the arguments beside it.

        Args:
            endpoint: the Hub in use, which is the only one that is asked: `embedded` or a URL.
            repo_type: the type that was given; None for none.
            revision: the revision that was given; None for none.

        Raises:
            InvalidValueError: it is the URL of another Hub, or an argument differs from it.
        """
        if self.host is not None and self.host != _host_of(endpoint):
            msg = f"the URL is of {self.host}, and the Hub in use is {_host_of(endpoint)}"
            raise InvalidValueError(
                msg, f"{self.spelling}; or use that Hub with --endpoint {self.scheme}://{self.host}"
            )
        for name, given, named in (
            ("repo_type", repo_type, self.repo_type),
            ("revision", revision, self.revision),
        ):
            if given and named and given != named:
                raise InvalidValueError(
                    f"{self.repo_id} has {name} {named} in its address, but {given} was given", "leave one of them out"
                )
        return replace(self, repo_type=repo_type or self.repo_type, revision=revision or self.revision)

    @property
    def spelling(self) -> str:
        """A hint: the repo as a command line and a call of Python write it."""
        kind = f"{self.repo_type}s/" if self.repo_type not in (None, "model") else ""
        short = f"{kind}{self.repo_id}" + (f"@{self.revision}" if self.revision else "")
        keywords = [f"repo_type='{self.repo_type}'"] if kind else []
        keywords += [f"revision='{self.revision}'"] if self.revision else []
        in_python = f" (in Python '{self.repo_id}', {', '.join(keywords)})" if keywords else ""
        return f"write `{short}`{in_python}"


def read_address(text: str) -> RepoAddress:
    """Return the repo that a text names.

    It is an id with an optional type and revision (`acme/a`, `datasets/acme/a@v1`), `hf://acme/a@v1`, the address of a
    page (`https://huggingface.co/acme/a/tree/v1`, with or without the host), or a URL for `git clone`.

    Raises:
        InvalidValueError: it names no repo, more than a whole repo, or contains a user or a password.
    """
    # A trailing slash comes from the shell's completion or a browser.
    text = text.strip().rstrip("/")
    if clone := _SCP.fullmatch(text):
        return _in_path(clone["path"].split("/"), "url", _canonical(clone["host"]))
    scheme, separator, rest = text.partition("://")
    if separator and scheme.lower() == "hf" and not re.search(r"[:?#]|@.*@", rest):
        return _in_path([unquote(part) for part in rest.split("/") if part], "hf")
    if separator:
        return _of_url(text)
    if text.partition("/")[0] in _PUBLIC_HOSTS:
        return _of_url(f"https://{text}")
    return _of_id(text)


def _of_url(text: str) -> RepoAddress:
    try:
        url = urlsplit(text)
        host = _netloc(url)
    except ValueError:
        url, host = urlsplit(""), ""
    if url.scheme not in _SCHEMES or not host:
        raise InvalidValueError(_NO_REPO, _EXAMPLE)
    # `git` is the user of all clones over SSH. Any other user may be a token, and a second @ the rest of a password.
    user = url.netloc.rpartition("@")[0]
    is_odd = text.count("@") > 1 or "\\" in text or url.scheme == "hf"
    parts = [unquote(part) for part in url.path.split("/") if part]
    if is_odd or (user and not (user == "git" and "ssh" in url.scheme)):
        hint = _EXAMPLE if is_odd else _in_path(parts, "url").spelling
        hint += "; a token belongs in HF_TOKEN, or `hf auth login` saves it"
        raise InvalidValueError("a URL with a user or a password is not accepted", hint)
    if "@" in url.path and host != _PUBLIC_HUB and ":" in url.netloc:
        # A password with a slash in it ends the host for `urlsplit`, and looks like a port and an id.
        raise InvalidValueError(_NO_REPO, _EXAMPLE)
    # Queries and fragments choose a part or a view of the page, never another repo.
    found = _in_path(parts, "url", host)
    return replace(found, scheme="http") if url.scheme == "http" and host != _PUBLIC_HUB else found


def _of_id(text: str) -> RepoAddress:
    # No id contains an @, but a revision may.
    name, at, revision = text.partition("@")
    if at and (not revision or not name):
        raise InvalidValueError("expected REPO or REPO@REVISION", _EXAMPLE)
    parts = name.split("/")
    if at:
        kind, id_parts = _kind_and_rest(parts, 3)
        return RepoAddress(check_repo_id("/".join(id_parts)), kind, _checked(revision))
    return _in_path(parts, "id")


def _kind_and_rest(parts: list[str], least: int) -> tuple[RepoType | None, list[str]]:
    """Split a type off, where enough parts follow: `datasets/a` without a host is a model of the user `datasets`."""
    kind = URL_KINDS.get(f"{parts[0].removesuffix('s')}s") if len(parts) >= least else None
    return kind, parts[1:] if kind else parts


def _in_path(parts: list[str], form: Literal["id", "url", "hf"], host: str | None = None) -> RepoAddress:
    """Return the repo of a path on the Hub: its id, and the page of it."""
    if form == "url" and parts[:1] == ["api"]:
        parts = parts[1:]
    if form != "id" and (not parts or parts[0] in _OTHER_PAGES or (len(parts) == 1 and parts[0] in URL_KINDS)):
        raise InvalidValueError(_NO_REPO, _EXAMPLE)
    kind, parts = _kind_and_rest(parts, 3 if form == "id" else 2)
    if form == "id" and not all(parts):
        check_repo_id("/".join(parts))  # a path, not a page
    if form == "url" and kind is None:
        kind = "model"  # the website shows all other types under their prefix
    length = _id_length(parts, form)
    id_parts, rest = parts[:length], parts[length:]
    name, at, revision = id_parts[-1].partition("@")
    if at:
        id_parts = [*id_parts[:-1], name]
        if revision == "refs" and len(rest) >= 2:
            revision, rest = "/".join([revision, *rest[:2]]), rest[2:]
    if form == "url":
        id_parts = [*id_parts[:-1], id_parts[-1].removesuffix(".git")]
    address = RepoAddress(check_repo_id("/".join(id_parts)), kind, _checked(revision) or None, host)
    return _of_page(address, [unquote(part) for part in rest] if form == "id" else rest, at_path=form == "hf")


def _id_length(parts: list[str], form: str) -> int:
    # `gpt2/tree/main` has no namespace, and `acme/tree` has no page.
    without_namespace = len(parts) > 2 and parts[1] in _PAGES and not (len(parts) > 3 and parts[2] in _PAGES)
    return 1 if "@" in "".join(parts[:1]) or (without_namespace and form != "hf") else 2


def _of_page(address: RepoAddress, rest: list[str], *, at_path: bool) -> RepoAddress:
    """Return the address with the revision that a page shows."""
    if not rest:
        return address
    if at_path:
        raise _part_of(address, "/".join(rest))
    page, *where = rest
    if page == "discussions" and where and where[0].isdecimal():
        pull_request = replace(address, revision=f"refs/pr/{where[0]}")
        raise InvalidValueError("this is the page of a discussion", f"for a pull request, {pull_request.spelling}")
    if page not in _PAGES or address.revision:
        raise InvalidValueError("this names more than a repo and its revision", address.spelling)
    # Written out, the refs of pull requests and conversions have slashes.
    length = 3 if where[:1] == ["refs"] and len(where) >= 3 else 1
    found = replace(address, revision=_checked("/".join(where[:length])) or None)
    if path := "/".join(where[length:]):
        raise _part_of(found, path if page in _FILE_PAGES else f"{path}/*")
    return found


def _part_of(address: RepoAddress, path: str) -> InvalidValueError:
    # One file, the folder, or the release that holds it: whoever pasted it may want any of them.
    hint = f"{address.spelling}, and `--include {shlex.quote(path)}` (allow_patterns in Python) for that part alone"
    return InvalidValueError("this is the address of a part of a repo", hint)


def _checked(revision: str) -> str:
    # Of git's rules for refs, those without which a revision could hide a password or break a line.
    if re.search(r"[\x00-\x20\x7f~^:?*\[\\]", revision):
        raise InvalidValueError("the revision is not the name of a branch, tag, pull request or commit", _EXAMPLE)
    return revision


def _netloc(url: SplitResult) -> str:
    host = _canonical(url.hostname or "")
    return f"{host}:{url.port}" if host and url.port else host


def _canonical(host: str) -> str:
    return _PUBLIC_HUB if host.lower() in _PUBLIC_HOSTS else host.lower()


def _host_of(endpoint: str) -> str:
    # The scheme does not count: requests go to the endpoint, whatever the URL.
    return endpoint if endpoint == EMBEDDED else _netloc(urlsplit(endpoint))
