"""One process of the fuzz: it makes inputs, examines them, and tells a line for whatever there is to tell.

Run as a module it takes a job (JSON) as its argument. A line on standard output is `at NUMBER` before each input, or a
JSON object: a fault, or at the end the tally. Whoever started it watches: a line that does not come is a hang.
"""

import json
import os
import sys
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.fuzz import generating
from tests.fuzz.examining import Answer, BrokenPromiseError, examine, reads_back, the_same, untouched
from tests.fuzz.ground import Ground
from tests.fuzz.inputs import Input, Kind
from tests.fuzz.seeds import Seeds
from tests.fuzz.standing_in import Renderer, elsewhere
from tests.fuzz.watching import (
    MEMORY,
    SECONDS,
    STOP_AFTER,
    EndlessError,
    peak_memory,
    processor_seconds,
    stopped_after,
)

DOCUMENT_EVERY = 10
"""One lock, plan, receipt or evaluation for so many manifests."""
_TWICE_EVERY = 20
_LOOK_EVERY = 500


@dataclass(frozen=True, slots=True)
class Fault:
    """A promise that an input breaks."""

    fault: str
    """In one word: it becomes part of a file name."""
    message: str
    kind: Kind = Kind.MANIFEST
    text: bytes = b""


@dataclass
class Tally:
    """What was done, counted."""

    manifests: int = 0
    documents: int = 0
    cards_here: int = 0
    cards_in_children: int = 0
    seconds: float = 0
    slowest: float = 0
    slowest_input: str = ""
    peak_memory: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)


class Bench:
    """Examines inputs one after another, and keeps the tally."""

    def __init__(self, ground: Ground) -> None:
        self.tally = Tally()
        self._ground = ground
        self.before = ground.state()
        self._renderer = Renderer()

    def examined(self, given: Input, name: str, *, twice: bool = False, look: bool = False) -> Iterator[Fault]:
        """Examine one input and yield what it breaks.

        Args:
            given: the input.
            name: how it is called in the tally.
            twice: examine it again, for the same answer.
            look: compare the tree with what it was.
        """
        start, held = processor_seconds(), peak_memory()
        try:
            with stopped_after(STOP_AFTER):
                answer = self._answer(given)
            taken = processor_seconds() - start
            self._count(given, answer, name, taken)
            reads_back(given, answer)
            if twice:
                the_same(answer, self._answer(given))
            if look:
                untouched(self._ground, self.before)
        except EndlessError:
            yield Fault("hang", f"stopped after {STOP_AFTER:.0f} s", given.kind, given.text)
            return
        except BrokenPromiseError as error:
            yield Fault("broken", str(error), given.kind, given.text)
        except Exception:
            yield Fault("crash", traceback.format_exc(), given.kind, given.text)
        else:
            if taken > SECONDS:
                yield Fault("slow", f"{taken:.1f} s", given.kind, given.text)
        if peak_memory() > max(MEMORY, held):
            yield Fault("memory", f"{peak_memory() / 10**6:.0f} MB", given.kind, given.text)

    def done(self) -> Tally:
        """Return the tally."""
        self.tally.cards_here, self.tally.cards_in_children = self._renderer.here, self._renderer.in_children
        self.tally.peak_memory = peak_memory()
        return self.tally

    def _answer(self, given: Input) -> Answer:
        with elsewhere():
            return examine(given, self._ground, self._renderer)

    def _count(self, given: Input, answer: Answer, name: str, taken: float) -> None:
        tally = self.tally
        outcome = f"{given.kind} {answer.outcome}"
        tally.outcomes[outcome] = tally.outcomes.get(outcome, 0) + 1
        tally.manifests += given.kind is Kind.MANIFEST
        tally.documents += given.kind is not Kind.MANIFEST
        tally.seconds += taken
        if taken > tally.slowest:
            tally.slowest, tally.slowest_input = taken, f"{name}, {len(given.text):,} bytes ({given.origin})"


def run(bench: Bench, seeds: Seeds, seed: int, number: int) -> Iterator[Fault]:
    """Examine the inputs of one number: a manifest, and now and then a document."""
    twice, look = number % _TWICE_EVERY == 0, number % _LOOK_EVERY == 0
    yield from bench.examined(generating.manifest(seeds, seed, number), f"manifest {number}", twice=twice, look=look)
    if number % DOCUMENT_EVERY == 0:
        yield from bench.examined(generating.document(seeds, seed, number), f"document {number}", twice=twice)


def _main(job: dict[str, Any]) -> None:
    seeds = Seeds.collect()
    with tempfile.TemporaryDirectory(prefix="hublish-fuzz-") as folder:
        ground = Ground.make(Path(folder))
        os.chdir(ground.desk)
        bench = Bench(ground)
        for number in range(job["first"], job["count"], job["step"]):
            _tell(f"at {number}")
            for fault in run(bench, seeds, job["seed"], number):
                _tell(json.dumps({**asdict(fault), "text": fault.text.hex()}))
                if fault.fault == "memory":  # it holds what it held: another process goes on
                    _tell(json.dumps({"tally": asdict(bench.done())}))
                    return
        untouched(ground, bench.before)
        _tell(json.dumps({"tally": asdict(bench.done())}))
        os.chdir("/")


def _tell(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    _main(json.loads(sys.argv[1]))
