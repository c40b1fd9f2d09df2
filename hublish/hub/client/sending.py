"""Large files on their way up: by xet or LFS, through the client's public interface, before the commit."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from hublish.base.content import ContentChangedError
from hublish.base.errors import NotFoundError, RemoteError
from hublish.base.values import ReleaseFile, Target
from hublish.hub.client import failures, xet_memory
from hublish.hub.client.hub import Hub
from hublish.hub.client.listings import quote
from hublish.schemas.diagnose.problems import Problem

if TYPE_CHECKING:
    from huggingface_hub import CommitOperationAdd, CommitOperationCopy

# The client's message about errors in a response of LFS; the bytes around the words are its own.
_REFUSED_OBJECT: Final = re.compile(r"file with OID (\w+): `(.*?)(?=\nEncountered error|\Z)", re.DOTALL)

# Places that are sampled, and bytes of each: enough to see whether the bytes can be compressed.
_SAMPLES: Final = 8
_SAMPLE: Final = 64 << 10


@dataclass(frozen=True, slots=True)
class Stored:
    """Bytes that the Hub has outside of git, at another commit of the repo: a new commit refers to them."""

    commit: str


@dataclass(frozen=True, slots=True)
class Addition:
    """A file to send: the bytes that were hashed, or the path of a file that the transfer hashes again."""

    file: ReleaseFile
    data: bytes | Path | Stored
    upload_mode: Literal["lfs", "regular"] | None
    """The Hub's response while planning; None lets the client ask."""

    @property
    def in_lfs(self) -> bool:
        """Whether the Hub stores it outside git; a file without an upload mode may be stored there."""
        return self.upload_mode != "regular"


@dataclass(frozen=True, slots=True)
class Sent:
    """Files whose large bytes are on the Hub; no commit refers to them yet."""

    operations: "Sequence[CommitOperationAdd]"
    stored: Sequence[Addition] = ()
    """Files that were on the Hub before, as `Stored`."""

    @property
    def digests(self) -> Mapping[str, str]:
        """The sha256 of the bytes that were sent, and of those that the Hub lists, by path_in_repo."""
        sent = {operation.path_in_repo: operation.upload_info.sha256.hex() for operation in self.operations}
        return {**sent, **{addition.file.path_in_repo: addition.file.sha256 for addition in self.stored}}

    @property
    def copies(self) -> "Iterator[CommitOperationCopy]":
        """The operations for the stored files, of which the client sends the sha256 alone."""
        from huggingface_hub import CommitOperationCopy

        for addition in self.stored:
            assert isinstance(addition.data, Stored)
            path = addition.file.path_in_repo
            yield CommitOperationCopy(path, path, src_revision=addition.data.commit)


@contextmanager
def sending(hub: Hub, target: Target, additions: Sequence[Addition]) -> Iterator[Sent]:
    """Send the bytes of large files, for the commit made inside the `with` block.

    Raises:
        RemoteError: the Hub rejects them or cannot be reached; nothing was committed.
    """
    stored = [addition for addition in additions if isinstance(addition.data, Stored)]
    additions = [addition for addition in additions if not isinstance(addition.data, Stored)]
    large = [addition for addition in additions if addition.in_lfs]
    # Small files travel inside the commit itself: the Hub is asked about xet only for large ones.
    xet = bool(large) and _accepts_xet(hub, target)
    with nullcontext() if xet or not large else _without_xet():
        sizes = {addition.file.path_in_repo: addition.file.size for addition in large}
        sample = _sample(large) if xet else b""
        with hub.translating(f"sending to {target.repo_id}"), xet_memory.bounded(sizes, sample):
            operations = list(_operations(additions, xet=xet))
            try:
                hub.api.preupload_lfs_files(
                    target.repo_id,
                    operations,
                    repo_type=target.repo_type,
                    revision=target.revision,
                    create_pr=target.create_pr,
                    free_memory=False,  # the commit reads the same operations
                )
            except Exception as error:
                # hf_xet keeps only the status of a refusal. The Hub repeats its reason here, if it refused the token.
                if xet and failures.status_of(error) is not None:
                    _accepts_xet(hub, target)
                _refuse_objects(error, operations, f"sending to {target.repo_id}")
                raise
        # Inside the block that may switch xet off: the commit repeats the upload of a file that was lost meanwhile.
        yield Sent(operations, stored)


def _refuse_objects(error: Exception, operations: "Sequence[CommitOperationAdd]", action: str) -> None:
    """Raise the refusals of single files in a response of LFS, with their names instead of their hashes."""
    if not isinstance(error, ValueError) or not (found := _REFUSED_OBJECT.findall(str(error))):
        return
    paths = {each.upload_info.sha256.hex(): each.path_in_repo for each in operations if each.upload_info.is_hashed}
    refusals = [Problem("remote.failed", f"'{paths.get(oid, oid)}': {' '.join(words.split())}") for oid, words in found]
    hint = failures.refusal_hint(" ".join(problem.message for problem in refusals))
    if len(refusals) == 1:
        raise RemoteError(f"{action}: the Hub refused {refusals[0].message}", hint=hint) from error
    raise RemoteError(f"{action}: the Hub refused {len(refusals)} files", hint=hint, problems=refusals) from error


def _operations(additions: Sequence[Addition], *, xet: bool) -> "Iterator[CommitOperationAdd]":
    # Once for all files: the client looks the name up in every import.
    from huggingface_hub import CommitOperationAdd

    for addition in additions:
        assert not isinstance(addition.data, Stored)
        data = str(addition.data) if isinstance(addition.data, Path) else addition.data
        operation = CommitOperationAdd(addition.file.path_in_repo, data)
        # LFS sends the planned sha256, and the server compares the bytes with it. hf_xet would believe a given sha256:
        # it computes the one of the bytes that it sends, and the stage compares it before the commit.
        if isinstance(data, str) and not xet:
            operation.upload_info.sha256 = bytes.fromhex(addition.file.sha256)
        # The client would ask again, 256 files after 256. It cannot be given the answer through its interface; a
        # release of it with another name for the attribute asks. As in the client, LFS takes no empty files.
        operation._upload_mode = addition.upload_mode if addition.file.size else "regular"  # noqa: SLF001
        yield operation


def _sample(large: Sequence[Addition]) -> bytes:
    """Return some bytes of the files, from places that are equally far apart; nothing when they changed."""
    total = sum(addition.file.size for addition in large)
    ends = list(accumulate(addition.file.size for addition in large))
    places = range(0, total, max(1, total // _SAMPLES))
    found = ((bisect_right(ends, place), place) for place in places[:_SAMPLES])
    try:
        return b"".join(
            large[at].file.content.read_at(place - ends[at] + large[at].file.size, _SAMPLE) for at, place in found
        )
    except (OSError, ContentChangedError):
        return b""  # the transfer itself reports it


def _accepts_xet(hub: Hub, target: Target) -> bool:
    # The client fails with a bare ConnectionError at the first large file for a Hub without xet
    # (huggingface_hub#4507), so the Hub is asked first. Without a clear response LFS is used, which every Hub has.
    from huggingface_hub import constants

    if constants.HF_HUB_DISABLE_XET:
        return False
    path = f"{target.repo_type}s/{target.repo_id}/xet-write-token/{quote(target.revision)}"
    params = {"create_pr": "1"} if target.create_pr else None
    try:
        response = hub.request(f"asking whether {target.repo_id} accepts xet", "GET", path, params=params)
    except NotFoundError:
        return False
    except RemoteError as error:
        # Not JSON: a page for people. (The client's class for status 400 is a ValueError too.)
        if isinstance(error.__cause__, ValueError) and failures.status_of(error) is None:
            return False
        raise
    return isinstance(response, dict) and "casUrl" in response


@contextmanager
def _without_xet() -> Iterator[None]:
    from huggingface_hub import constants

    # A constant of the client: it offers no argument for one call.
    before = constants.HF_HUB_DISABLE_XET
    constants.HF_HUB_DISABLE_XET = True
    try:
        yield
    finally:
        constants.HF_HUB_DISABLE_XET = before
