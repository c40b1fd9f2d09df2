"""`--format markdown`: results and errors for a comment or a job's summary."""

from collections.abc import Iterable
from typing import Any

from hublish.base.errors import HublishError
from hublish.cli.report.markup import LIMIT
from hublish.cli.terminal.color import Paint
from hublish.schemas.diagnose.problems import Location, Problem
from tests.hublish.cli.running import MakeDesk, Run

TOKEN = "hf_" + "canary" * 6


class Plain:
    """A result without a layout of its own."""

    def human(self, paint: Paint) -> Iterable[str]:
        return [paint("green", "done"), "```", f"<b> {TOKEN} s3cr3t-value"]

    def document(self) -> Any:
        return {}

    def quiet(self) -> Iterable[str]:
        return ()


class Long(Plain):
    def human(self, paint: Paint) -> Iterable[str]:
        del paint
        return ["x" * 90] * 5_000


def test_a_result_without_a_layout_is_shown_as_it_is(make_desk: MakeDesk) -> None:
    desk = make_desk(format="markdown", secrets=("s3cr3t-value",))
    desk.report.show(Plain())
    assert desk.out.getvalue() == "````text\ndone\n```\n<b> hf_… ***\n````\n"


def test_no_result_is_longer_than_a_comment(make_desk: MakeDesk) -> None:
    desk = make_desk(format="markdown", secrets=("x",))
    desk.report.show(Long())
    assert len(desk.out.getvalue()) <= LIMIT


def test_an_error_is_in_the_summary_and_in_the_log(make_desk: MakeDesk) -> None:
    desk = make_desk(format="markdown")
    place = Location("hub.yaml", 3, 1)
    problem = Problem("a.b", f"@team <b> {TOKEN}", "fix `it`", "card", place)
    desk.report.fail(HublishError("not *this* way", hint="try", problems=(problem,)))
    assert desk.out.getvalue() == (
        "**Error** `hublish.failed`: not &#42;this&#42; way\n\n"
        "- **error** `a.b` `hub.yaml:3:1 card`: &#64;<!-- -->team &#60;b&#62; hf&#95;…. Hint: fix &#96;it&#96;\n\n"
        "Hint: try\n"
    )
    assert "not *this* way" in desk.err.getvalue()
    assert "canary" not in desk.out.getvalue() + desk.err.getvalue()


def test_commands_with_a_layout_use_it(run: Run) -> None:
    assert run("check --format markdown").stdout.startswith("**ok** `hub.yaml`: manifest, sources and card are valid")
    files = run("files --format markdown --excluded").stdout
    assert "| `model.safetensors` |" in files
    assert "| `run/draft.json` | `patterns.ignore_patterns[0]: draft.json" in files
    assert run("status --format markdown").stdout.startswith("Nothing has been published from here yet: hub.lock")
    assert run("plan --local --format markdown").stdout.startswith(
        "### Plan for `acme/digits-mlp` at `main`\n\n**3 to add"
    )
    diff = run("plan --local --diff --format markdown").stdout
    assert "<details><summary><code>config.json</code>: " in diff
    assert "```diff\n" in diff
