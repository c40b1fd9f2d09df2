"""`make fuzz`: read and check generated manifests in watched processes, and print counts, times and memory.

python -m tests.fuzz [--count N] [--seed N] [--processes N]
python -m tests.fuzz --replay FILE
"""

import os
import secrets
import sys
import tempfile
import threading
import time
from argparse import ArgumentParser, Namespace
from collections import Counter
from pathlib import Path
from typing import Any

from tests.fuzz.inputs import Input
from tests.fuzz.limits import MEMORY, SECONDS
from tests.fuzz.sample_tree import SampleTree
from tests.fuzz.watchdog import Shard
from tests.fuzz.worker import Examiner, Fault

_ROOT = Path(__file__).parents[2]
_SAVED = _ROOT / ".hublish/fuzz"
"""The folder for inputs that violate an invariant."""


def main() -> int:
    """Fuzz, or replay one input; the exit code is 0 if no invariant was violated."""
    arguments = _arguments()
    return _replay(arguments.replay) if arguments.replay else _fuzz(arguments)


def _arguments() -> Namespace:
    parser = ArgumentParser(prog="python -m tests.fuzz", description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=100_000, help="manifests to generate (default: 100,000)")
    parser.add_argument("--seed", type=int, help="the seed of the generator (default: random)")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--replay", type=Path, help="a saved input: examine it alone")
    return parser.parse_args()


def _fuzz(arguments: Namespace) -> int:
    seed = secrets.randbelow(10**6) if arguments.seed is None else arguments.seed
    faults: list[Fault] = []

    def found(fault: Fault) -> None:
        faults.append(fault)
        path = Input(fault.kind, fault.text, "").save(_SAVED, fault.fault)
        if fault.message in (other.message for other in faults[:-1]):
            return
        print(
            f"{fault.fault}: {fault.message.strip()}\n  replay: make fuzz REPLAY={path.relative_to(_ROOT)}", flush=True
        )

    step = arguments.processes
    jobs = [{"seed": seed, "count": arguments.count, "first": first, "step": step} for first in range(step)]
    shards = [Shard(job, found) for job in jobs]
    start = time.monotonic()
    threads = [threading.Thread(target=shard.run) for shard in shards]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tallies = [tally for shard in shards for tally in shard.tallies]
    _print_tallies(tallies, seed, time.monotonic() - start)
    done = sum(tally["manifests"] for tally in tallies)
    passed = not faults and done == arguments.count
    print("no invariant violated" if passed else f"{len(faults)} faults")
    return 0 if passed else 1


def _print_tallies(tallies: list[dict[str, Any]], seed: int, elapsed: float) -> None:
    def total(key: str) -> int:
        return sum(tally[key] for tally in tallies)

    outcomes: Counter[str] = Counter()
    for tally in tallies:
        outcomes.update(tally["outcomes"])
    slowest = max(tallies, key=lambda tally: tally["slowest"], default={"slowest": 0, "slowest_input": "none"})
    peak = max((tally["peak_memory"] for tally in tallies), default=0)
    print(f"{total('manifests'):,} manifests and {total('documents'):,} other documents, seed {seed}, {elapsed:.0f} s")
    for outcome, count in sorted(outcomes.items()):
        print(f"  {count:>9,}  {outcome}")
    print(f"  {total('cards_here') + total('cards_in_children'):>9,}  cards rendered, ", end="")
    print(f"{total('cards_in_children'):,} of them in a child process")
    print(f"slowest: {slowest['slowest']:.2f} s of {SECONDS:.0f} s, {slowest['slowest_input']}")
    print(f"peak memory of a process: {peak / 10**6:.0f} MB of {MEMORY / 10**6:.0f} MB")


def _replay(path: Path) -> int:
    given = Input.load(path)
    with tempfile.TemporaryDirectory(prefix="hublish-fuzz-") as folder:
        sample = SampleTree.make(Path(folder))
        os.chdir(sample.cwd)
        examiner = Examiner(sample)
        faults = list(examiner.examine(given, path.name, twice=True, check_files=True))
        os.chdir("/")
    for fault in faults:
        print(f"{fault.fault}: {fault.message.strip()}")
    tally = examiner.done()
    print(*tally.outcomes, f"{tally.seconds:.2f} s", f"{tally.peak_memory / 10**6:.0f} MB", sep=", ")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
