"""The `hf` command, as far as its words are the same in all versions."""

import subprocess
import sys
from pathlib import Path

from tests.clients.versions.harness import Hub, step


def hf(*words: str | Path) -> str:
    """Run the command of this version and return its output."""
    command = [Path(sys.executable).with_name("hf"), *words]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@step
def hf_auth_whoami_names_the_owner(hub: Hub) -> None:
    assert "acme" in hf("auth", "whoami")


@step
def hf_upload_creates_a_repository_for_a_folder(hub: Hub) -> None:
    repo, folder = hub.unused(), hub.cache()
    for name in ("a.txt", "b.log", "w.bin"):
        (folder / name).write_text(name)
    hf("upload", repo, folder, ".", "--private", "--exclude", "*.log", "--commit-message", "By command")
    assert hub.owner.list_repo_files(repo) == [".gitattributes", "a.txt", "w.bin"]
    assert hub.owner.model_info(repo).private
    assert hub.owner.list_repo_commits(repo)[0].title == "By command"


@step
def hf_upload_opens_a_pull_request_for_a_file(hub: Hub) -> None:
    repo, file = hub.new("dataset"), hub.cache() / "a.txt"
    file.write_text("a")
    hf("upload", repo, file, "in/a.txt", "--repo-type", "dataset", "--create-pr")
    assert hub.read(repo, "in/a.txt", repo_type="dataset", revision="refs/pr/1") == b"a"


@step
def hf_download_fills_a_folder(hub: Hub) -> None:
    repo, folder = hub.new("dataset", a_txt="a", f__b_txt="b", c_log="c"), hub.cache()
    hub.owner.create_tag(repo, tag="v1", repo_type="dataset")
    hub.commit(repo, {"a.txt": "newer"}, "dataset")
    options = ("--repo-type", "dataset", "--revision", "v1", "--local-dir", folder)
    hf("download", repo, *options, "--include", "*.txt")
    assert sorted(path.name for path in folder.rglob("*.txt")) == ["a.txt", "b.txt"]
    assert (folder / "a.txt").read_text() == "a"
    hf("download", repo, "c.log", *options)
    assert (folder / "c.log").read_text() == "c"
