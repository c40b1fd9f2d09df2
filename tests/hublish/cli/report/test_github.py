"""GitHub reads the annotations, and no other output as a command."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.base.errors import HublishError, ManifestInvalidError
from hublish.cli.exit_codes import report_failure
from hublish.cli.report.github import annotation, without_commands
from hublish.cli.terminal.color import Paint
from hublish.schemas.diagnose.problems import Location, Problem, Related
from tests.hublish.cli.running import MakeDesk, desk

EVIL = "x\n::add-mask::y\r\n  ::error::z ##[add-mask]w\n##[group]"
REGISTERED = re.compile(r"^\s*::(?P<name>[^:]*?)(?: [^:]*)?::|##\[(?P<old>[^\]]*)\]")


def commands(output: str) -> list[str]:
    """Return the names of the commands that a runner finds: like .NET, it splits lines at any line end."""
    found = (REGISTERED.search(line) for line in re.split(r"\r\n|\r|\n", output))
    return [each["name"] or each["old"] for each in found if each]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "models" / "digits").mkdir(parents=True)
    (tmp_path / "models" / "digits" / "hub.yaml").touch()
    monkeypatch.chdir(tmp_path / "models")
    return tmp_path


def file_of(line: str) -> str | None:
    found = re.search(r"file=([^,:]*)", line)
    return found and unquote(found[1])


def test_an_annotation_names_file_lines_and_columns(repository: Path) -> None:
    place = Location("digits/hub.yaml", 3, 5, 3, 14)
    problem = Problem("manifest.unknown_key", "unknown key 'artefacts'", "rename it", "artefacts", place)
    assert annotation(problem, {"GITHUB_WORKSPACE": str(repository)}) == (
        "::error file=models/digits/hub.yaml,line=3,endLine=3,col=5,endColumn=14,title=manifest.unknown_key::"
        "digits/hub.yaml:3:5 artefacts: unknown key 'artefacts'%0A  hint: rename it"
    )


@pytest.mark.parametrize(
    ("place", "where"),
    [
        (Location("digits/hub.yaml", 3, 5), "line=3,endLine=3,col=5,endColumn=5,"),
        (Location("digits/hub.yaml", 3, 5, 4, 2), "line=3,endLine=4,"),
    ],
)
@pytest.mark.usefixtures("repository")
def test_columns_are_given_only_within_one_line(place: Location, where: str) -> None:
    assert f"file=digits/hub.yaml,{where}title=" in annotation(Problem("a", "b", location=place), {})


def test_without_a_workspace_paths_are_relative_to_the_git_repository(repository: Path) -> None:
    problem = Problem("a", "b", location=Location("digits/hub.yaml", 1, 1))
    (repository / ".git").mkdir()
    assert file_of(annotation(problem, {})) == "models/digits/hub.yaml"


def test_a_file_outside_the_workspace_keeps_its_name_and_stdin_has_none(repository: Path) -> None:
    place = Location(str(repository / "models/digits/hub.yaml"), 1, 1)
    elsewhere = {"GITHUB_WORKSPACE": str(repository / "models/digits/deeper")}
    assert file_of(annotation(Problem("a", "b", location=place), elsewhere)) == place.source
    assert annotation(Problem("a", "b", location=Location("<stdin>", 2, 1)), {}) == "::error title=a::<stdin>:2:1: b"


def test_characters_that_would_end_a_property_or_the_line_are_escaped() -> None:
    line = annotation(Problem("a:b,c%d\n", "50 %\r\n::error::", severity="warning"), {})
    assert line == "::warning title=a%3Ab%2Cc%25d%0A::50 %25%0D%0A::error::"


def test_related_places_are_in_the_message() -> None:
    problem = Problem("a", "b", related=(Related("first here", location=Location("x", 1, 2)), Related("see", "y")))
    assert annotation(problem, {}) == "::error title=a::b%0A  first here: x:1:2%0A  see: y"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("::error::x", r"\x3a:error::x"),
        ("\t \u3000::x", "\t \u3000\\x3a:x"),
        (":::", r"\x3a::"),
        ("a ##[group]b", r"a #\x23[group]b"),
        ("###[group]##[x]", r"##\x23[group]#\x23[x]"),
        ("a::b :c #[d]", "a::b :c #[d]"),
    ],
)
def test_a_line_that_would_be_a_command_is_escaped(line: str, shown: str) -> None:
    assert without_commands(line) == shown
    assert commands(shown) == []


class Result:
    def human(self, paint: Paint) -> Iterable[str]:
        return [paint("green", EVIL), *EVIL.splitlines()]

    def document(self) -> Any:
        return {}

    def quiet(self) -> Iterable[str]:
        return []


def test_only_annotations_are_commands(make_desk: MakeDesk) -> None:
    desk = make_desk("n\n", format="github", tty=True)
    problem = Problem("a", EVIL, EVIL, EVIL, Location(EVIL, 1, 1), related=(Related(EVIL, EVIL),))
    desk.report.show(Result())
    desk.report.confirm(Result(), "Go on?")
    desk.report.show_text(f"{EVIL}\n{EVIL}")
    desk.report.note(EVIL)
    assert commands(desk.out.getvalue() + desk.err.getvalue()) == []
    desk.report.warn([problem])
    report_failure(
        ManifestInvalidError(EVIL, hint=EVIL, problems=(problem, problem), location=problem.location), desk.report
    )
    report_failure(HublishError(EVIL, hint=EVIL), desk.report)
    assert commands(desk.err.getvalue()) == ["error"] * 4
    assert commands(desk.out.getvalue()) == []


def test_a_summary_for_people_follows_the_annotations(make_desk: MakeDesk) -> None:
    desk = make_desk(format="github")
    report_failure(ManifestInvalidError("hub.yaml has a problem", problems=(Problem("a", "b"),)), desk.report)
    assert desk.err.getvalue() == "::error title=a::b\nerror[manifest.invalid]: hub.yaml has a problem\n"


def test_an_error_without_problems_is_an_annotation_itself(make_desk: MakeDesk) -> None:
    desk = make_desk(format="github")
    report_failure(HublishError("bad", hint="fix it"), desk.report)
    assert desk.err.getvalue() == "::error title=hublish.failed::bad%0A  hint: fix it\n"


def test_more_warnings_than_github_shows_are_still_written(make_desk: MakeDesk) -> None:
    desk = make_desk(format="github")
    desk.report.warn([Problem("a", "b", severity="warning")] * 30)
    assert desk.err.getvalue().count("::warning ") == 30


@given(st.text(), st.text(), st.text())
def test_any_text_makes_one_line_that_reads_back(message: str, code: str, path: str) -> None:
    problem = Problem(code, message, path=path)
    line = annotation(problem, {})
    assert re.split(r"\r|\n", line) == [line]
    found = re.fullmatch(r"::error title=([^:,\r\n]*)::(.*)", line, re.DOTALL)
    assert found
    assert read(found[1]).replace("%3A", ":") is not None
    assert read(found[2]) == str(problem)


@given(st.text(st.sampled_from(":# []ab\n\r\t\u2028\x85\u3000-") | st.characters()))
def test_any_output_is_free_of_commands(text: str) -> None:
    at = desk(format="github")
    at.report.note(text)
    at.report.show_text(text)
    assert commands(at.err.getvalue()) == []
    assert commands(at.out.getvalue()) == []


def read(data: str) -> str:
    """Unescape a message as the runner does."""
    return data.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
