"""git as a command: found on PATH, started without a shell, stopped when it does not answer."""

import os
import shutil
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hublish.schemas.variables.lookup import NoValueError

if TYPE_CHECKING:
    import subprocess

PATIENCE: Final = 60.0
"""Seconds git may take to answer; it reads a few files."""
MOST: Final = 1 << 20
"""Bytes of an answer that are read: no answer that is waited for is longer."""

# Of `git rev-parse --local-env-vars`, those that say where the repository is: a hook's repository is not the
# manifest's. Those that carry configuration stay: a CI job grants `safe.directory` with them. And what gives paths
# another meaning.
_NOT_FOR_US = (
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
_QUIETLY = {
    "GIT_OPTIONAL_LOCKS": "0",  # the index is read, never refreshed on disk
    "GIT_NO_LAZY_FETCH": "1",  # a partial clone asks no server,
    "GIT_ALLOW_PROTOCOL": "none",  # nor does one of a git that does not know the line above
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",  # what it refuses is told by its English words
}
_WITHOUT_PROGRAMS = ("--no-pager", "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a run of git came to."""

    status: int
    out: bytes
    err: str


def ask(folder: Path, environ: Mapping[str, str], *words: str, patience: float = PATIENCE) -> Answer:
    """Run git in a folder.

    Args:
        folder: where git looks for its repository, from there upwards.
        environ: the environment; git is found on its PATH.
        words: the arguments.
        patience: seconds until git and whatever it started are stopped.

    Raises:
        NoValueError: there is no git, it cannot be started, or it does not answer in time.
    """
    import subprocess

    program = _found(environ)
    try:
        process = subprocess.Popen(  # noqa: S603 - no shell, and no word of it comes from a manifest
            [program, *_WITHOUT_PROGRAMS, *words],
            cwd=folder,
            env={**{name: value for name, value in environ.items() if name not in _NOT_FOR_US}, **_QUIETLY},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # no terminal to ask at, and one group to stop
        )
    except OSError as error:
        msg = f"git cannot be started: {error.strerror}"
        raise NoValueError(msg) from None
    with process:
        return _answer(process, patience)


def _found(environ: Mapping[str, str]) -> str:
    found = shutil.which("git", path=environ.get("PATH", ""))
    # An empty or relative entry of PATH would find a program in the folder that is published.
    if found is None or not os.path.isabs(found):  # noqa: PTH117 - a text is what `which` gives
        msg = "there is no git on PATH"
        raise NoValueError(msg, "install git")
    return found


def _answer(process: "subprocess.Popen[bytes]", patience: float) -> Answer:
    from threading import Event, Timer

    assert process.stdout is not None
    assert process.stderr is not None
    late = Event()

    def stop() -> None:
        late.set()
        _kill(process)

    timer = Timer(patience, stop)
    timer.start()
    try:
        out = process.stdout.read(MOST)
        if len(out) == MOST:
            _kill(process)
        err = process.stderr.read(MOST)
        status = process.wait()
    except BaseException:
        _kill(process)
        raise
    finally:
        timer.cancel()
    if late.is_set():
        msg = f"git did not answer within {patience:g} s"
        raise NoValueError(msg, "run `git status` in the manifest's folder to see what it waits for")
    return Answer(status, out, err.decode("utf-8", "replace"))


def _kill(process: "subprocess.Popen[bytes]") -> None:
    # Until somebody has waited for it, the number is its own.
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
