"""The view of a verification."""

from dataclasses import replace

import pytest

from hublish import Verification
from hublish.base.values.moving_ref import MovingRef
from hublish.cards.record.false_facts import FalseFact
from hublish.cli.views.phrases import RepeatedOptions
from hublish.cli.views.verify import VerificationView
from hublish.pipeline.lock.records import lock_pieces
from hublish.schemas.diagnose.problems import Location
from hublish.schemas.documents.lock import read_lock
from tests.hublish.cli.running import Golden
from tests.hublish.cli.views.values import Make, Show


@pytest.fixture
def good(make: Make) -> Verification:
    plan = make.plan(make.add("a.json", 10), make.add("b.json", 10))
    return Verification(read_lock(b"".join(lock_pieces(make.receipt(plan, tag="v1.2.0")))), (), (), ())


@pytest.fixture
def bad(good: Verification) -> Verification:
    return Verification(good.lock, ("a.json",), ("new.bin", "x\x1b.bin"), ("b.json",))


def test_a_release_that_matches_its_lock_takes_one_line(good: Verification, show: Show) -> None:
    assert (
        show(VerificationView(good))
        == "ok  acme/digits-mlp at v1.2.0: 2 files as in the lock, at commit 0123456789ab\n"
    )


def test_every_difference_is_named(bad: Verification, show: Show, golden: Golden) -> None:
    golden("verify_failed", show(VerificationView(bad, RepeatedOptions(" -f a/hub.yaml", " --local"))))


def test_a_tag_that_no_longer_follows_is_a_difference(good: Verification, show: Show) -> None:
    refs = (MovingRef("tag", "latest", "f" * 40), MovingRef("branch", "stable", None))
    view = VerificationView(replace(good, moved=refs))
    text = show(view)
    assert "  ~ tag latest 0123456789ab -> ffffffffffff\n  - branch stable deleted\n" in text
    assert "0 missing, 0 different, 0 extra, 2 moved refs" in text
    assert list(view.quiet()) == ["tag latest", "branch stable"]
    assert view.document()["ok"] is False


@pytest.fixture
def false(good: Verification) -> Verification:
    place = Location("README.md", 12, 5)
    edited = FalseFact("facts.model.layers", 12, "24", "config.json", "num_layers", "", place, changed=False)
    stale = FalseFact("data.m.acc", 0.9, "0.8", "m.json", "acc", "co2", None, changed=True)
    gone = FalseFact("facts.model.tensors", None, "7", "", "", "", place, changed=True)
    return replace(good, different=("README.md",), facts=(edited, stale, gone))


def test_a_false_fact_is_named_with_its_place_and_both_values(false: Verification, show: Show) -> None:
    text = show(VerificationView(false))
    assert "README.md:12:5: model.layers: expected 12, found '24'\n" in text
    assert "config.json (num_layers) gives the value\n" in text
    assert "co2: data.m.acc: the card shows '0.8', and m.json (acc) on the Hub now gives 0.9\n" in text
    assert "have no value for it any more" in text
    assert "0 missing, 1 different, 0 extra, 3 false facts" in text


def test_json_has_every_false_fact(false: Verification) -> None:
    first, *_ = VerificationView(false).document()["facts"]
    assert first == {
        "code": "verify.fact",
        "place": "README.md:12:5",
        "message": "model.layers: expected 12, found '24'",
        "name": "facts.model.layers",
        "expected": 12,
        "found": "24",
        "file": "config.json",
        "key": "num_layers",
        "changed": False,
    }


def test_json_has_the_verdict_and_three_lists(bad: Verification) -> None:
    document = VerificationView(bad).document()
    assert document["ok"] is False
    assert (document["missing"], document["different"]) == (["a.json"], ["b.json"])
    assert document["extra"] == ["new.bin", "x\x1b.bin"]
    assert (document["repo_id"], document["tag"], document["files"]) == ("acme/digits-mlp", "v1.2.0", 2)


def test_quiet_prints_every_path_that_differs(good: Verification, bad: Verification) -> None:
    assert list(VerificationView(good).quiet()) == []
    assert list(VerificationView(bad).quiet()) == ["a.json", "b.json", "new.bin", "x\x1b.bin"]


def test_as_markdown_the_verdict_comes_first(bad: Verification, false: Verification, as_markdown: Show) -> None:
    shown = as_markdown(VerificationView(bad))
    assert shown.startswith("**FAILED  acme/digits-mlp at v1.2.0: 1 missing, 1 different, 2 extra**\n")
    assert "| not in the lock | `x\\x1b.bin` |" in shown or "x&#92;x1b.bin" in shown
    assert "#### Facts of the card that do not hold\n\n- `README.md:12:5`" in as_markdown(VerificationView(false))
