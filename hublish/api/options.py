"""The keyword options that several verbs share, each documented once.

A verb accepts a group with `**options: Unpack[HubOptions]` and is decorated with `@takes(HubOptions)`: its signature
and its `help()` then list every option of the group, and Python's usual TypeError rejects any other keyword.
"""

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, wraps
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Literal, ParamSpec, TypedDict, TypeVar

from hublish.api.read_project import AnyManifest
from hublish.base.progress import SILENT, Progress
from hublish.base.values import Plan
from hublish.formats.interface import DISTRUST, Trust
from hublish.schemas.documents.card_decision import MERGE, CardDecision
from hublish.schemas.documents.file_names import MANIFEST_FILE
from hublish.schemas.documents.hub_names import RepoType
from hublish.schemas.documents.lock import Lock
from hublish.schemas.documents.signing import Sign

P = ParamSpec("P")
T = TypeVar("T")


class HubOptions(TypedDict, total=False):
    """Which Hub to use, on whose behalf, and how progress is reported."""

    endpoint: str | None
    """A URL, or `embedded` for the Hub in `.hublish/hub`. Default: the manifest's `repo.endpoint`, then `embedded` when
    the lock was written there, then HF_ENDPOINT, then the public Hub."""
    token: str | bool | None
    """A token; None for the one in HF_TOKEN or saved by `hf auth login`, False for none."""
    progress: Progress
    """Receives the stages and the bytes transferred. Default: no reports."""
    digest_cache: bool
    """Whether files that did not change since an earlier run keep its results, from a cache below HF_HOME: digests,
    findings, and conversions to safetensors. False reads and converts every file."""


class PullOptions(HubOptions, total=False):
    """Which files of a release to download, and where to."""

    revision: str | None
    """A branch, tag, pull request ref or commit. Default: main, or the lock's commit."""
    repo_type: RepoType | None
    """model, dataset, space or kernel. Default: the type in the repo's address, else model."""
    lock: Lock | str | Path | None
    """A lock that pins the commit and every digest. Without one, the digests are those the Hub lists."""
    cache_dir: str | Path | None
    """The cache. Default: HF_HUB_CACHE."""
    local_dir: str | Path | None
    """A folder that receives the files instead of the cache. Files in it that no earlier pull wrote are never
    overwritten without `force_download`."""
    allow_patterns: Sequence[str] | str | None
    """Download only files that match. Default: the load plan's patterns."""
    ignore_patterns: Sequence[str] | str | None
    """Skip files that match. Default: the load plan's patterns."""
    force_download: bool
    """Download files again that are there already, and overwrite those in `local_dir`."""
    local_files_only: bool
    """Use the cache alone and send no request."""
    trust_policy: str | Path | None
    """The trust.yaml that says whose signatures are accepted, and what a release has to prove. Default: the file that
    HUBLISH_TRUST names, else trust.yaml in the current folder."""
    trust: Trust
    """Permissions beyond reading data, a `hublish.Trust`; none by default. A file that is or contains a pickle is
    refused without `Trust(pickle=True)`, and reported as a warning with it."""


class PushOptions(HubOptions, total=False):
    """How an object in memory is committed; the names are those of huggingface_hub's mixins."""

    commit_message: str | None
    """First line of the commit."""
    commit_description: str | None
    """The rest of the commit message."""
    private: bool | None
    """Whether the repo is private. None makes a new repo public and leaves an existing one as it is."""
    region: Literal["us", "eu"] | None
    """Where the Hub stores a new repo, for organizations that can choose; an existing one stays where it is."""
    resource_group_id: str | None
    """The resource group of a new repo, in an Enterprise organization; an existing one stays in its group."""
    branch: str | None
    """The branch that receives the commit; it is created from main when missing."""
    create_pr: bool | None
    """Propose the commit as a pull request."""
    allow_patterns: Sequence[str] | str | None
    """Upload only files that match."""
    ignore_patterns: Sequence[str] | str | None
    """Do not upload files that match."""
    delete_patterns: Sequence[str] | str | None
    """Delete files on the Hub that match, in the same commit, unless they are part of the release."""
    card: CardDecision
    """What becomes of the card on the Hub: `merge` keeps people's edits, `theirs` all of it, `ours` nothing."""


class SignatureOptions(HubOptions, total=False):
    """Which release on the Hub is signed, and by whom."""

    repo_type: RepoType | None
    """The type of `repo_id`. Default: the one in its address, else model."""
    manifest: AnyManifest
    """The manifest, which names the repo, the signer and the lock; not read with `repo_id`."""
    lock: str | Path | None
    """The path of the lock of the release; a run updates it once main has the signature. Default: the one beside the
    manifest, or hub.lock with `repo_id`."""
    signer: Sign | Mapping[str, Any] | None
    """Who signs, with the fields of `sign` in hub.yaml. Default: that of the manifest."""
    confirm: Callable[[Plan], bool] | None
    """Receives the plan before anything is written; False stops."""


DEFAULTS: Final[PullOptions] = {
    "digest_cache": True,
    "force_download": False,
    "local_files_only": False,
    "trust": DISTRUST,
    "progress": SILENT,
}
"""The defaults that are not None."""


def takes(options: type) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Return a decorator that lists `options` in a verb's signature and help, and rejects unknown keywords.

    Args:
        options: one of the groups above. The verb's docstring marks their place with a line such as `**options: ...`.
    """

    def decorate(verb: Callable[P, T]) -> Callable[P, T]:
        signature = _with_options(inspect.signature(verb), options)

        # Without the wrapper, `**options` would accept a misspelled option and silently ignore it.
        @wraps(verb)
        def checked(*args: P.args, **kwargs: P.kwargs) -> T:
            for name in kwargs:
                if name not in signature.parameters:
                    raise TypeError(f"{verb.__name__}() got an unexpected keyword argument {name!r}")
            return verb(*args, **kwargs)

        checked.__signature__ = signature  # type: ignore[attr-defined]  # where `inspect` and `help` look for it
        checked.__doc__ = _with_descriptions(verb.__doc__ or "", options)
        return checked

    return decorate


def _with_options(signature: inspect.Signature, options: type) -> inspect.Signature:
    # `inspect.signature` shows `**options` as one parameter; readers and editors want the options themselves.
    defaults: dict[str, Any] = {**DEFAULTS, "card": MERGE, "manifest": MANIFEST_FILE}
    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=defaults.get(name), annotation=annotation)
        for name, annotation in _in_order(options).items()
    ]
    own = [each for each in signature.parameters.values() if each.kind is not inspect.Parameter.VAR_KEYWORD]
    return signature.replace(parameters=[*own, *shared])


def _in_order(options: type) -> dict[str, Any]:
    """Return the options with their types, those that every group shares last."""
    types = options.__annotations__
    return dict(sorted(types.items(), key=lambda option: option[0] in HubOptions.__annotations__))


def _with_descriptions(doc: str, options: type) -> str:
    described = {**_descriptions().get("HubOptions", {}), **_descriptions().get(options.__name__, {})}

    def lines(place: re.Match[str]) -> str:
        first, next_ = place["indent"], place["indent"] + " " * 4
        filled = (
            textwrap.fill(f"{name}: {described[name]}", 110, initial_indent=first, subsequent_indent=next_)
            for name in _in_order(options)
            if name in described
        )
        return "\n".join(filled) or place[0]

    return re.sub(r"^(?P<indent> *)\*\*\w+: .*$", lines, doc, flags=re.MULTILINE)


@cache
def _descriptions() -> Mapping[str, Mapping[str, str]]:
    """Return the description of every option, by the name of its group."""
    # Python keeps no docstrings of attributes, so they are read from this file, as editors read them. An installation
    # without sources loses only these lines of `help()`.
    try:
        tree = ast.parse(Path(__file__).read_text(encoding="utf-8"))
    except OSError:
        return {}
    return {group.name: dict(_described(group)) for group in tree.body if isinstance(group, ast.ClassDef)}


def _described(group: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for field, doc in pairwise(group.body):
        if isinstance(field, ast.AnnAssign) and isinstance(doc, ast.Expr) and isinstance(doc.value, ast.Constant):
            yield ast.unparse(field.target), " ".join(str(doc.value.value).split())
