"""Bytes on their way: one commit up, one file down, through the client's public interface."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hublish._version import __version__
from hublish.pipeline.hub import failures
from hublish.pipeline.hub.client import Hub, quote
from hublish.pipeline.values import ReleaseFile
from hublish.schemas.manifest import Repo

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd


@dataclass(frozen=True, slots=True)
class Addition:
    """A file on its way: the bytes that were hashed, or the path of a file the transfer hashes again."""

    file: ReleaseFile
    data: bytes | Path


@dataclass(frozen=True, slots=True)
class Committed:
    """What the Hub answered to a commit."""

    commit: str
    url: str
    pull_request: int | None


def commit(
    hub: Hub,
    repo: Repo,
    additions: Sequence[Addition],
    deletions: Sequence[str],
    *,
    message: str,
    parent_commit: str,
    check_sent: Callable[[Mapping[str, str]], None],
) -> Committed:
    """Send everything in one commit on top of `parent_commit`.

    Args:
        hub: the Hub.
        repo: where to.
        additions: files to write.
        deletions: paths to delete.
        message: first line of the commit.
        parent_commit: the head the plan was made against; anything else is refused by the Hub.
        check_sent: given the sha256 of what was really sent, by path, before the commit; it raises to stop.

    Raises:
        Exception: the client's own; the caller decides what a doubtful answer means.
    """
    from huggingface_hub import CommitOperationDelete

    with hub.watched(), _prepared(hub, repo, additions) as operations:
        hub.api.preupload_lfs_files(
            repo.repo_id,
            operations,
            repo_type=repo.repo_type,
            revision=repo.revision,
            create_pr=repo.create_pr,
            free_memory=False,
        )
        check_sent({operation.path_in_repo: operation.upload_info.sha256.hex() for operation in operations})
        info = hub.api.create_commit(
            repo.repo_id,
            [*operations, *(CommitOperationDelete(path, is_folder=False) for path in deletions)],
            commit_message=message,
            commit_description=repo.commit_description,
            repo_type=repo.repo_type,
            revision=repo.revision,
            create_pr=repo.create_pr,
            parent_commit=parent_commit,
        )
    return Committed(info.oid, info.commit_url, info.pr_num)


def download(hub: Hub, repo_id: str, path_in_repo: str, *, advance: Callable[[int], None], **options: Any) -> Path:
    """Download one file, or find it in the cache; options are `hf_hub_download`'s own.

    Safe to call from several threads; bound the waiting with one `hub.watched()` around them.

    Raises:
        NotFoundError, OfflineError, RemoteError: as the Hub answers.
    """
    from huggingface_hub import hf_hub_download

    try:
        found = hf_hub_download(
            repo_id,
            path_in_repo,
            endpoint=hub.endpoint,
            token=hub.token,
            library_name="hublish",
            library_version=__version__,
            tqdm_class=_meter(advance),
            **options,
        )
    except Exception as error:
        raise failures.translate(error, f"downloading {path_in_repo} from {repo_id}") from error
    return Path(found)


@contextmanager
def _prepared(hub: Hub, repo: Repo, additions: Sequence[Addition]) -> Iterator[list["CommitOperationAdd"]]:
    from huggingface_hub import CommitOperationAdd

    large = any(isinstance(addition.data, Path) for addition in additions)
    with ExitStack() as stack:
        xet = large and _speaks_xet(hub, repo)
        if large and not xet:
            stack.enter_context(_without_xet())
        operations = []
        for addition in additions:
            data = str(addition.data) if isinstance(addition.data, Path) else addition.data
            operation = CommitOperationAdd(addition.file.path_in_repo, data)
            # LFS sends the planned sha256 and the server checks the bytes against it; xet computes it from the
            # bytes it sends, and it is compared before the commit.
            if isinstance(data, str) and not xet:
                operation.upload_info.sha256 = bytes.fromhex(addition.file.sha256)
            operations.append(operation)
        yield operations


def _speaks_xet(hub: Hub, repo: Repo) -> bool:
    # A Hub without xet makes the client fail with a bare ConnectionError at the first large file
    # (huggingface_hub#4507): ask first.
    from huggingface_hub import constants, get_session
    from huggingface_hub.utils import build_hf_headers

    if constants.HF_HUB_DISABLE_XET:
        return False
    url = f"{hub.endpoint}/api/{repo.repo_type}s/{repo.repo_id}/xet-write-token/{quote(repo.revision)}"
    response = get_session().get(url, headers=build_hf_headers(token=hub.token))
    return bool(response.status_code != 404)


@contextmanager
def _without_xet() -> Iterator[None]:
    from huggingface_hub import constants

    before = constants.HF_HUB_DISABLE_XET
    constants.HF_HUB_DISABLE_XET = True
    try:
        yield
    finally:
        constants.HF_HUB_DISABLE_XET = before


def _meter(advance: Callable[[int], None]) -> type[Any]:
    from tqdm import tqdm

    class Meter(tqdm):  # type: ignore[type-arg]
        """Passes the client's counting on instead of drawing it."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            kwargs.pop("name", None)
            super().__init__(*args, **{**kwargs, "disable": True})

        def update(self, n: float | None = 1) -> bool | None:
            advance(int(n or 0))
            return None

    return Meter
