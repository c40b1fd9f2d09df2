"""How the Hub takes each file, one commit up, one file down, through the client's public interface."""

import base64
import tempfile
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final, Literal

from hublish.base.errors import HublishError, RemoteConflictError, RemoteError, disk_full
from hublish.base.values import ReleaseFile, RepoRef, Target
from hublish.hub.client import failures, listings
from hublish.hub.client.guarded_session import commit_requests, knowing_head
from hublish.hub.client.hub import Hub
from hublish.hub.client.installed_client import cache_folder
from hublish.hub.client.listings import quote
from hublish.hub.client.sending import Sent
from hublish.schemas.secrets.masking import redact

SMALL_BYTES: Final = 1 << 20
"""The size of a small file when it is not known, such as that of a .gitignore."""
SAMPLE_BYTES: Final = 512
"""The beginning of a file, by which the Hub distinguishes text from binary data."""

# The client reports chunks of up to 10 MB.
_MORE_BYTES = 16 << 20
_HEAD_MOVED: Final = 412
# The Hub's limit for one preupload call.
_FILES_PER_CALL = 256
# Messages about one card, and the characters of each.
_MOST_MESSAGES = 50
_LONGEST_MESSAGE = 2_000


@dataclass(frozen=True, slots=True)
class UploadMode:
    """How the Hub would take a file."""

    mode: Literal["lfs", "regular"]
    ignored: bool
    """A .gitignore, in the release or on the Hub, makes the Hub drop the file."""


@dataclass(frozen=True, slots=True)
class Committed:
    """The Hub's response to a commit."""

    commit: str
    url: str
    pull_request: int | None


@dataclass(frozen=True, slots=True)
class CardReport:
    """The Hub's messages about the metadata of a README."""

    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    unchecked: str = ""
    """The reason why this Hub did not check it; empty if it did."""


class OutcomeUnknownError(Exception):
    """A commit was requested, and it is not known whether it was applied; the cause is the client's error.

    Args:
        status: that of the Hub's response; None when the response was lost.
        words: the Hub's explanation in it.
        requested_wait: the seconds that the Hub asks to wait.
        is_final: whether another try is useless: the Hub asks for more time than a command may wait.
    """

    def __init__(
        self, status: int | None, words: str = "", requested_wait: float = 0.0, *, is_final: bool = False
    ) -> None:
        super().__init__(words)
        self.status = status
        self.words = words
        self.requested_wait = requested_wait
        self.is_final = is_final

    @property
    def is_conflict(self) -> bool:
        """Whether the Hub responded that the head has moved: with a first request, to the commit of another one."""
        return self.status in (409, _HEAD_MOVED)

    @property
    def is_refusal(self) -> bool:
        """Whether the Hub says that it did not process the request, which only a proxy could contradict."""
        return self.status == 429


def upload_modes(
    hub: Hub,
    target: Target,
    revision: str,
    files: Sequence[tuple[ReleaseFile, bytes]],
    gitignore: str | None,
    executor: Executor,
) -> Mapping[str, UploadMode]:
    """Return how the Hub would take each file.

    Planning asks, because the client silently drops files that a .gitignore excludes.

    Args:
        hub: the Hub.
        target: the repo.
        revision: the branch whose .gitignore counts.
        files: each with its first `SAMPLE_BYTES`.
        gitignore: the release's own .gitignore, which replaces the one on the Hub.
        executor: makes the requests, one for every 256 files.

    Raises:
        RemoteError: the Hub cannot be read, or its response lacks a file.
    """
    path = f"{target.repo_type}s/{target.repo_id}/preupload/{quote(revision)}"
    action = f"asking {target.repo_id} how it takes {len(files)} files"
    params = {"create_pr": "1"} if target.create_pr else None
    batches = [files[start : start + _FILES_PER_CALL] for start in range(0, len(files), _FILES_PER_CALL)]
    requests = [{"json": _mode_request(batch, gitignore), "params": params} for batch in batches]
    responses = hub.request_each(action, "POST", path, requests, executor)
    # Parsed inside `translating`: a response without these keys is an error about the Hub, not a KeyError.
    with hub.translating(action):
        modes = {
            listings.field(entry, "path", str): _mode(entry)
            for response in responses
            for entry in listings.field(response, "files", list)
        }
    for file, _ in files:
        if file.path_in_repo not in modes:
            raise RemoteError(f"{action}: the response does not mention '{file.path_in_repo}'")
    return modes


def card_report(hub: Hub, repo_type: str, readme: str) -> CardReport:
    """Return the Hub's opinion of the metadata of a README; it never fails, as every commit is checked again."""
    body = {"content": readme, "repoType": repo_type}
    action = "asking whether the metadata of README.md is valid"
    secret = hub.credentials.known(hub.token)

    def plain(messages: Iterable[str]) -> tuple[str, ...]:
        # The server may echo the token, and is not trusted to be brief.
        masked = (redact(message, [secret] if secret else [])[:_LONGEST_MESSAGE] for message in messages)
        return tuple(islice(masked, _MOST_MESSAGES))

    try:
        found = hub.request(action, "POST", "validate-yaml", once=True, json=body)
    except RemoteError as error:
        response = failures.response_of(error)
        if response is None or response.status_code != 400:
            return CardReport(unchecked=error.message)
        return CardReport(errors=plain(failures.messages_of(response)) or (error.message,))
    listed = found.get("warnings") if isinstance(found, dict) else None
    if not isinstance(listed, list):
        return CardReport(unchecked=f"{action}: the response has no list of warnings")
    messages = (each.get("message") for each in listed if isinstance(each, dict))
    return CardReport(warnings=plain(" ".join(text.split()) for text in messages if isinstance(text, str)))


def commit(hub: Hub, target: Target, sent: Sent, deletions: Sequence[str], *, parent_commit: str | None) -> Committed:
    """Make one commit of the files that were sent, on top of `parent_commit`.

    Args:
        hub: the Hub.
        target: the repo, the branch and the commit message.
        sent: files to write.
        deletions: paths to delete.
        parent_commit: the head the plan was made against; the Hub rejects the commit when it has moved. None when the
            branch has no commit.

    Raises:
        OutcomeUnknownError: the commit may have been applied.
        RemoteError: the commit was rejected.
    """
    from huggingface_hub import CommitOperationDelete

    try:
        with hub.bounded(), commit_requests() as requests, warnings.catch_warnings():
            # The plan shows what the Hub remarks about the card, and the client would repeat it.
            warnings.filterwarnings("ignore", "Warnings while validating metadata")
            info = hub.api.create_commit(
                target.repo_id,
                # Exact paths: a folder operation would delete files that are not in the plan. Deletions come first: a
                # file may give its name to a folder.
                [
                    *(CommitOperationDelete(path, is_folder=False) for path in deletions),
                    *sent.copies,
                    *sent.operations,
                ],
                commit_message=target.commit_message,
                commit_description=target.commit_description,
                repo_type=target.repo_type,
                revision=target.revision,
                create_pr=target.create_pr,
                parent_commit=parent_commit,
            )
            made = Committed(listings.commit_id(info.oid), info.commit_url, info.pr_num)
    except Exception as error:
        if failures.outcome_is_unknown(error):
            raise _unknown(error) from error
        raise hub.translated(error, f"committing to {target.repo_id}") from error
    if not requests:
        # The client has found all files on the Hub, although the plan's parent lacks some, and has returned the head as
        # the commit. Another publisher of the same release was faster.
        msg = f"{target.repo_id} has the files of this release since another commit"
        raise OutcomeUnknownError(_HEAD_MOVED) from RemoteConflictError(msg, hint="plan again")
    return made


def download(
    hub: Hub,
    repo_id: str,
    path_in_repo: str,
    *,
    size: int,
    advance: Callable[[int], None],
    blob_id: str | None = None,
    **options: Any,
) -> Path:
    """Return the path of one file, downloaded or from the cache; options are those of `hf_hub_download`.

    Safe to call from several threads, inside one `hub.bounded()`. A body that goes on far beyond the listed `size` is
    abandoned. With the `blob_id` of a file that the Hub lists outside of LFS, one request is saved.

    Raises:
        NotFoundError, OfflineError, RemoteError: by the Hub's response.
        HublishError: the file cannot be written on this machine.
    """
    from huggingface_hub import hf_hub_download, hf_hub_url

    repo_type, revision = options["repo_type"], options["revision"]
    url = hf_hub_url(repo_id, path_in_repo, repo_type=repo_type, revision=revision, endpoint=hub.endpoint)
    # As the Hub responds; a large file's response has its route in xet as well, which no listing contains.
    head = {"x-repo-commit": revision, "etag": f'"{blob_id}"', "content-length": str(size)}

    def call() -> Any:
        return hf_hub_download(
            repo_id,
            path_in_repo,
            endpoint=hub.endpoint,
            token=hub.credential,
            headers={**hub.headers},
            **hub.caller.keywords,
            tqdm_class=_meter(advance, path_in_repo, size),  # the client reports bytes through this class only
            **options,
        )

    try:
        # The client itself gives up when the request for the file's metadata fails transiently.
        with nullcontext() if blob_id is None else knowing_head(url, head):
            found = hub.retries.retrying(call)
    except Exception as error:
        if failures.status_of(error) is None and (full := disk_full(error, _folder_of(options))):
            raise full from error
        raise hub.translated(error, f"downloading {path_in_repo} from {repo_id}") from error
    return Path(found)


def read(hub: Hub, repo: RepoRef, path_in_repo: str, revision: str, *, size: int = SMALL_BYTES) -> bytes:
    """Return the bytes of one small file, and leave no copy on this machine.

    Raises:
        NotFoundError, OfflineError, RemoteError: by the Hub's response.
    """
    with tempfile.TemporaryDirectory(prefix="hublish-") as folder, hub.bounded():
        options = {"repo_type": repo.repo_type, "revision": revision, "local_dir": folder}
        path = download(hub, repo.repo_id, path_in_repo, size=size, advance=lambda _: None, **options)
        return path.read_bytes()


def _mode_request(files: Sequence[tuple[ReleaseFile, bytes]], gitignore: str | None) -> dict[str, Any]:
    body: dict[str, Any] = {
        "files": [
            {"path": file.path_in_repo, "size": file.size, "sample": base64.b64encode(sample).decode("ascii")}
            for file, sample in files
        ]
    }
    return body if gitignore is None else {**body, "gitIgnore": gitignore}


def _mode(entry: Mapping[str, Any]) -> UploadMode:
    # An unknown mode counts as large: the file is then hashed again while it is sent, and compared.
    return UploadMode("regular" if entry["uploadMode"] == "regular" else "lfs", bool(entry.get("shouldIgnore")))


def _unknown(error: Exception) -> OutcomeUnknownError:
    # Our own errors are about responses that are endless or too large.
    is_final = isinstance(error, HublishError) or failures.gave_up_waiting(error) is not None
    response = failures.response_of(error)
    if response is None:
        return OutcomeUnknownError(None, is_final=is_final)
    wait = failures.requested_wait(response)
    return OutcomeUnknownError(failures.status_of(error), failures.words_of(response), wait, is_final=is_final)


def _folder_of(options: Mapping[str, Any]) -> Path:
    return Path(options.get("local_dir") or options.get("cache_dir") or cache_folder())


def _meter(advance: Callable[[int], None], path: str, size: int) -> type[Any]:
    from tqdm import tqdm

    # A resumed download may count bytes twice. A wrong size is detected later; here, only an endless body matters.
    most = 2 * size + _MORE_BYTES

    def bound(count: int) -> None:
        if count > most:
            raise RemoteError(f"the Hub sends more than the {size} bytes that it lists for '{path}'")

    class Meter(tqdm):  # type: ignore[type-arg]
        """Passes the client's counts on and draws nothing."""

        monitor_interval = 0  # otherwise the class of every file starts a thread that never ends

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            kwargs.pop("name", None)
            super().__init__(*args, **{**kwargs, "disable": True})

        received = transferred = 0

        def update(self, n: float | None = 1) -> bool | None:
            self.received += int(n or 0)
            bound(self.received)
            advance(int(n or 0))
            return None

        # With these two methods, the client needs no second meter for the bytes that xet receives.
        def update_transfer(self, n: float | None = 1) -> None:
            self.transferred += int(n or 0)
            bound(self.transferred)

        def set_transfer_postfix_str(self, *args: Any, **kwargs: Any) -> None:
            pass

    return Meter
