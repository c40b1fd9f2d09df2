"""Compare the audit with the real loaders: a file that one of them runs, and the audit passes, is a finding."""

import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hublish.audit.file_audit import audit_content
from hublish.audit.fingerprint import Interest, fingerprint
from hublish.base.content import InMemory
from hublish.schemas.documents.manifest import Policy
from tests.fuzz.audit.forked import run_loaders
from tests.fuzz.audit.tries import Try, make
from tests.fuzz.inputs import Fault, Input, Kind
from tests.fuzz.limits import EndlessError, processor_seconds, stopped_after

# Processor time of the audit for one file.
SECONDS = 10.0
# Files for one process of loaders: it takes a few milliseconds to start.
_BATCH = 64
_POLICY = Policy()


@dataclass
class Tally:
    """Counts of the tries by their outermost container."""

    tries: Counter[str] = field(default_factory=Counter)
    ran: Counter[str] = field(default_factory=Counter)
    """Tries that a loader ran."""
    refused: Counter[str] = field(default_factory=Counter)
    clean: int = 0
    """Tries with plain text or numbers."""
    crashed: int = 0
    """Tries that ended the process of the loaders."""
    loaders: Counter[str] = field(default_factory=Counter)
    """Tries by the unpickler that ran them."""
    audit_seconds: float = 0
    slowest: float = 0

    def as_json(self) -> dict[str, Any]:
        """Return plain values, which `dataclasses.asdict` cannot make of a Counter."""
        return {key: dict(value) if isinstance(value, Counter) else value for key, value in vars(self).items()}


class Comparison:
    """Examines tries one after another, and counts them."""

    def __init__(self, job: dict[str, Any]) -> None:
        self.tally = Tally()
        self._seed, self._count, self._step = job["seed"], job["count"], job["step"]
        self._ahead: dict[int, tuple[Try, list[str] | None]] = {}

    def run(self, number: int) -> Iterator[Fault]:
        """Examine the try of one number."""
        if number not in self._ahead:
            numbers = range(number, self._count, self._step)[:_BATCH]
            tries = [make(self._seed, each) for each in numbers]
            results = run_loaders([each.data for each in tries])
            self._ahead = dict(zip(numbers, zip(tries, results, strict=True), strict=True))
        yield from self.compare(*self._ahead[number])

    def compare(self, tried: Try, ran: list[str] | None) -> Iterator[Fault]:
        """Audit one file, and compare the result with the loaders that ran it."""
        tally, kind = self.tally, tried.kind
        tally.tries[kind] += 1
        tally.ran[kind] += bool(ran)
        tally.clean += tried.clean
        tally.crashed += ran is None
        tally.loaders.update({path.rpartition(" > ")[2] for path in ran or ()})
        given, start = tried.input, processor_seconds()
        try:
            with stopped_after(SECONDS):
                problems = audit(tried.data)
        except EndlessError:
            yield Fault("hang", f"the audit took more than {SECONDS:.0f} s: {tried.origin}", given.kind, given.text)
            return
        except Exception:
            yield Fault("crash", f"{traceback.format_exc()}{tried.origin}", given.kind, given.text)
            return
        taken = processor_seconds() - start
        tally.audit_seconds += taken
        tally.slowest = max(tally.slowest, taken)
        tally.refused[kind] += bool(problems)
        if ran and not problems:
            yield Fault("passed", f"{ran[0]} runs a file that the audit passes: {tried.origin}", given.kind, given.text)
        if tried.clean and problems:
            yield Fault("refused", f"{tried.origin}: {problems[0]}", given.kind, given.text)


def audit(data: bytes) -> list[str]:
    """Return the messages for a file's content, as sealing a release finds them under the default policy."""
    read = fingerprint(InMemory(data), Interest.of(_POLICY), lambda _: None)
    return [problem.message for problem in audit_content("file", "file", read, _POLICY)]


def replay(given: Input) -> list[Fault]:
    """Examine one saved file."""
    tried = Try("replayed", given.text, "replayed", clean=given.kind is Kind.CLEAN_FILE)
    ran = run_loaders([given.text])[0]
    print(*(f"runs in {path}" for path in ran or ["no loader"]), sep="\n")
    print(*(audit(given.text) or ["the audit passes it"]), sep="\n")
    return list(Comparison({"seed": 0, "count": 0, "step": 1}).compare(tried, ran))


def print_comparisons(tallies: list[dict[str, Any]], seed: int, elapsed: float) -> int:
    """Print the counts of all processes, and return the number of tries."""

    def total(key: str) -> Counter[str]:
        return sum((Counter(tally[key]) for tally in tallies), Counter())

    tries, ran, refused = total("tries"), total("ran"), total("refused")
    count = tries.total()
    clean, crashed = (sum(tally[key] for tally in tallies) for key in ("clean", "crashed"))
    print(f"{count:,} files, seed {seed}, {elapsed:.0f} s, {count / max(elapsed, 0.1):.0f} a second")
    print(
        f"{ran.total():,} ran in a loader ({ran.total() / max(count - clean, 1):.0%} of those with a pickle); ", end=""
    )
    print(f"{clean:,} are clean; {crashed:,} ended the process of the loaders")
    print(f"  {'outermost':<12} {'tries':>7} {'ran':>7} {'refused':>7}")
    for kind in sorted(tries):
        print(f"  {kind:<12} {tries[kind]:>7,} {ran[kind]:>7,} {refused[kind]:>7,}")
    for loader, times in total("loaders").most_common():
        print(f"  {times:>9,}  run by {loader}")
    seconds = sum(tally["audit_seconds"] for tally in tallies)
    slowest = max((tally["slowest"] for tally in tallies), default=0)
    print(f"the audit took {1000 * seconds / max(count, 1):.1f} ms a file, at most {slowest:.2f} s of {SECONDS:.0f} s")
    return count
