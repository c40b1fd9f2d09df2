"""Discussions and pull requests: one JSON file each; a pull request's commits are on refs/pr/N.

Refs move before the discussion's file is written: a crash between the two leaves a ref without a discussion,
never a pull request without commits. Callers that change one hold the repository's lock.
"""

import os
import re
import secrets
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from hublish.hub.server.durable_files import read_json, write_json
from hublish.hub.server.git.git_trees import Merge, merge_trees
from hublish.hub.server.git.refs import Refs
from hublish.hub.server.git.repository import GitRepository, Signature, add_commit, now, write_tree
from hublish.hub.server.refusals import bad_request, conflict
from hublish.hub.server.repositories import MAIN_REF, timestamp

_PULL_REQUEST = re.compile(r"refs/pr/([1-9][0-9]{0,8})")


@dataclass(frozen=True, slots=True)
class Discussion:
    """A discussion or pull request as it is stored."""

    num: int
    title: str
    author: str
    created_at: str
    status: str  # `draft`, `open`, `closed` or `merged`
    pull_request: bool
    base_commit: str | None = None  # the commit a pull request started from; None for a discussion
    merge_commit: str | None = None
    events: tuple[dict[str, Any], ...] = field(default=())  # in the Hub's own form, oldest first

    @property
    def ref(self) -> str:
        """The ref of a pull request's commits."""
        return f"refs/pr/{self.num}"

    @property
    def is_active(self) -> bool:
        """Whether it is neither closed nor merged."""
        return self.status in ("draft", "open")

    def with_event(self, kind: str, author: str, data: dict[str, Any]) -> "Discussion":
        """Return the discussion with one more event: `comment`, `status-change`, `commit` or `title-change`."""
        origin = {"id": secrets.token_hex(12), "createdAt": timestamp(), "author": {"name": author}}
        return replace(self, events=(*self.events, {**origin, "type": kind, "data": data}))

    def with_comment(self, author: str, text: str) -> "Discussion":
        """Return the discussion with one more comment."""
        data = {"edited": False, "hidden": False, "latest": comment_version(text, author), "history": [], "numEdits": 0}
        return self.with_event("comment", author, data)

    def with_commit(self, author: str, title: str, commit: str) -> "Discussion":
        """Return the pull request with one more commit."""
        return self.with_event("commit", author, {"subject": title, "oid": commit})


def number_of(ref: str) -> int | None:
    """Return the number of the pull request whose commits are on `ref`, or None for any other ref."""
    match = _PULL_REQUEST.fullmatch(ref)
    return int(match.group(1)) if match else None


def comment_version(text: str, author: str) -> dict[str, Any]:
    """Return one version of a comment; an edit adds another."""
    return {"raw": text, "html": "", "updatedAt": timestamp(), "author": {"name": author}}


class Discussions:
    """The discussions of one repository."""

    def __init__(self, repository: Path) -> None:
        self._folder = repository / "hub" / "discussions"
        self._scratch = repository / "hub" / "scratch"
        self._refs = Refs(repository)

    def next_number(self) -> int:
        """Return a number that neither a discussion nor a pull request's ref has; a crash may leave such a ref."""
        taken = self.numbers()
        taken += [int(name.rpartition("/")[2]) for name in self._refs.list("refs/pr/")]
        return max(taken, default=0) + 1

    def numbers(self) -> "list[int]":
        """Return the numbers of all discussions, the newest first."""
        try:
            names = os.listdir(self._folder)  # noqa: PTH208 - names alone, fast
        except FileNotFoundError:
            return []
        return sorted((int(name.removesuffix(".json")) for name in names if name.endswith(".json")), reverse=True)

    def get(self, num: int) -> Discussion | None:
        """Return a discussion, or None."""
        content = read_json(self._folder / f"{num}.json")
        return Discussion(**{**content, "events": tuple(content["events"])}) if content else None

    def of_ref(self, ref: str) -> Discussion | None:
        """Return the pull request whose commits are on `ref`, or None for any other ref."""
        number = number_of(ref)
        return None if number is None else self.get(number)

    def list(self) -> list[Discussion]:
        """Return all discussions, newest first."""
        return [found for number in self.numbers() if (found := self.get(number))]

    def save(self, discussion: Discussion) -> None:
        """Store a discussion, atomically."""
        write_json(self._folder / f"{discussion.num}.json", asdict(discussion), scratch=self._scratch)


def open_discussion(
    git: GitRepository, user: str, title: str, description: str, *, base: str | None = None, commit: str | None = None
) -> Discussion:
    """Open a discussion; with `base`, a pull request of `commit` on top of it, or an empty one, which is a draft."""
    number = Discussions(git.path).next_number()
    status = "draft" if base and not commit else "open"
    opened = Discussion(number, title, user, timestamp(), status, pull_request=bool(base), base_commit=base)
    opened = opened.with_comment(user, description)
    if commit:
        opened = opened.with_commit(user, title, commit)
    if head := commit or base:
        git.refs.set(opened.ref, head, expected=None)
    Discussions(git.path).save(opened)
    return opened


def push(git: GitRepository, discussion: Discussion, user: str, title: str, head: str, commit: str) -> None:
    """Move a pull request from `head` to `commit`."""
    git.refs.set(discussion.ref, commit, expected=head)
    Discussions(git.path).save(discussion.with_commit(user, title, commit))


def conflicting_files(git: GitRepository, discussion: Discussion) -> list[str]:
    """Return the paths that prevent a pull request from being merged."""
    main, head = git.refs.get(MAIN_REF), git.refs.get(discussion.ref)
    if not main or not head or not discussion.is_active:
        return []
    return list(_merge(git, main, head).conflicts)


def _merge(git: GitRepository, main: str, head: str) -> Merge:
    base = git.merge_base(main, head)
    trees = (git.commit(base).tree if base else None, git.commit(main).tree, git.commit(head).tree)
    return merge_trees(git.load_tree, *trees)


def merge(git: GitRepository, discussion: Discussion, user: str, comment: str | None) -> Discussion:
    """Merge a pull request into the default branch, by fast-forward or by a merge commit.

    Raise 400 when it is a draft, closed or merged; 409 when it conflicts with later commits.
    """
    if discussion.status != "open":
        raise bad_request(f"Cannot merge a pull request that is {discussion.status}; only open ones can be merged")
    main, head = git.refs.get(MAIN_REF), git.refs.get(discussion.ref)
    assert main is not None
    assert head is not None
    # A fast-forward, when the pull request contains all of main.
    merged = head if git.merge_base(main, head) == main else _merge_commit(git, discussion, user, main, head)
    git.refs.set(MAIN_REF, merged, expected=main)
    done = replace(discussion, status="merged", merge_commit=merged)
    if comment:
        done = done.with_comment(user, comment)
    done = done.with_event("status-change", user, {"status": "merged"})
    Discussions(git.path).save(done)
    return done


def _merge_commit(git: GitRepository, discussion: Discussion, user: str, main: str, head: str) -> str:
    result = _merge(git, main, head)
    if result.conflicts:
        files = ", ".join(result.conflicts[:10])
        raise conflict(f"This pull request has conflicts with the base branch: {files}")
    with git.writer() as writer:
        message = f"{discussion.title} (#{discussion.num})"
        merged = add_commit(writer, write_tree(writer, result), (main, head), Signature(user, now()), message)
        writer.finish()
    return merged
