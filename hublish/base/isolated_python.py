"""Start a module of this package in a new interpreter that has nothing of this process but its import path.

Neither the environment nor the open files nor the main module of the caller: a script that calls hublish without a
guard is not run again, as `multiprocessing` would do.
"""

import json
import os
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from subprocess import Popen

# `-I -S` isolates the child from the environment, the current folder and site-packages. It then appends this process's
# path, after the standard library.
_BOOT: Final = (
    "import gc, json, sys\n"
    "gc.disable()\n"
    "sys.path += [entry for entry in json.loads(sys.argv[1]) if entry not in sys.path]\n"
    "from {module} import main\n"
    "main()\n"
)
# Python may need these to start. The child gets no other variable: no token and no proxy.
_KEPT_ENVIRONMENT: Final = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def start_isolated(module: str, stderr: int, *arguments: str) -> "Popen[bytes]":
    """Run the function `main` of a module in a new process, with pipes as its standard input and output.

    The process begins without the garbage collector, as importing leaves nothing to collect; `main` enables it.

    Args:
        module: its dotted name.
        stderr: the destination of Python's own errors: a constant of `subprocess`.
        *arguments: found in `sys.argv[2:]`.

    Raises:
        OSError: when no process can be started.
    """
    # Imported on use: most commands start no process.
    import subprocess

    # An empty entry means the current folder, which may be another one for the child.
    path = json.dumps([os.path.abspath(entry) for entry in sys.path])  # noqa: PTH100
    return subprocess.Popen(  # noqa: S603 - our own code, which reads data from standard input
        [sys.executable, "-I", "-S", "-c", _BOOT.replace("{module}", module), path, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env={name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ},
    )


def can_start() -> bool:
    """Return whether this program is a Python that can run code of its own choice, and not one that is part of it."""
    # A frozen program would start itself again.
    return bool(sys.executable) and not getattr(sys, "frozen", False)


def available_cores() -> int:
    """Return the number of cores that this process may use."""
    # A container or `taskset` may allow fewer than the machine has. macOS and Windows do not report them.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
