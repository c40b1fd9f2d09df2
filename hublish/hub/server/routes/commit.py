"""Making a commit."""

import asyncio
import re
import tempfile
from dataclasses import dataclass
from typing import IO

from hublish.hub.server.access import authorize_contribution, repo_of, require_namespace
from hublish.hub.server.accounts import Account
from hublish.hub.server.cards import validate
from hublish.hub.server.commit_body import BodyReader, Header
from hublish.hub.server.committing import require_parent, write_commit
from hublish.hub.server.discussions import Discussion, Discussions
from hublish.hub.server.git.repository import GitRepository, Signature, add_blob, now
from hublish.hub.server.git.writing import ObjectWriter
from hublish.hub.server.http import HubError, Request, Response, bad_request, json_response
from hublish.hub.server.hub import Hub
from hublish.hub.server.names import RepoId
from hublish.hub.server.pull_requests import open_with_commit, push
from hublish.hub.server.refusals import forbidden, revision_not_found
from hublish.hub.server.routes.cards import report_json
from hublish.hub.server.streaming import receive_into
from hublish.schemas.documents.file_names import CARD_FILE
from hublish.schemas.secrets.token_rules import HUB_TOKEN_PART

IN_MEMORY = 1 << 20
"""Bytes of a body that are kept off the disk."""

_PULL_REQUEST = re.compile(r"refs/pr/([1-9][0-9]{0,8})")


@dataclass(frozen=True, slots=True)
class _Target:
    """Where a commit shall go, and whose it is."""

    repo: RepoId
    account: Account
    revision: str
    create_pr: bool

    @property
    def ref(self) -> str:
        return self.revision if self.revision.startswith("refs/") else f"refs/heads/{self.revision}"

    @property
    def number(self) -> int | None:
        match = _PULL_REQUEST.fullmatch(self.ref)
        return int(match.group(1)) if match else None


async def commit(hub: Hub, request: Request) -> Response:
    """`POST /api/P/R/commit/V[?create_pr=1]`."""
    repo = repo_of(request)
    account = await asyncio.to_thread(authorize_contribution, hub, request, repo)
    target = _Target(repo, account, request.params["revision"], request.flag("create_pr"))
    if not target.create_pr and target.number is None:
        require_namespace(account, repo.namespace)
    with tempfile.SpooledTemporaryFile(IN_MEMORY, dir=str(hub.objects.scratch)) as body:
        await receive_into(request.stream, body.write)
        body.seek(0)
        oid, discussion = await asyncio.to_thread(_commit, hub, target, body)
    url = request.base_url + repo.url_path
    answer = {"success": True, "commitOid": oid, "commitUrl": f"{url}/commit/{oid}", "hookOutput": ""}
    if discussion:
        answer["pullRequestUrl"] = f"{url}/discussions/{discussion.num}"
    return json_response(answer)


def _commit(hub: Hub, target: _Target, body: IO[bytes]) -> tuple[str, Discussion | None]:
    with hub.repositories.open(target.repo) as git, git.writer() as writer:
        _head(git, target)  # a missing branch is told before a large body is read
        reader = BodyReader(
            objects=hub.objects,
            add_blob=lambda content: add_blob(writer, content),
            check=lambda path, content: _check_content(hub, target.repo, path, content),
            largest_file=hub.limits.regular_file,
        )
        header, operations = reader.read(body)
        with hub.repositories.changing(target.repo):
            head = _head(git, target)
            require_parent(header, head)
            oid = write_commit(git, writer, head, header, operations, Signature(target.account.user, now()))
            return oid, _publish(git, writer, target, header, head, oid)


def _head(git: GitRepository, target: _Target) -> str:
    head = git.refs.get(target.ref)
    if head is None or not target.ref.startswith(("refs/heads/", "refs/pr/")):
        raise revision_not_found(target.revision)
    return head


def _publish(
    git: GitRepository, writer: ObjectWriter, target: _Target, header: Header, head: str, oid: str
) -> Discussion | None:
    """Make the commit durable, then let a ref name it: the one step that publishes it."""
    user = target.account.user
    if target.number is not None and not target.create_pr:
        discussion = _own_pull_request(git, target, target.number)
        writer.finish()
        push(git, discussion, user, header.summary, head, oid)
        return discussion
    writer.finish()
    if target.create_pr:
        return open_with_commit(git, user, header.summary, header.description, head, oid)
    git.refs.set(target.ref, oid, expected=head)
    return None


def _own_pull_request(git: GitRepository, target: _Target, number: int) -> Discussion:
    discussion = Discussions(git.path).get(number)
    if discussion is None:
        raise revision_not_found(target.revision)
    if discussion.author != target.account.user:
        require_namespace(target.account, target.repo.namespace)
    if not discussion.is_active:
        raise forbidden(f"This pull request is {discussion.status}")
    return discussion


def _check_content(hub: Hub, repo: RepoId, path: str, content: bytes) -> None:
    tokens = {found.group() for found in HUB_TOKEN_PART.finditer(content.decode("latin-1"))}
    if any(map(hub.accounts.of, tokens)):
        raise bad_request(f"{path!r} holds a valid access token. Remove it and try again.")
    if path != CARD_FILE:
        return
    report = validate(repo.kind, content.decode("utf-8", "replace"))
    if report.errors:
        text = "\n".join(f"- {message}" for message in report.errors)
        raise HubError(400, None, f"Invalid metadata in README.md.\n{text}", **report_json(report))
