"""Measure the embedded Hub during attacks: its memory, and how long clean requests wait for an answer.

    python benchmarks/attacks.py [NAME ...]

Prints, for each attack of `tests/hublish/hub/server/attacks.py`, by how much the peak memory of the hub's process grew,
and the longest time that three clean requests took together meanwhile. All attacks run against one hub, one by one.
"""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.hublish.hub.server.attacks import ATTACKS, run, target


def main() -> None:
    """Run the attacks with these names, or all, and print a line for each."""
    with tempfile.TemporaryDirectory(prefix="attacks-") as folder, target(Path(folder)) as hub:
        print(f"{'before':40} {hub.peak():6} MB {hub.answers_within():8.2f} s")
        for attack in ATTACKS:
            if not sys.argv[1:] or attack.__name__ in sys.argv[1:]:
                growth, slowest = run(hub, attack)
                print(f"{attack.__name__:40} {growth:+6} MB {slowest:8.2f} s", flush=True)
        print(f"{'peak':40} {hub.peak():6} MB {hub.answers_within():8.2f} s")


if __name__ == "__main__":
    main()
