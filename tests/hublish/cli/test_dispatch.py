"""Every exit code, every wrong usage, and the settings of a short-lived process."""

import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from hublish._version import __version__
from hublish.base.errors import AuthenticationError, HublishError, PlanStaleError, UsageError
from hublish.cli.commands import Outcome
from hublish.cli.dispatch import find, given_tokens, main, requested_format

VARIABLE = "PYDANTIC_DISABLE_PLUGINS"


@pytest.fixture
def ending(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], Outcome]], list[str]]:
    """Make `doctor` end in a given way, and return its command line."""

    def end(how: Callable[[], Outcome]) -> list[str]:
        from hublish.cli.commands import doctor

        monkeypatch.setattr(doctor, "run", lambda _arguments, _report: how())
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
        pytest.param(lambda: Outcome(None, 1), 1, id="done with a negative result"),
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
        ("--json plan", "--json comes before a command", "the command comes first"),
        ("plan --jsno", "hublish plan has no option --jsno", "did you mean --json?"),
        ("plan --detailed", "hublish plan has no option --detailed", "did you mean --detailed-exitcode?"),
        ("plan --frobnicate", "unrecognized: --frobnicate", "see `hublish plan --help`"),
        ("plan extra", "extra does not exist", "name the folder"),
        ("check other.yaml", "takes the manifest as an option", "write -f other.yaml"),
        ("plan --local --endpoint http://x", "not allowed with argument --local", "see `hublish plan --help`"),
        ("plan --out", "argument --out: expected one argument", "see `hublish plan --help`"),
        ("plan --format xml", "invalid choice: 'xml'", "see `hublish plan --help`"),
        ("check --token hf_x", "unrecognized: --token", "`hublish check --help`"),
        ("schema card", "invalid choice: 'card'", "`hublish schema --help`"),
        ("pull", "neither REPO[@REV] nor --lock is given", "--lock hub.lock"),
        ("pull @v1", "expected REPO or REPO@REVISION", "acme/digits-mlp@v1.2.0"),
        ("pull acme/a@", "expected REPO or REPO@REVISION", "acme/digits-mlp@v1.2.0"),
        (
            "pull datasets/acme/a --repo-type space",
            "repo_type dataset in its address, but space was given",
            "leave one",
        ),
        ("load acme/a --repo-type notebook", "invalid choice: 'notebook'", "see `hublish load --help`"),
        ("hub serve --port many", "'many' is not a port", "see `hublish hub serve --help`"),
        ("hub serve --port 65536", "'65536' is not a port", "see `hublish hub serve --help`"),
        ("hub serve --host 0.0.0.0", "0.0.0.0 can be reached from other machines", "--expose-beyond-this-machine"),
        (
            "publish hub.yaml",
            "hub.yaml is a manifest; write -f hub.yaml",
            "see `hublish publish --help`",
        ),
        ("publish", "not interactive: cannot ask", "pass -y, or a reviewed plan"),
        ("publish --json", "not interactive: cannot ask", "pass -y, or a reviewed plan"),
        (
            "publish -f - --local --set v=1",
            "not interactive: cannot ask",
            "plan --out plan.json -f - --set v=1 --local",
        ),
    ],
)
def test_every_wrong_usage_has_a_hint(words: str, message: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
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


def test_without_arguments_the_overview_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
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


@pytest.mark.parametrize(
    ("words", "format_"),
    [
        ("plan", "human"),
        ("plan --json", "json"),
        ("plan --format json", "json"),
        ("plan --format=json", "json"),
        ("plan -q", "quiet"),
        ("plan --format github", "github"),
        ("plan --quiet --json", "json"),
        ("plan --json --format quiet", "quiet"),
        ("plan --json --nonsense", "json"),
        ("plan --format xml", "human"),
        ("plan --format", "human"),
    ],
)
def test_the_last_format_counts(words: str, format_: str) -> None:
    assert requested_format(words.split()) == format_


@pytest.mark.parametrize(
    ("words", "tokens"),
    [
        ("plan", []),
        ("plan --token abc", ["abc"]),
        ("plan --token=abc", ["abc"]),
        ("plan --token abc --token=def", ["abc", "def"]),
        ("plan --token", [""]),
    ],
)
def test_every_token_is_found_before_parsing(words: str, tokens: list[str]) -> None:
    assert given_tokens(words.split()) == tokens


def test_the_process_of_a_command_does_not_collect_its_start_up_garbage() -> None:
    script = (
        "import gc, sys; from hublish.cli import main; sys.argv[1:] = ['--version']\n"
        "main(); print(gc.get_threshold()[0], gc.get_freeze_count() > 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[1:] == ["2000000 True"]


def test_a_caller_of_main_keeps_its_settings() -> None:
    threshold, frozen = gc.get_threshold(), gc.get_freeze_count()
    assert main(["--version"]) == 0
    assert gc.get_threshold() == threshold
    # Frozen objects may end, as those of this test run do.
    assert gc.get_freeze_count() <= frozen


@pytest.mark.parametrize(("given", "kept"), [({}, "__all__"), ({VARIABLE: "logfire-plugin"}, "logfire-plugin")])
def test_plugins_of_pydantic_stay_on_where_they_are_requested(given: dict[str, str], kept: str) -> None:
    script = (
        "import os; from hublish.cli.dispatch import short_lived_process\n"
        f"with short_lived_process(): print(os.environ[{VARIABLE!r}])"
    )
    environ = {name: value for name, value in os.environ.items() if name != VARIABLE}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env={**environ, **given}
    )
    assert done.stdout.strip() == kept
