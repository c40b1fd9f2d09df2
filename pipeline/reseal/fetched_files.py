"""Files of a commit on this machine: small ones in memory, others in the cache of the client."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Final

from hublish.base.content import Content, InMemory, OnDisk
from hublish.base.digests import has_digest, listed_digest, matches
from hublish.base.errors import IntegrityError
from hublish.base.progress import Progress
from hublish.base.values import RemoteFile, RepoRef
from hublish.base.workers import SharedTask, run_each
from hublish.hub.client import transfer
from hublish.hub.client.hub import Hub
from hublish.hub.client.remote_content import OnHub, ReadBudget

# Larger files are downloaded to the disk, and so is the rest when these together fill the memory.
_SMALL: Final = 1 << 20
_MEMORY: Final = 64 << 20


def fetched(
    hub: Hub, repo: RepoRef, commit: str, files: Sequence[RemoteFile], executor: Executor, progress: Progress
) -> tuple[Content, ...]:
    """Return the content of each file, compared with the digest that the Hub lists.

    Raises:
        IntegrityError: the Hub sent other bytes than it lists.
        RemoteError: the Hub rejects a request or cannot be reached.
    """
    if not files:
        return ()
    left, small = _MEMORY, set[str]()
    for file in files:
        if file.size <= min(_SMALL, left):
            left -= file.size
            small.add(file.path_in_repo)
    with progress.task("downloading", sum(file.size for file in files)) as task, hub.bounded():
        advance = SharedTask(task).advance

        def fetch(file: RemoteFile) -> Content:
            if file.path_in_repo not in small:
                return _on_disk(hub, repo, commit, file, advance)
            data = OnHub(hub, repo, commit, file, ReadBudget()).read()
            advance(len(data))
            if not has_digest(data, listed_digest(file)):
                raise _other_bytes(file, commit)
            return InMemory(data)

        return run_each(executor, fetch, files)


def _on_disk(hub: Hub, repo: RepoRef, commit: str, file: RemoteFile, advance: Callable[[int], None]) -> OnDisk:
    blob_id = None if file.sha256 else file.blob_id
    options = {"repo_type": repo.repo_type, "revision": commit}
    path = transfer.download(
        hub, repo.repo_id, file.path_in_repo, size=file.size, advance=advance, blob_id=blob_id, **options
    ).resolve()
    content = OnDisk.at(path)
    # The client compares sizes only.
    with path.open("rb", buffering=0) as stream:
        is_listed = matches(stream, file.size, listed_digest(file), lambda _: None)
    if not is_listed:
        path.unlink(missing_ok=True)
        raise _other_bytes(file, commit)
    return content


def _other_bytes(file: RemoteFile, commit: str) -> IntegrityError:
    msg = f"the Hub sent other bytes of '{file.path_in_repo}' than it lists at {commit}"
    return IntegrityError(msg, hint="nothing was changed; run again, and compare the repo with a copy if it repeats")
