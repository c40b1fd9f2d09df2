"""The large files of a repository in all of its history: listed, and removed from it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from hublish.hub.server.access import authorize_write, repo_of, repo_to_write
from hublish.hub.server.git.git_trees import Entry
from hublish.hub.server.git.histories import Rewriting
from hublish.hub.server.git.repository import CommitInfo, GitRepository
from hublish.hub.server.http import Request, Response, json_response, page_of
from hublish.hub.server.objects import is_sha256
from hublish.hub.server.pull_requests import Discussions
from hublish.hub.server.refusals import bad_request
from hublish.hub.server.repositories import MAIN_REF, timestamp
from hublish.hub.server.stores import Hub

# Large files in one page of a list, and in one call that removes them, as on the Hub.
PAGE = 1000


@dataclass(frozen=True, slots=True)
class _Found:
    """A large file at the place where it appears first."""

    sha256: str
    size: int
    path: str
    ref: str
    time: int


def list_large_files(hub: Hub, request: Request) -> Response:
    """`GET /api/P/R/lfs-files`, the latest first."""
    repo, _ = repo_to_write(hub, request)
    with hub.repositories.open(repo) as git:
        found = sorted(_large_files(hub, git), key=lambda file: (-file.time, file.path))
    page, headers = page_of(request, found, PAGE)
    return json_response([_shown(hub, file) for file in page], headers=headers)


def _shown(hub: Hub, file: _Found) -> dict[str, Any]:
    shown = {"fileOid": file.sha256, "oid": file.sha256, "filename": file.path, "size": file.size, "ref": file.ref}
    shown["pushedAt"] = timestamp(file.time)
    return shown | ({"xetHash": xet_hash} if (xet_hash := hub.xet_hash(file.sha256)) else {})


def _large_files(hub: Hub, git: GitRepository) -> Iterator[_Found]:
    commits: set[str] = set()
    trees: set[str] = set()
    files: set[str] = set()
    # A file of several refs belongs to the default branch, or else to the first.
    for ref, head in sorted(git.refs.list("refs/").items(), key=lambda item: item[0] != MAIN_REF):
        peeled = git.peel(head)
        for commit in reversed(list(git.history(peeled)) if peeled else []):
            if commit.sha not in commits:
                commits.add(commit.sha)
                for found in _of_commit(hub, git, commit, ref, trees):
                    if found.sha256 not in files:
                        files.add(found.sha256)
                        yield found


def _of_commit(hub: Hub, git: GitRepository, commit: CommitInfo, ref: str, trees: set[str]) -> Iterator[_Found]:
    # A tree of an earlier commit has nothing new.
    pending = [(commit.tree, "")]
    while pending:
        tree, prefix = pending.pop()
        if tree in trees:
            continue
        trees.add(tree)
        for name, entry in git.load_tree(tree).items():
            if entry.is_folder:
                pending.append((entry.sha, f"{prefix}{name}/"))
            elif pointer := hub.facts.of(git, entry.sha).pointer:
                yield _Found(pointer.sha256, pointer.size, prefix + name, ref, commit.time)


def delete_large_files(hub: Hub, request: Request) -> Response:
    """`POST /api/P/R/lfs-files/batch`: rewrite all refs without some large files.

    Only what a ref reaches is served, so the files are gone from this repository. Their bytes stay in the store, which
    other repositories share.
    """
    repo = repo_of(request)
    authorize_write(hub, request, repo)
    unwanted = _unwanted(request.json_object().get("deletions"))
    with hub.repositories.changing(repo) as git:

        def is_unwanted(entry: Entry) -> bool:
            return hub.facts.of(git, entry.sha).digest in unwanted

        rewriting = Rewriting(git, is_unwanted)
        rewriting.run()
        discussions = Discussions(git.path)
        for discussion in discussions.list():
            base, merged = (
                rewriting.commits.get(commit, commit) if commit else None
                for commit in (discussion.base_commit, discussion.merge_commit)
            )
            changed = replace(discussion, base_commit=base, merge_commit=merged)
            if changed != discussion:
                discussions.save(changed)
    return json_response({"success": True})


def _unwanted(deletions: Any) -> frozenset[str]:
    shas = deletions.get("sha") if isinstance(deletions, dict) else None
    if not isinstance(shas, list) or len(shas) > PAGE or not all(map(is_sha256, shas)):
        raise bad_request(f'"deletions" must name at most {PAGE} large files by their sha256')
    if deletions.get("rewriteHistory", True) is not True:
        raise bad_request("Large files are removed together with their pointers: set rewriteHistory to true")
    return frozenset(shas)
