"""Bars on a terminal, titles in a log, neither for scripts."""

import io

import pytest

from hublish.base.progress import SILENT
from hublish.cli.terminal.bars import Display, progress_on
from tests.hublish.cli.running import MakeDesk


@pytest.mark.parametrize(
    ("format_", "tty", "environ", "titles", "bars"),
    [
        ("human", True, {}, True, True),
        ("human", False, {}, True, False),
        ("human", True, {"CI": "true"}, True, False),
        ("human", True, {"HF_HUB_DISABLE_PROGRESS_BARS": "1"}, True, False),
        ("human", True, {"CI": "false", "HF_HUB_DISABLE_PROGRESS_BARS": "0"}, True, True),
        ("json", True, {}, False, True),
        ("json", False, {}, False, False),
        ("quiet", True, {}, False, False),
        ("quiet", False, {}, False, False),
    ],
)
def test_bars_and_titles_depend_on_format_and_stream(
    make_desk: MakeDesk, format_: str, tty: bool, environ: dict[str, str], titles: bool, bars: bool
) -> None:
    desk = make_desk(tty=tty, format=format_, environ=environ)
    progress = desk.report.progress()
    progress.begin("sealing the release")
    with progress.task("hashing", 1000) as task:
        task.advance(1000)
    progress.end("sealing the release", 0.1)
    shown = desk.err.getvalue()
    assert ("* sealing the release\n" in shown) is titles
    assert ("hashing" in shown) is bars
    assert progress.visible is bars
    assert desk.out.getvalue() == ""


def test_without_titles_and_terminal_progress_is_silent() -> None:
    assert progress_on(io.StringIO(), {}, titles=False, bars=True) is SILENT


@pytest.mark.parametrize(
    ("seconds", "line"), [(0.9, ""), (1.0, "  took 1.0 s\n"), (59.4, "  took 59.4 s\n"), (125.0, "  took 2 min 05 s\n")]
)
def test_slow_stages_show_their_duration(seconds: float, line: str) -> None:
    stream = io.StringIO()
    Display(stream, titles=True, visible=False).end("uploading", seconds)
    assert stream.getvalue() == line


def test_a_task_that_counts_files_shows_the_unit(make_desk: MakeDesk) -> None:
    desk = make_desk(tty=True)
    with desk.report.progress().task("hashing", 3, "files") as task:
        task.advance(3)
    assert "/3 [" in desk.err.getvalue()
    assert "files" in desk.err.getvalue()
