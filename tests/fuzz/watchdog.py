"""Run and watch the workers of the fuzz: report the input at which one hangs or dies, and start another one."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.fuzz.inputs import Fault
from tests.fuzz.worker import inputs_of

# Seconds without output after which a worker is killed. Where Python runs, the worker stops an input long before.
SILENCE = 60.0
# Further faults are probably the same ones: fix these first, and run the fuzz again.
MOST_FAULTS = 20
WORKER = (sys.executable, "-W", "error", "-m", "tests.fuzz.worker")
_ROOT = Path(__file__).parents[2]

Found = Callable[[Fault], None]


class Shard:
    """A share of the inputs, examined by one worker after another: a new one for each that dies."""

    def __init__(
        self, job: dict[str, Any], found: Found, *, worker: Sequence[str] = WORKER, silence: float = SILENCE
    ) -> None:
        self.tallies: list[dict[str, Any]] = []
        self._job = job
        self._found = found
        self._worker = worker
        self._silence = silence
        self._next = int(job["first"])
        self._faults = 0

    def run(self) -> None:
        """Examine the whole share; return early after too many faults."""
        while self._next < self._job["count"] and self._faults < MOST_FAULTS:
            job = {**self._job, "first": self._next}
            with subprocess.Popen(
                [*self._worker, json.dumps(job)], cwd=_ROOT, stdout=subprocess.PIPE, text=True
            ) as process:
                self._listen(process)

    def _listen(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        done, at = False, None
        with _killed_when_silent(process, self._silence) as output_seen:
            for line in process.stdout:
                output_seen()
                if line.startswith("at "):
                    at = int(line.removeprefix("at "))
                    self._next = at + self._job["step"]
                else:
                    done |= self._take(json.loads(line))
                if self._faults >= MOST_FAULTS:
                    process.kill()
                    return
        if not done:
            self._died(at, process.wait())

    def _take(self, report: dict[str, Any]) -> bool:
        """Take a report of a worker; return whether it is the last one."""
        if "tally" in report:
            self.tallies.append(report["tally"])
            return True
        self._faults += 1
        self._found(Fault(**{**report, "text": bytes.fromhex(report["text"])}))
        return False

    def _died(self, number: int | None, status: int) -> None:
        """Report the inputs of the number at which a worker ended without a report."""
        if number is None:
            msg = f"a worker did not start (exit code {status})"
            raise RuntimeError(msg)
        for each in inputs_of(self._job, number):
            self._faults += 1
            self._found(Fault("dead", f"the process ended with {status} at input {number}", each.kind, each.text))


@contextmanager
def _killed_when_silent(process: "subprocess.Popen[str]", seconds: float) -> Iterator[Callable[[], None]]:
    """Kill a process without output for so long; the yielded function must be called for each line of output."""
    output, ended = threading.Event(), threading.Event()

    def watch() -> None:
        while not ended.is_set():
            output.clear()
            if not output.wait(seconds) and not ended.is_set():
                process.kill()
                return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield output.set
    finally:
        ended.set()
        output.set()
        watcher.join()
