"""The view of a receipt."""

from dataclasses import replace
from pathlib import Path

from hublish.base.values import Setting
from hublish.cli.views.phrases import RepeatedOptions
from hublish.cli.views.publish import ReceiptView
from tests.hublish.cli.running import Golden
from tests.hublish.cli.views.values import Make, Show

LOCK = Path("hub.lock")


def test_a_receipt_shows_commit_verification_tag_lock_and_next_steps(make: Make, show: Show, golden: Golden) -> None:
    golden("receipt_published", show(ReceiptView(make.receipt(make.everything(), tag="v1.2.0"), LOCK)))


def test_as_markdown_a_receipt_keeps_names_as_names(make: Make, as_markdown: Show, golden: Golden) -> None:
    receipt = make.receipt(make.everything(), tag="v1.2.0", url="https://hub/a`b|<c>")
    golden("receipt_markdown", as_markdown(ReceiptView(receipt, LOCK)))


def test_the_outputs_of_a_workflow_are_those_of_the_plan_and_the_commit(make: Make) -> None:
    plan = make.plan(make.add("a.csv", 1), make.keep("b.csv"), target=make.target(repo_type="dataset"), tag="v2")
    settings = (Setting("gated", "false", "auto"), Setting("repo", None, "created, public"))
    receipt = make.receipt(replace(plan, settings=settings), tag="v2")
    assert ReceiptView(receipt, LOCK).outputs() == {
        "commit": receipt.commit,
        "tag": "v2",
        "url": receipt.url,
        "repo-id": "acme/digits-mlp",
        "repo": "datasets/acme/digits-mlp",
        "changes": "3",
        "lock": "hub.lock",
    }


def test_a_proposal_names_its_pull_request(make: Make, show: Show, golden: Golden) -> None:
    plan = make.plan(make.add("a.json", 10), project=make.project(create_pr=True))
    golden("receipt_proposed", show(ReceiptView(make.receipt(plan, pull_request=3), LOCK)))


def test_a_second_publish_reports_nothing_to_do(make: Make, show: Show, golden: Golden) -> None:
    plan = make.plan(make.keep("a.json"))
    golden("receipt_nothing", show(ReceiptView(make.receipt(plan, created=False, url=""), LOCK)))


def test_settings_alone_make_no_commit(make: Make, show: Show) -> None:
    plan = make.plan(make.keep("a.json"), settings=(Setting("gated", "false", "auto"),))
    shown = show(ReceiptView(make.receipt(plan, created=False), LOCK))
    assert "already held these files; no commit was made." in shown
    assert "gated     false -> auto" in shown


def test_the_next_commands_repeat_the_options_they_need(make: Make, show: Show) -> None:
    plan = make.plan(make.add("a.csv", 1), target=make.target(repo_type="dataset"))
    shown = show(ReceiptView(make.receipt(plan), LOCK, RepeatedOptions(" -f a/hub.yaml", " --local")))
    assert "hublish verify -f a/hub.yaml --local\n" in shown
    assert "hublish pull acme/digits-mlp --repo-type dataset --local\n" in shown


def test_the_embedded_hub_has_no_url_and_can_be_served(make: Make, show: Show, golden: Golden) -> None:
    plan = make.plan(make.add("a.json", 10), target=make.target(endpoint="embedded"))
    golden("receipt_embedded", show(ReceiptView(make.receipt(plan), LOCK, RepeatedOptions("", " --local"))))
    there = replace(plan, release=replace(plan.release, project=replace(plan.release.project, name="a b/hub.yaml")))
    elsewhere = show(ReceiptView(make.receipt(there), Path("v1.lock"), RepeatedOptions(" -f 'a b/hub.yaml'", "")))
    assert "hublish pull acme/digits-mlp --local\n" in elsewhere
    assert "hublish hub serve --root 'a b/.hublish/hub'  to inspect" in elsewhere


def test_quiet_prints_the_commit(make: Make) -> None:
    receipt = make.receipt(make.everything())
    assert list(ReceiptView(receipt, LOCK).quiet()) == [receipt.commit]
