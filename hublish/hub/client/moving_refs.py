"""Read and move the tags and branches that follow the releases."""

from collections.abc import Iterable

from hublish.base.values import RepoRef
from hublish.base.values.moving_ref import MovingNames, MovingRef, moving_refs
from hublish.hub.client import failures, listings
from hublish.hub.client.hub import Hub
from hublish.hub.client.listings import quote


def current_refs(hub: Hub, repo: RepoRef, names: MovingNames) -> tuple[MovingRef, ...]:
    """Return the declared refs as they are on the Hub now, in one request; none without a name.

    Raises:
        RemoteError: the Hub cannot be read.
    """
    if not (names.moving_tags or names.moving_branches):
        return ()
    found = hub.refs(repo, *(["tags"] if names.moving_tags else []), *(["branches"] if names.moving_branches else []))
    return tuple(moving_refs(names, found.get("tags", {}), found.get("branches", {})))


def outside_history(hub: Hub, repo: RepoRef, revision: str, commits: Iterable[str]) -> frozenset[str]:
    """Return those of the commits that are not in the history of a revision.

    Raises:
        RemoteError: the Hub cannot be read, or lists no history.
    """
    wanted = frozenset(commits)
    path = f"{repo.repo_type}s/{repo.repo_id}/commits/{quote(revision)}"
    with hub.translating(f"reading the history of {repo.repo_id}"):
        # Read only as far as needed: a ref that follows the releases is rarely far behind.
        for page in hub.pages(path) if wanted else ():
            wanted -= {listings.field(entry, "id", str) for entry in page}
            if not wanted:
                break
    return wanted


def move(hub: Hub, repo: RepoRef, ref: MovingRef, commit: str, *, in_place: bool = True) -> None:
    """Set a tag or branch to a commit, wherever it is.

    Args:
        hub: the Hub.
        repo: the repo.
        ref: the tag or branch as it is now.
        commit: its next commit.
        in_place: try to move a branch in one request, which not every Hub can do.

    Raises:
        RemoteError: the Hub does not move it. A ref that could only be deleted is missing then.
    """
    if in_place and ref.kind == "branch" and _overwrite_branch(hub, repo, ref.name, commit):
        return
    # The API neither moves a tag nor replaces it. Nothing happens between the two requests, so that readers miss it
    # for as short as possible.
    if ref.at is not None:
        _delete(hub, repo, ref)
    _create(hub, repo, ref, commit)


def _overwrite_branch(hub: Hub, repo: RepoRef, name: str, commit: str) -> bool:
    """Return False when the Hub responds that the branch exists: it only creates branches."""
    from huggingface_hub.utils import get_session, hf_raise_for_status

    # huggingface_hub's function lacks `overwrite`, unlike the Hub and its JavaScript client.
    url = f"{hub.endpoint}/api/{repo.repo_type}s/{repo.repo_id}/branch/{quote(name)}"
    body = {"startingPoint": commit, "overwrite": True}

    def call() -> bool:
        response = get_session().post(url, headers=hub.request_headers, json=body)
        if response.status_code == 409:
            return False
        hf_raise_for_status(response)
        return True

    with hub.translating(f"moving the branch {name}"):
        return hub.retries.retrying(call)


def _delete(hub: Hub, repo: RepoRef, ref: MovingRef) -> None:
    delete = hub.api.delete_tag if ref.kind == "tag" else hub.api.delete_branch

    def call() -> None:
        try:
            delete(repo.repo_id, **{ref.kind: ref.name}, repo_type=repo.repo_type)
        except Exception as error:
            # Deleted by a first try whose response was lost, or by another publisher.
            if not failures.is_missing(error):
                raise

    with hub.translating(f"deleting the {ref}"):
        hub.retries.retrying(call)


def _create(hub: Hub, repo: RepoRef, ref: MovingRef, commit: str) -> None:
    create = hub.api.create_tag if ref.kind == "tag" else hub.api.create_branch
    with hub.translating(f"creating the {ref}"):
        hub.retries.retrying(
            lambda: create(
                repo.repo_id, **{ref.kind: ref.name}, revision=commit, repo_type=repo.repo_type, exist_ok=True
            )
        )
