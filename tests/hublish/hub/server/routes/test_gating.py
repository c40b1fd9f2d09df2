"""Access to gated repositories, with the real client and a second user."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import BadRequestError, GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

from hublish.hub.server import EmbeddedHub

_numbers = itertools.count()
KINDS = ["model", "dataset"]
Call = Callable[..., Any]


class Scene:
    """A gated repository of the owner, and a user without access to it."""

    def __init__(self, hub: EmbeddedHub, connect: Any, kind: str, gated: Any) -> None:
        self.kind, self.user = kind, f"guest-{next(_numbers)}"
        self.owner = HfApi(endpoint=hub.endpoint, token=hub.token)
        token = hub.add_user(self.user)
        self.guest, self.raw = HfApi(endpoint=hub.endpoint, token=token), connect(hub.endpoint, token)
        self.repo = self.owner.create_repo(f"gates/{kind}-{next(_numbers)}", repo_type=kind).repo_id
        adds = [CommitOperationAdd("small.txt", b"small"), CommitOperationAdd("w.safetensors", b"large")]
        self.owner.create_commit(self.repo, adds, commit_message="files", repo_type=kind)
        self.owner.update_repo_settings(self.repo, gated=gated, repo_type=kind)

    def ask(self, raw: Any = None, body: Any = None, **headers: str) -> Any:
        prefix = "" if self.kind == "model" else f"{self.kind}s/"
        return (raw or self.raw)("POST", f"/{prefix}{self.repo}/ask-access", body, **headers)

    def read(self) -> bytes:
        """Read both files as the guest, in every way that the client has."""
        self.guest.auth_check(self.repo, repo_type=self.kind)
        files = [
            self.guest.hf_hub_download(self.repo, name, repo_type=self.kind, force_download=True)
            for name in ("small.txt", "w.safetensors")
        ]
        return Path(files[-1]).read_bytes()

    def listed(self) -> dict[str, list[str | None]]:
        lists = {status: getattr(self.owner, f"list_{status}_access_requests") for status in STATUSES}
        found = {status: list(call(self.repo, repo_type=self.kind)) for status, call in lists.items()}
        return {status: [request.username for request in requests] for status, requests in found.items() if requests}


STATUSES = ("pending", "accepted", "rejected")


@pytest.fixture
def scene(hub: EmbeddedHub, connect: Any) -> Callable[..., Scene]:
    return lambda gated="manual", kind="model": Scene(hub, connect, kind, gated)


@pytest.mark.parametrize("kind", KINDS)
def test_a_request_is_accepted_cancelled_rejected_and_accepted_again(scene: Callable[..., Scene], kind: str) -> None:
    it = scene(kind=kind)
    with pytest.raises(GatedRepoError, match="you are not in the authorized list"):
        it.read()
    assert it.ask().json() == {"status": "pending"}
    with pytest.raises(GatedRepoError, match="awaiting a review"):
        it.read()
    assert it.listed() == {"pending": [it.user]}
    it.owner.accept_access_request(it.repo, it.user, repo_type=kind)
    assert it.read() == b"large"
    it.owner.cancel_access_request(it.repo, it.user, repo_type=kind)
    assert it.listed() == {"pending": [it.user]}
    with pytest.raises(GatedRepoError, match="awaiting a review"):
        it.read()
    it.owner.reject_access_request(it.repo, it.user, repo_type=kind, rejection_reason="no")
    assert it.listed() == {"rejected": [it.user]}
    with pytest.raises(GatedRepoError, match="rejected by the repo's authors"):
        it.read()
    assert it.ask().status == 403
    (request,) = it.owner.list_rejected_access_requests(it.repo, repo_type=kind)
    it.owner.accept_access_request(it.repo, request_id=request.request_id, repo_type=kind)
    assert it.read() == b"large"


def test_automatic_approval_gives_access_at_once(scene: Callable[..., Scene]) -> None:
    it = scene(gated="auto")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert it.ask(body=b"Company=Acme&I+agree=on", **form).json() == {"status": "accepted"}
    assert it.read() == b"large"
    (request,) = it.owner.list_accepted_access_requests(it.repo)
    assert (request.username, request.fields) == (it.user, {"Company": "Acme", "I agree": "on"})
    assert request.email is not None
    assert it.ask().status == 400


def test_access_is_granted_without_a_request(scene: Callable[..., Scene]) -> None:
    it = scene()
    it.owner.grant_access(it.repo, it.user)
    assert it.read() == b"large"
    (request,) = it.owner.list_accepted_access_requests(it.repo)
    assert request.email is None
    with pytest.raises(BadRequestError, match="already has access"):
        it.owner.grant_access(it.repo, it.user)
    it.owner.reject_access_request(it.repo, it.user, rejection_reason=None)
    it.owner.grant_access(it.repo, it.user)
    assert it.read() == b"large"


def test_access_follows_the_repository_and_ends_with_it(scene: Callable[..., Scene]) -> None:
    it = scene()
    it.owner.grant_access(it.repo, it.user)
    it.owner.move_repo(it.repo, f"{it.repo}-moved")
    it.repo += "-moved"
    assert it.read() == b"large"
    it.owner.update_repo_settings(it.repo, private=True)
    with pytest.raises(RepositoryNotFoundError):
        it.guest.model_info(it.repo)
    it.owner.delete_repo(it.repo)
    it.owner.create_repo(it.repo)
    it.owner.update_repo_settings(it.repo, gated="manual")
    with pytest.raises(GatedRepoError):
        it.guest.auth_check(it.repo)


def test_a_link_to_a_large_file_ends_with_the_access(scene: Callable[..., Scene]) -> None:
    it = scene()
    it.owner.grant_access(it.repo, it.user)
    oid = it.guest.get_paths_info(it.repo, ["w.safetensors"])[0].lfs.sha256  # type: ignore[union-attr]
    body = {"operation": "download", "objects": [{"oid": oid, "size": 5}]}
    [found] = it.raw("POST", f"/{it.repo}.git/info/lfs/objects/batch", body).json()["objects"]
    link = found["actions"]["download"]["href"]
    assert it.raw("GET", link).body == b"large"
    it.owner.cancel_access_request(it.repo, it.user)
    assert it.raw("GET", link).status == 403


@pytest.mark.parametrize(
    ("action", "status"),
    [
        (lambda it: it.owner.grant_access(it.repo, "none-such"), 404),
        (lambda it: it.owner.grant_access(it.repo, "../me"), 404),
        (lambda it: it.owner.accept_access_request(it.repo, it.user), 404),
        (lambda it: it.owner.accept_access_request(it.repo, request_id="0" * 24), 404),
        (lambda it: (it.ask(), it.owner.cancel_access_request(it.repo, it.user)), 404),
        (lambda it: (it.ask(), it.owner.reject_access_request(it.repo, it.user, rejection_reason="x" * 201)), 400),
        (lambda it: it.guest.grant_access(it.repo, it.user), 403),
        (lambda it: list(it.guest.list_pending_access_requests(it.repo)), 403),
        (lambda it: (it.ask(), it.guest.accept_access_request(it.repo, it.user)), 403),
        (
            lambda it: (it.owner.update_repo_settings(it.repo, gated=False), it.owner.grant_access(it.repo, it.user)),
            400,
        ),
    ],
)
def test_calls_that_change_nothing_are_refused(scene: Callable[..., Scene], action: Any, status: int) -> None:
    it = scene()
    with pytest.raises(HfHubHTTPError) as caught:
        action(it)
    assert caught.value.response.status_code == status
    assert not isinstance(caught.value, RepositoryNotFoundError)


def test_asking_is_for_users_without_access(
    scene: Callable[..., Scene], hub: EmbeddedHub, connect: Any, anonymous: Call
) -> None:
    it = scene()
    assert it.ask(anonymous).status == 401
    assert it.ask(connect(hub.endpoint, hub.token)).status == 400
    assert it.ask(body={f"{n}": "x" for n in range(60)}).status == 400
    assert it.ask(body={"a": "x" * 2000}).status == 400
    it.owner.update_repo_settings(it.repo, gated=False)
    assert it.ask().status == 400
    it.owner.update_repo_settings(it.repo, private=True)
    assert it.ask().headers["x-error-code"] == "RepoNotFound"
