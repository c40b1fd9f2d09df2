"""Who builds a release, and from which commit: the job of CI as its variables name it, and the git repository.

Variables can be left over from another job, or be set by hand. Git decides which commit is released; a variable counts
for the rest as long as it does not contradict git.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from hublish.api.git.git_command import run_git
from hublish.api.git.repository_state import SHORT, Git, checked
from hublish.api.git.tagged_release import CommittedTree
from hublish.base.values import Project, Release
from hublish.base.values.attested import BuildFacts
from hublish.pipeline.collect.uncollected import missing_files
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.card_evaluation import evaluation_files
from hublish.schemas.secrets.masking import holds_token
from hublish.schemas.variables.lookup import NoValueError

LOCAL: Final = "https://hublish.github.io/hublish/builders/local"
"""The builder outside of CI: any machine of a person."""

_SERVER: Final = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[\w./-]*)?", re.ASCII)
_REPOSITORY: Final = re.compile(r"[\w.-]+(?:/[\w.-]+)+", re.ASCII)
_WORKFLOW: Final = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+)/[^@\s]+@refs/\S+", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]{1,20}", re.ASCII)
_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
# `git@github.com:acme/digits.git`; a single letter is a drive.
_SCP: Final = re.compile(r"(?:[^@/:\s]+@)?(?P<host>[A-Za-z0-9.-]{2,}):(?P<path>[^/\s][^\s]*)")
_HOST: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?", re.ASCII)
_PATH: Final = re.compile(r"(?:/(?!\.{1,2}(?:/|$))[\w.~+-]+)+", re.ASCII)
_SAFE_IN_URI: Final = "/:@!$&'()*+,;=~%"
_LONGEST: Final = 2000
_COMMIT_IT: Final = "publish from a git checkout, so that readers know the commit that the release was built from"


@dataclass(frozen=True, slots=True)
class _Job:
    """A job of CI, as its variables name it."""

    builder: str
    invocation: str | None
    repository: str
    """The URL of its repository."""
    commit: str
    variable: str
    """The name of the variable with the commit."""


def build_source(release: Release, environ: Mapping[str, str]) -> BuildFacts:
    """Return who builds a release and from which commit, without the repos on the Hub that it depends on.

    Args:
        release: the release; its sources are compared with the commit.
        environ: the environment, which names the job of CI.
    """
    job, warnings = _job(environ)
    facts = BuildFacts(job.builder if job else LOCAL, job.invocation if job else None)
    project = release.project
    git = Git(project.folder, environ)
    try:
        commit = git.commit()
    except NoValueError as error:
        warnings.append(_warning("sign.commit", f"the provenance names no commit: {error.reason}", _COMMIT_IT))
        return replace(facts, warnings=tuple(warnings))
    is_of_job = job is not None and job.commit == commit
    if job is not None and not is_of_job:
        message = f"{job.variable} is {job.commit[:SHORT]}, and {commit[:SHORT]} is checked out, which is released"
        warnings.append(_warning("sign.commit", message, "check out the commit of the job to release that one"))
    address = repository_address(project, environ)
    if address is None and job is not None and is_of_job:
        address = public_address(job.repository)
    return replace(
        facts,
        source_uri=address,
        source_commit=commit,
        dirty=_is_dirty(release, environ, commit),
        warnings=tuple(warnings),
    )


def _warning(code: str, message: str, hint: str) -> Problem:
    return Problem(code, message, hint, severity="warning")


def _job(environ: Mapping[str, str]) -> tuple[_Job | None, list[Problem]]:
    """Return the job that the variables name, and a warning if they name only a part of one."""
    if environ.get("GITHUB_ACTIONS") == "true":
        job, service = _github_job(environ), "GitHub Actions"
    elif environ.get("GITLAB_CI") == "true":
        job, service = _gitlab_job(environ), "GitLab CI"
    else:
        return None, []
    if job is not None and len(job.builder) <= _LONGEST:
        return job, []
    message = f"the variables of {service} do not name a workflow; the provenance names a local builder"
    return None, [_warning("sign.builder", message, "pass the variables of the job to the process that publishes")]


def _github_job(environ: Mapping[str, str]) -> _Job | None:
    """Read the variables of GitHub Actions; Forgejo and Gitea set the same ones.

    https://docs.github.com/actions/reference/workflows-and-actions/variables
    """
    server, workflow = environ.get("GITHUB_SERVER_URL", ""), environ.get("GITHUB_WORKFLOW_REF", "")
    repository, commit = environ.get("GITHUB_REPOSITORY", ""), environ.get("GITHUB_SHA", "")
    found = _WORKFLOW.fullmatch(workflow)
    is_whole = _SERVER.fullmatch(server) and _REPOSITORY.fullmatch(repository) and _COMMIT.fullmatch(commit)
    if not found or not is_whole or found["repository"] != repository:
        return None
    run, attempt = environ.get("GITHUB_RUN_ID", ""), environ.get("GITHUB_RUN_ATTEMPT", "1")
    url = f"{server}/{repository}"
    is_run = _NUMBER.fullmatch(run) and _NUMBER.fullmatch(attempt)
    invocation = f"{url}/actions/runs/{run}/attempts/{attempt}" if is_run else None
    return _Job(f"{server}/{quote(workflow, safe=_SAFE_IN_URI)}", invocation, url, commit, "GITHUB_SHA")


def _gitlab_job(environ: Mapping[str, str]) -> _Job | None:
    """Read the variables of GitLab CI. The builder is the one in the certificates of its jobs.

    https://docs.gitlab.com/ci/variables/predefined_variables/
    """
    project, configuration = environ.get("CI_PROJECT_URL", ""), environ.get("CI_CONFIG_PATH", "")
    commit, run = environ.get("CI_COMMIT_SHA", ""), environ.get("CI_JOB_URL", "")
    # The configuration may be in another project, or at a URL.
    is_here = configuration and not re.search(r"[@:\s]", configuration)
    ref = _gitlab_ref(environ)
    if not _SERVER.fullmatch(project) or not is_here or not ref or not _COMMIT.fullmatch(commit):
        return None
    builder = f"{project}//{quote(configuration, safe=_SAFE_IN_URI)}@{quote(ref, safe=_SAFE_IN_URI)}"
    return _Job(builder, run if _SERVER.fullmatch(run) else None, project, commit, "CI_COMMIT_SHA")


def _gitlab_ref(environ: Mapping[str, str]) -> str:
    if tag := environ.get("CI_COMMIT_TAG"):
        return f"refs/tags/{tag}"
    if branch := environ.get("CI_COMMIT_BRANCH"):
        return f"refs/heads/{branch}"
    return environ.get("CI_MERGE_REQUEST_REF_PATH", "")


def repository_address(project: Project, environ: Mapping[str, str]) -> str | None:
    """Return the address of the remote `origin`, or else of the only remote; None without a public one."""
    query = ("config", "--null", "--get-regexp", r"^remote\..*\.url$")
    # Exit code 1: there is no remote.
    output = checked(run_git(project.folder, environ, *query), (0, 1))
    remotes: dict[str, str] = {}
    for entry in output.out.decode("utf-8", "replace").split("\0"):
        key, _, url = entry.partition("\n")
        if key:
            remotes.setdefault(key.removeprefix("remote.").removesuffix(".url"), url)
    url = remotes.get("origin") or (next(iter(remotes.values())) if len(remotes) == 1 else "")
    return public_address(url)


def public_address(url: str) -> str | None:
    """Return the address of a repository as `git+https://`, without credentials; None for a path of this machine.

    >>> public_address("git@github.com:acme/digits.git")
    'git+https://github.com/acme/digits'
    """
    if "://" in url:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            return None
        if parts.scheme not in ("http", "https", "ssh", "git", "git+ssh"):
            return None
        # The port of ssh is not that of the pages.
        host += f":{port}" if port is not None and parts.scheme in ("http", "https") else ""
        path = parts.path
    elif found := _SCP.fullmatch(url):
        host, path = found["host"].lower(), f"/{found['path']}"
    else:
        return None
    path = unquote(path).rstrip("/").removesuffix(".git")
    name = host.partition(":")[0]
    if not _HOST.fullmatch(name) or not _PATH.fullmatch(path) or len(url) > _LONGEST or holds_token(path):
        return None
    return f"git+https://{host}{path}"


def _is_dirty(release: Release, environ: Mapping[str, str], commit: str) -> bool | None:
    """Return whether a source of a release differs from a commit, or is neither in it nor ignored by git.

    Compared as `policy.dirty` does; None when git cannot.
    """
    project = release.project
    files = sorted({path for path in _sources(release) if (project.folder / path).is_file()})
    try:
        found = CommittedTree(project.folder, environ, commit).differences(files)
    except NoValueError:
        return None
    return bool(found.changed or found.untracked or missing_files(project, found.gone))


def _sources(release: Release) -> Iterator[str]:
    project = release.project
    yield PurePosixPath(project.name).name
    root = Path(os.path.realpath(project.folder))
    for file in release.files:
        if file.origin.artifact is not None:
            yield file.origin.source
            # A link that is followed is released as the file that it leads to.
            if project.manifest.policy.symlinks == "follow" and (path := file.content.local_path) is not None:
                real = Path(os.path.realpath(path))
                yield from [real.relative_to(root).as_posix()] if real.is_relative_to(root) else ()
    if card := project.manifest.card:
        yield card.template
        yield from evaluation_files(card.evaluation)
        yield from card.data.values()
