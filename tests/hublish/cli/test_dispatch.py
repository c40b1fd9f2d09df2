"""Every exit code, every wrong usage."""

import json
from collections.abc import Callable

import pytest

from hublish._version import __version__
from hublish.base.errors import AuthenticationError, HublishError, PlanStaleError, UsageError
from hublish.cli.command import Command, Outcome
from hublish.cli.dispatch import find, main


@pytest.fixture
def ending(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Outcome]], list[str]]:
    """Make `doctor` end in a given way, and return the words that ask for it."""

    def end(how: Callable[[], Outcome]) -> list[str]:
        from hublish.cli.commands import doctor

        monkeypatch.setattr(
            doctor, "COMMAND", Command("", (), doctor.COMMAND.configure, lambda _arguments, _terminal: how())
        )
        return ["doctor"]

    return end


def failing(error: BaseException) -> Callable[[], Outcome]:
    def fail() -> Outcome:
        raise error

    return fail


@pytest.mark.parametrize(
    ("how", "code"),
    [
        pytest.param(lambda: Outcome(None), 0, id="done"),
        pytest.param(lambda: Outcome(None, 1), 1, id="done, and the answer is no"),
        pytest.param(lambda: Outcome(None, 2), 2, id="done, and there are changes"),
        pytest.param(failing(HublishError("no")), 1, id="refused"),
        pytest.param(failing(PlanStaleError("moved")), 1, id="stale"),
        pytest.param(failing(AuthenticationError("who?")), 1, id="unauthorized"),
        pytest.param(failing(PermissionError(13, "Permission denied", "a")), 1, id="the system refused"),
        pytest.param(failing(ConnectionError("reset")), 1, id="a failure without a number"),
        pytest.param(failing(ZeroDivisionError("x")), 1, id="a defect"),
        pytest.param(failing(RecursionError()), 1, id="a defect without words"),
        pytest.param(failing(UsageError("wrong")), 2, id="wrong usage"),
        pytest.param(failing(KeyboardInterrupt()), 130, id="Ctrl-C"),
    ],
)
def test_every_end_has_its_exit_code(
    ending: Callable[..., list[str]], how: Callable[[], Outcome], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(ending(how)) == code
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        ("plna", "unknown command: plna", "did you mean `hublish plan`?"),
        ("xyzzy", "unknown command: xyzzy", "`hublish --help` lists the commands"),
        ("hub", "`hublish hub` needs a command", "such as `hublish hub serve`"),
        ("hub sreve", "unknown command: hub sreve", "did you mean `hublish hub serve`?"),
        ("--json plan", "--json stands before any command", "the command comes first"),
        ("plan --jsno", "hublish plan has no option --jsno", "did you mean --json?"),
        ("plan --detailed", "hublish plan has no option --detailed", "did you mean --detailed-exitcode?"),
        ("plan --frobnicate", "unrecognized: --frobnicate", "`hublish plan --help`"),
        ("plan extra", "unrecognized: extra", "`hublish plan --help`"),
        ("plan other.yaml", "takes the manifest as an option", "write -f other.yaml"),
        ("plan --local --endpoint http://x", "not allowed with argument --local", "`hublish plan --help`"),
        ("plan --out", "argument --out: expected one argument", "`hublish plan --help`"),
        ("plan --format xml", "invalid choice: 'xml'", "`hublish plan --help`"),
        ("check --token hf_x", "unrecognized: --token", "`hublish check --help`"),
        ("schema card", "invalid choice: 'card'", "`hublish schema --help`"),
        ("pull", "neither REPO[@REV] nor --lock was given", "--lock hub.lock"),
        ("pull @v1", "'@v1' is not REPO or REPO@REV", "acme/digits-mlp@v1.2.0"),
        ("pull acme/a@", "'acme/a@' is not REPO or REPO@REV", "acme/digits-mlp@v1.2.0"),
        ("pull datasets/acme/a --repo-type space", "--repo-type says space", "leave one of them out"),
        ("load acme/a --repo-type notebook", "invalid choice: 'notebook'", "`hublish load --help`"),
        ("hub serve --port many", "'many' is not a port", "`hublish hub serve --help`"),
        ("hub serve --port 65536", "'65536' is not a port", "`hublish hub serve --help`"),
        ("hub serve --host 0.0.0.0", "0.0.0.0 can be reached from other machines", "--expose-beyond-this-machine"),
        ("publish hub.yaml", "hub.yaml is a manifest, not a plan; write -f hub.yaml", "`hublish publish --help`"),
        ("publish", "nobody can be asked", "pass -y, or a plan that was reviewed"),
        ("publish --json", "nobody can be asked", "pass -y, or a plan that was reviewed"),
        ("publish -f - --local --set v=1", "nobody can be asked", "plan --out plan.json -f - --set v=1 --local"),
    ],
)
def test_every_wrong_usage_is_told_what_is_right(
    words: str, message: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words.split()) == 2
    shown = capsys.readouterr()
    if "--json" in words.split()[1:] or words.startswith("--json"):
        error = json.loads(shown.out)["error"]
        assert error["code"] == "usage.invalid"
        assert message in error["message"]
        assert hint in error["hint"]
    else:
        assert shown.out == ""
        assert f"error[usage.invalid]: {message}" in shown.err or message in shown.err
        assert hint in shown.err


def test_no_words_show_the_way_and_fail(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "usage: hublish COMMAND" in shown.err


@pytest.mark.parametrize("words", [["--help"], ["-h"], ["help"]])
def test_help_is_a_result(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0
    assert capsys.readouterr().out.startswith("usage: hublish COMMAND")


@pytest.mark.parametrize("words", [["plan", "--help"], ["help", "plan"], ["plan", "-h"]])
def test_a_command_has_its_own_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0
    assert capsys.readouterr().out.startswith("usage: hublish plan")


@pytest.mark.parametrize("words", [["hub", "--help"], ["help", "hub"]])
def test_a_group_lists_its_commands(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 0
    assert "hublish hub serve  run the embedded Hub" in capsys.readouterr().out


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_the_version_is_one_line(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([option]) == 0
    assert capsys.readouterr().out == f"hublish {__version__}\n"


def test_a_command_of_two_words_is_found_whole() -> None:
    entry, rest = find(["hub", "serve", "--port", "1"])
    assert (entry.name, rest) == ("hub serve", ["--port", "1"])
