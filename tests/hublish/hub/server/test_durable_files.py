import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hublish.hub.server.durable_files import locked, read_json, write_atomically, write_json

HOLD = """
import pathlib, sys, time
from hublish.hub.server.durable_files import locked
with locked(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_file_is_replaced_and_gets_its_mode(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "target"
    for content in (b"old", b"new"):
        write_atomically(target, content, scratch=tmp_path / "scratch", mode=0o600)
    assert target.read_bytes() == b"new"
    assert target.stat().st_mode & 0o777 == 0o600
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_failure_leaves_only_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    with pytest.raises(OSError, match="directory"):
        write_atomically(target, b"new", scratch=tmp_path / "scratch")
    assert list((tmp_path / "scratch").iterdir()) == []


def test_json_survives_a_round_trip(tmp_path: Path) -> None:
    value = {"ä": [1, None, {"x": "y"}]}
    write_json(tmp_path / "f.json", value, scratch=tmp_path)
    assert read_json(tmp_path / "f.json") == value
    assert read_json(tmp_path / "none.json", "default") == "default"
    assert read_json(tmp_path / "f.json" / "below", 7) == 7


def test_a_lock_excludes_other_threads(tmp_path: Path) -> None:
    counter = 0

    def count() -> None:
        nonlocal counter
        for _ in range(100):
            with locked(tmp_path / "lock"):
                seen = counter
                counter = seen + 1

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter == 400


def test_the_lock_of_a_killed_process_is_released(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path / "lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        waiting = threading.Thread(target=lambda: locked(tmp_path / "lock").__enter__(), daemon=True)
        waiting.start()
        waiting.join(0.1)
        assert waiting.is_alive(), "it waits for the holder"
        holder.kill()
        waiting.join(300)
        assert not waiting.is_alive()
