"""A step of a workflow gets its outputs and its part of the summary, and no name or text adds anything else."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.base.errors import HublishError
from hublish.cli.report.markup import LIMIT, Block, Fence, Ink, Paragraph
from hublish.cli.terminal.color import Paint
from hublish.schemas.diagnose.problems import Problem
from tests.hublish.cli.report.step_outputs import read_outputs
from tests.hublish.cli.running import Desk, Run, desk

TOKEN = "hf_" + "canary" * 6
EVIL = "a\nend\nname=x\nname<<end\nEOF\n"


class Result:
    """A result with a layout and outputs."""

    def __init__(self, value: str = "v1", lines: int = 1) -> None:
        self.value, self.lines = value, lines

    def human(self, paint: Paint) -> Iterable[str]:
        return [paint("green", self.value)]

    def markdown(self, ink: Ink) -> Iterable[Block]:
        return [Paragraph(f"**{ink.text(self.value)}**"), Fence(["x" * 90] * self.lines)]

    def outputs(self) -> dict[str, str]:
        return {"tag": self.value, "url": ""}

    def document(self) -> Any:
        return {}

    def quiet(self) -> Iterable[str]:
        return ()


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "output"


@pytest.fixture
def summary(tmp_path: Path) -> Path:
    return tmp_path / "summary"


@pytest.fixture
def step(output: Path, summary: Path) -> Desk:
    return in_step(output, summary)


def in_step(output: Path, summary: Path, secrets: tuple[str, ...] = ()) -> Desk:
    environ = {"GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary)}
    return desk(format="github", environ=environ, secrets=secrets)


def test_a_result_is_in_the_log_the_summary_and_the_outputs(step: Desk, output: Path, summary: Path) -> None:
    output.write_text("earlier=1\n")
    step.report.show(Result())
    assert step.out.getvalue() == "v1\n"
    assert summary.read_text() == f"**v1**\n\n```\n{'x' * 90}\n```\n\n"
    assert read_outputs(output) == {"earlier": "1", "tag": "v1", "url": ""}


def test_outside_of_a_workflow_nothing_is_written(tmp_path: Path) -> None:
    at = desk(format="github", environ={"GITHUB_OUTPUT": "", "GITHUB_STEP_SUMMARY": ""})
    at.report.show(Result())
    at.report.fail(HublishError("no"))
    assert list(tmp_path.iterdir()) == []


def test_an_error_is_in_the_summary_and_one_that_the_result_shows_is_not(step: Desk, summary: Path) -> None:
    step.report.incomplete(HublishError("refused"))
    assert not summary.exists()
    step.report.fail(HublishError("<b>", problems=(Problem("a.b", "@team", "fix it"),)))
    assert summary.read_text() == (
        "**Error** `hublish.failed`: &#60;b&#62;\n\n- **error** `a.b`: &#64;<!-- -->team. Hint: fix it\n\n"
    )


def test_two_results_are_two_parts_of_the_summary(step: Desk, summary: Path) -> None:
    step.report.show(Result("a", lines=0))
    step.report.show(Result("b", lines=0))
    assert summary.read_text() == "**a**\n\n**b**\n\n"


def test_a_summary_leaves_room_for_a_workflow_in_a_comment(step: Desk, summary: Path) -> None:
    step.report.show(Result(lines=5_000))
    assert LIMIT - 2_000 < len(summary.read_text()) <= LIMIT - 1_000 + 1


def test_no_credential_is_in_either_file(output: Path, summary: Path) -> None:
    step = in_step(output, summary, ("s3cr3t-value",))
    step.report.show(Result(f"{TOKEN} s3cr3t-value"))
    step.report.fail(HublishError(f"{TOKEN} s3cr3t-value"))
    written = output.read_text() + summary.read_text()
    assert "canary" not in written
    assert "s3cr3t" not in written


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    at = in_step(tmp_path / "missing" / "output", tmp_path / "summary")
    with pytest.raises(FileNotFoundError, match="missing"):
        at.report.show(Result())


@given(st.text(st.sampled_from("ab=<\n\r\x00\u2028") | st.characters()) | st.just(EVIL))
def test_any_value_is_one_output(tmp_path_factory: pytest.TempPathFactory, value: str) -> None:
    output = tmp_path_factory.mktemp("step") / "output"
    at = desk(format="github", environ={"GITHUB_OUTPUT": str(output)})
    at.report.show(Result(value))
    found = read_outputs(output)
    assert set(found) == {"tag", "url"}


def test_delimiters_differ_each_time(step: Desk, output: Path) -> None:
    for _ in range(20):
        step.report.show(Result())
    assert len(set(re.findall(r"^tag<<(\w{36})$", output.read_text(), re.MULTILINE))) == 20


def test_the_commands_of_a_release_set_their_outputs(
    run: Run, output: Path, summary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_OUTPUT", str(output))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    repo = {"repo-id": "acme/digits-mlp", "repo": "acme/digits-mlp"}
    run("check --format github")
    assert read_outputs(output) == {**repo, "endpoint": ""}
    output.unlink()
    run("plan --local --out plan.json --format github")
    planned = read_outputs(output)
    changes = planned.pop("changes")
    assert planned == {**repo, "plan": "plan.json"}
    assert changes == "4"  # three files and the tag
    run("publish plan.json --local --format github")
    published = read_outputs(output)
    assert re.fullmatch("[0-9a-f]{40}", published["commit"])
    assert (published["tag"], published["url"], published["changes"]) == ("v1", "", changes)
    run("publish -y --local --format github")
    assert read_outputs(output) == {**published, "changes": "0"}
    shown = summary.read_text()
    assert [part in shown for part in ("**ok**", "### Plan for", "in one commit.**", "**Nothing to do: ")] == [True] * 4
