"""The git command may be missing, hang, flood its output or print nonsense."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hublish.api.git.git_command import MAX_OUTPUT, run_git
from hublish.api.git.repository_state import Git
from hublish.schemas.variables.lookup import NoValueError

Fake = Callable[[str], dict[str, str]]


@pytest.mark.parametrize("environ", [{}, {"PATH": ""}, {"PATH": "/nowhere:relative"}])
def test_a_missing_git_is_reported(environ: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(NoValueError, match="git is not on PATH"):
        run_git(tmp_path, environ, "status")


def test_a_git_in_the_folder_that_is_published_is_never_run(
    tmp_path: Path, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(f"touch {tmp_path}/ran")
    monkeypatch.chdir(tmp_path / "bin")
    for path in ("", ".", ":/nowhere"):
        with pytest.raises(NoValueError, match="git is not on PATH"):
            run_git(tmp_path / "bin", {"PATH": path}, "status")
    assert not (tmp_path / "ran").exists()


def test_a_git_that_cannot_be_started_is_reported(tmp_path: Path, fake: Fake) -> None:
    environ = fake("")
    (tmp_path / "bin" / "git").write_bytes(b"\0 no program")
    with pytest.raises(NoValueError, match="git cannot be started: Exec format error"):
        run_git(tmp_path, environ, "status")


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("sleep 600", id="git waits"),
        pytest.param("sleep 600 & exit 0", id="a child process keeps the pipe open"),
        pytest.param("trap '' TERM INT HUP; while :; do sleep 1; done", id="it ignores signals"),
        pytest.param("while :; do echo x >&2; done", id="it prints errors for ever"),
    ],
)
def test_a_git_that_does_not_finish_is_stopped_with_all_it_started(tmp_path: Path, fake: Fake, script: str) -> None:
    environ = fake(f"echo $$ > {tmp_path}/group\n{script}")
    for timeout in (1.5, 15, 150):
        with pytest.raises(NoValueError, match=f"git did not finish within {timeout} s"):
            run_git(tmp_path, environ, "status", timeout=timeout)
        if (tmp_path / "group").exists():  # on a busy machine, the script may not have begun
            break
    assert _is_gone(int((tmp_path / "group").read_text()))


def _is_gone(group: int) -> bool:
    for _ in range(2400):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_endless_output_is_cut(tmp_path: Path, fake: Fake) -> None:
    assert len(run_git(tmp_path, fake("yes"), "status").out) == MAX_OUTPUT


def test_it_has_no_terminal_and_no_input(tmp_path: Path, fake: Fake) -> None:
    answer = run_git(tmp_path, fake("cat; (exec < /dev/tty) 2> /dev/null && echo terminal; echo $LC_ALL"), "status")
    assert (answer.status, answer.out) == (0, b"C\n")


@pytest.mark.parametrize("said", ["", "garbage", "0123", "\\377\\376", "HEAD\\nHEAD", "g" * 40])
@pytest.mark.parametrize("question", ["commit", "committed_at", "tag"])
def test_nonsense_is_an_error(tmp_path: Path, fake: Fake, said: str, question: str) -> None:
    asked = Git(tmp_path, fake(f"printf '{said}'"))
    with pytest.raises(NoValueError, match="the output of git cannot be parsed"):
        getattr(asked, question)()


def test_an_error_of_git_is_shown_only_when_it_is_printable(tmp_path: Path, fake: Fake) -> None:
    with pytest.raises(NoValueError, match=r"^git failed with exit code 3$"):
        Git(tmp_path, fake(r"printf 'fatal: \033[31mred\n' >&2; exit 3")).commit()
