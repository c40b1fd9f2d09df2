"""A full disk, in every command that writes. The system refuses to make files larger, as a full file system does."""

import json
from pathlib import Path

import numpy as np
import pytest

import hublish
from hublish.base.errors import DiskFullError
from hublish.hub.server import EmbeddedHub
from tests.hublish.base.test_errors import limited_files
from tests.hublish.cli.running import Run


@pytest.fixture
def published(project: Path, run: Run) -> Path:
    """Publish weights that are larger than the limit."""
    np.savez(project / "run" / "weights.npz", weight=np.random.default_rng(0).random(60_000))
    run("publish --local -y")
    return project


@pytest.mark.parametrize("target", ["--local-dir out", "--cache-dir out"])
def test_a_download_without_room_is_reported_with_its_folder(target: str, published: Path, run: Run) -> None:
    with limited_files():
        ended = run(f"pull acme/digits-mlp --local --json {target}", exits=1)
    error = json.loads(ended.stdout)["error"]
    assert error["code"] == "system.disk_full"
    assert str(published / "out") in error["message"] or ": out, with " in error["message"]
    assert "--cache-dir" in error["hint"]
    assert "UserWarning" not in ended.stderr
    run(f"pull acme/digits-mlp --local {target}")


def test_what_the_commands_write_is_reported_with_its_path(published: Path, run: Run, own_hub: EmbeddedHub) -> None:
    with limited_files():
        build = json.loads(run("build --out built --json --no-cache", exits=1).stdout)["error"]
    # Converting comes first, in the workspace: without the cache, which has the result of publishing.
    assert "system.disk_full" in [problem["code"] for problem in build["problems"]]
    with limited_files():
        # The conversion is there, and the copy in the folder has no room.
        build = json.loads(run("build --out built --json", exits=1).stdout)["error"]
    assert build["code"] == "system.disk_full"
    assert not (published / "built").exists()
    (published / "hub.yaml").write_text("repo: {repo_id: acme/plain}\nartifacts: [{source: run/weights.npz}]\n")
    with limited_files():
        ended = run("build --out built", exits=1)
    assert "error[system.disk_full]: the file would exceed the limit for the size of a file: " in ended.stderr
    assert "weights.npz, with " in ended.stderr
    assert not (published / "built").exists()
    with limited_files(500):
        ended = run(f"plan --endpoint {own_hub.endpoint} --token {own_hub.token} --out plan.json", exits=1)
    assert "error[system.disk_full]" in ended.stderr
    assert ": plan.json, with " in ended.stderr


def test_a_lock_without_room_is_refused_before_anything_is_sent(published: Path, own_hub: EmbeddedHub) -> None:
    (published / "hub.yaml").write_text("repo: {repo_id: acme/no-room}\nartifacts: [{source: run/config.json}]\n")
    with limited_files(2_000), pytest.raises(DiskFullError, match=r"hub\.lock") as caught:
        hublish.publish(published / "hub.yaml", endpoint=own_hub.endpoint, token=own_hub.token)
    assert "nothing was sent" in caught.value.hint
