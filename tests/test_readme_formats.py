"""The README's table of formats: every format, and the versions that its tests install."""

import re
from pathlib import Path

from hublish.formats.catalogue import FORMATS

ROOT = Path(__file__).parents[1]
TABLE = (ROOT / "README.md").read_text().split("## Formats")[1].split("\n## ")[0]
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in TABLE.splitlines() if line.startswith("| `")]
PINS = "\n".join(path.read_text() for path in sorted((ROOT / "tests" / "frameworks").glob("requirements*.txt")))
VERSION = re.compile(r"([a-z-]+) (\d[\d.]*)")


def test_every_format_has_a_row() -> None:
    assert sorted(row[0].strip("`") for row in ROWS) == sorted(FORMATS)


def test_its_versions_are_the_tested_ones() -> None:
    named = {pair for row in ROWS for pair in VERSION.findall(row[3])}
    assert len(named) >= 10
    assert named <= set(re.findall(r"^([a-z-]+)==([\d.]+)$", PINS, re.MULTILINE))


def test_every_framework_in_it_has_a_model_for_the_round_trip() -> None:
    models = {path.stem.removeprefix("with_") for path in (ROOT / "tests" / "frameworks" / "models").glob("with_*.py")}
    assert {row[0].strip("`") for row in ROWS if VERSION.search(row[3])} <= models
