"""`hublish publish` asks before it publishes."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.hublish.cli.running import DEADLINE, Run

# Seconds until Ctrl-C is pressed once more.
PRESSED_AGAIN = 10


class Asked:
    """A `publish` that waits for an answer on a pseudo-terminal."""

    def __init__(self, project: Path, environ: dict[str, str], line: str = "publish --local") -> None:
        self._ours, theirs = pty.openpty()
        self._seen = b""
        words = [sys.executable, "-m", "hublish", *line.split()]
        with os.fdopen(theirs, "rb", closefd=True) as streams:
            self.process = subprocess.Popen(
                words, cwd=project, env=environ, text=True, stdin=streams, stderr=streams, stdout=subprocess.PIPE
            )

    @property
    def screen(self) -> str:
        return self._seen.decode(errors="replace")

    def read_until(self, text: str) -> None:
        deadline = time.monotonic() + DEADLINE
        while text not in self.screen and time.monotonic() < deadline:
            if select.select([self._ours], [], [], 1)[0] and not self._read():
                break
        assert text in self.screen, self.screen

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def answer(self, text: str) -> tuple[int, str]:
        self.type(text)
        return self.end()

    def interrupt(self) -> tuple[int, str]:
        # Python hears a signal that comes between the question and the wait for its answer with the next key only:
        # people press again.
        while self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(PRESSED_AGAIN)
        return self.end()

    def end(self) -> tuple[int, str]:
        while select.select([self._ours], [], [], DEADLINE)[0] and self._read():
            pass
        out, _ = self.process.communicate(timeout=DEADLINE)
        return self.process.returncode, out

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()
        os.close(self._ours)

    def _read(self) -> bytes:
        try:
            read = os.read(self._ours, 4096)
        except OSError:  # Linux's way to say that the other side is closed
            return b""
        self._seen += read
        return read


@pytest.fixture
def asked(project: Path, environ: dict[str, str]) -> Iterator[Asked]:
    waiting = Asked(project, environ)
    try:
        waiting.read_until("[y/N] ")
        yield waiting
    finally:
        waiting.close()


def test_yes_publishes_after_bars_titles_and_the_plan(asked: Asked) -> None:
    assert "* sealing the release" in asked.screen
    assert "hashing:" in asked.screen
    assert "hashing:" not in asked.screen.rpartition("\r")[2]  # bars do not stay
    assert "+ model.safetensors" in asked.screen
    assert "Plan:" in asked.screen
    code, out = asked.answer("y\n")
    assert code == 0
    assert "Published acme/digits-mlp" in out


def test_no_publishes_nothing(asked: Asked, project: Path) -> None:
    code, out = asked.answer("n\n")
    assert (code, out) == (1, "")
    assert "not published" in asked.screen
    assert not (project / "hub.lock").exists()


def test_ctrl_c_ends_with_130_and_no_traceback(asked: Asked, project: Path) -> None:
    code, out = asked.interrupt()
    assert (code, out) == (130, "")
    assert "interrupted" in asked.screen
    assert "Traceback" not in asked.screen
    assert not (project / "hub.lock").exists()


def test_a_repo_becomes_public_only_by_its_name(run: Run, project: Path, environ: dict[str, str]) -> None:
    manifest = project / "hub.yaml"
    text = manifest.read_text()
    manifest.write_text(text.replace("tag: v1", "visibility: private"))
    run("publish -y --local -q")
    manifest.write_text(text.replace("tag: v1", "visibility: public"))
    for answer, ends in (("y\n", 1), ("\x04", 1), ("acme/digits-mlp\n", 0)):
        waiting = Asked(project, environ)
        try:
            waiting.read_until("Type acme/digits-mlp to go on: ")
            assert (
                "Publish to acme/digits-mlp at main (public) on embedded: no files, only 1 setting." in waiting.screen
            )
            assert waiting.answer(answer)[0] == ends
            assert ("not published" in waiting.screen) is bool(ends)
        finally:
            waiting.close()
