"""Processes to kill: forked from a process that has imported everything, so that each starts in milliseconds.

As a program, it reads one job (JSON) per line, forks a process for it, and prints the pid and then the exit code.
"""

import importlib
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import Any

# The modules that jobs need are imported once, before the fork.
_NEEDED = (
    "hublish.api.publish",
    "hublish.api.rollback",
    "hublish.hub.server.server",
    "huggingface_hub.hf_api",
    "huggingface_hub.lfs",
    "hf_xet",
    "uvicorn.protocols.http.httptools_impl",
    "uvicorn.loops.auto",
    "uvicorn.lifespan.off",
)


class Zygote:
    """Starts processes and waits for them, one at a time."""

    def __init__(self) -> None:
        root = Path(__file__).parents[2]
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(root)},
        )

    def start(self, job: dict[str, Any]) -> int:
        """Fork a process for a job and return its pid."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        return int(self.line())

    def line(self) -> str:
        """Return the next line: output of the process, or its exit code."""
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        """Kill the zygote; its processes end with it."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()


def _publish(job: dict[str, Any]) -> None:
    import hublish

    _move_in(job)
    hublish.publish(job["manifest"], endpoint=job["endpoint"], token=job["token"])


def _rollback(job: dict[str, Any]) -> None:
    import hublish

    _move_in(job)
    hublish.rollback(job["revision"], job["manifest"], endpoint=job["endpoint"], token=job["token"])


def _move_in(job: dict[str, Any]) -> None:
    """Give the client the home and the kind of transfer of a job."""
    from huggingface_hub import constants

    constants.HF_HUB_DISABLE_XET = not job["xet"]
    for name, folder in (("HF_HOME", ""), ("HF_HUB_CACHE", "hub"), ("HF_XET_CACHE", "xet")):
        setattr(constants, name, f"{job['home']}/{folder}")
        os.environ[name] = f"{job['home']}/{folder}"


def _serve(job: dict[str, Any]) -> None:
    from hublish.hub.server import EmbeddedHub

    with EmbeddedHub(job["root"], port=job["port"], token=job["token"]) as hub:
        print(hub.endpoint, flush=True)
        while os.getppid() != 1:
            time.sleep(0.2)


def _run(job: dict[str, Any]) -> None:
    status = 1
    try:
        {"publish": _publish, "rollback": _rollback, "serve": _serve}[job["do"]](job)
        status = 0
    except BaseException:
        Path(job["errors"]).write_text(traceback.format_exc())
    finally:
        os._exit(status)


def _main() -> None:
    for name in _NEEDED:
        importlib.import_module(name)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            _run(json.loads(line))
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    _main()
