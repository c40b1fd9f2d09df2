"""Processes that share the work on small files: the same results and errors, whatever happens to them."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hublish.audit import fingerprint_processes
from hublish.audit.fingerprint_processes import process_count
from hublish.base.content import InMemory, OnDisk
from hublish.base.errors import HublishError, SourceChangedError
from hublish.base.isolated_python import start_isolated
from hublish.base.values import Release, Staged, StagedFile
from hublish.pipeline.seal.seal import Seal
from tests.file_changes import replace_by_fifo, replace_by_link, rewrite_with_mtime_restored, truncate
from tests.hublish.audit.payloads import call, tarred, zipped
from tests.pipeline.staging import Inline, Recorder, project_in, staged, wait_for_a_tick
from tests.planted_tokens import TOKENS

TOKEN = TOKENS["huggingface-token"](random.Random(7)).encode()
FINDINGS: dict[str, Any] = {
    "secret.txt": b"first\n token = " + TOKEN,
    "secrets.txt": b"\n".join([TOKEN] * 150),
    "wide.txt": TOKEN.decode().encode("utf-16"),
    "hidden.zip": zipped({"inner.tar": tarred({"a.txt": TOKEN})}),
    "cut.zip": zipped({"a.txt": b"text" * 50})[:-9],
    "binary.bin": bytes(100) + TOKEN,
    "numbers.raw": bytes(range(256)) * 9,
    "weights": call(),
    "empty.txt": b"",
    "card.md": InMemory(b"made here"),
    "large.raw": bytes(100_000),
}


def many(folder: Path, **fields: Any) -> Staged:
    """Return a release of several hundred files, some of each kind, which is in the order of the paths."""
    files = {f"{number}/{name}": data for number in range(12) for name, data in FINDINGS.items()}
    files |= {f"plain/{number}.txt": f"{number}\n".encode() for number in range(300)}
    value = staged(project_in(folder, **fields), files)
    link = folder / "link"
    (folder / "other").write_bytes(TOKEN)
    link.hardlink_to(folder / "other")
    odd = Path(os.fsdecode(os.fsencode(folder) + b"/\xff\xfe\n.txt"))
    odd.write_bytes(TOKEN)
    more = [("link", OnDisk.at(link)), ("odd.txt", OnDisk.at(odd))]
    origin = value.files[0].origin
    sealed = tuple(StagedFile(name, content, origin) for name, content in more)
    return Staged(value.collection, (*value.files, *sealed))


def result(value: Staged, processes: int, recorder: Recorder | None = None) -> Release | tuple[Any, ...]:
    """Return the release, or every part of the error."""
    try:
        return Seal(recorder or Recorder(), Inline(), kept=1 << 30, processes=lambda _: processes).run(value)
    except HublishError as error:
        return type(error), str(error), error.hint, error.problems


@pytest.fixture
def read_here(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that this process reads."""
    paths: list[str] = []
    real = OnDisk.read

    def read(content: OnDisk) -> bytes:
        paths.append(str(content.file))
        return real(content)

    monkeypatch.setattr(OnDisk, "read", read)
    return paths


@pytest.mark.parametrize("policy", [{"secrets": "warn", "pickle": "warn"}, {"secrets": "allow", "pickle": "warn"}, {}])
def test_the_release_its_bytes_and_its_problems_are_the_same(
    tmp_path: Path, policy: dict[str, str], read_here: list[str]
) -> None:
    value = many(tmp_path, policy=policy)
    alone = result(value, 0)
    everything, read_here[:] = len(read_here), []
    recorder = Recorder()
    assert result(value, 2, recorder) == alone
    assert isinstance(alone, Release) == bool(policy)
    assert len(read_here) < everything - 200
    assert recorder.total == sum(recorder.done) == sum(file.content.size for file in value.files)


@pytest.mark.parametrize(
    "change",
    [rewrite_with_mtime_restored, truncate, replace_by_link, replace_by_fifo, Path.unlink, lambda path: path.chmod(0)],
)
def test_the_errors_are_the_same(tmp_path: Path, change: Callable[[Path], object]) -> None:
    value = staged(project_in(tmp_path), {f"{number}.txt": b"0123456789" for number in range(400)})
    wait_for_a_tick(tmp_path)
    for number in (0, 200, 399):
        change(tmp_path / f"{number}.txt")
    alone = result(value, 0)
    assert isinstance(alone, tuple)
    assert alone[0] is SourceChangedError
    assert len(alone[3]) == 3
    assert result(value, 2) == alone


def test_a_file_that_changes_once_a_process_has_read_it_is_not_kept_for_later(tmp_path: Path) -> None:
    value = staged(project_in(tmp_path), {f"{number}.txt": b"text" for number in range(400)})
    times: list[int] = []
    real = Seal().cache

    class Clock:
        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

        def keep(self, entries: Any) -> None:
            times.extend(began for _, _, began in entries)

    before = real.now()
    Seal(cache=Clock(), processes=lambda _: 1).run(value)  # type: ignore[arg-type]
    assert len(times) == 400
    assert before <= min(times)


_SPOKEN = "import os, struct, time\nos.read(0, 1)\n"
_ONE = "struct.pack('<32s20sQB', b'', b'', 1, 5)"
BROKEN = {
    "ends at once": "",
    "ends after the request": _SPOKEN,
    "answers half": _SPOKEN + "os.write(1, struct.pack('<II', 2, 0))",
    "answers too much": _SPOKEN + "os.write(1, b'\\xff' * 9); time.sleep(600)",
    "answers no JSON": _SPOKEN + f"os.write(1, struct.pack('<II', 1, 0) + {_ONE} * 128 + b'x'); time.sleep(600)",
    "answers nested JSON": _SPOKEN + "os.write(1, struct.pack('<II', 99999, 0) + bytes(61 * 128) + b'[' * 99999)",
    "answers other findings": _SPOKEN
    + "text = b'[' + b'[null, [[1, 2, 3, 4, 5]], \"\"],' * 127 + b'[]]'\n"
    + f"os.write(1, struct.pack('<II', len(text), 0) + {_ONE} * 128 + text); time.sleep(600)",
    "answers fewer bytes": _SPOKEN
    + "os.write(1, struct.pack('<II', 2, 0) + struct.pack('<32s20sQB', b'', b'', 1, 1) * 128 + b'[]'); time.sleep(600)",
    "is silent": "import time\ntime.sleep(600)",
}


@pytest.mark.parametrize("code", BROKEN.values(), ids=BROKEN.keys())
def test_the_files_of_a_broken_process_are_read_here(
    tmp_path: Path, code: str, monkeypatch: pytest.MonkeyPatch, read_here: list[str]
) -> None:
    started: list[subprocess.Popen[bytes]] = []

    def start(_module: str, stderr: int) -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        command = [sys.executable, "-I", "-S", "-c", code]
        started.append(subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=stderr))
        return started[-1]

    monkeypatch.setattr(fingerprint_processes, "start_isolated", start)
    monkeypatch.setattr(fingerprint_processes, "_PATIENCE", 60 if _SPOKEN in code else 0.3)
    # A multiple of the size of a request.
    value = staged(project_in(tmp_path), {f"{number}.txt": b"%d" % number for number in range(512)})
    recorder = Recorder()
    assert result(value, 1, recorder) == result(value, 0)
    assert len(read_here) == 1024
    assert recorder.total == sum(recorder.done)
    assert [process.returncode is None for process in started] == [False]


def test_the_files_of_a_killed_process_are_read_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []

    def start(module: str, stderr: int) -> subprocess.Popen[bytes]:
        started.append(start_isolated(module, stderr))
        return started[-1]

    monkeypatch.setattr(fingerprint_processes, "start_isolated", start)
    value = staged(project_in(tmp_path), {f"{number}.txt": b"%d" % number for number in range(3000)})

    def kill() -> None:
        started[0].kill()

    # After its first answer at the latest.
    recorder = Recorder(on_advance=kill)
    assert result(value, 2, recorder) == result(value, 0)
    assert recorder.total == sum(recorder.done)
    assert started[0].returncode == -signal.SIGKILL


def test_without_any_process_everything_is_read_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "missing"))
    value = staged(project_in(tmp_path), {f"{number}.txt": b"%d" % number for number in range(100)})
    assert result(value, 2) == result(value, 0)


@pytest.mark.parametrize(
    ("files", "cores", "frozen", "executable", "expected"),
    [
        (0, 8, False, "python", 0),
        (1_999, 8, False, "python", 0),
        (2_000, 8, False, "python", 1),
        (2_000, 1, False, "python", 0),
        (5_000, 2, False, "python", 1),
        (5_000, 8, False, "python", 2),
        (1_000_000, 64, False, "python", 7),
        (5_000, 8, True, "program", 0),
        (5_000, 8, False, "", 0),
    ],
)
def test_a_process_is_started_where_it_saves_time(
    files: int, cores: int, frozen: bool, executable: str, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprint_processes, "available_cores", lambda: cores)
    monkeypatch.setattr(sys, "frozen", frozen, raising=False)
    monkeypatch.setattr(sys, "executable", executable)
    assert process_count(files) == expected


@pytest.mark.parametrize(("files", "expected"), [(1_999, 0), (2_000, 1)])
def test_a_small_release_starts_no_process(
    tmp_path: Path, files: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []

    def refuse(module: str, stderr: int) -> subprocess.Popen[bytes]:
        started.append(f"{module} {stderr}")
        raise PermissionError

    monkeypatch.setattr(fingerprint_processes, "available_cores", lambda: 2)
    monkeypatch.setattr(fingerprint_processes, "start_isolated", refuse)
    Seal().run(staged(project_in(tmp_path), {f"{number}.txt": b"%d" % number for number in range(files)}))
    assert len(started) == expected


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that has answered an empty request."""
    monkeypatch.setenv("HF_TOKEN", TOKEN.decode())
    with start_isolated("hublish.audit.fingerprint_processes", subprocess.DEVNULL) as one:
        try:
            assert one.stdin
            assert one.stdout
            request = b"[true, true, true, []]"
            one.stdin.write(len(request).to_bytes(4, "little") + request)
            one.stdin.flush()
            assert one.stdout.read(10) == b"\2\0\0\0\0\0\0\0[]"
            yield one
        finally:
            one.kill()


def test_a_process_ends_with_the_one_that_asks_and_ignores_its_interrupts(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGINT)
    assert process.stdin
    process.stdin.close()
    assert process.wait(timeout=60) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="shows the environment of a process in /proc")
def test_a_process_gets_no_token(process: "subprocess.Popen[bytes]") -> None:
    assert TOKEN not in Path(f"/proc/{process.pid}/environ").read_bytes()


def test_an_interrupt_ends_all_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []

    def start(module: str, stderr: int) -> subprocess.Popen[bytes]:
        started.append(start_isolated(module, stderr))
        return started[-1]

    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(fingerprint_processes, "start_isolated", start)
    value = staged(project_in(tmp_path), {f"{number}.txt": b"%d" % number for number in range(500)})
    with pytest.raises(KeyboardInterrupt):
        Seal(Recorder(on_advance=interrupt), processes=lambda _: 2).run(value)
    assert [process.returncode is None for process in started] == [False, False]


def test_a_script_without_a_guard_is_not_run_again(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    for number in range(2_100):
        (tmp_path / "files" / f"{number}.txt").write_text(str(number))
    (tmp_path / "hub.yaml").write_text("repo: {repo_id: acme/x}\nartifacts:\n  - {source: files/}\n")
    script = tmp_path / "script.py"
    script.write_text(
        "import os, hublish\nos.sched_getaffinity = lambda _: {0, 1}\nprint(len(hublish.files().files))\n"
    )
    environment = {**os.environ, "HF_HOME": str(tmp_path / "home")}
    found = subprocess.run([sys.executable, script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (found.stdout, found.stderr) == ("2101\n", "")  # hub.yaml as well
