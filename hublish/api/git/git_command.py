"""Run the git command: found on PATH, started without a shell, and stopped when it takes too long."""

import os
import shutil
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Final

from hublish.schemas.variables.lookup import NoValueError

if TYPE_CHECKING:
    import subprocess

TIMEOUT: Final = 60.0
"""Seconds until git is stopped. It reads a few files, but the machine may be busy."""
MAX_OUTPUT: Final = 1 << 20
"""Bytes of output that are read; no expected output is longer."""

# Of `git rev-parse --local-env-vars`, those that locate the repository: inside a hook they name the hook's repository,
# not the manifest's. Those with configuration stay: a CI job sets `safe.directory` by them. Also removed are the
# variables that change the meaning of paths.
_REMOVED = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
    "GIT_GLOB_PATHSPECS",
    "GIT_ICASE_PATHSPECS",
    "GIT_LITERAL_PATHSPECS",
    "GIT_NOGLOB_PATHSPECS",
)
_ADDED = {
    "GIT_OPTIONAL_LOCKS": "0",  # the index is read and never refreshed on disk
    "GIT_NO_LAZY_FETCH": "1",  # a partial clone contacts no server,
    "GIT_ALLOW_PROTOCOL": "none",  # also with a git that does not know the line above
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",  # errors are recognized by their English text
}
_WITHOUT_PROGRAMS = ("--no-pager", "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}")


@dataclass(frozen=True, slots=True)
class GitOutput:
    """The result of one run of git."""

    status: int
    out: bytes
    err: str


def run_git(
    folder: Path,
    environ: Mapping[str, str],
    *arguments: str,
    timeout: float = TIMEOUT,
    stdin: bytes = b"",
    limit: int = MAX_OUTPUT,
) -> GitOutput:
    """Run git, found on the PATH of `environ`, for at most `timeout` seconds.

    It searches the folder and those above for a repository. The timeout also stops the programs that git started, and
    so does output of `limit` bytes.

    Raises:
        NoValueError: git is not found, cannot be started, or takes too long.
    """
    import subprocess

    program = _find_git(environ)
    # Not a pipe: git writes output before it has read all input.
    with TemporaryFile() if stdin else Path(os.devnull).open("r+b") as file:
        file.write(stdin)
        file.seek(0)
        try:
            process = subprocess.Popen(  # noqa: S603 - no shell, and no option comes from a manifest
                [program, *_WITHOUT_PROGRAMS, *arguments],
                cwd=folder,
                env={**{name: value for name, value in environ.items() if name not in _REMOVED}, **_ADDED},
                stdin=file,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # without a terminal to prompt on, and as one process group to stop
            )
        except OSError as error:
            raise NoValueError(f"git cannot be started: {error.strerror}") from None
        with process:  # closes the pipes and collects the exit code
            return _output(process, timeout, limit)


def _find_git(environ: Mapping[str, str]) -> str:
    found = shutil.which("git", path=environ.get("PATH", ""))
    # An empty or relative entry of PATH would find a program in the folder that is published.
    if found is None or not os.path.isabs(found):  # noqa: PTH117 - `which` returns a string
        raise NoValueError("git is not on PATH", "install git")
    return found


def _output(process: "subprocess.Popen[bytes]", timeout: float, limit: int) -> GitOutput:
    from threading import Event, Timer

    assert process.stdout is not None
    assert process.stderr is not None
    expired = Event()

    def stop() -> None:
        expired.set()
        _kill(process)

    # A timer rather than `communicate(timeout=...)`: that waits for the pipe, which a program that git started may
    # keep open after git has ended.
    timer = Timer(timeout, stop)
    timer.start()
    try:
        # One pipe after the other: git reports errors in a few lines, which the second pipe holds meanwhile.
        out = process.stdout.read(limit)
        if len(out) == limit:
            _kill(process)
        err = process.stderr.read(MAX_OUTPUT)
        status = process.wait()
    except BaseException:
        _kill(process)
        raise
    finally:
        timer.cancel()
    if expired.is_set():
        msg = f"git did not finish within {timeout:g} s"
        raise NoValueError(msg, "run `git status` in the manifest's folder to see why it waits")
    return GitOutput(status, out, err.decode("utf-8", "replace"))


def _kill(process: "subprocess.Popen[bytes]") -> None:
    # After `wait`, the system may give the process id to another process.
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
