"""One process of the fuzz: generate inputs, examine them, and report faults on standard output.

This module examines manifests and other documents; `tests.fuzz.audit` examines files for the audit.

Run as a module, it takes a job (JSON) as its argument. Each line of output is `at NUMBER` before an input, or a JSON
object: a fault, or the tally at the end. The watchdog takes a missing line for a hang.
"""

import json
import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tests.fuzz import generate
from tests.fuzz.examine import InvariantError, Result, examine, require_read_back, require_same, require_untouched
from tests.fuzz.inputs import Fault, Input, Kind
from tests.fuzz.limits import (
    MEMORY,
    SECONDS,
    STOP_AFTER,
    EndlessError,
    peak_memory,
    processor_seconds,
    stopped_after,
)
from tests.fuzz.sample_tree import SampleTree
from tests.fuzz.seeds import Seeds
from tests.fuzz.stand_ins import Renderer, fixed_environment

# One lock, plan, receipt or evaluation for so many manifests.
DOCUMENT_EVERY = 10
_TWICE_EVERY = 20
_CHECK_FILES_EVERY = 500


@dataclass
class Tally:
    """Counts of the inputs and their outcomes."""

    manifests: int = 0
    documents: int = 0
    cards_here: int = 0
    cards_in_children: int = 0
    seconds: float = 0
    slowest: float = 0
    slowest_input: str = ""
    peak_memory: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)


class Examiner:
    """Examines inputs one after another, and counts them."""

    def __init__(self, sample: SampleTree) -> None:
        self.tally = Tally()
        self._sample = sample
        self.before = sample.state()
        self._renderer = Renderer()

    def examine(self, given: Input, name: str, *, twice: bool = False, check_files: bool = False) -> Iterator[Fault]:
        """Examine one input and yield its faults.

        Args:
            given: the input.
            name: its name in the tally.
            twice: examine it again, and require the same result.
            check_files: require that no file of the sample tree changed.
        """
        start, held = processor_seconds(), peak_memory()
        try:
            with stopped_after(STOP_AFTER):
                result = self._result(given)
            taken = processor_seconds() - start
            self._count(given, result, name, taken)
            require_read_back(given, result)
            if twice:
                require_same(result, self._result(given))
            if check_files:
                require_untouched(self._sample, self.before)
        except EndlessError:
            yield Fault("hang", f"stopped after {STOP_AFTER:.0f} s", given.kind, given.text)
            return
        except InvariantError as error:
            yield Fault("invariant", str(error), given.kind, given.text)
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

    def _result(self, given: Input) -> Result:
        with fixed_environment():
            return examine(given, self._sample, self._renderer)

    def _count(self, given: Input, result: Result, name: str, taken: float) -> None:
        tally = self.tally
        outcome = f"{given.kind} {result.outcome}"
        tally.outcomes[outcome] = tally.outcomes.get(outcome, 0) + 1
        tally.manifests += given.kind is Kind.MANIFEST
        tally.documents += given.kind is not Kind.MANIFEST
        tally.seconds += taken
        if taken > tally.slowest:
            tally.slowest, tally.slowest_input = taken, f"{name}, {len(given.text):,} bytes ({given.origin})"


def run(examiner: Examiner, seeds: Seeds, seed: int, number: int) -> Iterator[Fault]:
    """Examine the inputs of one number: a manifest, and for some numbers a document."""
    twice, check_files = number % _TWICE_EVERY == 0, number % _CHECK_FILES_EVERY == 0
    yield from examiner.examine(
        generate.manifest(seeds, seed, number), f"manifest {number}", twice=twice, check_files=check_files
    )
    if number % DOCUMENT_EVERY == 0:
        yield from examiner.examine(generate.document(seeds, seed, number), f"document {number}", twice=twice)


def inputs_of(job: dict[str, Any], number: int) -> list[Input]:
    """Return the inputs of one number, for a report about a worker that died."""
    if job["target"] == "audit":
        from tests.fuzz.audit.tries import make

        return [make(job["seed"], number).input]
    seeds, seed = Seeds.collect(), int(job["seed"])
    given = [generate.manifest(seeds, seed, number)]
    if number % DOCUMENT_EVERY == 0:
        given.append(generate.document(seeds, seed, number))
    return given


@contextmanager
def _session(job: dict[str, Any]) -> Iterator[tuple[Callable[[int], Iterator[Fault]], Callable[[], dict[str, Any]]]]:
    """Yield a function that examines the inputs of one number, and one that returns the tally."""
    if job["target"] == "audit":
        from tests.fuzz.audit.comparing import Comparison

        comparison = Comparison(job)
        yield comparison.run, comparison.tally.as_json
        return
    seeds = Seeds.collect()
    with tempfile.TemporaryDirectory(prefix="hublish-fuzz-") as folder:
        sample = SampleTree.make(Path(folder))
        os.chdir(sample.cwd)
        examiner = Examiner(sample)
        yield partial(run, examiner, seeds, job["seed"]), lambda: asdict(examiner.done())
        require_untouched(sample, examiner.before)
        os.chdir("/")


def _main(job: dict[str, Any]) -> None:
    with _session(job) as (run_number, tally):
        for number in range(job["first"], job["count"], job["step"]):
            _print(f"at {number}")
            for fault in run_number(number):
                _print(json.dumps({**asdict(fault), "text": fault.text.hex()}))
                if fault.fault == "memory":  # the peak of this process remains: another one continues
                    _print(json.dumps({"tally": tally()}))
                    return
        _print(json.dumps({"tally": tally()}))


def _print(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    _main(json.loads(sys.argv[1]))
