"""What a library left on the Hub, in a form that a test can write down."""

from dataclasses import dataclass
from typing import Any

from huggingface_hub import HfApi


@dataclass(frozen=True)
class Repo:
    """A repository as its users see it."""

    files: str
    """Without README.md, which most libraries write, and .gitattributes, which the Hub writes."""
    commits: tuple[str, ...]
    """Their titles, from the first one after the creation to the last."""
    private: bool = False
    library: str | None = None
    task: str | None = None
    tags: str = ""
    """Without `region:us`, which all repositories have."""


def published(api: HfApi, repo_id: str, repo_type: str = "model", revision: str | None = None) -> Repo:
    """Return a repository at a revision."""
    info: Any = api.repo_info(repo_id, repo_type=repo_type, revision=revision)
    files = {file.rfilename for file in info.siblings} - {"README.md", ".gitattributes"}
    commits = api.list_repo_commits(repo_id, repo_type=repo_type, revision=revision)
    *newer, first = (commit.title for commit in commits)
    assert first == "initial commit"
    return Repo(
        files=" ".join(sorted(files)),
        commits=tuple(reversed(newer)),
        private=info.private,
        library=getattr(info, "library_name", None),
        task=getattr(info, "pipeline_tag", None),
        tags=" ".join(tag for tag in info.tags if tag != "region:us"),
    )


def pull_requests(api: HfApi, repo_id: str, repo_type: str = "model") -> list[tuple[int, str, str]]:
    """Return number, status and title of each pull request."""
    found = api.get_repo_discussions(repo_id, repo_type=repo_type)
    return [(one.num, one.status, one.title) for one in found if one.is_pull_request]
