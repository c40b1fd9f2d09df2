"""The command line as people run it: real processes, the embedded Hub, the whole way and back."""

import io
import json
import os
import pty
import re
import select
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from huggingface_hub import HfApi

from hublish import EmbeddedHub
from hublish.cli import main

TOKEN = "hf_" + "canary" * 6
MANIFEST = """\
schema_version: 1
repo:
  repo_id: acme/digits-mlp
  tag: v1
artifacts:
  - source: run/weights.npz
    path_in_repo: model.safetensors
    serializer: safetensors
  - source: run/*.json
patterns:
  ignore_patterns: ["draft.json"]
"""
DEADLINE = 60


@dataclass(frozen=True)
class Ended:
    """What a command line left behind."""

    stdout: str
    stderr: str


Run = Callable[..., Ended]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a release in it."""
    folder = tmp_path / "project"
    (folder / "run").mkdir(parents=True)
    (folder / "hub.yaml").write_text(MANIFEST)
    (folder / "run" / "config.json").write_text('{"classes": 10}\n')
    (folder / "run" / "draft.json").write_text("{}\n")
    weight = np.arange(12, dtype=np.float32).reshape(3, 4)
    np.savez(folder / "run" / "weights.npz", weight=weight, bias=np.ones(4, np.float16))
    return folder


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment of its own: no token, no cache, no colour asked for."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
    return {**kept, "HF_HOME": str(tmp_path / "home"), "COLUMNS": "100", "PYTHONWARNINGS": "error"}


@pytest.fixture
def run(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run one command line in the project's folder, in this process: starting another costs seconds."""
    monkeypatch.chdir(project)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.delenv("HF_DEBUG", raising=False)

    def run_line(line: str, *, exits: int = 0, typed: str = "") -> Ended:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed.encode())))
        code = main(shlex.split(line))
        ended = Ended(*capsys.readouterr())
        assert code == exits, ended
        assert "Traceback" not in ended.stderr
        return ended

    return run_line


@pytest.fixture
def start(project: Path, environ: dict[str, str]) -> "Start":
    """Run one command line in a process of its own."""

    def run_line(line: str, **streams: Any) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", "hublish", *shlex.split(line)]
        return subprocess.run(words, cwd=project, env=environ, text=True, timeout=DEADLINE, **streams)

    return run_line


Start = Callable[..., subprocess.CompletedProcess[str]]


@contextmanager
def embedded(project: Path) -> Iterator[HfApi]:
    """The Hub that `--local` means, for the real client."""
    with EmbeddedHub(project / ".hublish" / "hub") as hub:
        yield HfApi(endpoint=hub.endpoint, token=hub.token)


def test_the_whole_way_and_back(run: Run, project: Path) -> None:
    assert run("check").stdout.startswith("ok  hub.yaml")
    assert run("files -q").stdout.split() == ["config.json", "hub.yaml", "model.safetensors"]

    plan = run("plan --local --out plan.json").stdout
    assert "parent    none: the repo will be created" in plan
    assert "+ model.safetensors" in plan
    assert "Plan: 3 to add, 0 to change, 0 to delete" in plan
    assert "hublish publish plan.json --local" in plan

    published = run("publish plan.json --local").stdout
    assert "Published acme/digits-mlp at main in one commit." in published
    assert "tag       v1\n" in published
    assert (project / "hub.lock").is_file()

    assert run("verify --local").stdout.startswith("ok  acme/digits-mlp at v1: 3 files as locked")
    pulled = run("pull acme/digits-mlp@v1 --local --local-dir back").stdout
    assert "every byte checked" in pulled
    assert (project / "back" / "config.json").read_text() == '{"classes": 10}\n'

    loaded = run("load acme/digits-mlp@v1 --local --cache-dir cache").stdout
    assert re.search(r"^  weight  float32  3 x 4  +48 B$", loaded, re.MULTILINE)
    assert "2 tensors, 16 parameters, 56 B" in loaded


def test_publishing_twice_says_that_there_is_nothing_to_do(run: Run, project: Path) -> None:
    first = json.loads(run("publish -y --local --json").stdout)
    second = json.loads(run("publish -y --local --json").stdout)
    assert (first["created"], second["created"]) == (True, False)
    assert first["commit"] == second["commit"]
    assert "Nothing to do" in run("publish -y --local").stdout
    assert "Nothing to do" in run("plan --local").stdout
    with embedded(project) as api:
        titles = [commit.title for commit in api.list_repo_commits("acme/digits-mlp")]
    assert titles.count("Release v1") == 1


def test_the_detailed_exit_code_tells_changes_from_none(run: Run) -> None:
    run("plan --local --detailed-exitcode", exits=2)
    run("publish -y --local -q")
    run("plan --local --detailed-exitcode", exits=0)


def test_a_plan_that_moved_is_refused(run: Run, project: Path) -> None:
    run("plan --local --out plan.json")
    (project / "run" / "config.json").write_text('{"classes": 11}\n')
    error = json.loads(run("publish plan.json --local --json", exits=1).stdout)["error"]
    assert error["code"] == "plan.stale"
    assert not (project / "hub.lock").exists()


def test_the_plan_in_json_can_be_published_too(run: Run, project: Path) -> None:
    (project / "plan.json").write_text(run("plan --local --json").stdout)
    assert len(run("publish plan.json --local -q").stdout.strip()) == 40


def test_a_plan_file_that_a_source_matches_is_refused(run: Run, project: Path) -> None:
    for _ in range(2):
        assert "would itself become part" in run("plan --local --out run/plan.json", exits=2).stderr
        assert not (project / "run" / "plan.json").exists()
    assert "would itself become part" in run("plan --local --out run/config.json", exits=2).stderr
    assert (project / "run" / "config.json").read_text() == '{"classes": 10}\n'


def test_verify_names_what_changed_on_the_hub(run: Run, project: Path) -> None:
    run("publish -y --local -q")
    with embedded(project) as api:
        api.delete_file("config.json", "acme/digits-mlp")
        api.upload_file(path_or_fileobj=b"x", path_in_repo="new.txt", repo_id="acme/digits-mlp")
    shown = run("verify --local", exits=1).stdout
    assert "  - config.json" in shown
    assert "  + new.txt" in shown
    assert json.loads(run("verify --local --json", exits=1).stdout)["missing"] == ["config.json"]


def test_a_second_pull_needs_no_server(run: Run, project: Path) -> None:
    run("publish -y --local -q")
    first = run("pull acme/digits-mlp@v1 --local -q --cache-dir cache").stdout
    assert run("pull acme/digits-mlp@v1 --local -q --cache-dir cache --offline").stdout == first


def test_a_lock_is_enough_to_pull(run: Run, project: Path) -> None:
    commit = run("publish -y --local -q").stdout.strip()
    assert json.loads(run("pull --lock hub.lock --local --json --cache-dir cache").stdout)["commit"] == commit


def test_include_and_exclude_choose_the_files(run: Run) -> None:
    run("publish -y --local -q")
    line = "pull acme/digits-mlp --local --json --local-dir back --include '*.json' --include '*.yaml' --exclude 'con*'"
    assert [file["path_in_repo"] for file in json.loads(run(line).stdout)["files"]] == ["hub.yaml"]


def test_a_manifest_comes_from_standard_input(run: Run) -> None:
    assert run("check -f -", typed=MANIFEST).stdout.startswith("ok  standard input")
    run("publish -f - -y --local -q", typed=MANIFEST)
    run("verify --local")


def test_what_stays_out_is_shown_with_its_rule(run: Run) -> None:
    assert "run/draft.json  patterns.ignore_patterns[0]" in run("files --excluded").stdout


def test_a_build_writes_the_release(run: Run, project: Path) -> None:
    run("build --out dist")
    assert sorted(path.name for path in (project / "dist").iterdir()) == [
        "config.json",
        "hub.yaml",
        "model.safetensors",
    ]
    assert "is not empty" in run("build --out dist", exits=2).stderr


def test_a_rehearsal_leaves_nothing_behind(run: Run, project: Path) -> None:
    before = sorted(project.iterdir())
    assert "ok  what came back is what was sent" in run("rehearse").stdout
    assert sorted(project.iterdir()) == before


def test_a_card_is_printed_as_it_would_be_published(run: Run, project: Path) -> None:
    with (project / "hub.yaml").open("a") as manifest:
        manifest.write("card:\n  metadata: {license: apache-2.0}\n")
    text = run("card").stdout
    assert text.startswith("---\nlicense: apache-2.0\n")
    assert json.loads(run("card --json").stdout) == {"path_in_repo": "README.md", "text": text}


@pytest.mark.parametrize("document", ["manifest", "lock", "plan", "receipt"])
def test_every_schema_is_a_json_schema(run: Run, document: str) -> None:
    assert json.loads(run(f"schema {document}").stdout)["$schema"].endswith("2020-12/schema")


def test_every_problem_of_a_manifest_is_told_at_once(run: Run, project: Path) -> None:
    (project / "hub.yaml").write_text("repo: {repo_id: acme/a, tagg: v1}\nartefacts: []\n")
    ended = run("check", exits=1)
    assert ended.stdout == ""
    assert "did you mean 'tag'?" in ended.stderr
    assert "did you mean 'artifacts'?" in ended.stderr
    error = json.loads(run("check --json", exits=1).stdout)["error"]
    assert {problem["location"]["line"] for problem in error["problems"] if problem["location"]} == {1, 2}


@pytest.mark.parametrize("line", ["plan", "plan --json", "publish -y", "pull acme/a", "plan -q"])
def test_a_hub_out_of_reach_is_one_clear_error_without_the_token(
    run: Run, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    ended = run(f"{line} --endpoint http://127.0.0.1:9", exits=1)
    assert "canary" not in ended.stdout + ended.stderr


def test_doctor_finds_the_embedded_hub_healthy(run: Run) -> None:
    assert json.loads(run("doctor --local --json").stdout)["ok"] is True


def test_without_a_terminal_nothing_colours_and_nothing_moves(run: Run) -> None:
    ended = run("publish -y --local")
    assert "\x1b" not in ended.stdout + ended.stderr
    assert "\r" not in ended.stderr
    assert all(line.startswith(("* ", "  took ")) for line in ended.stderr.splitlines())


def test_quiet_says_nothing_but_the_result(run: Run) -> None:
    ended = run("publish -y --local --quiet")
    assert re.fullmatch(r"[0-9a-f]{40}\n", ended.stdout)
    assert ended.stderr == ""


@pytest.mark.parametrize("line", ["schema", "plan --help"])
def test_a_reader_that_left_is_met_with_silence(start: Start, line: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as closed:
        ended = start(line, stdout=closed, stderr=subprocess.PIPE)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize(("streams", "code"), [("<&- >&- 2>&-", 0), (">/dev/full", 1), (">/dev/full 2>/dev/full", 1)])
def test_closed_and_full_streams_are_no_reason_to_crash(
    project: Path, environ: dict[str, str], streams: str, code: int
) -> None:
    line = f"{shlex.quote(sys.executable)} -m hublish --help {streams}"
    ended = subprocess.run(line, shell=True, cwd=project, env=environ, capture_output=True, text=True)
    assert ended.returncode == code
    assert ended.stderr in ("", "error[system.failed]: No space left on device\n")


class Asked:
    """A `publish` that waits for an answer on a pseudo-terminal."""

    def __init__(self, project: Path, environ: dict[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        self._seen = b""
        words = [sys.executable, "-m", "hublish", "publish", "--local"]
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

    def answer(self, text: str) -> tuple[int, str]:
        os.write(self._ours, text.encode())
        return self.end()

    def interrupt(self) -> tuple[int, str]:
        self.process.send_signal(signal.SIGINT)
        return self.end()

    def end(self) -> tuple[int, str]:
        while self._read():
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


def test_a_person_sees_the_plan_and_agrees(asked: Asked) -> None:
    assert "+ model.safetensors" in asked.screen
    assert "Plan:" in asked.screen
    code, out = asked.answer("y\n")
    assert code == 0
    assert "Published acme/digits-mlp" in out


def test_a_person_who_says_no_publishes_nothing(asked: Asked, project: Path) -> None:
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


@contextmanager
def serving(project: Path, environ: dict[str, str], options: str = "") -> Iterator[tuple[subprocess.Popen[str], str]]:
    words = [sys.executable, "-m", "hublish", "hub", "serve", *shlex.split(options)]
    with subprocess.Popen(
        words, cwd=project, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline()
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_served_hub_announces_itself_answers_and_ends_well(
    project: Path, environ: dict[str, str], number: signal.Signals
) -> None:
    with serving(project, environ, "--token hf_local --root hub") as (process, line):
        endpoint = re.fullmatch(r"export HF_ENDPOINT=(http://127\.0\.0\.1:\d+) HF_TOKEN=hf_local\n", line)
        assert endpoint is not None
        assert HfApi(endpoint=endpoint[1], token="hf_local").whoami()["name"]
        process.send_signal(number)
        assert process.wait(DEADLINE) == 0
    assert (project / "hub").is_dir()


def test_a_served_hub_can_be_read_by_a_program(project: Path, environ: dict[str, str]) -> None:
    with serving(project, environ, "--json") as (_, line):
        served = json.loads(line)
        assert HfApi(endpoint=served["endpoint"], token=served["token"]).whoami()["name"]
        assert Path(served["root"]) == project / ".hublish" / "hub"


def test_a_port_that_is_taken_is_told(run: Run, tmp_path: Path) -> None:
    with EmbeddedHub(tmp_path / "other") as hub:
        port = hub.endpoint.rpartition(":")[2]
        error = run(f"hub serve --port {port}", exits=1).stderr
    assert f"cannot listen on 127.0.0.1:{port}" in error
    assert "another --port" in error
