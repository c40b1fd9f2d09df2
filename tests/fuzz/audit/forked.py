"""Run the loaders on a batch of files in a forked process, since a damaged file can crash a loader or hang it."""

import gc
import json
import os
import resource
import select
import signal
from collections.abc import Sequence
from contextlib import suppress

from tests.fuzz.audit.loaders import run_everything
from tests.fuzz.audit.marker import watch
from tests.fuzz.limits import EndlessError, stopped_after

# Processor time of all loaders for one file; and wall time, for a loader that does not return to Python.
_SECONDS = 5.0
_SILENCE = 60.0
# Bytes of address space: a header may ask for more than the machine has.
_MEMORY = 2 << 30


def run_loaders(batch: Sequence[bytes]) -> list[list[str] | None]:
    """Return the loaders that imported a marked name of each file; None where the process of the loaders died."""
    results: list[list[str] | None] = []
    while len(results) < len(batch):
        results += _in_child(batch[len(results) :])
        if len(results) < len(batch):
            results.append(None)
    return results


def _in_child(batch: Sequence[bytes]) -> list[list[str] | None]:
    """Return the results up to the file at which the child died."""
    # Decompressors wait in cycles with gigabytes of address space, which a child would have to get as well.
    gc.collect()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with suppress(BaseException):
            os.close(reading)
            _work(batch, writing)
        # Without the clean-up of the parent, whose state this process only copied.
        os._exit(0)
    os.close(writing)
    output = b""
    with os.fdopen(reading, "rb", 0) as results:
        while select.select([results], [], [], _SILENCE)[0] and (piece := results.read(1 << 16)):
            output += piece
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return [json.loads(line) for line in output.split(b"\n")[:-1]]


def _work(batch: Sequence[bytes], target: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    nothing = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):  # HDF5 prints its errors
        os.dup2(nothing, stream)
    imports = watch()
    for data in batch:
        found: list[str] = []
        with suppress(EndlessError), stopped_after(_SECONDS):
            run_everything(data, imports, found)
        os.write(target, json.dumps(found).encode() + b"\n")
