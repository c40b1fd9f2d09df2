"""LFS uploads: signed paths, since the client sends these PUTs without a token, and uploads in parts."""

import fcntl
import hashlib
import hmac
import os
import secrets
import time
from dataclasses import astuple, dataclass
from pathlib import Path

from hublish.base.durable import settle, sync_folder
from hublish.hub.server.durable_files import shared_secret
from hublish.hub.server.objects import MismatchError, ObjectStore, Senders
from hublish.hub.server.refusals import forbidden

# Seconds until a signed path expires: an upload may take long, a download has begun by then.
LIFETIME = 24 * 3600
DOWNLOAD_LIFETIME = 3600

_OVER = "this upload is complete, or was abandoned"


@dataclass(frozen=True, slots=True)
class Upload:
    """The right to send or fetch one object, as a signed path grants it."""

    action: str  # `put`, `part`, `complete` or `get`
    sha256: str
    size: int
    session: str = "-"  # of an upload in parts: two uploads of one object never write to the same file
    part: int = 0  # counted from 1
    part_size: int = 0  # bytes of every part but the last
    repo: str = ""  # the repository that it goes to or comes from, as `RepoId.key`
    user: str = ""  # who asked for it; empty for an anonymous caller


class Uploads:
    """Signs and checks upload paths, and stores the parts of unfinished uploads."""

    def __init__(self, root: Path, objects: ObjectStore, senders: Senders) -> None:
        self._objects = objects
        self._senders = senders
        # An upload may begin at one process and end at another.
        self._key = shared_secret(root / "upload.key", lock=root / "locks" / "upload.lock", scratch=root / "incoming")
        self._parts = root / "multipart"

    def sign(self, upload: Upload) -> str:
        """Return the path that permits `upload`, until its lifetime ends."""
        lifetime = DOWNLOAD_LIFETIME if upload.action == "get" else LIFETIME
        claim = "/".join(map(str, (*astuple(upload), int(time.time()) + lifetime)))
        return f"/lfs/{claim}/{self._signature(claim)}"

    def verify(self, path: str) -> Upload:
        """Return the upload that a signed path permits; raise 403 when the signature is wrong or has expired."""
        claim, _, signature = path.removeprefix("/lfs/").rpartition("/")
        if not hmac.compare_digest(signature.encode(), self._signature(claim).encode()):
            raise forbidden("the signature of this upload path is not valid")
        action, sha256, size, session, part, part_size, repo, user, expires = claim.split("/")
        if int(expires) < time.time():
            raise forbidden("this upload path has expired")
        return Upload(action, sha256, int(size), session, int(part), int(part_size), repo, user)

    def _signature(self, claim: str) -> str:
        return hmac.new(self._key, claim.encode(), "sha256").hexdigest()[:40]  # 160 bits are enough

    def begin_parts(self, sha256: str) -> str:
        """Begin an upload in parts and return the name of its session."""
        session = secrets.token_hex(8)
        self._parts.mkdir(exist_ok=True)
        (self._parts / f"{sha256}-{session}").touch()  # open until this file is gone
        return session

    def open_part(self, upload: Upload) -> "PartWriter":
        """Return a writer for one part; its `with` block raises MismatchError when the upload is complete."""
        offset = (upload.part - 1) * upload.part_size
        return PartWriter(self._file(upload), offset, min(upload.part_size, upload.size - offset))

    def complete(self, upload: Upload) -> None:
        """Check all parts as one object and store it; record that the user has its content.

        Raise MismatchError when size or sha256 is not the announced one, or no part has arrived.
        """
        path = self._file(upload)
        try:
            file = path.open("rb", buffering=0)
        except FileNotFoundError:
            if self._objects.has(upload.sha256) and self._senders.has(upload.user, upload.sha256):
                return  # completed by an earlier call whose response was lost: the client retries
            raise MismatchError("no part of this upload has arrived") from None
        with file:
            # Waits for the parts that are being written; later ones are refused.
            fcntl.flock(file, fcntl.LOCK_EX)
            size = os.fstat(file.fileno()).st_size
            if size != upload.size:
                raise MismatchError(f"expected {upload.size} bytes, received {size}")
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            if sha256 != upload.sha256:
                raise MismatchError(f"expected sha256 {upload.sha256}, received {sha256}")
            os.fchmod(file.fileno(), 0o444)
            # Before the parts disappear: a retry after a crash must find one or the other.
            self._senders.add(upload.user, [sha256])
            settle(path, self._objects.path(upload.sha256))
            sync_folder(self._parts)

    def _file(self, upload: Upload) -> Path:
        return self._parts / f"{upload.sha256}-{upload.session}"


class PartWriter:
    """Writes one part directly to its position in the object's file."""

    def __init__(self, path: Path, offset: int, size: int) -> None:
        self._path = path
        self._offset = offset
        self._left = size
        self._digest = hashlib.sha256()

    def __enter__(self) -> "PartWriter":
        try:
            self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            raise MismatchError(_OVER) from None
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._descriptor)
            raise MismatchError("this upload is being completed") from None
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def write(self, data: bytes) -> None:
        """Append to the part; raise MismatchError when it becomes larger than announced."""
        if len(data) > self._left:
            raise MismatchError("the part is larger than announced")
        self._digest.update(data)
        rest = memoryview(data)
        while rest:  # pwrite may write less than it was given
            written = os.pwrite(self._descriptor, rest, self._offset)
            self._offset += written
            self._left -= written
            rest = rest[written:]

    def finish(self) -> str:
        """Make the part durable and return its etag, which the client requires.

        Raise MismatchError when the part is shorter than announced, or the upload was completed meanwhile.
        """
        if self._left:
            raise MismatchError(f"the part is {self._left} bytes shorter than announced")
        if not os.fstat(self._descriptor).st_nlink or not self._path.exists():
            raise MismatchError(_OVER)
        os.fsync(self._descriptor)
        return self._digest.hexdigest()
