"""Space for gigabytes, and a table of time and memory."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.large.processes import Figure, Hub, serving

ROOM = 15 << 30
FIGURES = pytest.StashKey[list[Figure]]()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Return a folder with space for a release, its Hub and a download; it is emptied after the test."""
    free = shutil.disk_usage(tmp_path).free
    if free < ROOM:
        pytest.skip(f"{free >> 30} GB of disk are free at {tmp_path}, {ROOM >> 30} GB are needed")
    if not Path("/proc/self/status").exists():
        pytest.skip("peak memory is read from /proc")
    yield tmp_path
    shutil.rmtree(tmp_path)


@pytest.fixture(params=["lfs", "xet"])
def hub(request: pytest.FixtureRequest, folder: Path) -> Iterator[Hub]:
    """Serve a Hub in its own process; its clients send and read large files by LFS or by xet."""
    with serving(request.node.originalname, request.param, folder) as hub:
        yield hub
        request.config.stash.setdefault(FIGURES, []).extend([*hub.figures, hub.figure()])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the time and memory of every process."""
    figures = config.stash.get(FIGURES, [])
    if figures:
        terminalreporter.section("time and peak memory of each process")
    for figure in figures:
        row = f"{figure.release:<58}{figure.by:<5}{figure.process:<10}{figure.seconds:7.1f} s{figure.peak >> 20:6} MB"
        terminalreporter.write_line(row)
