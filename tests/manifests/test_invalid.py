"""Each mistake of the corpus is reported once, at the right place, with a hint that leads to a valid manifest."""

import pytest

from hublish.schemas.diagnose.problems import Location
from tests.manifests.corpus import FOLDER, NAMES, Check, read
from tests.manifests.text_changes import changes
from tests.rows import every

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
"""The number of problems of manifests with several mistakes, or with one that affects several places."""
ELSEWHERE = {
    "environment-names-one-twice": "either of the two could be removed: the list is shown",
    "list-not-closed": "the intended end is unknown: the beginning is shown",
    "mapping-not-closed": "the intended end is unknown: the beginning is shown",
    "template-variable-not-set": "the template uses it, and the manifest does not mention it",
}
"""Mistakes that cannot be reported at the place of their fix, and the reason."""

every_fault = every("name", NAMES)


def test_the_corpus_is_large_and_complete() -> None:
    assert len(NAMES) >= FEWEST
    for part, suffix in (("fixed", ".yaml"), ("diagnostics", ".txt")):
        assert {path.name for path in (FOLDER / part).iterdir()} == {f"{name}{suffix}" for name in NAMES}


@every_fault
def test_a_mistake_is_reported_as_in_its_golden(name: str, in_tree: Check, request: pytest.FixtureRequest) -> None:
    checked = in_tree(read("invalid", name))
    assert checked.exit_code == 1
    golden = FOLDER / "diagnostics" / f"{name}.txt"
    if request.config.getoption("--update-goldens"):
        golden.write_bytes(checked.text.encode())
    assert checked.text == golden.read_bytes().decode(), f"{golden.name} differs; --update-goldens rewrites it"


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
def test_every_problem_is_placed_where_the_fix_changes_the_manifest(name: str, in_tree: Check) -> None:
    faulty, fixed = (read(part, name) for part in ("invalid", "fixed"))
    problems = in_tree(faulty).problems
    lines = faulty.decode(errors="replace").split("\n")
    fixed_parts = [*changes(faulty.decode(errors="replace"), fixed.decode())]

    def fits(place: Location | None) -> bool:
        if place and place.source != "hub.yaml":  # the fix is to name another file
            return any(place.source in line for change in fixed_parts for line in lines[change.first - 1 : change.last])
        return place is not None and any(change.contains(place.line, place.column) for change in fixed_parts)

    shown = [(problem.location, *(each.location for each in problem.related)) for problem in problems]
    misplaced = [str(places[0]) for places in shown if not any(map(fits, places))]
    assert bool(misplaced) == (name in ELSEWHERE), f"{misplaced} are not in {fixed_parts}"


@every_fault
def test_a_fixed_manifest_passes(name: str, in_tree: Check) -> None:
    checked = in_tree(read("fixed", name))
    assert checked.exit_code == 0, checked.text
    assert "error" not in checked.text
