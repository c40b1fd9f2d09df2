"""The view of a plan, for people, programs and scripts."""

import re

import pytest

from hublish.base.values import Plan, Setting
from hublish.base.values.moving_ref import MovingRef
from hublish.cli.report.markup import LIMIT
from hublish.cli.terminal.text import width
from hublish.cli.views.diff import PlanDiffView
from hublish.cli.views.phrases import RepeatedOptions
from hublish.cli.views.plan import PlanView
from hublish.diffs.differences import Entry, FileDiff, Hunk, Line
from hublish.pipeline.lock.records import plan_document
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.plan import PlanDocument, PlannedFinding
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


def test_what_moves_names_the_commit_and_the_release_that_it_leaves(make: Make, show: Show) -> None:
    target = make.target(moving_tags=("latest",), moving_branches=("stable",))
    moves = (MovingRef("tag", "latest", "f" * 40), MovingRef("branch", "stable", None))
    plan = make.plan(target=target, head=make.head(tags={"latest": "f" * 40, "v1.0.0": "f" * 40}), moves=moves)
    shown = show(PlanView(plan))
    assert "moves     tag latest from ffffffffffff (v1.0.0) to this commit\n" in shown
    assert "moves     branch stable to this commit, which is new\n" in shown
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


def many(make: Make) -> Plan:
    """A plan with 60 pictures in two folders, deletions among them, and a file that grew."""
    pictures = [make.add(f"images/{part}/{number:02}.png", 1000) for part in ("test", "train") for number in range(30)]
    deleted = [make.delete(f"images/old/{number}.png", 10) for number in range(3)]
    return make.plan(*pictures, *deleted, make.change("data.csv", 1_000, 90_000_000), make.keep("LICENSE"))


def test_more_than_forty_files_are_folded_by_folder(make: Make, show: Show, golden: Golden) -> None:
    plan = many(make)
    shown = show(PlanView(plan))
    golden("plan_folded", shown)
    assert all(f"- images/old/{number}.png" in shown for number in range(3))
    assert "~ data.csv" in shown
    whole = show(PlanView(plan, everything=True))
    assert "images/train/29.png" in whole
    assert "60 files" not in whole


def test_deletions_are_listed_whatever_their_number(make: Make, show: Show) -> None:
    plan = make.plan(*(make.delete(f"old/{number}.bin", 1) for number in range(99)), *many(make).changes)
    shown = show(PlanView(plan))
    assert sum(line.startswith("  - ") for line in shown.splitlines()) == 102
    assert "30 files" in shown


def test_a_saved_plan_is_shown_as_the_new_one(make: Make, show: Show) -> None:
    for plan in (make.everything(), many(make)):
        saved = PlanDocument.model_validate_json(plan_document(plan).model_dump_json())
        for everything, why in ((False, False), (False, True), (True, False), (True, True)):
            old, new = (PlanView(each, everything, why=why) for each in (saved, plan))
            assert show(old) == show(new)
            assert list(old.quiet()) == list(new.quiet())


@pytest.mark.parametrize("columns", [30, 40, 80, 100, 200])
def test_no_line_is_wider_than_the_terminal_but_commands_to_copy(make: Make, show: Show, columns: int) -> None:
    names = ("images/" + "数据集" * 40 + ".png", "e\u0301" * 150, "a/" * 90 + "b.json", "x\x1b[2J" * 30)
    target = make.target(commit_message="Release " + "of everything " * 20, tag="v" + "1" * 90)
    changes = (
        *(make.add(name, 10, "runs/" + "y" * 200) for name in names),
        *(make.delete(f"{name}-", 1) for name in names),
    )
    settings = (Setting("visibility", "private", "public"),)
    view = PlanView(make.plan(*changes, target=target, settings=settings, tag=target.tag))
    shown = show(view, width=columns).partition("\nNext:")[0]
    head, *lines = shown.splitlines()
    kept = [line for line in lines if "Files  " not in line and "--all lists" not in line and "Plan:" not in line]
    assert max(map(width, kept)) <= columns
    assert "\x1b" not in head + shown


def test_as_markdown_the_verdict_and_the_surprises_come_first(make: Make, as_markdown: Show, golden: Golden) -> None:
    golden("plan_markdown", as_markdown(PlanView(make.everything())))


def test_a_plan_of_any_size_fits_a_comment(make: Make, as_markdown: Show) -> None:
    plan = make.plan(*(make.delete(f"old/{number:06}-{'x' * 200}.bin", 1) for number in range(2_000)))
    shown = as_markdown(PlanView(plan))
    assert len(shown) <= LIMIT
    assert "**High:** 2,000 of" in shown
    assert re.search(r"\*Left out: [\d,]+ rows\.\*", shown)


def test_the_changes_inside_of_files_follow_the_plan(make: Make, as_markdown: Show, golden: Golden) -> None:
    hunk = Hunk(3, 3, (Line(" ", "a"), Line("-", "```"), Line("+", "</details>")))
    entry = Entry("w|@me", "F32 [2]", "F16 [2]")
    diffs = (
        FileDiff("config.json", "text", "+1 -1 lines", hunks=(hunk,), more=7, before_size=5, after_size=6),
        FileDiff(
            "model.safetensors", "tensors", "1 of 1 tensors changed", entries=(entry,), before_size=8, after_size=8
        ),
        FileDiff("x.bin", "binary", "other bytes", before_size=1, after_size=1),
    )
    plan = PlanView(make.everything(), diffs=diffs)
    assert "surprise.dtype" in {surprise.code for surprise in plan.surprises}
    golden("plan_diff_markdown", as_markdown(PlanDiffView(plan, diffs)))


def test_a_new_file_begins_at_its_first_line_in_markdown(make: Make, as_markdown: Show) -> None:
    hunk = Hunk(1, 1, (Line("+", "a"),))
    diff = FileDiff("new.txt", "text", "added: 1 line, 2 B", hunks=(hunk,), after_size=2)
    shown = as_markdown(PlanDiffView(PlanView(make.everything()), (diff,)))
    assert "```diff\n@@ -0,0 +1,1 @@\n+a\n```" in shown


def test_refusals_and_waivers_are_shown_from_a_saved_plan(make: Make, show: Show, as_markdown: Show) -> None:
    finding = PlannedFinding(
        code="policy.secret", severity="error", message="a key", path_in_repo="k.pem", waived="test"
    )
    fields = {"refusals": ("the tag v1.2.0 is at another release",), "findings": (finding,)}
    view = PlanView(plan_document(make.everything()).model_copy(update=fields))
    assert "!! the tag v1.2.0 is at another release" in show(view)
    assert "waived: test" in show(view)
    assert "**Refused:** the tag v1.2.0 is at another release" in as_markdown(view)
    assert "| `policy.secret` | `k.pem` | a key | yes: test |" in as_markdown(view)


def test_as_markdown_a_new_plan_has_its_warnings(make: Make, as_markdown: Show) -> None:
    warnings = (
        Problem("plan.permission", "there is no @token", severity="warning"),
        Problem("policy.pickle", "a pickle", severity="warning"),
    )
    shown = as_markdown(PlanView(make.plan(make.add("a.json", 10), warnings=warnings)))
    assert shown.endswith("#### Warnings\n\n- **warning** `plan.permission`: there is no &#64;<!-- -->token.\n")
