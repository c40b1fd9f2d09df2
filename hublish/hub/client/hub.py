"""The real Hub client, asked only through its public interface: what stands there, and settings.

With `transfer.py` (bytes up and down) and `library.py` (what it says without being asked anything remote) this is the
only place that imports huggingface_hub. Everything here takes and
gives our own values, and every exception leaves as one of ours. The client is imported inside functions: commands
that need no network start without it.
"""

import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

from hublish.base.errors import HublishError
from hublish.base.progress import SILENT, Progress
from hublish.base.values import Head, RemoteFile, RepoRef, Target
from hublish.hub.client import failures
from hublish.hub.client.caller import OURSELVES, Caller
from hublish.hub.client.retry import Patience

if TYPE_CHECKING:
    from huggingface_hub import HfApi

T = TypeVar("T")
# Seconds to connect, read, write, and wait for a connection: an offline machine shows at the first of them.
_REACH_TIMEOUTS = (10, 60, 60, 60)


@dataclass(frozen=True)
class Hub:
    """One Hub, spoken to as one user.

    Args:
        endpoint: the URL, without a trailing slash.
        token: a token, True or None for the saved one, False for none.
        progress: told about transfers.
        name: how plans and locks call it, when the URL is not lasting: `embedded`.
        patience: what is left of the time it may make us wait.
        caller: the library that speaks, for the user agent.
    """

    endpoint: str
    token: str | bool | None = field(default=None, repr=False)
    progress: Progress = SILENT
    name: str = ""
    patience: Patience = field(default_factory=Patience, repr=False, compare=False)
    caller: Caller = OURSELVES

    @property
    def api(self) -> "HfApi":
        """The client itself."""
        from huggingface_hub import HfApi

        return HfApi(endpoint=self.endpoint, token=self.token, **self.caller.keywords)

    def whoami(self) -> str:
        """Return the name of the token's account."""
        return self._asking("asking who the token belongs to", lambda: str(self.api.whoami()["name"]))

    def reach(self) -> None:
        """Ask for anything at all, once.

        Raises:
            OfflineError, RemoteError: when no sensible answer comes.
        """
        from huggingface_hub import get_session, hf_raise_for_status

        with self.speaking(f"asking {self.endpoint}"):
            response = get_session().get(f"{self.endpoint}/api/models", params={"limit": 1}, timeout=_REACH_TIMEOUTS)
            hf_raise_for_status(response)
            response.json()

    def at(self, target: Target) -> Target:
        """Return the target with this Hub as its endpoint, as plans and locks record it."""
        return replace(target, endpoint=self.name or self.endpoint)

    def head(self, target: Target) -> Head:
        """Return the target's branch as it is now; a missing repo or branch is an answer, not an error."""
        info = self._info(target, None)
        if info is None:
            return Head(repo_exists=False, commit=None)
        commit = self._commit_of(target, target.revision, info)
        start = commit or info.sha
        return Head(
            repo_exists=True,
            commit=commit,
            files=self.tree(target, start) if start else {},
            visibility="private" if info.private else "public",
            gated=getattr(info, "gated", None),
            tags=self.tags(target),
            default_commit=info.sha,
        )

    def tree(self, repo: RepoRef, revision: str) -> Mapping[str, RemoteFile]:
        """Return every file at a revision, by path_in_repo."""
        from huggingface_hub.hf_api import RepoFile

        with self.speaking(f"listing {repo.repo_id} at {revision}"):
            entries = self.api.list_repo_tree(repo.repo_id, recursive=True, revision=revision, repo_type=repo.repo_type)
            return {
                entry.path: RemoteFile(entry.path, entry.size, entry.blob_id, entry.lfs.sha256 if entry.lfs else None)
                for entry in entries
                if isinstance(entry, RepoFile)
            }

    def tags(self, repo: RepoRef) -> Mapping[str, str]:
        """Return every tag with the commit it stands at."""
        with self.speaking(f"listing the tags of {repo.repo_id}"):
            refs = self.patience.retrying(lambda: self.api.list_repo_refs(repo.repo_id, repo_type=repo.repo_type))
            return {tag.name: tag.target_commit for tag in refs.tags}

    def commit_of(self, repo: RepoRef, revision: str) -> str:
        """Return the commit a branch, tag or pull request ref stands at."""
        return self._asking(
            f"resolving {repo.repo_id} at {revision}",
            lambda: str(self.api.repo_info(repo.repo_id, repo_type=repo.repo_type, revision=revision).sha),
        )

    def history(self, repo: RepoRef, revision: str) -> tuple[str, ...]:
        """Return the newest commits of a revision, newest first: one page of what the Hub lists."""
        path = f"{repo.repo_type}s/{repo.repo_id}/commits/{quote(revision)}"
        action = f"reading the history of {repo.repo_id}"
        entries = self.ask(action, "GET", path)
        with self.speaking(action):
            return tuple(entry["id"] for entry in entries)

    def ask(self, action: str, method: str, path: str, **request: Any) -> Any:
        """Make an idempotent call of the API that the client has no function for.

        Args:
            action: what is under way, for an error.
            method: of HTTP.
            path: below `/api/`.
            request: `json` or `params`.

        Returns:
            The decoded JSON.
        """
        from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

        headers = build_hf_headers(token=self.token, **self.caller.keywords)

        def call() -> Any:
            response = get_session().request(method, f"{self.endpoint}/api/{path}", headers=headers, **request)
            hf_raise_for_status(response)
            return response.json()

        return self._asking(action, call)

    def create_repo(self, target: Target) -> None:
        """Create the repo; one that exists stays as it is."""

        def call() -> None:
            try:
                self.api.create_repo(
                    target.repo_id,
                    repo_type=target.repo_type,
                    visibility=target.visibility,
                    space_sdk=target.space_sdk,
                    exist_ok=True,
                )
            except KeyError:  # some Hubs say that it exists without saying where, which the client wants to read
                self.api.repo_info(target.repo_id, repo_type=target.repo_type)

        self._asking(f"creating {target.repo_id}", call)

    def create_branch(self, target: Target, start: str) -> None:
        """Create the target's branch at `start`; one that exists stays where it is."""
        self._asking(
            f"creating the branch {target.revision}",
            lambda: self.api.create_branch(
                target.repo_id, branch=target.revision, revision=start, repo_type=target.repo_type, exist_ok=True
            ),
        )

    def create_tag(self, target: Target, tag: str, commit: str) -> None:
        """Create a tag at a commit; one that exists stays where it is."""
        self._asking(
            f"creating the tag {tag}",
            lambda: self.api.create_tag(
                target.repo_id, tag=tag, revision=commit, repo_type=target.repo_type, exist_ok=True
            ),
        )

    def update_settings(self, target: Target, settings: Mapping[str, Any]) -> None:
        """Change `visibility` or `gated` of an existing target."""
        self._asking(
            f"changing the settings of {target.repo_id}",
            lambda: self.api.update_repo_settings(target.repo_id, repo_type=target.repo_type, **settings),
        )

    def open_pull_requests(self, repo: RepoRef) -> tuple[int, ...]:
        """Return the numbers of the open pull requests, newest first."""

        def call() -> list[int]:
            found = self.api.get_repo_discussions(
                repo.repo_id, repo_type=repo.repo_type, discussion_type="pull_request"
            )
            return [entry.num for entry in found if entry.status in ("open", "draft")]

        return tuple(sorted(self._asking(f"listing the pull requests of {repo.repo_id}", call), reverse=True))

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Let the client draw bars only when somebody watches, and wait only as long as a person would."""
        from huggingface_hub.utils import (
            are_progress_bars_disabled,
            disable_progress_bars,
            enable_progress_bars,
            get_session,
        )

        quiet = not self.progress.visible and not are_progress_bars_disabled()
        if quiet:
            disable_progress_bars()
        try:
            with self.patience.bounding(get_session()):
                yield
        finally:
            if quiet:
                enable_progress_bars()

    @contextmanager
    def speaking(self, action: str) -> Iterator[None]:
        """Turn what the client raises into our errors, saying what was under way."""
        try:
            with self.watched():
                yield
        except Exception as error:
            raise self.translated(error, action) from error

    def translated(self, error: Exception, action: str) -> HublishError:
        """Return our error for one of the client's; it does not hold the token."""
        from huggingface_hub import get_token

        token = self.token if isinstance(self.token, str) else get_token()
        return failures.translate(error, action, token)

    def _asking(self, action: str, call: Callable[[], T]) -> T:
        """Make a call that may be repeated without harm and that the client itself would not repeat."""
        with self.speaking(action):
            return self.patience.retrying(call)

    def _info(self, repo: RepoRef, revision: str | None) -> Any:
        def call() -> Any:
            try:
                return self.api.repo_info(repo.repo_id, repo_type=repo.repo_type, revision=revision)
            except Exception as error:
                if failures.is_absence(error):
                    return None
                raise

        return self._asking(f"reading {repo.repo_id}", call)

    def _commit_of(self, repo: RepoRef, revision: str, info: Any) -> str | None:
        if revision == "main":
            return cast("str | None", info.sha)
        found = self._info(repo, revision)
        return None if found is None else str(found.sha)


def quote(revision: str) -> str:
    """Return a revision as the Hub's URLs hold it: `refs%2Fpr%2F1`."""
    return urllib.parse.quote(revision, safe="")
