"""`make audit-environment`: audit every file of an installed environment, and print the refusals that are false.

python -m tests.environment [--processes N] [FOLDER ...]

The files of packages are what releases are made of: weights, archives, tables, test data, code. A refusal is right
when another reader finds a pickle in the file too (see `oracle.py`). Any other one makes the exit code 1. Secrets are
listed only: packages do contain keys, which their tests use.
"""

import sys
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from tests.environment.auditing import PICKLE, Refusal, audit_all, files_below


def main(arguments: Sequence[str] | None = None) -> int:
    """Audit the folders; the exit code is 0 if no refusal is false."""
    parser = ArgumentParser(prog="python -m tests.environment", description=__doc__.partition("\n")[0])
    parser.add_argument("folders", type=Path, nargs="*", default=[Path(sys.prefix)], metavar="FOLDER")
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args(arguments)
    start = time.monotonic()
    shares = list(audit_all(chain.from_iterable(map(files_below, chosen.folders)), chosen.processes))
    refusals = [refusal for share in shares for refusal in share.refusals]
    secrets = [refusal for refusal in refusals if refusal.problem.code != PICKLE]
    wrong = [refusal for refusal in refusals if refusal.problem.code == PICKLE and not refusal.justified]
    _print_refusals("pickles to other readers as well", [refusal for refusal in refusals if refusal.justified])
    _print_refusals("secrets, for a person to judge", secrets)
    _print_refusals("false refusals", wrong)
    files, nbytes = sum(share.files for share in shares), sum(share.nbytes for share in shares)
    print(f"{files:,} files, {nbytes / 10**6:,.0f} MB, {time.monotonic() - start:.0f} s")
    return 1 if wrong or not files else 0


def _print_refusals(title: str, refusals: Sequence[Refusal]) -> None:
    print(f"{title}: {len(refusals)}")
    for refusal in refusals:
        print(f"  {refusal.path}: {refusal.problem.message}")


if __name__ == "__main__":
    sys.exit(main())
