"""Runs the workers of the fuzz and watches them: one that hangs or dies is named by its input, and another goes on."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.fuzz import generating
from tests.fuzz.seeds import Seeds
from tests.fuzz.worker import DOCUMENT_EVERY, Fault

SILENCE = 60.0
"""Seconds without a word after which a worker is taken for hung; it stops itself long before, where Python runs."""
MOST_FAULTS = 20
"""More are no news: whoever mends the first ones runs it again."""
WORKER = (sys.executable, "-W", "error", "-m", "tests.fuzz.worker")
_ROOT = Path(__file__).parents[2]

Found = Callable[[Fault], None]


class Lane:
    """A share of the inputs, examined by one worker after another."""

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
        """Go through the whole share; return early when there are too many faults."""
        while self._next < self._job["count"] and self._faults < MOST_FAULTS:
            job = {**self._job, "first": self._next}
            with subprocess.Popen(
                [*self._worker, json.dumps(job)], cwd=_ROOT, stdout=subprocess.PIPE, text=True
            ) as process:
                self._listen(process)

    def _listen(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout is not None
        done, at = False, None
        with _killed_when_silent(process, self._silence) as heard:
            for line in process.stdout:
                heard()
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

    def _take(self, told: dict[str, Any]) -> bool:
        """Take what a worker tells; return whether it was its last word."""
        if "tally" in told:
            self.tallies.append(told["tally"])
            return True
        self._faults += 1
        self._found(Fault(**{**told, "text": bytes.fromhex(told["text"])}))
        return False

    def _died(self, number: int | None, status: int) -> None:
        """Name the inputs of the number at which a worker ended without a word."""
        if number is None:
            msg = f"a worker could not begin (exit code {status})"
            raise RuntimeError(msg)
        seeds, seed = Seeds.collect(), int(self._job["seed"])
        given = [generating.manifest(seeds, seed, number)]
        if number % DOCUMENT_EVERY == 0:
            given.append(generating.document(seeds, seed, number))
        for each in given:
            self._faults += 1
            self._found(Fault("dead", f"the process ended with {status} at input {number}", each.kind, each.text))


@contextmanager
def _killed_when_silent(process: "subprocess.Popen[str]", seconds: float) -> Iterator[Callable[[], None]]:
    """Kill a process that tells nothing for so long; what is yielded is called for each word of it."""
    word, ended = threading.Event(), threading.Event()

    def watch() -> None:
        while not ended.is_set():
            word.clear()
            if not word.wait(seconds) and not ended.is_set():
                process.kill()
                return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield word.set
    finally:
        ended.set()
        word.set()
        watcher.join()
