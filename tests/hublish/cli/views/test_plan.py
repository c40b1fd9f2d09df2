"""The view of a plan, for people, programs and scripts."""

import pytest

from hublish.base.values import Setting
from hublish.cli.views.phrases import RepeatedOptions
from hublish.cli.views.plan import PlanView
from tests.hublish.cli.running import Golden
from tests.hublish.cli.views.values import Make, Show


@pytest.mark.parametrize("everything", [False, True])
def test_every_action_has_its_mark_and_its_line(make: Make, show: Show, golden: Golden, everything: bool) -> None:
    golden(f"plan_{'all' if everything else 'short'}", show(PlanView(make.everything(), everything)))


def test_every_rule_can_be_shown_with_its_line(make: Make, show: Show, golden: Golden) -> None:
    golden("plan_why", show(PlanView(make.everything(), everything=True, why=True)))


def test_colors_mark_added_changed_and_deleted(make: Make, show: Show, golden: Golden) -> None:
    golden("plan_color", show(PlanView(make.everything()), color=True))


def test_a_new_repo_will_be_created(make: Make, show: Show, golden: Golden) -> None:
    head = make.head(repo_exists=False, commit=None)
    settings = (Setting("visibility", None, "private"),)
    golden("plan_new_repo", show(PlanView(make.plan(make.add("a.json", 10), head=head, settings=settings))))


def test_a_new_branch_begins_at_main(make: Make, show: Show) -> None:
    target, head = make.target(revision="next"), make.head(commit=None, default_commit="f" * 40)
    shown = show(PlanView(make.plan(make.add("a.json", 10), target=target, head=head)))
    assert "ffffffffffff: the branch next will be created from main" in shown


def test_a_changed_setting_shows_both_values(make: Make, show: Show) -> None:
    settings = (Setting("visibility", "private", "public"), Setting("gated", "manual", False))
    shown = show(PlanView(make.plan(settings=settings)))
    assert "~ visibility  private -> public" in shown
    assert "~ gated       manual -> false" in shown
    assert "No commit is needed." in shown


def test_nothing_to_do_is_one_sentence_without_next_steps(make: Make, show: Show, golden: Golden) -> None:
    golden("plan_nothing", show(PlanView(make.plan(make.keep("a.json"), make.keep("b.json")))))


def test_a_pull_request_that_holds_the_release_is_named(make: Make, show: Show, golden: Golden) -> None:
    plan = make.plan(make.add("a.json", 10), project=make.project(create_pr=True), open_pull_request=3)
    golden("plan_pull_request", show(PlanView(plan)))


@pytest.mark.parametrize(
    ("fields", "how"),
    [({}, "merged in one step once all are verified"), ({"create_pr": True}, "for its reviewers")],
)
def test_a_release_in_parts_names_their_number(make: Make, show: Show, fields: dict[str, bool], how: str) -> None:
    target = make.target(files_per_commit=2, **fields)
    plan = make.plan(*(make.add(f"{number}.json", 10) for number in range(5)), target=target)
    assert f"3 commits to a draft pull request, {how}" in show(PlanView(plan))


def test_a_written_plan_is_the_next_step(make: Make, show: Show) -> None:
    plan, repeated = make.plan(make.add("a.json", 10)), RepeatedOptions(" -f a/hub.yaml", " --local")
    view = PlanView(plan, written_to="plan.json", repeated=repeated)
    assert "Next: review plan.json, then hublish publish plan.json -f a/hub.yaml --local" in show(view)


def test_before_a_question_there_are_no_next_steps(make: Make, show: Show) -> None:
    assert "Next:" not in show(PlanView(make.everything(), ask=True))


def test_a_remote_file_name_cannot_control_the_terminal(make: Make, show: Show) -> None:
    shown = show(PlanView(make.plan(make.delete("a\x1b[2Jb\nc", 1)), everything=True))
    assert "a\\x1b[2Jb\\nc" in shown


def test_quiet_prints_the_files_in_the_commit(make: Make) -> None:
    assert list(PlanView(make.everything()).quiet()) == [
        "~ config.json",
        "+ model.safetensors",
        "- pytorch_model.bin",
    ]
