"""The end of a publish."""

from pathlib import Path
from typing import Any

from hublish.cli.again import Again
from hublish.cli.views.receipt import ReceiptView
from hublish.pipeline.values import Setting

LOCK = Path("hub.lock")


def test_a_publish_shows_commit_proof_tag_lock_and_what_is_next(make: Any, show: Any, golden: Any) -> None:
    golden("receipt_published", show(ReceiptView(make.receipt(make.everything(), tag="v1.2.0"), LOCK)))


def test_a_proposal_names_its_pull_request(make: Any, show: Any, golden: Any) -> None:
    plan = make.plan(make.add("a.json", 10), project=make.project(create_pr=True))
    golden("receipt_proposed", show(ReceiptView(make.receipt(plan, pull_request=3), LOCK)))


def test_a_second_publish_says_that_there_was_nothing_to_do(make: Any, show: Any, golden: Any) -> None:
    plan = make.plan(make.keep("a.json"))
    golden("receipt_nothing", show(ReceiptView(make.receipt(plan, created=False, url=""), LOCK)))


def test_settings_alone_make_no_commit(make: Any, show: Any) -> None:
    plan = make.plan(make.keep("a.json"), settings=(Setting("gated", "false", "auto"),))
    shown = show(ReceiptView(make.receipt(plan, created=False), LOCK))
    assert "already held these files; no commit was made." in shown
    assert "gated     false -> auto" in shown


def test_the_next_commands_repeat_the_options_they_need(make: Any, show: Any) -> None:
    plan = make.plan(make.add("a.csv", 1), head=make.head(repo_type="dataset"))
    shown = show(ReceiptView(make.receipt(plan), LOCK, Again(" -f a/hub.yaml", " --local")))
    assert "hublish verify -f a/hub.yaml --local\n" in shown
    assert "hublish pull acme/digits-mlp --repo-type dataset --local\n" in shown


def test_quiet_is_the_commit(make: Any) -> None:
    receipt = make.receipt(make.everything())
    assert list(ReceiptView(receipt, LOCK).quiet()) == [receipt.commit]
