"""The `hf` command, configured for the hub only by its environment."""

import os
import subprocess
import sys
from pathlib import Path

from huggingface_hub import HfApi

from hublish.hub.server import EmbeddedHub


class Command:
    def __init__(self, hub: EmbeddedHub) -> None:
        self.environ = {**os.environ, "HF_ENDPOINT": hub.endpoint, "HF_TOKEN": hub.token}

    def __call__(self, *arguments: str, **environ: str) -> str:
        command = [str(Path(sys.executable).with_name("hf")), *arguments]
        done = subprocess.run(command, env={**self.environ, **environ}, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def test_the_hf_command_works_against_the_hub(hub: EmbeddedHub, api: HfApi, tmp_path: Path) -> None:
    hf = Command(hub)
    repo = "acme/by-command"
    release, back = tmp_path / "release", tmp_path / "back"
    release.mkdir()
    (release / "w.safetensors").write_bytes(os.urandom(200_000))
    (release / "config.json").write_text("{}")
    hf("repos", "create", repo)
    hf("upload", repo, str(release))
    hf("repos", "tag", "create", repo, "v1")
    hf("repos", "branch", "create", repo, "dev")
    hf("download", repo, "--revision", "v1", "--local-dir", str(back))
    assert (back / "w.safetensors").read_bytes() == (release / "w.safetensors").read_bytes()
    hf("cache", "verify", repo, "--local-dir", str(back), "--revision", "v1")
    (release / "w.safetensors").write_bytes(os.urandom(100_000))
    hf("upload", repo, str(release), HF_HUB_DISABLE_XET="1")
    hf("download", repo, "--local-dir", str(back), HF_HUB_DISABLE_XET="1")
    assert (back / "w.safetensors").read_bytes() == (release / "w.safetensors").read_bytes()
    hf("upload", repo, str(release / "config.json"), "copies/config.json", "--revision", "dev")
    assert api.file_exists(repo, "copies/config.json", revision="dev")
    refs = api.list_repo_refs(repo)
    assert ([tag.name for tag in refs.tags], [branch.name for branch in refs.branches]) == (["v1"], ["dev", "main"])
    hf("repos", "tag", "delete", repo, "v1", "--yes")
    hf("repos", "branch", "delete", repo, "dev")
    refs = api.list_repo_refs(repo)
    assert (refs.tags, [branch.name for branch in refs.branches]) == ([], ["main"])
    hf("repos", "delete", repo, "--yes")
    assert not api.repo_exists(repo)
