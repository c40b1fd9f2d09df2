"""`hublish show`: a saved plan, shown again in every format."""

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from hublish.cli.terminal.text import width
from tests.hublish.cli.running import DEADLINE, Run


@pytest.fixture
def plan(run: Run, project: Path) -> Path:
    run("plan --local --out ../plan.json")
    return project.parent / "plan.json"


def test_it_shows_what_plan_showed(run: Run, plan: Path) -> None:
    planned, shown = run("plan --local").stdout, run("show ../plan.json").stdout
    assert shown.partition("Next:")[0] == planned.partition("Next:")[0]
    assert "Next: review ../plan.json, then hublish publish ../plan.json\n" in shown
    assert "Surprises" in shown


@pytest.mark.parametrize("options", ["--all", "--all --why"])
def test_it_lists_every_file_as_plan_does(run: Run, plan: Path, options: str) -> None:
    planned, shown = run(f"plan --local {options}").stdout, run(f"show ../plan.json {options}").stdout
    assert shown.partition("Next:")[0] == planned.partition("Next:")[0]


def test_as_json_it_is_the_plan_itself(run: Run, plan: Path) -> None:
    assert json.loads(run("show ../plan.json --json").stdout) == json.loads(plan.read_text())


def test_quiet_prints_the_files_in_the_commit(run: Run, plan: Path) -> None:
    assert run("show ../plan.json -q").stdout == run("plan --local -q").stdout


@pytest.mark.parametrize("format_", ["human", "json", "quiet", "markdown", "github"])
def test_every_format_needs_only_the_file(
    run: Run, plan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format_: str
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert "model.safetensors" in run(f"show {plan} --format {format_}").stdout


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not JSON"),
        (b"[]", "is not a JSON object"),
        (b"{", "not JSON"),
        (b"\xff", "not UTF-8"),
        (b'{"plan_version": 2}', "this hublish reads 1"),
        (b'{"plan_version": 1}', "endpoint"),
        (b'{"plan_version": 1, "plan_version": 1}', "duplicate key"),
        (b"[" * 100_000, "nested too deep"),
    ],
)
def test_a_damaged_file_is_refused(run: Run, tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "bad.json").write_bytes(content)
    refused = run("show ../bad.json", exits=1)
    assert words in refused.stderr
    assert refused.stdout == ""


def test_a_file_without_an_end_is_refused(run: Run) -> None:
    assert "is larger than" in run("show /dev/zero", exits=1).stderr


def test_a_missing_file_is_refused(run: Run) -> None:
    assert "cannot be read: No such file or directory" in run("show missing.json", exits=1).stderr


def test_names_in_a_plan_cannot_control_the_terminal(run: Run, plan: Path) -> None:
    data = json.loads(plan.read_text())
    data["files"][0] |= {"action": "delete", "sha256": None, "path_in_repo": "a\x1b[2J\nb", "reason": "\x1b]0;x\x07"}
    data["commit_message"] = "\x1b[31m"
    plan.write_text(json.dumps(data))
    shown = run("show ../plan.json").stdout
    assert "\x1b" not in shown
    assert "a\\x1b[2J\\nb" in shown


def test_a_plan_of_an_earlier_version_is_shown(run: Run, plan: Path) -> None:
    data = json.loads(plan.read_text())
    later = ("visibility", "gated", "default_commit", "remote_files", "remote_bytes", "last_release", "policy")
    for name in (*later, "released_policy", "refusals", "findings"):
        data.pop(name)
    for file in data["files"]:
        del file["before_size"], file["edited"]
    plan.write_text(json.dumps(data))
    assert "Plan: 3 to add" in run("show ../plan.json").stdout


def on_terminal(plan: Path, environ: dict[str, str], columns: int) -> str:
    """Run the command on a pseudo-terminal of that width, and return its screen."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    words = [sys.executable, "-m", "hublish", "show", str(plan)]
    with subprocess.Popen(words, env=environ, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        pieces = []
        try:
            while piece := os.read(ours, 65_536):
                pieces.append(piece)
        except OSError:  # Linux's way to say that the other side is closed
            pass
        os.close(ours)
        assert process.wait(DEADLINE) == 0, pieces
    return re.sub(r"\x1b\[\d+m", "", b"".join(pieces).decode())


def test_on_a_terminal_no_line_is_wider(run: Run, plan: Path, environ: dict[str, str]) -> None:
    data = json.loads(plan.read_text())
    data["files"][0] |= {"path_in_repo": "\u6570\u636e" * 20 + "e\u0301" * 30 + ".png", "reason": "r" * 300}
    data["commit_message"] = "Release of everything " * 9
    plan.write_text(json.dumps(data))
    del environ["COLUMNS"]
    shown = on_terminal(plan, environ, 60).partition("Next:")[0].splitlines()
    assert max(map(width, shown)) <= 60
    assert any("\u6570" in line and line.rstrip().endswith("...") for line in shown)
    # Another reader of the output gets whole names.
    assert "\u6570\u636e" * 20 in run(f"show {plan}").stdout
