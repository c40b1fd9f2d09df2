"""The reverse verbs: pull and load."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar, Unpack, overload

from hublish.api.request import PullOptions, Request
from hublish.base.progress import SILENT, Progress
from hublish.base.values import Loaded, LocalRelease
from hublish.formats.interface import DISTRUST, Trust
from hublish.pipeline.load import opening, restoring
from hublish.pipeline.restore.filling import Wanted
from hublish.schemas.documents.hub_names import RepoType
from hublish.schemas.documents.lock import Lock

T = TypeVar("T")


def pull(
    repo_id: str | None = None,
    *,
    revision: str | None = None,
    repo_type: RepoType = "model",
    lock: Lock | str | Path | None = None,
    cache_dir: str | Path | None = None,
    local_dir: str | Path | None = None,
    allow_patterns: Sequence[str] | str | None = None,
    ignore_patterns: Sequence[str] | str | None = None,
    force_download: bool = False,
    local_files_only: bool = False,
    endpoint: str | None = None,
    token: str | bool | None = None,
    progress: Progress = SILENT,
) -> LocalRelease:
    """Download what the load plan needs, every byte checked.

    Args:
        repo_id: `namespace/name`; may be left out when a lock is given.
        revision: a branch, tag, pull request ref or commit; default: main, or the lock's commit.
        repo_type: model, dataset, space or kernel.
        lock: what was promised; without it the digests are those the Hub lists at the commit.
        cache_dir: default: HF_HUB_CACHE.
        local_dir: a folder that receives the files instead of the cache.
        allow_patterns: instead of the load plan's.
        ignore_patterns: instead of the load plan's.
        force_download: download again what is there.
        local_files_only: never ask the network.
        endpoint: a URL or `embedded`; default: HF_ENDPOINT, else the public Hub.
        token: a token, None for the saved one, False for none.
        progress: told about stages and bytes.

    Raises:
        NotFoundError: no such repo or revision.
        OfflineError: no network, and the cache does not hold what is needed.
        IntegrityError: a file has other bytes than promised; it was removed.
        LoadError: the load plan selects nothing, or names are not safe.
    """
    request = Request(
        repo_id,
        revision=revision,
        repo_type=repo_type,
        lock=lock,
        cache_dir=cache_dir,
        local_dir=local_dir,
        allow_patterns=allow_patterns,
        ignore_patterns=ignore_patterns,
        force_download=force_download,
        local_files_only=local_files_only,
        endpoint=endpoint,
        token=token,
        progress=progress,
    )
    return request.pulled()


@overload
def load(
    repo_id: str | None = None,
    *,
    into: type[T],
    strict: bool = True,
    device: Any = None,
    dtype: Any = None,
    trust: Trust = DISTRUST,
    **options: Unpack[PullOptions],
) -> T: ...
@overload
def load(
    repo_id: str | None = None,
    *,
    into: None = None,
    dtype: Any = None,
    **options: Unpack[PullOptions],
) -> Loaded: ...
@overload
def load(
    repo_id: str | None = None,
    *,
    into: Any = None,
    strict: bool = True,
    device: Any = None,
    dtype: Any = None,
    trust: Trust = DISTRUST,
    **options: Unpack[PullOptions],
) -> Any: ...
def load(
    repo_id: str | None = None,
    *,
    into: Any = None,
    strict: bool = True,
    device: Any = None,
    dtype: Any = None,
    trust: Trust = DISTRUST,
    **options: Unpack[PullOptions],
) -> Any:
    """Pull, then open the weights; nothing is unpickled, and no code of the release is run unless it is trusted.

    Args:
        repo_id: `namespace/name`; may be left out when a lock is given.
        into: a class or an instance that takes the weights: a `torch.nn.Module`; an object with `load_state_dict` or
            `set_weights`; a function, or any other class, that is called with the arrays by name. A class with one of
            those methods is constructed from the release's config.json, and a torch module then put in evaluation
            mode; an instance keeps its mode.
        strict: refuse weights that lack a tensor of the object, or hold one it does not know.
        device: where the tensors of a torch module go.
        dtype: what floating tensors are cast to: `bfloat16`, or a type of numpy or torch.
        trust: what is permitted beyond reading data; nothing by default. `Trust(code=True)` loads into the class that
            the release's `load.target` names, when `into` names none: it is imported from an installed package, or
            from a file of a release that is pinned by a lock or a commit.
        options: those of `pull`. Without patterns of anybody's, only the files that loading reads are downloaded.

    Returns:
        The object. Without one a `Loaded`: `.arrays` maps tensor names to numpy arrays, read when they are touched.

    Raises:
        LoadError: no weights, not in the format the load plan names, or they do not fit; and all that `pull` raises.
    """
    wanted = Wanted(into, strict, device, dtype, trust)
    request = Request(repo_id, **options)
    local = request.pulled(to_load=True, with_target=wanted.by_target)
    if into is None and not (wanted.by_target and local.plan.release.load.target):
        return opening(wanted).run(local, request.progress)
    return restoring(wanted).run(local, request.progress).value
