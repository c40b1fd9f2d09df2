"""Commits: operations applied to a tree, then a ref moved by compare-and-swap."""

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import IO

from dulwich.objects import Blob

from hublish.hub.server.access import authorize_contribution, repo_of, require_owner, usable_objects
from hublish.hub.server.accounts import Account
from hublish.hub.server.card_checks import validate
from hublish.hub.server.commit_body import BodyReader, Header, Operation
from hublish.hub.server.git.git_trees import FILE_MODE, Entry, PathConflictError, TreeEditor
from hublish.hub.server.git.object_writer import ObjectWriter
from hublish.hub.server.git.repository import GitRepository, Signature, add_commit, now, write_tree
from hublish.hub.server.http import Request, Response, json_response, receive_into
from hublish.hub.server.pull_requests import Discussion, Discussions, number_of, open_discussion, push
from hublish.hub.server.refusals import HubError, bad_request, entry_not_found, forbidden, revision_not_found
from hublish.hub.server.repo_ids import RepoId
from hublish.hub.server.snapshots import branch_of
from hublish.hub.server.stores import Hub
from hublish.schemas.documents.file_names import CARD_FILE
from hublish.schemas.secrets.token_rules import HUB_TOKEN_PART, HUB_TOKEN_PREFIXES


@dataclass(frozen=True, slots=True)
class _Target:
    """The revision that a commit goes to, and its author."""

    repo: RepoId
    account: Account
    revision: str
    create_pr: bool

    @property
    def ref(self) -> str:
        return self.revision if self.revision.startswith("refs/") else f"refs/heads/{self.revision}"

    @property
    def number(self) -> int | None:
        return number_of(self.ref)


async def commit(hub: Hub, request: Request) -> Response:
    """`POST /api/P/R/commit/V[?create_pr=1]`."""
    repo = repo_of(request)
    account = await asyncio.to_thread(authorize_contribution, hub, request, repo)
    target = _Target(repo, account, branch_of(request.params["revision"]), request.flag("create_pr"))
    if not target.create_pr and target.number is None:  # to a branch, which readers may not change
        require_owner(account, repo)
    # The regular files of one commit, in base64, may be hundreds of megabytes.
    with hub.objects.spooled() as body:
        await receive_into(request.stream, body.write)
        body.seek(0)
        oid, discussion = await asyncio.to_thread(_commit, hub, target, body)
    # The client takes the repository's URL from the text before /commit/, and N from the end of pullRequestUrl,
    # which must be there with create_pr.
    url = request.base_url + repo.url_path
    answer = {"success": True, "commitOid": oid, "commitUrl": f"{url}/commit/{oid}", "hookOutput": ""}
    if discussion:
        answer["pullRequestUrl"] = f"{url}/discussions/{discussion.num}"
    return json_response(answer)


def _commit(hub: Hub, target: _Target, body: IO[bytes]) -> tuple[str, Discussion | None]:
    with hub.repositories.open(target.repo) as git, git.writer() as writer:
        _head(git, target)  # report a missing branch before parsing a large body
        reader = BodyReader(
            size_of=partial(_size_of, hub, target, git),
            add_blob=partial(_add_blob, hub, writer),
            check=partial(check_content, hub, target.repo),
            largest_file=hub.limits.regular_file,
        )
        header, operations = reader.read(body)
        with hub.repositories.changing(target.repo):
            head = _head(git, target)
            _require_parent(header, head)
            editor = TreeEditor(git.load_tree, git.commit(head).tree)
            for operation in operations:
                _apply(editor, operation)
            author = Signature(target.account.user, now())
            oid = add_commit(writer, write_tree(writer, editor), (head,), author, header.message)
            return oid, _publish(git, writer, target, header, head, oid)


def _add_blob(hub: Hub, writer: ObjectWriter, content: bytes) -> str:
    sha = writer.add(Blob.type_num, content)
    # The author lists the new revision next; without its facts, the listing would read every blob from the pack.
    hub.facts.learn(sha, content)
    return sha


def _size_of(hub: Hub, target: _Target, git: GitRepository, sha256: str) -> int | None:
    return usable_objects(hub, target.account, git, [sha256]).get(sha256)


def _head(git: GitRepository, target: _Target) -> str:
    head = git.refs.get(target.ref)
    if head is None or not target.ref.startswith(("refs/heads/", "refs/pr/")):
        raise revision_not_found(target.revision)
    return head


def _require_parent(header: Header, head: str) -> None:
    parent = header.parent_commit
    # The client accepts abbreviated ids as parent_commit.
    if parent is not None and (len(parent) < 5 or not head.startswith(parent.lower())):
        # The Hub's own words, which clients search for.
        hint = "The branch was updated since you opened this page. Please refresh and try again."
        message = f"A commit has happened since. Expected parent {parent}, but the head is {head}. {hint}"
        raise HubError(412, None, message)


def _apply(editor: TreeEditor, operation: Operation) -> None:
    path = operation.path.split("/")
    if operation.blob:
        try:
            editor.put(path, Entry(FILE_MODE, operation.blob))
        except PathConflictError:
            raise bad_request(f"{operation.path!r} would be a file and a folder at once") from None
    # As on the Hub, a deleted "file" may be a folder: clients cannot know what a path without a slash names.
    elif not any(editor.remove(path, folder=folder) for folder in (operation.folder, True)):
        # The client appends a hint to an EntryNotFound with this text.
        error = entry_not_found(operation.path)
        error.message = f"A file with this name doesn't exist: {operation.path}"
        raise error


def _publish(
    git: GitRepository, writer: ObjectWriter, target: _Target, header: Header, head: str, oid: str
) -> Discussion | None:
    """Make the commit durable, then move a ref to it: only the ref makes it visible."""
    user = target.account.user
    if target.number is not None and not target.create_pr:
        discussion = _own_pull_request(git, target, target.number)
        writer.finish()
        push(git, discussion, user, header.summary, head, oid)
        return discussion
    writer.finish()
    if target.create_pr:
        return open_discussion(git, user, header.summary, header.description, base=head, commit=oid)
    git.refs.set(target.ref, oid, expected=head)
    return None


def _own_pull_request(git: GitRepository, target: _Target, number: int) -> Discussion:
    discussion = Discussions(git.path).get(number)
    if discussion is None:
        raise revision_not_found(target.revision)
    if discussion.author != target.account.user:
        require_owner(target.account, target.repo)
    if not discussion.is_active:
        raise forbidden(f"This pull request is {discussion.status}")
    return discussion


def has_token(hub: Hub, content: bytes) -> bool:
    """Return whether a file contains a token that is valid here."""
    if not any(prefix in content for prefix in HUB_TOKEN_PREFIXES):
        return False
    tokens = {found.group() for found in HUB_TOKEN_PART.finditer(content.decode("latin-1"))}
    return any(map(hub.accounts.of, tokens))


def check_content(hub: Hub, repo: RepoId, path: str, content: bytes) -> None:
    """Raise 400 when a regular file of a repository may not have this content."""
    # As on the Hub, only live tokens are refused, and the message does not repeat them.
    if has_token(hub, content):
        raise bad_request(f"{path!r} contains a valid access token. Remove it and try again.")
    if path != CARD_FILE:
        return
    # Clients may skip validate-yaml.
    report = validate(repo.kind, content.decode("utf-8", "replace"))
    if report.errors:
        text = "\n".join(f"- {message}" for message in report.errors)
        raise HubError(400, None, f"Invalid metadata in README.md.\n{text}", **report.to_json())
