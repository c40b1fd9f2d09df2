"""The `hf` command, told of the hub by its environment alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from hublish.pipeline.hub.embedded import EmbeddedHub


class Command:
    def __init__(self, hub: EmbeddedHub, xet: bool) -> None:
        self.environ = {**os.environ, "HF_ENDPOINT": hub.endpoint, "HF_TOKEN": hub.token}
        self.environ["HF_HUB_DISABLE_XET"] = "0" if xet else "1"

    def __call__(self, *arguments: str) -> str:
        command = [str(Path(sys.executable).with_name("hf")), *arguments]
        done = subprocess.run(command, env=self.environ, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.mark.parametrize("xet", [False, True])
def test_a_release_from_the_command_line(hub: EmbeddedHub, api: HfApi, tmp_path: Path, xet: bool) -> None:
    hf = Command(hub, xet)
    repo = f"acme/by-command-{xet}"
    release = tmp_path / "release"
    release.mkdir()
    (release / "w.safetensors").write_bytes(os.urandom(200_000))
    (release / "config.json").write_text("{}")
    hf("repos", "create", repo)
    hf("upload", repo, str(release))
    hf("repos", "tag", "create", repo, "v1")
    hf("repos", "branch", "create", repo, "dev")
    hf("download", repo, "--revision", "v1", "--local-dir", str(tmp_path / "back"))
    assert (tmp_path / "back" / "w.safetensors").read_bytes() == (release / "w.safetensors").read_bytes()
    hf("cache", "verify", repo, "--local-dir", str(tmp_path / "back"), "--revision", "v1")
    assert [tag.name for tag in api.list_repo_refs(repo).tags] == ["v1"]
    hf("repos", "delete", repo, *(["--yes"] if "--yes" in hf("repos", "delete", "--help") else []))
    assert not api.repo_exists(repo)
