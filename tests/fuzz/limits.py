"""The limits for one input, processor time and memory, and an exception that stops an input at them."""

import resource
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# Processor time for reading, checking and showing one input; other work on the machine does not count.
SECONDS = 1.0
# Processor time after which an input is stopped. Until then it may end, so that its time is known.
STOP_AFTER = 10.0
# Bytes of memory for the whole process, at its peak.
MEMORY = 200 * 10**6


class EndlessError(BaseException):
    """An input was stopped. A BaseException, so that no error handler catches it."""


@contextmanager
def stopped_after(seconds: float) -> Iterator[None]:
    """Raise an exception inside the `with` block after so many seconds of processor time.

    Raises:
        EndlessError: at any point of the block.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        raise EndlessError

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def processor_seconds() -> float:
    """Return the processor time of this process."""
    return time.process_time()


def peak_memory() -> int:
    """Return the peak memory of this process, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
