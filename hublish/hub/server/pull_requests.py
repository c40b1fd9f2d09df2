"""Pull requests: commits on refs/pr/N, and bringing them into the default branch.

Refs move before the discussion's file is written: a crash between the two leaves a ref nobody mentions,
never a pull request without commits.
"""

from dataclasses import replace

from hublish.hub.server.discussions import Discussion, Discussions, comment_data, new_event
from hublish.hub.server.git.merging import Merge, merge_trees
from hublish.hub.server.git.repository import GitRepository, Signature, add_commit, add_tree, now
from hublish.hub.server.git.tree import serialize
from hublish.hub.server.http import bad_request
from hublish.hub.server.refusals import conflict
from hublish.hub.server.repositories import MAIN_REF, timestamp


def open_discussion(git: GitRepository, user: str, title: str, description: str, *, pull_request: bool) -> Discussion:
    """Open a discussion, or an empty pull request as a draft; the caller holds the lock."""
    head = git.refs.get(MAIN_REF)
    discussions = Discussions(git.path)
    discussion = Discussion(
        num=discussions.next_number(),
        title=title,
        author=user,
        created_at=timestamp(),
        status="draft" if pull_request else "open",
        pull_request=pull_request,
        base_commit=head if pull_request else None,
        events=(new_event("comment", user, comment_data(description, user)),),
    )
    if pull_request and head:
        git.refs.set(discussion.ref, head, expected=None)
    discussions.save(discussion)
    return discussion


def open_with_commit(git: GitRepository, user: str, title: str, description: str, base: str, commit: str) -> Discussion:
    """Open a pull request that consists of `commit` on top of `base`; the caller holds the lock."""
    discussions = Discussions(git.path)
    discussion = Discussion(
        num=discussions.next_number(),
        title=title,
        author=user,
        created_at=timestamp(),
        status="open",
        pull_request=True,
        base_commit=base,
        events=(
            new_event("comment", user, comment_data(description, user)),
            new_event("commit", user, {"subject": title, "oid": commit}),
        ),
    )
    git.refs.set(discussion.ref, commit, expected=None)
    discussions.save(discussion)
    return discussion


def push(git: GitRepository, discussion: Discussion, user: str, title: str, head: str, commit: str) -> None:
    """Move a pull request on from `head` to `commit`; the caller holds the lock."""
    git.refs.set(discussion.ref, commit, expected=head)
    event = ("commit", user, {"subject": title, "oid": commit})
    Discussions(git.path).save(discussion.with_event(*event))


def conflicting_files(git: GitRepository, discussion: Discussion) -> list[str]:
    """Return the paths that keep a pull request from being merged."""
    main, head = git.refs.get(MAIN_REF), git.refs.get(discussion.ref)
    if not main or not head or not discussion.is_active:
        return []
    return list(_merge(git, main, head).conflicts)


def _merge(git: GitRepository, main: str, head: str) -> Merge:
    base = git.merge_base(main, head)
    trees = (git.commit(base).tree if base else None, git.commit(main).tree, git.commit(head).tree)
    return merge_trees(git.load_tree, *trees)


def merge(git: GitRepository, discussion: Discussion, user: str, comment: str | None) -> Discussion:
    """Bring a pull request into the default branch, by fast-forward or by a merge commit.

    The caller holds the lock.

    Raises:
        HubError: 400, it is a draft, closed or merged; 409, it conflicts with what happened since.
    """
    if discussion.status != "open":
        raise bad_request(f"Cannot merge a pull request that is {discussion.status}; only open ones can be merged")
    main, head = git.refs.get(MAIN_REF), git.refs.get(discussion.ref)
    assert main is not None
    assert head is not None
    merged = head if git.merge_base(main, head) == main else _merge_commit(git, discussion, user, main, head)
    git.refs.set(MAIN_REF, merged, expected=main)
    done = replace(discussion, status="merged", merge_commit=merged)
    if comment:
        done = done.with_event("comment", user, comment_data(comment, user))
    done = done.with_event("status-change", user, {"status": "merged"})
    Discussions(git.path).save(done)
    return done


def _merge_commit(git: GitRepository, discussion: Discussion, user: str, main: str, head: str) -> str:
    result = _merge(git, main, head)
    if result.conflicts:
        files = ", ".join(result.conflicts[:10])
        raise conflict(f"This pull request has conflicts with the base branch: {files}")
    with git.writer() as writer:
        tree = result.write(lambda data: add_tree(writer, data)) or add_tree(writer, serialize({}))
        message = f"{discussion.title} (#{discussion.num})"
        merged = add_commit(writer, tree, (main, head), Signature(user, now()), message)
        writer.finish()
    return merged
