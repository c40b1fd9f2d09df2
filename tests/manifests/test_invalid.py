"""Every fault of the corpus is told, in the right place, once, with what to do; and doing it mends the manifest."""

import pytest

from hublish.schemas.diagnose.problems import Location
from tests.manifests.corpus import FOLDER, NAMES, Check, read
from tests.manifests.mending import changes

FEWEST = 120
SEVERAL = {
    "anchor-and-alias-share-patterns": 2,
    "manifest-of-another-tool": 4,
    "secret-as-a-field": 2,
    "several-faults-of-the-card": 3,
    "several-faults-of-yaml": 5,
    "several-sources-missing": 3,
    "several-typing-mistakes": 6,
}
"""Manifests with several faults, or with one that makes several places wrong, and how many are told."""
ELSEWHERE = {
    "environment-names-one-twice": "neither of the two is more wrong than the other: the list is shown",
    "list-not-closed": "where it should have ended nobody knows: its beginning is shown",
    "mapping-not-closed": "where it should have ended nobody knows: its beginning is shown",
    "template-variable-not-set": "the template asks for it, the manifest says nothing about it",
}
"""Faults that are not told where they are mended, and why they cannot be."""

every_fault = pytest.mark.parametrize("name", NAMES)


def test_the_corpus_is_large_and_every_fault_has_its_twins() -> None:
    assert len(NAMES) >= FEWEST
    for part, suffix in (("fixed", ".yaml"), ("diagnostics", ".txt")):
        assert {path.name for path in (FOLDER / part).iterdir()} == {f"{name}{suffix}" for name in NAMES}


@every_fault
def test_a_fault_is_told_as_its_golden_says(name: str, in_tree: Check, request: pytest.FixtureRequest) -> None:
    told = in_tree(read("invalid", name))
    assert told.exit_code == 1
    golden = FOLDER / "diagnostics" / f"{name}.txt"
    if request.config.getoption("--update-goldens"):
        golden.write_bytes(told.text.encode())
    assert told.text == golden.read_bytes().decode(), f"{golden.name} differs; --update-goldens rewrites it"


@every_fault
def test_every_problem_has_a_code_a_place_and_advice(name: str, in_tree: Check) -> None:
    problems = in_tree(read("invalid", name)).problems
    assert len(problems) == SEVERAL.get(name, 1)
    for problem in problems:
        assert "." in problem.code
        assert problem.location, problem
        assert problem.message
        assert problem.hint, problem
        assert not problem.message.endswith("."), "a problem is a clause, not a sentence"


@every_fault
def test_every_problem_is_placed_where_the_manifest_is_mended(name: str, in_tree: Check) -> None:
    faulty, fixed = (read(part, name) for part in ("invalid", "fixed"))
    problems = in_tree(faulty).problems
    lines = faulty.decode(errors="replace").split("\n")
    mended = [*changes(faulty.decode(errors="replace"), fixed.decode())]

    def fits(place: Location | None) -> bool:
        if place and place.source != "hub.yaml":  # the manifest is mended by naming another file
            return any(place.source in line for change in mended for line in lines[change.first - 1 : change.last])
        return place is not None and any(change.holds(place.line, place.column) for change in mended)

    shown = [(problem.location, *(each.location for each in problem.related)) for problem in problems]
    misplaced = [str(places[0]) for places in shown if not any(map(fits, places))]
    assert bool(misplaced) == (name in ELSEWHERE), f"{misplaced} are not in {mended}"


@every_fault
def test_what_is_mended_passes(name: str, in_tree: Check) -> None:
    told = in_tree(read("fixed", name))
    assert told.exit_code == 0, told.text
    assert "error" not in told.text
