"""The repo_id of a draft, from git remotes and folder names."""

from pathlib import Path

import pytest

from hublish.pipeline.draft.repo_name import PLACEHOLDER, Remote, git_remote, legal_name, parse_remote, repo_name
from hublish.schemas.documents.hub_names import check_repo_id


@pytest.mark.parametrize(
    ("url", "remote"),
    [
        ("https://huggingface.co/acme/digits", Remote("huggingface.co", "acme", "digits", "model")),
        ("https://ada:hf_x@huggingface.co/datasets/acme/rows", Remote("huggingface.co", "acme", "rows", "dataset")),
        ("https://huggingface.co/spaces/acme/app.git/", Remote("huggingface.co", "acme", "app", "space")),
        ("git@hf.co:datasets/acme/rows", Remote("hf.co", "acme", "rows", "dataset")),
        ("ssh://git@hf.co/kernels/acme/fast.git", Remote("hf.co", "acme", "fast", None)),
        ("https://github.com/acme/digits.git", Remote("github.com", "acme", "digits", None)),
        ("git@github.com:acme/digits.git", Remote("github.com", "acme", "digits", None)),
        ("https://git.example/group/sub/name", Remote("git.example", "sub", "name", None)),
    ],
)
def test_a_url_names_a_repo(url: str, remote: Remote) -> None:
    found = parse_remote(url)
    assert found is not None
    assert (found.host, found.owner, found.name) == (remote.host, remote.owner, remote.name)
    assert found.repo_type == (remote.repo_type if remote.name != "fast" else "kernel")


@pytest.mark.parametrize(
    "url", ["", "/srv/git/digits", "file:///srv/digits", "https://[", "../digits", "https://hf.co/a"]
)
def test_a_path_or_half_a_name_is_not_a_remote(url: str) -> None:
    assert parse_remote(url) is None


CONFIG = """\
[core]
\tbare = false
[remote "origin"]
\turl = https://github.com/acme/digits
[remote "hub"]
\tfetch = +refs/heads/*
\turl = https://ada:secret@huggingface.co/acme/digits-mlp
[branch "main"]
\turl = https://huggingface.co/no/remote
"""


def test_a_remote_on_the_hub_takes_precedence(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text(CONFIG)
    remote = git_remote(tmp_path)
    assert remote is not None
    assert remote.shown == "huggingface.co/acme/digits-mlp"
    assert repo_name(None, remote, "folder").value == "acme/digits-mlp"
    assert not repo_name(None, remote, "folder").open


@pytest.mark.parametrize("config", ["", "[remote", '[remote "origin"]', '[remote "origin"]\nurl = here', "\0\xff"])
def test_a_configuration_without_a_remote_has_none(config: str, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text(config)
    assert git_remote(tmp_path) is None


def test_a_folder_without_a_repository_has_no_remote_and_links_are_not_followed(tmp_path: Path) -> None:
    assert git_remote(tmp_path) is None
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "config").write_text(CONFIG)
    (tmp_path / ".git").symlink_to("other")
    assert git_remote(tmp_path) is None


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("digits", "digits"),
        ("My Model (v2)!", "My-Model-v2"),
        ("-..x..-", "x"),
        ("a--b..c", "a-b.c"),
        ("model.git", "model"),
        ("数字", "release"),
        ("", "release"),
        ("a" * 200, "a" * 90),
        ("hf_aB3dE5gH7jK9mN1pQ3sT5vX7zC2eG4iK6n", "release"),
    ],
)
def test_any_name_becomes_one_that_the_hub_accepts(name: str, made: str) -> None:
    assert legal_name(name) == made
    assert check_repo_id(f"{PLACEHOLDER}/{made}")


def test_an_inferred_name_is_marked_for_the_user_to_confirm() -> None:
    guessed = repo_name(None, parse_remote("git@github.com:acme/digits.git"), "x")
    assert (guessed.value, guessed.open) == ("acme/digits", True)
    assert "github.com/acme/digits" in guessed.why
    assert repo_name(None, None, "x").open
    assert not repo_name("acme/digits", None, "x").open
