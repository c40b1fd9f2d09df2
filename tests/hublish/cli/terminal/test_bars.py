"""Bars for people who look, titles for those who read, nothing for the rest."""

import io

import pytest

from hublish.base.progress import SILENT
from hublish.cli.report.terminal import Format
from hublish.cli.terminal.bars import Display, progress_on
from tests.hublish.cli.running import MakeDesk


@pytest.mark.parametrize(
    ("format_", "tty", "environ", "titles", "bars"),
    [
        (Format.HUMAN, True, {}, True, True),
        (Format.HUMAN, False, {}, True, False),
        (Format.HUMAN, True, {"CI": "true"}, True, False),
        (Format.HUMAN, True, {"HF_HUB_DISABLE_PROGRESS_BARS": "1"}, True, False),
        (Format.HUMAN, True, {"CI": "false", "HF_HUB_DISABLE_PROGRESS_BARS": "0"}, True, True),
        (Format.JSON, True, {}, False, True),
        (Format.JSON, False, {}, False, False),
        (Format.QUIET, True, {}, False, False),
        (Format.QUIET, False, {}, False, False),
    ],
)
def test_what_is_shown_depends_on_who_looks(
    make_desk: MakeDesk, format_: Format, tty: bool, environ: dict[str, str], titles: bool, bars: bool
) -> None:
    desk = make_desk(tty=tty, format=format_, environ=environ)
    progress = desk.terminal.progress()
    progress.begin("sealing the release")
    with progress.task("hashing", 1000) as task:
        task.advance(1000)
    progress.end("sealing the release", 0.1)
    shown = desk.err.getvalue()
    assert ("* sealing the release\n" in shown) is titles
    assert ("hashing" in shown) is bars
    assert progress.visible is bars
    assert desk.out.getvalue() == ""


def test_nobody_to_tell_is_the_silent_progress() -> None:
    assert progress_on(io.StringIO(), {}, titles=False, bars=True) is SILENT


@pytest.mark.parametrize(
    ("seconds", "line"), [(0.9, ""), (1.0, "  took 1.0 s\n"), (59.4, "  took 59.4 s\n"), (125.0, "  took 2 min 05 s\n")]
)
def test_long_stages_say_how_long(seconds: float, line: str) -> None:
    stream = io.StringIO()
    Display(stream, titles=True, visible=False).end("uploading", seconds)
    assert stream.getvalue() == line


def test_a_task_that_counts_files_says_files(make_desk: MakeDesk) -> None:
    desk = make_desk(tty=True)
    with desk.terminal.progress().task("hashing", 3, "files") as task:
        task.advance(3)
    assert "/3 [" in desk.err.getvalue()
    assert "files" in desk.err.getvalue()
