"""Fingerprint small files on all cores: further processes share the work, as Python's lock keeps threads on one core.

A process reads requests until its standard input ends, so that none outlives this one. The files that it reads may
exploit it: its answers are records of a fixed size and JSON, which are checked, and never pickles. It answers with
fingerprints only. Every file for which it has none, for instance since the file changed, is read again by this process,
so that errors have one home. The same happens to all files of a process that died, hangs or never started.
"""

import gc
import json
import os
import signal
import struct
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hublish.audit.fingerprint import Fingerprint, Inspection, Interest, fingerprint
from hublish.base.content import Content, Identity, OnDisk
from hublish.base.isolated_python import available_cores, can_start, start_isolated

if TYPE_CHECKING:
    from subprocess import Popen

# Small files for which a process saves more time than its start takes: 0.1 s, and a file takes about 0.1 ms.
_LEAST: Final = 2_000
# More processes than this one can supply with work.
_MOST: Final = 7
# Files, and bytes, of one request: about 20 ms, so that all processes end at nearly the same time.
_FILES: Final = 128
_BYTES: Final = 4 << 20
# Requests that a process has: it works on one while the answer to another is on its way.
_DEPTH: Final = 2
# Seconds without an answer after which the files are read here. A hostile file may take longer, and then does so here.
_PATIENCE: Final = 10.0
# Bytes that a pipe holds and that are read at once.
_PIPE: Final = 1 << 20
# Bytes of JSON in one answer. The findings of ordinary files take far less.
_FINDINGS: Final = 64 << 20

_LENGTH: Final = struct.Struct("<I")
# Of the findings and of the files' bytes in an answer.
_LENGTHS: Final = struct.Struct("<II")
# The digests, the number of names on this disk, and the flags of one file.
_RECORD: Final = struct.Struct("<32s20sQB")
_READ, _BINARY, _FOUND = 1, 2, 4


@dataclass(frozen=True)
class Job:
    """The files to read, and the use of the results.

    Args:
        contents: the files.
        interest: the kinds of findings to search for.
        now: returns the nanoseconds since the epoch.
        advance: called with the numbers of bytes that were read.
        room: returns the number of bytes that can be kept.
        keep: receives the index of a small file and its bytes.
    """

    contents: Sequence[Content]
    interest: Interest
    now: Callable[[], int]
    advance: Callable[[int], None]
    room: Callable[[], int]
    keep: Callable[[int, bytes], None]


def process_count(files: int) -> int:
    """Return the number of processes that are worth their start for a number of small files."""
    return min(available_cores() - 1, files // _LEAST, _MOST) if can_start() else 0


@contextmanager
def started_processes(count: int, job: Job) -> Iterator["FingerprintProcesses"]:
    """Start processes, which end with the `with` block; fewer, or none, where the system refuses."""
    processes = FingerprintProcesses(job)
    try:
        # A limit on processes or memory, or a sandbox: everything is then read here.
        with suppress(OSError):
            for _ in range(count):
                processes.start()
        yield processes
    finally:
        processes.stop()


class _Asked(NamedTuple):
    """A request: the indices of its files."""

    indices: Sequence[int]
    began: int
    sends_bytes: bool


@dataclass
class _Helper:
    """A process, and the requests that it has not answered yet."""

    process: "Popen[bytes]"
    asked: deque[_Asked] = field(default_factory=deque)
    outgoing: bytearray = field(default_factory=bytearray)
    incoming: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.sink, self.source = self.process.stdin.fileno(), self.process.stdout.fileno()
        for descriptor in (self.sink, self.source):
            # This process writes and reads between files of its own, and never waits for the other.
            os.set_blocking(descriptor, False)
            # Other systems do not have it, and a user may not have any number of large pipes.
            with suppress(ImportError, OSError):
                from fcntl import F_SETPIPE_SZ, fcntl

                fcntl(descriptor, F_SETPIPE_SZ, _PIPE)

    def ask(self, job: Job, indices: Sequence[int]) -> None:
        """Request the fingerprints of files."""
        sends_bytes = sum(job.contents[index].size for index in indices) <= job.room()
        files = [_portable(job.contents[index]) for index in indices]
        request = json.dumps([job.interest.pickles, job.interest.secrets, sends_bytes, files]).encode()
        # Taken before any of the files is read: a change after this time is noticed.
        self.asked.append(_Asked(indices, job.now(), sends_bytes))
        self.outgoing += _LENGTH.pack(len(request)) + request

    def transfer(self) -> None:
        """Write and read as much as the pipes allow; raise OSError when the process has ended."""
        with suppress(BlockingIOError):
            while self.outgoing:
                del self.outgoing[: os.write(self.sink, self.outgoing)]
        with suppress(BlockingIOError):
            while piece := os.read(self.source, _PIPE):
                self.incoming += piece
            raise BrokenPipeError

    def answers(self, job: Job) -> Iterator[tuple[_Asked, list[Fingerprint | None]]]:
        """Yield the answers that have arrived in full; raise ValueError for an invalid one."""
        while self.asked and len(self.incoming) >= _LENGTHS.size:
            asked, lengths = self.asked[0], _LENGTHS.unpack_from(self.incoming)
            records = _LENGTHS.size + len(asked.indices) * _RECORD.size
            findings = records + lengths[0]
            end = findings + lengths[1]
            if lengths[0] > _FINDINGS or lengths[1] > _BYTES * 2:
                raise ValueError(lengths)
            if len(self.incoming) < end:
                return
            answer = bytes(self.incoming[:end])
            prints = _prints(job, asked, answer[_LENGTHS.size : records], answer[records:findings])
            if asked.sends_bytes:
                _keep(job, asked, prints, answer[findings:])
            self.asked.popleft()
            del self.incoming[:end]
            yield asked, prints


class FingerprintProcesses:
    """Processes that take files from the end of a queue while this process takes them from its beginning."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._helpers: list[_Helper] = []

    def start(self) -> None:
        """Start one more process; raise OSError where the system refuses."""
        from subprocess import DEVNULL

        self._helpers.append(_Helper(start_isolated(__name__, stderr=DEVNULL)))

    def stop(self) -> None:
        """End all processes."""
        for helper in self._helpers:
            _end(helper)
        self._helpers.clear()

    @property
    def busy(self) -> bool:
        """Whether a process works on files."""
        return any(helper.asked for helper in self._helpers)

    def exchange(self, waiting: deque[Sequence[int]]) -> tuple[dict[int, tuple[int, Fingerprint]], list[int]]:
        """Take files from the end of `waiting`, and return results that arrived and files that are to be read here.

        Waits for one of the two when there is nothing else to do.
        """
        done: dict[int, tuple[int, Fingerprint]] = {}
        again: list[int] = []
        if not waiting:
            self._wait()
        for helper in [*self._helpers]:
            try:
                while waiting and len(helper.asked) < _DEPTH:
                    again += self._ask(helper, waiting)
                helper.transfer()
                for asked, prints in helper.answers(self._job):
                    found = {i: (asked.began, each) for i, each in zip(asked.indices, prints, strict=True) if each}
                    self._job.advance(sum(print_.size for _, print_ in found.values()))
                    done |= found
                    again += [index for index in asked.indices if index not in found]
            except (OSError, ValueError, TypeError, KeyError, RecursionError):
                self._helpers.remove(helper)
                _end(helper)
                again += [index for asked in helper.asked for index in asked.indices]
        return done, again

    def _ask(self, helper: _Helper, waiting: deque[Sequence[int]]) -> list[int]:
        """Ask for the next files, and return those that only this process has."""
        indices: list[int] = []
        size = 0
        while waiting and len(indices) < _FILES and size < _BYTES:
            indices += waiting.pop()
            size = sum(self._job.contents[index].size for index in indices)
        there = [index for index in indices if _is_portable(self._job.contents[index])]
        if there:
            helper.ask(self._job, there)
        return sorted({*indices}.difference(there))

    def _wait(self) -> None:
        """Wait until a process has answered, or end all that do not."""
        if not self.busy:
            return
        from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector

        busy = [helper for helper in self._helpers if helper.asked]
        with DefaultSelector() as selector:
            for helper in busy:
                selector.register(helper.source, EVENT_READ)
                if helper.outgoing:
                    selector.register(helper.sink, EVENT_WRITE)
            if not selector.select(_PATIENCE):
                for helper in busy:
                    helper.process.kill()


def main() -> None:
    """Answer the requests on standard input until it ends."""
    # Ctrl-C interrupts all processes of a terminal; the one that asks then ends this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    source, sink = os.fdopen(0, "rb"), os.fdopen(os.dup(1), "wb")
    # No library can write into an answer.
    os.dup2(2, 1)
    gc.freeze()
    gc.enable()
    while header := source.read(_LENGTH.size):
        sink.write(_answer(json.loads(source.read(*_LENGTH.unpack(header)))))
        sink.flush()


def _ignore(_size: int) -> None:
    """Report no progress: the process that asked does."""


def _answer(request: list[Any]) -> bytes:
    pickles, secrets, sends_bytes, files = request
    interest = Interest(pickles=pickles, secrets=secrets)
    records, findings, data = bytearray(), [], bytearray()
    for path, *identity in files:
        kept: list[bytes] = []
        try:
            content = OnDisk(os.fsdecode(path.encode("latin-1")), Identity(*identity))
            print_ = fingerprint(content, interest, _ignore, keep=kept.append)
        except Exception:
            records += bytes(_RECORD.size)
            continue
        found = print_.inspection.plain()
        flags = _READ | _BINARY * print_.inspection.binary | _FOUND * (found is not None)
        records += _RECORD.pack(bytes.fromhex(print_.sha256), bytes.fromhex(print_.blob_id), print_.links, flags)
        if found is not None:
            findings.append(found)
        if sends_bytes:
            data += b"".join(kept)
    text = json.dumps(findings).encode()
    return b"".join([_LENGTHS.pack(len(text), len(data)), records, text, data])


def _prints(job: Job, asked: _Asked, records: bytes, text: bytes) -> list[Fingerprint | None]:
    findings = iter(json.loads(text))
    prints: list[Fingerprint | None] = []
    for index, (sha256, blob_id, links, flags) in zip(asked.indices, _RECORD.iter_unpack(records), strict=True):
        if not flags & _READ:
            prints.append(None)
            continue
        binary = bool(flags & _BINARY)
        plain = _checked(next(findings, None)) if flags & _FOUND else None
        inspection = Inspection.of_plain(plain, binary=binary)
        prints.append(Fingerprint(job.contents[index].size, sha256.hex(), blob_id.hex(), links, inspection))
    return prints


def _checked(findings: Any) -> list[Any]:
    """Return findings that have the form of `Inspection.plain`; raise TypeError or ValueError for others."""
    pickle, secrets, unsearched = findings
    texts = [
        pickle or "",
        unsearched,
        *(text for rule, shown, _, _, member in secrets for text in (rule, shown, member or "")),
    ]
    places = [place for _, _, line, column, _ in secrets for place in (line, column)]
    if not all(type(text) is str for text in texts) or not all(type(place) is int for place in places):
        raise ValueError(findings)
    return [pickle, secrets, unsearched]


def _keep(job: Job, asked: _Asked, prints: list[Fingerprint | None], data: bytes) -> None:
    if len(data) != sum(print_.size for print_ in prints if print_):
        raise ValueError(len(data))
    start = 0
    for index, print_ in zip(asked.indices, prints, strict=True):
        if print_:
            job.keep(index, data[start : start + print_.size])
            start += print_.size


def _is_portable(content: Content) -> bool:
    """Return whether another process can read the same file: bytes in memory are here only."""
    # A relative path may name another file there, when a thread of the caller changes the current folder.
    return isinstance(content, OnDisk) and os.path.isabs(content.file)  # noqa: PTH117 - mostly strings


def _portable(content: Content) -> list[Any]:
    assert isinstance(content, OnDisk)
    # The bytes of the path, since the encoding of the file system depends on the environment.
    return [os.fsencode(content.file).decode("latin-1"), *content.identity]


def _end(helper: _Helper) -> None:
    helper.process.kill()
    with helper.process:  # closes the pipes and waits
        pass
