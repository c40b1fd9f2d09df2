"""`make fuzz` and `make fuzz-audit`: examine generated inputs in watched processes, and print counts and times.

python -m tests.fuzz [manifests | audit] [--count N] [--seed N] [--processes N]
python -m tests.fuzz [manifests | audit] --replay FILE
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

from tests.fuzz.inputs import Fault, Input, Kind
from tests.fuzz.limits import MEMORY, SECONDS
from tests.fuzz.sample_tree import SampleTree
from tests.fuzz.watchdog import Shard
from tests.fuzz.worker import Examiner

_ROOT = Path(__file__).parents[2]
_SAVED = _ROOT / ".hublish/fuzz"
"""The folder for inputs that violate an invariant."""
# The targets, with the default number of inputs.
_COUNTS = {"manifests": 100_000, "audit": 20_000}


def main() -> int:
    """Fuzz, or replay one input; the exit code is 0 if no invariant was violated."""
    arguments = _arguments()
    if arguments.replay is None:
        return _fuzz(arguments)
    given = Input.load(arguments.replay, Kind.MANIFEST if arguments.target == "manifests" else Kind.FILE)
    return _replay_file(given) if given.kind in (Kind.FILE, Kind.CLEAN_FILE) else _replay(given, arguments.replay.name)


def _arguments() -> Namespace:
    parser = ArgumentParser(prog="python -m tests.fuzz", description=__doc__.partition("\n")[0])
    parser.add_argument("target", nargs="?", choices=_COUNTS, default="manifests", help="the examined part of hublish")
    parser.add_argument("--count", type=int, help="inputs to generate (default: 100,000 manifests, 20,000 files)")
    parser.add_argument("--seed", type=int, help="the seed of the generator (default: random)")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--replay", type=Path, help="a saved input: examine it alone")
    return parser.parse_args()


def _fuzz(arguments: Namespace) -> int:
    seed = secrets.randbelow(10**6) if arguments.seed is None else arguments.seed
    faults: list[Fault] = []
    command = "fuzz" if arguments.target == "manifests" else "fuzz-audit"

    def found(fault: Fault) -> None:
        faults.append(fault)
        path = Input(fault.kind, fault.text, "").save(_SAVED, fault.fault)
        if fault.message in (other.message for other in faults[:-1]):
            return
        print(
            f"{fault.fault}: {fault.message.strip()}\n  replay: make {command} REPLAY={path.relative_to(_ROOT)}",
            flush=True,
        )

    step, target, count = arguments.processes, arguments.target, arguments.count or _COUNTS[arguments.target]
    jobs = [{"target": target, "seed": seed, "count": count, "first": first, "step": step} for first in range(step)]
    shards = [Shard(job, found) for job in jobs]
    start = time.monotonic()
    threads = [threading.Thread(target=shard.run) for shard in shards]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tallies = [tally for shard in shards for tally in shard.tallies]
    show = _print_tallies if target == "manifests" else _print_comparisons
    done = show(tallies, seed, time.monotonic() - start)
    passed = not faults and done == count
    print("no invariant violated" if passed else f"{len(faults)} faults")
    return 0 if passed else 1


def _print_comparisons(tallies: list[dict[str, Any]], seed: int, elapsed: float) -> int:
    from tests.fuzz.audit.comparing import print_comparisons

    return print_comparisons(tallies, seed, elapsed)


def _print_tallies(tallies: list[dict[str, Any]], seed: int, elapsed: float) -> int:
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
    return total("manifests")


def _replay_file(given: Input) -> int:
    from tests.fuzz.audit.comparing import replay

    faults = replay(given)
    print(*(f"{fault.fault}: {fault.message.strip()}" for fault in faults), sep="\n")
    return 1 if faults else 0


def _replay(given: Input, name: str) -> int:
    with tempfile.TemporaryDirectory(prefix="hublish-fuzz-") as folder:
        sample = SampleTree.make(Path(folder))
        os.chdir(sample.cwd)
        examiner = Examiner(sample)
        faults = list(examiner.examine(given, name, twice=True, check_files=True))
        os.chdir("/")
    for fault in faults:
        print(f"{fault.fault}: {fault.message.strip()}")
    tally = examiner.done()
    print(*tally.outcomes, f"{tally.seconds:.2f} s", f"{tally.peak_memory / 10**6:.0f} MB", sep=", ")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
