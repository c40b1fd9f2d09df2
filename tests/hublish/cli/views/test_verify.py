"""The view of a verification."""

import pytest

from hublish import Verification
from hublish.cli.views.phrases import RepeatedOptions
from hublish.cli.views.verify import VerificationView
from hublish.pipeline.lock.records import lock_pieces
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


def test_json_has_the_verdict_and_three_lists(bad: Verification) -> None:
    document = VerificationView(bad).document()
    assert document["ok"] is False
    assert (document["missing"], document["different"]) == (["a.json"], ["b.json"])
    assert document["extra"] == ["new.bin", "x\x1b.bin"]
    assert (document["repo_id"], document["tag"], document["files"]) == ("acme/digits-mlp", "v1.2.0", 2)


def test_quiet_prints_every_path_that_differs(good: Verification, bad: Verification) -> None:
    assert list(VerificationView(good).quiet()) == []
    assert list(VerificationView(bad).quiet()) == ["a.json", "b.json", "new.bin", "x\x1b.bin"]
