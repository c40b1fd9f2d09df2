"""The real Hub client, asked only through its public interface: what stands there, and settings.

With `transfer.py` (bytes up and down) this is the only place that imports huggingface_hub. Everything here takes and
gives our own values, and every exception leaves as one of ours. The client is imported inside functions: commands
that need no network start without it.
"""

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from hublish._version import __version__
from hublish.pipeline.hub import failures, patience
from hublish.pipeline.progress import SILENT, Progress
from hublish.pipeline.values import Head, ReleaseFile, RemoteFile
from hublish.schemas.manifest import Repo, RepoType

if TYPE_CHECKING:
    from huggingface_hub import HfApi

SAMPLE_BYTES = 512
"""What the Hub looks at to tell text from binary."""
_PREUPLOAD_FILES = 256  # the Hub's limit for one preupload call


@dataclass(frozen=True, slots=True)
class UploadMode:
    """How the Hub would take a file."""

    mode: Literal["lfs", "regular"]
    ignored: bool
    """A .gitignore, in the release or on the Hub, makes the Hub drop the file."""


def matching(
    paths: Iterable[str], allow_patterns: Sequence[str] | None, ignore_patterns: Sequence[str] | None
) -> tuple[str, ...]:
    """Return the paths that pass, in huggingface_hub's own meaning of the two lists."""
    from huggingface_hub.utils import filter_repo_objects

    allow = None if allow_patterns is None else list(allow_patterns)
    ignore = None if ignore_patterns is None else list(ignore_patterns)
    return tuple(filter_repo_objects(paths, allow_patterns=allow, ignore_patterns=ignore))


def default_endpoint() -> str:
    """Return HF_ENDPOINT, or the public Hub."""
    from huggingface_hub import constants

    return constants.ENDPOINT


def cache_folder() -> Path:
    """Return HF_HUB_CACHE."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)


def xet_version() -> str | None:
    """Return the version of hf_xet; None when it is missing or switched off."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    from huggingface_hub import constants

    if constants.HF_HUB_DISABLE_XET:
        return None
    try:
        return installed("hf_xet")
    except PackageNotFoundError:
        return None


def version() -> str:
    """Return the version of huggingface_hub in use."""
    import huggingface_hub

    return huggingface_hub.__version__


@dataclass(frozen=True)
class Hub:
    """One Hub, spoken to as one user.

    Args:
        endpoint: the URL, without a trailing slash.
        token: a token, True or None for the saved one, False for none.
        progress: told about transfers.
        name: how plans and locks call it, when the URL is not lasting: `embedded`.
    """

    endpoint: str
    token: str | bool | None = field(default=None, repr=False)
    progress: Progress = SILENT
    name: str = ""

    @property
    def api(self) -> "HfApi":
        """The client itself."""
        from huggingface_hub import HfApi

        return HfApi(endpoint=self.endpoint, token=self.token, library_name="hublish", library_version=__version__)

    def whoami(self) -> str:
        """Return the name of the token's account."""
        with self.speaking("asking who the token belongs to"):
            return str(self.api.whoami()["name"])

    def reach(self) -> None:
        """Ask for anything at all.

        Raises:
            OfflineError, RemoteError: when no sensible answer comes.
        """
        with self.speaking(f"asking {self.endpoint}"):
            next(iter(self.api.list_models(limit=1)), None)

    def head(self, repo: Repo, revision: str | None = None) -> Head:
        """Return the revision as it stands now; a missing repo or branch is an answer, not an error."""
        revision = revision or repo.revision
        with self.speaking(f"reading {repo.repo_id}"):
            info = self._info(repo, None)
            if info is None:
                return Head(
                    repo.repo_id, repo.repo_type, revision, self.name or self.endpoint, repo_exists=False, commit=None
                )
            commit = self._commit_of(repo, revision, info)
            refs = self.api.list_repo_refs(repo.repo_id, repo_type=repo.repo_type)
            return Head(
                repo_id=repo.repo_id,
                repo_type=repo.repo_type,
                revision=revision,
                endpoint=self.name or self.endpoint,
                repo_exists=True,
                commit=commit,
                files=self._tree(repo.repo_id, repo.repo_type, commit) if commit else {},
                visibility="private" if info.private else "public",
                gated=getattr(info, "gated", None),
                tags={tag.name: tag.target_commit for tag in refs.tags},
                default_commit=info.sha,
            )

    def tree(self, repo_id: str, repo_type: RepoType, revision: str) -> Mapping[str, RemoteFile]:
        """Return every file at a revision, by path_in_repo."""
        with self.speaking(f"listing {repo_id} at {revision}"):
            return self._tree(repo_id, repo_type, revision)

    def commit_of(self, repo_id: str, repo_type: RepoType, revision: str) -> str:
        """Return the commit a branch, tag or pull request ref stands at."""
        with self.speaking(f"resolving {repo_id} at {revision}"):
            return str(self.api.repo_info(repo_id, repo_type=repo_type, revision=revision).sha)

    def holds_in_history(self, repo: Repo, revision: str, commit: str) -> bool:
        """Whether a branch or pull request ref stands at a commit or later."""
        with self.speaking(f"reading the history of {repo.repo_id} at {revision}"):
            history = self.api.list_repo_commits(repo.repo_id, repo_type=repo.repo_type, revision=revision)
            return any(entry.commit_id == commit for entry in history)

    def upload_modes(
        self, repo: Repo, revision: str, files: Sequence[tuple[ReleaseFile, bytes]], gitignore: str | None
    ) -> Mapping[str, UploadMode]:
        """Ask how the Hub would take each file (with its first bytes) and whether a .gitignore drops it.

        The client asks the same question while it sends, and then drops ignored files without a word.
        """
        from huggingface_hub.utils import build_hf_headers, get_session, hf_raise_for_status

        url = f"{self.endpoint}/api/{repo.repo_type}s/{repo.repo_id}/preupload/{quote(revision)}"
        headers = build_hf_headers(token=self.token, library_name="hublish", library_version=__version__)
        answers: dict[str, UploadMode] = {}
        with self.speaking(f"asking {repo.repo_id} how it takes {len(files)} files"):
            for start in range(0, len(files), _PREUPLOAD_FILES):
                body: dict[str, Any] = {
                    "files": [_described(*item) for item in files[start : start + _PREUPLOAD_FILES]]
                }
                if gitignore is not None:
                    body["gitIgnore"] = gitignore
                params = {"create_pr": "1"} if repo.create_pr else None
                response = get_session().post(url, json=body, headers=headers, params=params)
                hf_raise_for_status(response)
                for entry in response.json()["files"]:
                    answers[entry["path"]] = UploadMode(entry["uploadMode"], bool(entry.get("shouldIgnore")))
        return answers

    def create_repo(self, repo: Repo) -> None:
        """Create the repo; one that exists stays as it is."""
        with self.speaking(f"creating {repo.repo_id}"):
            self.api.create_repo(
                repo.repo_id,
                repo_type=repo.repo_type,
                visibility=repo.visibility,
                space_sdk=repo.space_sdk,
                exist_ok=True,
            )

    def create_branch(self, repo: Repo, start: str) -> None:
        """Create the manifest's branch at `start`; one that exists stays where it is."""
        with self.speaking(f"creating the branch {repo.revision}"):
            self.api.create_branch(
                repo.repo_id, branch=repo.revision, revision=start, repo_type=repo.repo_type, exist_ok=True
            )

    def create_tag(self, repo: Repo, tag: str, commit: str) -> None:
        """Create a tag at a commit; one that exists stays where it is."""
        with self.speaking(f"creating the tag {tag}"):
            self.api.create_tag(repo.repo_id, tag=tag, revision=commit, repo_type=repo.repo_type, exist_ok=True)

    def update_settings(self, repo: Repo, settings: Mapping[str, Any]) -> None:
        """Change `visibility` or `gated` of an existing repo."""
        with self.speaking(f"changing the settings of {repo.repo_id}"):
            self.api.update_repo_settings(repo.repo_id, repo_type=repo.repo_type, **settings)

    def open_pull_requests(self, repo: Repo) -> tuple[int, ...]:
        """Return the numbers of the open pull requests, newest first."""
        with self.speaking(f"listing the pull requests of {repo.repo_id}"):
            found = self.api.get_repo_discussions(
                repo.repo_id, repo_type=repo.repo_type, discussion_type="pull_request"
            )
            numbers = [entry.num for entry in found if entry.status in ("open", "draft")]
        return tuple(sorted(numbers, reverse=True))

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
            with patience.bounded(get_session()):
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
            raise failures.translate(error, action) from error

    def _info(self, repo: Repo, revision: str | None) -> Any:
        try:
            return self.api.repo_info(repo.repo_id, repo_type=repo.repo_type, revision=revision)
        except Exception as error:
            if failures.error_code_of(error) in ("RepoNotFound", "RevisionNotFound"):
                return None
            raise

    def _commit_of(self, repo: Repo, revision: str, info: Any) -> str | None:
        if revision == "main":
            return cast("str | None", info.sha)
        found = self._info(repo, revision)
        return None if found is None else str(found.sha)

    def _tree(self, repo_id: str, repo_type: RepoType, revision: str) -> dict[str, RemoteFile]:
        from huggingface_hub.hf_api import RepoFile

        entries = self.api.list_repo_tree(repo_id, recursive=True, revision=revision, repo_type=repo_type)
        return {
            entry.path: RemoteFile(entry.path, entry.size, entry.blob_id, entry.lfs.sha256 if entry.lfs else None)
            for entry in entries
            if isinstance(entry, RepoFile)
        }


def quote(revision: str) -> str:
    """Return a revision as the Hub's URLs hold it: `refs%2Fpr%2F1`."""
    from urllib.parse import quote

    return quote(revision, safe="")


def _described(file: ReleaseFile, sample: bytes) -> dict[str, Any]:
    return {"path": file.path_in_repo, "size": file.size, "sample": base64.b64encode(sample).decode("ascii")}
