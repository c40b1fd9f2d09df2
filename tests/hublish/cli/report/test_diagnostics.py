"""Problems as text with excerpts, compared with golden files."""

from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hublish.base.errors import HublishError, ManifestInvalidError
from hublish.cli.exit_codes import report_failure
from hublish.cli.report import FORMATS
from hublish.cli.report.diagnostics import Page, error_lines, warning_lines
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import escaped
from hublish.schemas.diagnose.problems import InvalidDocumentError, Location, Problem, Related, SourceText
from hublish.schemas.documents.manifest_yaml import locate, read_manifest
from tests.faults.projects import rounds
from tests.hublish.cli.running import Golden, MakeDesk
from tests.hublish.cli.running import desk as make_desk_of

TOKEN = "hf_" + "aBcDeFgHiJkLmNoPqRsTuVwXyZ01234567"
FAULTY = f"""\
schema_version: 1
repo:
  repo_id: acme/x
  tag: v{{{{ verzion }}}}
artefacts:
  - source: 数据.bin
artifacts:
  - path_in_repo: x
  - source: a # {TOKEN}
    options: [1,
      2]
    source: b
\x20
patterns: {{ignore_patterns: [&a "*.tmp", *a]}}
variables: {{password: hunter2, 1: x}}
"""
TEXT = SourceText(FAULTY, "hub.yaml")


def at(what: str) -> Location:
    start = FAULTY.index(what)
    return TEXT.location(start, start + len(what))


# These messages are made up: the real ones have goldens in tests/manifests.
FOUND = (
    Problem("manifest.variable", "unknown variable 'verzion'", "add it", "repo.tag", at("{{ verzion }}")),
    Problem(
        "manifest.unknown_key", "unknown key 'artefacts'", "rename it to 'artifacts'", "artefacts", at("artefacts")
    ),
    Problem("manifest.secret", "secret in manifest", "use HF_TOKEN", location=at(TOKEN)),
    Problem(
        "manifest.type", "expected a mapping, got a list", path="artifacts[1].options", location=at("[1,\n      2]")
    ),
    Problem(
        "yaml.duplicate_key",
        "duplicate key 'source'",
        "keep one of them",
        "artifacts[1].source",
        at("source: b"),
        related=(Related("first here", location=at("source: a")),),
    ),
    Problem("manifest.missing", "the required key 'repo_type' is missing", path="repo.repo_type"),
    Problem("yaml.alias", "aliases are not allowed", "write the\nvalue out", "patterns", at("*a")),
    Problem("yaml.key", "a key must be a string", "quote it", "variables", at("1: x")),
)
VALID = """\
repo: {repo_id: acme/x}
artifacts:
  - {source: a, path_in_repo: x}
  - {source: b, path_in_repo: x}
patterns:
  ignore_patterns: ["*.tmp"]
"""
FOUND_LATER = (
    Problem("source.pattern", "matched nothing", "fix it", "patterns.ignore_patterns[0]", severity="warning"),
    Problem(
        "policy.collision",
        "two sources for one target",
        "rename one of them",
        "artifacts[1].path_in_repo",
        related=(
            Related("the other", "artifacts[0].path_in_repo"),
            Related("see also", location=Location("a.txt", 3, 1)),
        ),
        severity="warning",
    ),
)
OF_A_FILE = Problem("policy.hard_link", "has several names", path="model.bin", severity="warning")


@pytest.fixture
def refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ManifestInvalidError:
    (tmp_path / "hub.yaml").write_text(FAULTY)
    monkeypatch.chdir(tmp_path)
    return ManifestInvalidError(f"hub.yaml has {len(FOUND)} problems", problems=FOUND)


@pytest.fixture(scope="module")
def warnings() -> Iterable[Problem]:
    first, *rest = locate(FOUND_LATER, VALID.encode())
    return (first, OF_A_FILE, *rest)


def lines_of(lines: Iterable[str]) -> str:
    return "\n".join([*lines, ""])


def test_every_problem_is_shown_with_its_line(refused: HublishError, golden: Golden) -> None:
    golden("diagnostics", lines_of(error_lines(refused, Page(Paint(), width=80))))


def test_errors_are_red(refused: HublishError, golden: Golden) -> None:
    golden("diagnostics_color", lines_of(error_lines(refused, Page(Paint(on=True), width=80))))


@pytest.mark.parametrize("format_", ["json", "github"])
def test_json_and_github_report_the_same_problems(
    refused: HublishError, golden: Golden, make_desk: MakeDesk, format_: str
) -> None:
    desk = make_desk(format=format_)
    assert report_failure(refused, desk.report) == 1
    golden(f"diagnostics_{format_}", desk.out.getvalue() + desk.err.getvalue())


def test_warnings_are_shown_with_their_lines(warnings: Iterable[Problem], golden: Golden) -> None:
    golden("diagnostics_warnings", lines_of(warning_lines(warnings, Page(Paint()))))


def test_warnings_are_yellow(warnings: Iterable[Problem], golden: Golden) -> None:
    golden("diagnostics_warnings_color", lines_of(warning_lines(warnings, Page(Paint(on=True)))))


def test_no_format_shows_a_credential(refused: HublishError, make_desk: MakeDesk) -> None:
    for format_ in FORMATS:
        for tty in (False, True):
            desk = make_desk(format=format_, tty=tty)
            report_failure(refused, desk.report)
            shown = desk.out.getvalue() + desk.err.getvalue()
            assert "problems" in shown
            assert TOKEN[4:12] not in shown
            assert "hunter2" not in shown
    assert TOKEN[4:12] not in "".join(each.location.text or "" for each in refused.problems if each.location)


def test_no_line_shows_a_part_of_a_token_that_variables_join() -> None:
    text = f"""\
repo: {{repo_id: acme/x, tag: "{{{{ a }}}}{{{{ b }}}}"}}
variables: {{a: {TOKEN[:20]}, b: {TOKEN[20:]}, 1: x}}
artifacts: [{{source: a}}]
"""
    with pytest.raises(InvalidDocumentError) as caught:
        read_manifest(text.encode())
    assert {problem.code for problem in caught.value.problems} >= {"manifest.secret", "yaml.key"}
    shown = "\n".join(error_lines(ManifestInvalidError("bad", problems=caught.value.problems), Page(Paint())))
    assert TOKEN[10:18] not in shown
    assert TOKEN[22:30] not in shown


def test_an_error_with_a_line_of_its_own_shows_it() -> None:
    error = HublishError("bad", hint="fix it", location=SourceText("a: bad", "card.md.j2").location(3, 6))
    assert error_lines(error, Page(Paint())) == [
        "error[hublish.failed]: bad",
        "  --> card.md.j2:1:4",
        "   |",
        " 1 | a: bad",
        "   |    ^^^",
        "   = hint: fix it",
    ]


def test_colors_in_a_name_are_escaped(make_desk: MakeDesk) -> None:
    red = "\x1b[31mred"
    desk = make_desk(tty=True)
    for place in (None, at("source: a")):
        problem = Problem("a", red, red, red, place, related=(Related(red, red), Related(red, location=place)))
        report_failure(HublishError(red, hint=red, problems=(problem,)), desk.report)
        desk.report.warn([problem])
    assert desk.err.getvalue().count(r"\x1b[31mred") >= 16
    assert red not in desk.err.getvalue()


@settings(max_examples=rounds(80))
@given(st.text(st.sampled_from("{}[],:-?#&*!|>'\"%@`\n\t \r:a\x1b\u202e\u2028\\e") | st.characters(), max_size=60))
def test_no_manifest_makes_output_that_controls_a_terminal(text: str) -> None:
    problems = problems_of(text)
    for format_ in ("human", "github"):
        desk = make_desk_of(format=format_)
        report_failure(ManifestInvalidError("hub.yaml is refused", problems=problems), desk.report)
        *lines, last = desk.err.getvalue().split("\n")
        assert last == ""
        assert [escaped(line, color=False) for line in lines] == lines
        commands = [line for line in lines if line.lstrip().startswith("::")]
        assert len(commands) == (max(1, len(problems)) if format_ == "github" else 0)


def problems_of(text: str) -> tuple[Problem, ...]:
    try:
        read_manifest(text.encode("utf-8", "surrogatepass"))
    except InvalidDocumentError as refused:
        return refused.problems
    return ()


def test_the_place_of_the_error_itself_comes_first() -> None:
    error = HublishError("bad", location=Location("hub.yaml", 2, 5))
    assert error_lines(error, Page(Paint())) == ["error[hublish.failed]: hub.yaml:2:5: bad"]


def test_problems_without_a_line_of_a_document_stay_short() -> None:
    error = HublishError(
        "refused", hint="see above", problems=(OF_A_FILE, Problem("a.b", "odd", "fix it", location=Location("x", 3, 1)))
    )
    assert error_lines(error, Page(Paint())) == [
        "error[hublish.failed]: refused",
        "  model.bin: has several names",
        "  x:3:1: odd",
        "    hint: fix it",
        "hint: see above",
    ]
