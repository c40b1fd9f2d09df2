"""The resources of one call of a verb, each opened on first use, and the places of errors in the manifest.

Only `resolve_endpoint` decides which Hub receives the requests and the token.
"""

import os
import re
import shlex
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from hublish.base.errors import (
    AuthenticationError,
    CardError,
    HublishError,
    PolicyError,
    SerializationError,
    SourceError,
    UsageError,
    conceal,
    disk_full,
)
from hublish.base.own_credentials import client_home, own_credentials
from hublish.base.progress import SILENT, Progress
from hublish.base.values import Project, Release, Target
from hublish.schemas.diagnose.problems import InvalidValueError, Location, Problem
from hublish.schemas.documents.file_names import GITIGNORE, STATE_FOLDER
from hublish.schemas.documents.hub_names import EMBEDDED, RepoType, check_endpoint
from hublish.schemas.documents.manifest import Manifest
from hublish.schemas.documents.manifest_yaml import locate
from hublish.schemas.documents.repo_addresses import RepoAddress, read_address

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from hublish.audit.fingerprint_cache import FingerprintCache
    from hublish.hub.client.account import Account
    from hublish.hub.client.hub import Hub
    from hublish.hub.client.installed_client import Caller
    from hublish.pipeline.attest.own_signer import OwnSigner
    from hublish.pipeline.serialize.conversion_cache import ConversionCache
    from hublish.schemas.documents.lock import Lock


def resolve_endpoint(given: str | None, declared: str = "", lock: "Lock | None" = None) -> str:
    """Return the Hub to use: `embedded`, or a URL without a trailing slash.

    It is the first of these that is set:

    1. the `endpoint` argument of the verb: `--endpoint` or `--local`;
    2. `repo.endpoint` of the manifest;
    3. `embedded`, when the lock that the verb reads was written for the embedded Hub;
    4. HF_ENDPOINT, else the public Hub: the default of huggingface_hub.

    The token goes to the Hub that is used. A URL in a lock therefore never counts: the lock of a release may come from
    somewhere else, and must not choose who receives the token. `embedded` is safe, because it stays on this machine.
    A manifest may come from somewhere else as well: a saved token is not sent to a Hub that only the manifest names.
    The manifest comes before the lock so that a trial run with `--local` does not redirect later commands.

    Args:
        given: the argument.
        declared: the manifest's endpoint; empty for none.
        lock: the lock that a release is compared with or loaded by. `plan` and `publish` read none.

    Raises:
        UsageError: the argument or HF_ENDPOINT is not the URL of a Hub.
    """
    if given:
        return _checked_endpoint(given, "the endpoint that was given")
    if declared:
        return declared.rstrip("/")  # checked as a field of the manifest
    if lock is not None and lock.endpoint == EMBEDDED:
        return EMBEDDED
    from hublish.hub.client.installed_client import default_endpoint

    return _checked_endpoint(default_endpoint(), "HF_ENDPOINT")


def _foreign_endpoint(endpoint: str) -> AuthenticationError:
    from hublish.hub.client.installed_client import default_endpoint

    own = default_endpoint()
    msg = f"the token of this machine is for {own}, and repo.endpoint of the manifest is {endpoint}"
    return AuthenticationError(msg, hint=f"to send it there, pass --endpoint {endpoint} or set HF_ENDPOINT to it")


def _checked_endpoint(endpoint: str, origin: str) -> str:
    try:
        return check_endpoint(endpoint)
    except InvalidValueError as error:
        # The value is not repeated: it may contain a password.
        raise UsageError(f"{origin} is not valid: {error}", hint=error.hint) from None


class Session:
    """The resources of one call of a verb, for the length of a `with` block.

    Leaving the block stops the embedded Hub, removes the workspace and ends the threads. A `HublishError` that leaves
    it gets the lines and columns of its problems in the manifest.

    Args:
        project: the manifest and its folder; None for verbs that read no manifest.
        endpoint: the argument of the verb; see `resolve_endpoint`.
        token: a token, None or True for the saved one, False for none.
        progress: receives stages and bytes.
        folder: holds the embedded Hub, in `.hublish/hub`. Default: the project's folder, else the current one.
        declared: the manifest's endpoint, where the verb reads no more of it than that.
        lock: the lock that is compared or loaded.
        caller: the library named in the User-Agent header. Default: hublish.
        digest_cache: whether unchanged files are known from earlier runs.
    """

    def __init__(
        self,
        project: Project | None = None,
        *,
        endpoint: str | None = None,
        token: str | bool | None = None,
        progress: Progress = SILENT,
        folder: Path | None = None,
        declared: str = "",
        lock: "Lock | None" = None,
        caller: "Caller | None" = None,
        digest_cache: bool = True,
    ) -> None:
        self.progress = progress
        self._project = project
        self._given, self._declared, self._lock = endpoint, declared, lock
        self._token, self._caller = token, caller
        self._digest_cache = digest_cache
        self._folder = folder or (project.folder if project else Path.cwd())
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # Here and nowhere else, so that every verb reports places in the same way.
        if isinstance(error, HublishError):
            if self._project is not None:
                error.problems = self.located(error.problems)
            conceal(error, own_credentials(os.environ, self._token))
        full = None
        if error is not None and not isinstance(error, HublishError):
            # Without a path in the error, a file of the embedded Hub or a converted one was written.
            full = disk_full(error, self._folder if self._given == EMBEDDED else self.__dict__.get("workspace"))
        self._open.__exit__(kind, error, traceback)
        if full is not None:
            raise full from error

    @property
    def project(self) -> Project:
        """The manifest and its folder."""
        assert self._project is not None
        return self._project

    @cached_property
    def endpoint(self) -> str:
        """The Hub that is used, resolved once: `embedded` or a URL."""
        declared = self._declared or (self._project.target.endpoint if self._project else "")
        return resolve_endpoint(self._given, declared, self._lock)

    @cached_property
    def hub(self) -> "Hub":
        """The Hub at the endpoint; the embedded one starts now and runs until the session ends.

        Raises:
            AuthenticationError: the manifest names a Hub that the saved token does not belong to.
        """
        # Imported here: `check`, which runs before every commit, opens no Hub.
        from hublish.hub.client.hub import Hub
        from hublish.hub.client.installed_client import OURSELVES

        caller = self._caller or OURSELVES
        if self.endpoint != EMBEDDED:
            hub = Hub(self.endpoint, self._token, self.progress, caller=caller)
            if not (self._given or hub.credentials.may_go_to(hub.endpoint, self._token)):
                raise _foreign_endpoint(hub.endpoint)
            return hub
        from hublish.hub.server.server import EmbeddedHub

        # It accepts its own token only: the caller's token never reaches it.
        embedded = self._open.enter_context(EmbeddedHub(_own_folder(self._folder) / "hub"))
        return Hub(embedded.endpoint, embedded.token, self.progress, name=EMBEDDED, caller=caller)

    @cached_property
    def account(self) -> "Account":
        """The account of the token, asked for once: the Hub limits the rate of this call."""
        from hublish.hub.client.account import account

        return account(self.hub)

    @cached_property
    def target(self) -> Target:
        """Where the project's release goes, at the endpoint of this session."""
        # A manifest has one target. With several, each gets a session of its own, and no stage changes.
        return replace(self.project.target, endpoint=self.endpoint)

    def addressed(self, repo_id: str, repo_type: RepoType | None = None, revision: str | None = None) -> RepoAddress:
        """Return the repo that a caller names by its id or a URL, on the Hub of this session.

        Raises:
            UsageError: it is not a repo, or one on another Hub; or the address differs from the other arguments.
        """
        # Before any request: the Hub's answer to an invalid id is that there is no such repo.
        try:
            return read_address(repo_id).on(self.endpoint, repo_type, revision)
        except InvalidValueError as error:
            # Anything but a plain id is not repeated: it may contain a password.
            prefix = "" if re.search(r"[:@?#]", repo_id) else f"{repo_id}: "
            raise UsageError(f"{prefix}{error}", hint=error.hint or "for example acme/digits-mlp") from None

    def complete_repo_id(self) -> None:
        """Add the namespace of the token to a repo_id without one, as `create_repo` of huggingface_hub does.

        Raises:
            AuthenticationError: there is no valid token.
        """
        manifest = self.project.manifest
        name = manifest.repo.repo_id
        if "/" in name:
            return
        if not self.hub.has_token:
            msg = f"repo_id '{name}' has no namespace, and there is no token whose account would be the namespace"
            raise AuthenticationError(msg, hint=without_namespace(name))
        repo = manifest.repo.model_copy(update={"repo_id": f"{self.account.name}/{name}"})
        # The text stays as it was written: it is published, and its digest identifies what was reviewed.
        self._project = replace(self.project, manifest=manifest.model_copy(update={"repo": repo}))

    @cached_property
    def workspace(self) -> Path:
        """A folder for converted files."""
        from tempfile import TemporaryDirectory

        return Path(self._open.enter_context(TemporaryDirectory(prefix="hublish-")))

    @cached_property
    def executor(self) -> "Executor":
        """Runs work on many files at once."""
        from hublish.base.workers import workers

        return self._open.enter_context(workers())

    @cached_property
    def fingerprints(self) -> "FingerprintCache":
        """Findings of earlier runs in files: their digests, and the findings of the audit."""
        from hublish.audit.fingerprint_cache import FORGETFUL, FingerprintCache

        if not self._digest_cache:
            return FORGETFUL
        return FingerprintCache(_cache_folder() / "fingerprints.sqlite")

    @cached_property
    def conversions(self) -> "ConversionCache":
        """What earlier runs converted, and what this one does."""
        from hublish.pipeline.serialize.conversion_cache import ConversionCache

        folder = _cache_folder() / "conversions" if self._digest_cache else None
        return self._open.enter_context(ConversionCache(folder, self.fingerprints))

    @cached_property
    def signer(self) -> "OwnSigner | None":
        """The signer that the manifest declares; None for one that signs nothing.

        Raises:
            SigningError: the key is here, and cannot be used.
            MissingDependencyError: the key is here, and `hublish[sign]` is not installed.
        """
        if self.project.manifest.sign is None:
            return None
        # Imported here: few manifests sign.
        from hublish.api.signing import own_signer

        return own_signer(self.project)

    @contextmanager
    def with_warnings(self) -> Iterator[None]:
        """Add the warnings of all stages to an error that stops a release."""
        try:
            yield
        except (SourceError, SerializationError, PolicyError, CardError) as error:
            # Imported here: a release that succeeds has collected its warnings.
            from hublish.pipeline.check import with_warnings

            error.problems = with_warnings(self.project, error.problems)
            if self.project.drafted:
                folder = shlex.quote(str(Path(self.project.name).parent))
                next_step = f"`hublish init {folder}` drafts the manifest as a file, to change it"
                error.hint = f"{error.hint}; {next_step}" if error.hint else next_step
            raise

    def placed(self, release: Release) -> Release:
        """Return a release whose warnings have their lines and columns in the manifest."""
        return replace(release, warnings=self.located(release.warnings))

    def located(self, problems: Iterable[Problem]) -> tuple[Problem, ...]:
        """Return the problems in the order of their lines, those about the manifest with line and column."""
        problems = tuple(problems)
        about = [problem for problem in problems if _is_about_manifest(problem)]
        # One call for all of them: each would read the text again.
        found = iter(locate(about, self.project.text, self.project.name) if about else ())
        placed = (next(found) if _is_about_manifest(problem) else problem for problem in problems)
        return tuple(sorted(map(_without_secret, placed), key=_by_line))


def without_namespace(name: str) -> str:
    """Return the hint for a repo_id without a namespace where there is no token."""
    return f"write `namespace/{name}`, or log in with `hf auth login` or HF_TOKEN: the namespace is then that account"


def _cache_folder() -> Path:
    return client_home(os.environ).expanduser() / "hublish"


def _own_folder(folder: Path) -> Path:
    """Return `.hublish` in a folder, created and hidden from git."""
    # A .gitignore inside the folder hides it, and the user's own .gitignore stays unchanged.
    own = folder / STATE_FOLDER
    own.mkdir(exist_ok=True)
    ignore = own / GITIGNORE
    if not ignore.exists():
        ignore.write_text("*\n")
    return own


def _is_about_manifest(problem: Problem) -> bool:
    # The path of any other problem is that of a file in the repo.
    paths = (problem.path, *(each.path for each in problem.related))
    return any(re.split(r"[.\[]", path)[0] in Manifest.model_fields for path in paths if path)


def _without_secret(problem: Problem) -> Problem:
    """Mask the rest of the line from a secret on: the excerpt of a long or split one could show a part of it."""
    place = problem.location
    if problem.code != "policy.secret" or place is None or place.text is None:
        return problem
    before = place.text[: place.column - 1]
    masked = before + re.sub(r"\S", "*", place.text[len(before) :])
    return replace(problem, location=replace(place, text=masked))


def _by_line(problem: Problem) -> tuple[bool, Location]:
    return problem.location is None, problem.location or Location("", 0, 0)
