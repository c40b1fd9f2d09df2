"""The view of a rehearsal, successful and failed."""

import pytest

from hublish import Rehearsal
from hublish.cli.views.rehearse import RehearsalView
from tests.hublish.cli.running import Golden
from tests.hublish.cli.views.values import Make, Show


@pytest.fixture
def good(make: Make) -> Rehearsal:
    plan = make.plan(make.add("a.json", 10), make.add("model.safetensors", 1000))
    return Rehearsal(make.receipt(plan), make.local("a.json", "model.safetensors"), 4, ())


@pytest.fixture
def bad(good: Rehearsal) -> Rehearsal:
    return Rehearsal(good.receipt, good.local, 4, ("a.json",))


def test_a_successful_rehearsal_shows_every_step(good: Rehearsal, show: Show, golden: Golden) -> None:
    golden("rehearse", show(RehearsalView(good)))


def test_a_failed_rehearsal_names_every_difference(bad: Rehearsal, show: Show, golden: Golden) -> None:
    golden("rehearse_failed", show(RehearsalView(bad)))


def test_files_that_the_hub_added_are_named_and_nothing_loaded_has_its_reason(
    make: Make, show: Show, golden: Golden
) -> None:
    receipt = make.receipt(make.plan(make.add("a.json", 10)))
    rehearsal = Rehearsal(receipt, make.local(".gitattributes", "a.json"), 0, (), "no weights")
    golden("rehearse_without_weights", show(RehearsalView(rehearsal)))


def test_json_has_the_verdict_and_the_counts(bad: Rehearsal) -> None:
    document = RehearsalView(bad).document()
    assert document == {
        "same": False,
        "commit": bad.receipt.commit,
        "published": 2,
        "pulled": 2,
        "added_by_hub": [],
        "arrays": 4,
        "differences": ["a.json"],
        "signed_with": "",
    }


def test_quiet_prints_every_difference(good: Rehearsal, bad: Rehearsal) -> None:
    assert [list(RehearsalView(rehearsal).quiet()) for rehearsal in (good, bad)] == [[], ["a.json"]]
