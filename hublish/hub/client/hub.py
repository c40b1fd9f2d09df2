"""One Hub, read and changed only through the client's public interface.

The modules of this room are the only ones that import huggingface_hub. They take and return our own values, and every
exception leaves them as one of ours. The client is imported inside functions: commands that need no network start
without it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from hublish.base.errors import HublishError, RemoteError
from hublish.base.progress import SILENT, Progress
from hublish.base.values import Head, RemoteFile, RepoRef, Target
from hublish.base.workers import run_each
from hublish.hub.client import failures, listings
from hublish.hub.client.credentials import Credentials
from hublish.hub.client.guarded_session import home_headers, session_factory, without_agent_list
from hublish.hub.client.installed_client import OURSELVES, Caller
from hublish.hub.client.listings import quote
from hublish.hub.client.retry import RetryBudget

if TYPE_CHECKING:
    from huggingface_hub import HfApi

T = TypeVar("T")
_PING_SECONDS: Final = 10


@dataclass(frozen=True)
class Hub:
    """One Hub, used as one user.

    Args:
        endpoint: the URL, without a trailing slash.
        token: a token, True or None for the saved one, False for none.
        progress: receives transferred bytes.
        name: its name in plans and locks when the URL is not permanent: `embedded`.
        retries: the rest of the time that one command may wait.
        caller: the library named in the User-Agent header.
    """

    endpoint: str
    token: str | bool | None = field(default=None, repr=False)
    progress: Progress = SILENT
    name: str = ""
    retries: RetryBudget = field(default_factory=RetryBudget, repr=False, compare=False)
    caller: Caller = OURSELVES
    credentials: Credentials = field(default_factory=Credentials, repr=False, compare=False)

    @property
    def api(self) -> "HfApi":
        """The client itself."""
        from huggingface_hub import HfApi

        return HfApi(endpoint=self.endpoint, token=self.credential, headers={**self.headers}, **self.caller.keywords)

    @property
    def credential(self) -> str | bool | None:
        """The token of requests, in keyless CI an exchanged one."""
        return self.credentials.of(self.token, self.endpoint)

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers of every request: they name the only origin that receives the token."""
        return home_headers(self.endpoint)

    @property
    def has_token(self) -> bool:
        """Whether requests are made with a token."""
        return self.credential is not False and self.credentials.known(self.token) is not None

    def exists(self, repo: RepoRef) -> bool:
        """Return whether a repo exists, and the token may read it; False when the Hub does not know its type."""
        try:
            return self._info(repo, None) is not None
        except RemoteError:
            return False

    def ping(self) -> None:
        """Send one request, without retries.

        Raises:
            OfflineError, RemoteError: the endpoint does not respond as a Hub.
        """
        from huggingface_hub import get_session, hf_raise_for_status

        with self.translating(f"asking {self.endpoint}"):
            url = f"{self.endpoint}/api/models"
            response = get_session().get(url, params={"limit": 1}, headers={**self.headers}, timeout=_PING_SECONDS)
            hf_raise_for_status(response)
            response.json()

    def head(self, target: Target) -> Head:
        """Return the target's branch as it is now; a missing repo or branch is not an error."""
        head = self._head(target)
        at = head.tags.get(target.tag or "")
        # Another publisher may commit and tag this release between the requests for the branch and for the tags.
        return head if at in (None, head.commit) else self._head(target)

    def _head(self, target: Target) -> Head:
        # Tags and settings belong to the repo, so that it is read first, and the branch only when it is another.
        info = self._info(target, None)
        if info is None:
            return Head(repo_exists=False, commit=None)
        commit = self._commit_of(target, target.revision, info)
        # A branch that is missing is compared with main, from which it will be created.
        start = commit or info.commit
        return Head(
            repo_exists=True,
            commit=commit,
            files=self.tree(target, start) if start else {},
            visibility=info.visibility,
            gated=info.gated,
            **self.refs(target, "tags", *(["branches"] if target.moving_branches else [])),
            default_commit=info.commit,
        )

    def tree(self, repo: RepoRef, revision: str) -> Mapping[str, RemoteFile]:
        """Return every file at a revision, by path_in_repo."""
        with self.translating(f"listing {repo.repo_id} at {revision}"):
            return listings.tree_of(self.pages(listings.tree_path(repo, revision)))

    def tags(self, repo: RepoRef) -> Mapping[str, str]:
        """Return the commit of each tag."""
        return self.refs(repo, "tags")["tags"]

    def branches(self, repo: RepoRef) -> Mapping[str, str]:
        """Return the commit of each branch."""
        return self.refs(repo, "branches")["branches"]

    def refs(self, repo: RepoRef, *kinds: str) -> Mapping[str, Mapping[str, str]]:
        """Return the commit of each of the `tags` or `branches`, by kind and name: they come in one response."""
        action = f"listing the {' and '.join(kinds)} of {repo.repo_id}"
        body = self.request(action, "GET", f"{repo.repo_type}s/{repo.repo_id}/refs")
        with self.translating(action):
            return {kind: listings.refs_of(body, kind) for kind in kinds}

    def commit_of(self, repo: RepoRef, revision: str) -> str:
        """Return the commit of a branch, tag or pull request ref."""
        action = f"resolving {repo.repo_id} at {revision}"
        body = self.request(action, "GET", f"{repo.repo_type}s/{repo.repo_id}/revision/{quote(revision)}")
        with self.translating(action):
            return listings.commit_id(listings.field(body, "sha", str))

    def history(self, repo: RepoRef, revision: str) -> tuple[str, ...]:
        """Return the newest commits of a revision, newest first: one page of the Hub's listing."""
        path = f"{repo.repo_type}s/{repo.repo_id}/commits/{quote(revision)}"
        action = f"reading the history of {repo.repo_id}"
        entries = self.request(action, "GET", path)
        with self.translating(action):
            found = listings.list_of(entries, "the history")
            return tuple(listings.commit_id(listings.field(entry, "id", str)) for entry in found)

    def create_repo(self, target: Target) -> tuple[str, bool]:
        """Create the repo; an existing one is not changed.

        Returns:
            Its id as the Hub gives it, and whether this very call created it.
        """

        def call() -> tuple[str, bool]:
            try:
                url = self.api.create_repo(
                    target.repo_id,
                    repo_type=target.repo_type,
                    visibility=target.visibility,
                    space_sdk=target.space_sdk,
                    region=target.region,
                    resource_group_id=target.resource_group_id,
                )
            except KeyError:  # some Hubs do not send the URL, from which the client reads the id
                return self._id_of(target), True
            except Exception as error:
                # The Hub also refuses to create a repo that exists with the status of a missing permission.
                if failures.status_of(error) in (401, 402, 403, 409) and self._info(target, None) is not None:
                    return self._id_of(target), False
                raise
            return listings.repo_id(url.repo_id), True

        group = f" in the resource group {target.resource_group_id}" if target.resource_group_id else ""
        return self._retried(f"creating {target.repo_id}{group}", call)

    def delete_repo(self, target: Target) -> None:
        """Delete the repo with everything in it."""
        self._retried(
            f"deleting {target.repo_id}",
            lambda: self.api.delete_repo(target.repo_id, repo_type=target.repo_type, missing_ok=True),
        )

    def delete_branch(self, target: Target) -> None:
        """Delete the target's branch."""
        self._retried(
            f"deleting the branch {target.revision}",
            lambda: self.api.delete_branch(target.repo_id, branch=target.revision, repo_type=target.repo_type),
        )

    def create_branch(self, target: Target, start: str) -> bool:
        """Create the target's branch at the commit `start`; an existing one does not move.

        Returns:
            Whether this very call created it.
        """

        def call() -> bool:
            try:
                self.api.create_branch(
                    target.repo_id, branch=target.revision, revision=start, repo_type=target.repo_type
                )
            except Exception as error:
                if failures.status_of(error) == 409:
                    return False
                raise
            return True

        return self._retried(f"creating the branch {target.revision}", call)

    def create_tag(self, target: Target, tag: str, commit: str) -> None:
        """Create a tag at a commit; an existing one does not move."""
        self._retried(
            f"creating the tag {tag}",
            lambda: self.api.create_tag(
                target.repo_id, tag=tag, revision=commit, repo_type=target.repo_type, exist_ok=True
            ),
        )

    def update_settings(self, target: Target, settings: Mapping[str, Any]) -> None:
        """Change `visibility` or `gated` of an existing repo."""
        action = f"changing the settings of {target.repo_id}"
        if target.repo_type == "kernel":  # the client's function does not know this type
            self.request(action, "PUT", f"kernels/{target.repo_id}/settings", json=dict(settings))
            return
        self._retried(
            action, lambda: self.api.update_repo_settings(target.repo_id, repo_type=target.repo_type, **settings)
        )

    def request(self, action: str, method: str, path: str, *, once: bool = False, **request: Any) -> Any:
        """Make a call of the API for which the client has no function, and return the decoded JSON.

        Args:
            action: the action, for an error.
            method: the HTTP method.
            path: the path below `/api/`.
            once: make a call that is not idempotent, without retries.
            request: `json` or `params`.
        """
        if once:
            with self.translating(action):
                return self._json(method, path, request)
        return self._retried(action, lambda: self._json(method, path, request))

    def request_each(
        self, action: str, method: str, path: str, requests: Sequence[Mapping[str, Any]], executor: Executor
    ) -> tuple[Any, ...]:
        """Make several idempotent calls of one address, as many at once as `executor` runs; see `request`."""
        # Bounded once for all: a bound counts the waits of every response that arrives meanwhile.
        with self.translating(action):
            return run_each(
                executor, lambda request: self.retries.retrying(lambda: self._json(method, path, request)), requests
            )

    def pages(self, path: str) -> Iterator[Any]:
        """Yield the pages of the list at a path below `/api/`, inside of `translating`, which threads may share."""

        def get(url: str) -> Any:
            return self.retries.retrying(lambda: self._send("GET", url))

        return listings.pages(get, f"{self.endpoint}/api/{path}", self.endpoint)

    @contextmanager
    def bounded(self) -> Iterator[None]:
        """Bound the client's waiting and the Hubs it asks, and let it draw its bars only where progress is shown."""
        from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

        # The switch is global to the client: it is restored, and left alone when the user has set it.
        quiet = not self.progress.visible and not are_progress_bars_disabled()
        if quiet:
            disable_progress_bars()
        session, check = session_factory(), without_agent_list(self.endpoint)
        session.event_hooks["request"].append(check)
        try:
            with self.retries.bounding(session):
                yield
        finally:
            session.event_hooks["request"].remove(check)
            if quiet:
                enable_progress_bars()

    @contextmanager
    def translating(self, action: str) -> Iterator[None]:
        """Bound the client's waiting, and turn its exceptions into our errors about an action."""
        try:
            with self.bounded():
                yield
        except Exception as error:
            raise self.translated(error, action) from error

    def translated(self, error: Exception, action: str) -> HublishError:
        """Return our error for one of the client's; it does not contain the token, which a server may echo."""
        return failures.translate(error, action, self.credentials.known(self.token))

    def _retried(self, action: str, call: Callable[[], T]) -> T:
        """Make an idempotent call, with retries that the client itself does not make."""
        with self.translating(action):
            return self.retries.retrying(call)

    def _send(self, method: str, url: str, **request: Any) -> Any:
        from huggingface_hub.utils import get_session, hf_raise_for_status

        response = get_session().request(method, url, headers=self.request_headers, **request)
        hf_raise_for_status(response)
        return response

    @property
    def request_headers(self) -> dict[str, str]:
        """The client's own headers, so that its rules for the token and the User-Agent apply to any request."""
        from huggingface_hub.utils import build_hf_headers

        return build_hf_headers(token=self.credential, headers={**self.headers}, **self.caller.keywords)

    def _json(self, method: str, path: str, request: Mapping[str, Any]) -> Any:
        return self._send(method, f"{self.endpoint}/api/{path}", **request).json()

    def _info(self, repo: RepoRef, revision: str | None) -> "_RepoState | None":
        path = f"{repo.repo_type}s/{repo.repo_id}" + ("" if revision is None else f"/revision/{quote(revision)}")

        def call() -> "_RepoState | None":
            try:
                return _RepoState.of(self._send("GET", f"{self.endpoint}/api/{path}").json())
            except Exception as error:
                if failures.is_missing(error):
                    return None
                raise

        return self._retried(f"reading {repo.repo_id}", call)

    def _id_of(self, repo: RepoRef) -> str:
        info = self._info(repo, None)
        return repo.repo_id if info is None else listings.repo_id(info.repo_id)

    def _commit_of(self, repo: RepoRef, revision: str, info: "_RepoState") -> str | None:
        if revision == "main":
            return info.commit
        found = self._info(repo, revision)
        return None if found is None else found.commit


@dataclass(frozen=True, slots=True)
class _RepoState:
    """The fields of a repo's description that are compared with a target."""

    repo_id: str
    commit: str | None
    """None for a repo without a commit."""
    visibility: str
    gated: Any

    @classmethod
    def of(cls, body: Any) -> "_RepoState":
        # The id is required: a page that answers every address with JSON is not a Hub.
        repo_id = listings.field(body, "id", str)
        commit, gated = body.get("sha"), body.get("gated")
        known = gated in (None, False, "auto", "manual")
        return cls(
            repo_id,
            None if commit is None else listings.commit_id(commit),
            _visibility(body),
            gated if known else None,
        )


def _visibility(body: Any) -> str:
    # Older Hubs describe a repo only as private or not.
    given = body.get("visibility")
    if given in ("public", "private", "protected"):
        return str(given)
    return "private" if body.get("private") is True else "public"
