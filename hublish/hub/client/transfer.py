"""Bytes on their way: one commit up, one file down, through the client's public interface."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hublish.base.errors import NotFoundError, RemoteError
from hublish.base.values import ReleaseFile, RepoRef, Target
from hublish.hub.client import failures, xet_memory
from hublish.hub.client.hub import Hub, quote

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd


@dataclass(frozen=True, slots=True)
class Addition:
    """A file on its way: the bytes that were hashed, or the path of a file the transfer hashes again."""

    file: ReleaseFile
    data: bytes | Path
    in_lfs: bool
    """Whether the Hub keeps it outside git."""


@dataclass(frozen=True, slots=True)
class Committed:
    """What the Hub answered to a commit."""

    commit: str
    url: str
    pull_request: int | None


class DoubtError(Exception):
    """A commit was asked for, and what came back does not tell whether it happened; the cause is the client's."""


@dataclass(frozen=True, slots=True)
class Sent:
    """Files whose large bytes lie on the Hub; nothing names them yet."""

    operations: "Sequence[CommitOperationAdd]"

    @property
    def digests(self) -> Mapping[str, str]:
        """The sha256 of what was really sent, by path_in_repo."""
        return {operation.path_in_repo: operation.upload_info.sha256.hex() for operation in self.operations}


@contextmanager
def sending(hub: Hub, target: Target, additions: Sequence[Addition]) -> Iterator[Sent]:
    """Send the bytes of large files, for the commit made inside the `with` block.

    Raises:
        RemoteError: when the Hub refuses or cannot be reached; nothing was committed.
    """
    in_lfs = any(addition.in_lfs for addition in additions)
    xet = in_lfs and _speaks_xet(hub, target)
    with nullcontext() if xet or not in_lfs else _without_xet():
        sizes = {addition.file.path_in_repo: addition.file.size for addition in additions if addition.in_lfs}
        with hub.speaking(f"sending to {target.repo_id}"), xet_memory.bounded(sizes):
            operations = [_operation(addition, xet=xet) for addition in additions]
            hub.api.preupload_lfs_files(
                target.repo_id,
                operations,
                repo_type=target.repo_type,
                revision=target.revision,
                create_pr=target.create_pr,
                free_memory=False,
            )
        yield Sent(operations)


def commit(hub: Hub, target: Target, sent: Sent, deletions: Sequence[str], *, parent_commit: str | None) -> Committed:
    """Make one commit of what was sent, on top of `parent_commit`.

    Args:
        hub: the Hub.
        target: the repo and the branch.
        sent: files to write.
        deletions: paths to delete.
        parent_commit: the head the plan was made against, anything else is refused by the Hub; None when there is
            none.

    Raises:
        DoubtError: when it may have happened.
        RemoteError: when it was refused.
    """
    from huggingface_hub import CommitOperationDelete

    try:
        with hub.watched():
            info = hub.api.create_commit(
                target.repo_id,
                [*sent.operations, *(CommitOperationDelete(path, is_folder=False) for path in deletions)],
                commit_message=target.commit_message,
                commit_description=target.commit_description,
                repo_type=target.repo_type,
                revision=target.revision,
                create_pr=target.create_pr,
                parent_commit=parent_commit,
            )
            return Committed(info.oid, info.commit_url, info.pr_num)
    except Exception as error:
        if failures.in_doubt(error):
            raise DoubtError from error
        raise hub.translated(error, f"committing to {target.repo_id}") from error


def download(hub: Hub, repo_id: str, path_in_repo: str, *, advance: Callable[[int], None], **options: Any) -> Path:
    """Download one file, or find it in the cache; options are `hf_hub_download`'s own.

    Safe to call from several threads; bound the waiting with one `hub.watched()` around them.

    Raises:
        NotFoundError, OfflineError, RemoteError: as the Hub answers.
        HublishError: when the file cannot be written here.
    """
    from huggingface_hub import hf_hub_download

    def call() -> Any:
        return hf_hub_download(
            repo_id,
            path_in_repo,
            endpoint=hub.endpoint,
            token=hub.token,
            **hub.caller.keywords,
            tqdm_class=_meter(advance),
            **options,
        )

    try:
        # The client itself gives up at the first busy answer to the question what the file is.
        found = hub.patience.retrying(call)
    except Exception as error:
        raise hub.translated(error, f"downloading {path_in_repo} from {repo_id}") from error
    return Path(found)


def read(hub: Hub, repo: RepoRef, path_in_repo: str, revision: str) -> bytes:
    """Return the bytes of one small file; nothing of it stays on this disk.

    Raises:
        NotFoundError, OfflineError, RemoteError: as the Hub answers.
    """
    with tempfile.TemporaryDirectory(prefix="hublish-") as folder, hub.watched():
        options = {"repo_type": repo.repo_type, "revision": revision, "local_dir": folder}
        return download(hub, repo.repo_id, path_in_repo, advance=lambda _: None, **options).read_bytes()


def _operation(addition: Addition, *, xet: bool) -> "CommitOperationAdd":
    from huggingface_hub import CommitOperationAdd

    data = str(addition.data) if isinstance(addition.data, Path) else addition.data
    operation = CommitOperationAdd(addition.file.path_in_repo, data)
    # LFS sends the planned sha256 and the server checks the bytes against it; xet computes it from the bytes it
    # sends, and it is compared before the commit.
    if isinstance(data, str) and not xet:
        operation.upload_info.sha256 = bytes.fromhex(addition.file.sha256)
    return operation


def _speaks_xet(hub: Hub, target: Target) -> bool:
    # A Hub without xet makes the client fail with a bare ConnectionError at the first large file
    # (huggingface_hub#4507): ask first. One that cannot say is sent LFS, which every Hub speaks.
    from huggingface_hub import constants

    if constants.HF_HUB_DISABLE_XET:
        return False
    path = f"{target.repo_type}s/{target.repo_id}/xet-write-token/{quote(target.revision)}"
    params = {"create_pr": "1"} if target.create_pr else None
    try:
        answer = hub.ask(f"asking whether {target.repo_id} takes xet", "GET", path, params=params)
    except NotFoundError:
        return False
    except RemoteError as error:
        if isinstance(error.__cause__, ValueError):  # no JSON: a page for people
            return False
        raise
    return isinstance(answer, dict) and "casUrl" in answer


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

        monitor_interval = 0  # or every file's class starts a thread that never ends

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            kwargs.pop("name", None)
            super().__init__(*args, **{**kwargs, "disable": True})

        def update(self, n: float | None = 1) -> bool | None:
            advance(int(n or 0))
            return None

    return Meter
