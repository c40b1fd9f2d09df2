"""The bounds of one input: processor time and memory, and how an input that breaks them is stopped and told."""

import resource
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SECONDS = 1.0
"""Processor time that reading, checking and showing one input may take: other work on the machine does not count."""
STOP_AFTER = 10.0
"""Processor time after which it is stopped; until then it may end, so that its time is known."""
MEMORY = 200 * 10**6
"""Bytes the whole process may ever hold."""


class EndlessError(BaseException):
    """An input was stopped. No handler of errors may keep it: it is none of theirs."""


@contextmanager
def stopped_after(seconds: float) -> Iterator[None]:
    """Stop what runs inside by an exception after so many seconds of processor time.

    Raises:
        EndlessError: from wherever it is at that moment.
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
    """Return the most bytes this process ever held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
