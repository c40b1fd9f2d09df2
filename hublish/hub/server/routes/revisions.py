"""Branches, tags, the commits of a revision, and histories that are squashed or lose their large files."""

from dataclasses import replace
from functools import cache
from html import escape
from typing import Any

from dulwich.objects import Tree

from hublish.hub.server.access import authorize_write, repo_of, repo_to_read, repo_to_write
from hublish.hub.server.accounts import avatar_of
from hublish.hub.server.git.git_trees import Entry, serialize
from hublish.hub.server.git.histories import Rewriting
from hublish.hub.server.git.references import LargeFile
from hublish.hub.server.git.refs import is_valid_ref
from hublish.hub.server.git.repository import CommitInfo, GitRepository, Signature, add_commit, add_tag, now
from hublish.hub.server.http import Request, Response, expanded, json_response, page_of
from hublish.hub.server.objects import is_sha256
from hublish.hub.server.pull_requests import Discussions, push
from hublish.hub.server.refusals import bad_request, conflict, forbidden, revision_not_found
from hublish.hub.server.repositories import DEFAULT_BRANCH, MAIN_REF, timestamp
from hublish.hub.server.snapshots import branch_of, commit_of, requested_snapshot
from hublish.hub.server.stores import Hub

# Commits in one page.
PAGE = 50


def list_refs(hub: Hub, request: Request) -> Response:
    """`GET /api/P/R/refs[?include_prs=1]`."""
    with hub.repositories.open(repo_to_read(hub, request)) as git:
        shown = {
            "branches": _shown(git, "refs/heads/"),
            "converts": _shown(git, "refs/convert/"),
            "tags": _shown(git, "refs/tags/"),
        }
        if request.flag("include_prs"):
            shown["pullRequests"] = _shown(git, "refs/pr/")
    return json_response(shown)


def _shown(git: GitRepository, prefix: str) -> list[dict[str, str | None]]:
    peel = cache(git.peel)
    # Annotated tags are peeled: the field is the commit, not the tag object.
    return [
        {"name": name.removeprefix(prefix), "ref": name, "targetCommit": peel(sha)}
        for name, sha in git.refs.list(prefix).items()
    ]


def create_branch(hub: Hub, request: Request) -> Response:
    """`POST /api/P/R/branch/B`, at a starting point or at the head of the default branch.

    huggingface.js adds `emptyBranch`, for a branch without files, and `overwrite`, which moves an existing branch.
    """
    repo, account = repo_to_write(hub, request)
    branch = _valid(request.params["branch"])
    ref = f"refs/heads/{branch}"
    body = request.json_object()
    start = body.get("startingPoint")
    empty, overwrite = (body.get(name) is True for name in ("emptyBranch", "overwrite"))
    with hub.repositories.changing(repo) as git, git.writer() as writer:
        current = git.refs.get(ref)
        if not (current and overwrite):
            _require_free(git, ref)
        if empty:
            tree = writer.add(Tree.type_num, serialize({}))
            commit = add_commit(writer, tree, (), Signature(account.user, now()), "initial commit")
            writer.finish()
        else:  # an overwritten branch without a starting point stays as it is
            commit = commit_of(hub, git, str(start or (ref if current else DEFAULT_BRANCH)))
        git.refs.set(ref, commit, expected=current)
    return json_response({"ref": ref, "targetCommit": commit})


def delete_branch(hub: Hub, request: Request) -> Response:
    """`DELETE /api/P/R/branch/B`; the default branch cannot be deleted."""
    if request.params["branch"] == DEFAULT_BRANCH:
        repo_to_write(hub, request)
        raise forbidden(f"Cannot delete {MAIN_REF}: it is the default branch")
    return _delete(hub, request, f"refs/heads/{request.params['branch']}")


def create_tag(hub: Hub, request: Request) -> Response:
    """`POST /api/P/R/tag/V`: an annotated tag with a message, else a lightweight one."""
    repo, account = repo_to_write(hub, request)
    body = request.json_object()
    with hub.repositories.changing(repo) as git, git.writer() as writer:
        # First of all, as on the Hub: a missing revision is reported before an invalid name.
        commit = commit_of(hub, git, request.params["revision"])
        tag = _valid(str(body.get("tag", "")))
        _require_free(git, f"refs/tags/{tag}")
        target = commit
        if message := str(body.get("message") or ""):
            target = add_tag(writer, tag, commit, Signature(account.user, now()), message)
            writer.finish()
        git.refs.set(f"refs/tags/{tag}", target, expected=None)
    return json_response({"ref": f"refs/tags/{tag}", "targetCommit": commit})


def delete_tag(hub: Hub, request: Request) -> Response:
    """`DELETE /api/P/R/tag/T`."""
    return _delete(hub, request, f"refs/tags/{request.params['revision']}")


def _delete(hub: Hub, request: Request, ref: str) -> Response:
    repo, _ = repo_to_write(hub, request)
    with hub.repositories.changing(repo) as git:
        name = ref.split("/", 2)[2]
        if not is_valid_ref(name) or git.refs.get(ref) is None:
            raise revision_not_found(name)
        git.refs.delete(ref)
    return Response(200, {})


def _valid(name: str) -> str:
    # A branch named refs/... would be ambiguous with the full name of another ref.
    if not is_valid_ref(name) or name.startswith("refs/"):
        raise bad_request(f"Invalid name of a branch or tag: {name!r}")
    return name


def _require_free(git: GitRepository, ref: str) -> None:
    # 409 is the status that `exist_ok` swallows.
    if git.refs.get(ref):
        raise conflict(f"Reference {ref} already exists")
    if other := git.refs.conflicting(ref):
        raise conflict(f"Reference {other} already exists and cannot coexist with {ref}")


def list_commits(hub: Hub, request: Request) -> Response:
    """`GET /api/P/R/commits/V[?expand[]=formatted]`, newest first."""
    formatted = "formatted" in expanded(request, ("formatted",)) or request.flag("formatted")
    with requested_snapshot(hub, request) as snapshot:
        history = hub.references.order(snapshot.git, snapshot.commit.sha)
        page, headers = page_of(request, history, PAGE)
        shown = [_commit(snapshot.git.commit(sha), formatted=formatted) for sha in page]
    return json_response(shown, headers={**headers, "x-total-count": str(len(history))})


def _commit(commit: CommitInfo, *, formatted: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": commit.sha,
        "title": commit.title,
        "message": commit.body,
        "authors": [{"user": commit.author, "avatar": avatar_of(commit.author)}],
        "date": timestamp(commit.time),
    }
    if formatted:  # as HTML, for a page that shows it
        shown["formatted"] = {"title": escape(commit.title), "message": escape(commit.body).replace("\n", "<br>\n")}
    return shown


def super_squash(hub: Hub, request: Request) -> Response:
    """`POST /api/P/R/super-squash/B`: replace a branch, or a pull request, by one commit with the same files."""
    repo, account = repo_to_write(hub, request)
    branch = branch_of(request.params["revision"])
    ref = branch if branch.startswith("refs/") else f"refs/heads/{branch}"
    message = str(request.json_object().get("message") or f"Super-squash branch '{branch}'")
    with hub.repositories.changing(repo) as git, git.writer() as writer:
        head = git.refs.get(ref)
        if ref.startswith("refs/tags/") or (head is None and git.refs.get(f"refs/tags/{branch}")):
            raise bad_request(f"Invalid reference for a branch: {branch}. The history of a tag cannot be squashed")
        if head is None:
            raise revision_not_found(branch)
        request_of = Discussions(git.path).of_ref(ref)
        if request_of and not request_of.is_active:
            raise forbidden(f"This pull request is {request_of.status}")
        squashed = add_commit(writer, git.commit(head).tree, (), Signature(account.user, now()), message)
        writer.finish()
        if request_of:
            push(git, request_of, account.user, message.partition("\n")[0], head, squashed)
        else:
            git.refs.set(ref, squashed, expected=head)
    return json_response({"commitOid": squashed})


# Large files in one page of a list, and in one call that removes them, as on the Hub.
LARGE_PAGE = 1000


def list_large_files(hub: Hub, request: Request) -> Response:
    """`GET /api/P/R/lfs-files`, the latest first."""
    repo, _ = repo_to_write(hub, request)
    with hub.repositories.open(repo) as git:
        found = hub.references.large_files(git)
    page, headers = page_of(request, found, LARGE_PAGE)
    return json_response([_shown_file(hub, file) for file in page], headers=headers)


def _shown_file(hub: Hub, file: LargeFile) -> dict[str, Any]:
    shown = {"fileOid": file.sha256, "oid": file.sha256, "filename": file.path, "size": file.size, "ref": file.ref}
    shown["pushedAt"] = timestamp(file.time)
    return shown | ({"xetHash": xet_hash} if (xet_hash := hub.xet_hash(file.sha256)) else {})


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
    if not isinstance(shas, list) or len(shas) > LARGE_PAGE or not all(map(is_sha256, shas)):
        raise bad_request(f'"deletions" must name at most {LARGE_PAGE} large files by their sha256')
    if deletions.get("rewriteHistory", True) is not True:
        raise bad_request("Large files are removed together with their pointers: set rewriteHistory to true")
    return frozenset(shas)
