"""The builder and the source of a release: git decides, and variables of CI count as long as they agree with it."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hublish
from hublish.api.git.builder import LOCAL, build_source, public_address
from hublish.base.values.attested import BuildFacts
from tests.faults.projects import rounds

Run = Callable[..., str]


@pytest.fixture(autouse=True)
def git_alone(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let hublish run git as the tests do."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def project(tmp_path: Path, git: Run) -> Path:
    """A repository with the sources of a release."""
    folder = tmp_path / "project"
    (folder / "m").mkdir(parents=True)
    manifest = {"repo": {"repo_id": "acme/digits"}, "artifacts": [{"source": "m/"}], "policy": {"symlinks": "follow"}}
    (folder / "hub.yaml").write_text(json.dumps(manifest))
    (folder / "m/config.json").write_text("{}")
    (folder / "notes.txt").write_text("1")
    (folder / "linked.json").write_text("[]")
    (folder / "m/link.json").symlink_to("../linked.json")
    (folder / ".gitignore").write_text("*.bin\n")
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "remote", "add", "origin", "https://user:secret@git.example.com:8443/acme/digits.git")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "first")
    return folder


def facts(folder: Path, environ: dict[str, str], **variables: str) -> BuildFacts:
    release = hublish.build(folder, folder.parent / f"out-{len(list(folder.parent.iterdir()))}")
    return build_source(release, {**environ, **variables})


def test_a_person_is_a_local_builder_of_the_commit(project: Path, environ: dict[str, str], git: Run) -> None:
    commit = git(project, "rev-parse", "HEAD").strip()
    found = facts(project, environ)
    assert found == BuildFacts(LOCAL, None, "git+https://git.example.com:8443/acme/digits", commit, dirty=False)


@pytest.mark.parametrize(
    ("path", "is_dirty"),
    [
        ("m/config.json", True),
        ("hub.yaml", True),
        ("linked.json", True),
        ("m/new.json", True),
        ("m/weights.bin", False),  # generated: git ignores it
        ("notes.txt", False),
    ],
)
def test_files_of_the_release_decide_whether_it_is_dirty(
    project: Path, environ: dict[str, str], path: str, is_dirty: bool
) -> None:
    before = (project / path).read_text() if (project / path).exists() else ""
    (project / path).write_text(f"{before} \n")
    assert facts(project, environ).dirty is is_dirty


def test_a_deleted_source_makes_it_dirty(project: Path, environ: dict[str, str]) -> None:
    (project / "m/weights.bin").write_text("1")
    assert facts(project, environ).dirty is False
    (project / "m/config.json").unlink()
    assert facts(project, environ).dirty is True


def test_outside_of_a_repository_there_is_no_commit_and_a_warning(tmp_path: Path, environ: dict[str, str]) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    (folder / "hub.yaml").write_text("repo: {repo_id: a/b}\nartifacts: [{source: '*.txt'}]\n")
    (folder / "a.txt").write_text("1")
    found = facts(folder, environ)
    assert (found.source_uri, found.source_commit, found.dirty) == (None, None, None)
    assert [one.code for one in found.warnings] == ["sign.commit"]


GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "acme/digits",
    "GITHUB_WORKFLOW_REF": "acme/digits/.github/workflows/release.yml@refs/tags/v1",
    "GITHUB_RUN_ID": "42",
    "GITHUB_RUN_ATTEMPT": "2",
}
GITLAB = {
    "GITLAB_CI": "true",
    "CI_PROJECT_URL": "https://gitlab.com/acme/group/digits",
    "CI_CONFIG_PATH": ".gitlab-ci.yml",
    "CI_COMMIT_BRANCH": "main",
    "CI_JOB_URL": "https://gitlab.com/acme/group/digits/-/jobs/7",
}
BUILDERS = {
    "GITHUB_SHA": (
        GITHUB,
        "https://github.com/acme/digits/.github/workflows/release.yml@refs/tags/v1",
        "https://github.com/acme/digits/actions/runs/42/attempts/2",
    ),
    "CI_COMMIT_SHA": (
        GITLAB,
        "https://gitlab.com/acme/group/digits//.gitlab-ci.yml@refs/heads/main",
        "https://gitlab.com/acme/group/digits/-/jobs/7",
    ),
}


@pytest.mark.parametrize("variable", BUILDERS)
def test_the_workflow_is_the_builder(project: Path, environ: dict[str, str], git: Run, variable: str) -> None:
    variables, builder, invocation = BUILDERS[variable]
    found = facts(project, environ, **variables, **{variable: git(project, "rev-parse", "HEAD").strip()})
    assert (found.builder, found.invocation, found.warnings) == (builder, invocation, ())


@pytest.mark.parametrize("variable", BUILDERS)
def test_git_is_believed_where_a_variable_names_another_commit(
    project: Path, environ: dict[str, str], git: Run, variable: str
) -> None:
    commit = git(project, "rev-parse", "HEAD").strip()
    found = facts(project, environ, **BUILDERS[variable][0], **{variable: "ab" * 20})
    (warning,) = found.warnings
    assert (found.source_commit, warning.code, warning.severity) == (commit, "sign.commit", "warning")
    assert f"{variable} is abababa" in warning.message


def test_the_repository_of_the_job_is_the_source_where_the_remote_has_no_address(
    project: Path, environ: dict[str, str], git: Run
) -> None:
    git(project, "remote", "set-url", "origin", "/srv/git/digits.git")
    assert facts(project, environ).source_uri is None
    job = {**GITHUB, "GITHUB_SHA": git(project, "rev-parse", "HEAD").strip()}
    assert facts(project, environ, **job).source_uri == "git+https://github.com/acme/digits"
    assert facts(project, environ, **{**job, "GITHUB_SHA": "ab" * 20}).source_uri is None


@pytest.mark.parametrize(
    ("service", "change"),
    [
        (GITHUB, {"GITHUB_WORKFLOW_REF": ""}),
        (GITHUB, {"GITHUB_WORKFLOW_REF": "acme/other/.github/workflows/x.yml@refs/heads/main"}),
        (GITHUB, {"GITHUB_WORKFLOW_REF": "acme/digits/.github/workflows/x y.yml@refs/heads/main"}),
        (GITHUB, {"GITHUB_SERVER_URL": "https://user:secret@github.com"}),
        (GITHUB, {"GITHUB_SERVER_URL": "file:///etc"}),
        (GITHUB, {"GITHUB_SHA": "main"}),
        (GITHUB, {"GITHUB_WORKFLOW_REF": f"acme/digits/x.yml@refs/heads/{'x' * 3000}"}),
        (GITLAB, {"CI_CONFIG_PATH": "ci.yml@acme/other"}),
        (GITLAB, {"CI_CONFIG_PATH": "https://elsewhere.example/ci.yml"}),
        (GITLAB, {"CI_PROJECT_URL": "gitlab.com/acme"}),
        (GITLAB, {"CI_COMMIT_BRANCH": ""}),
    ],
)
def test_variables_that_name_no_workflow_name_no_builder(
    project: Path, environ: dict[str, str], service: dict[str, str], change: dict[str, str]
) -> None:
    job = {"GITHUB_SHA": "ab" * 20, "CI_COMMIT_SHA": "ab" * 20, **service, **change}
    found = facts(project, environ, **job)
    assert (found.builder, [one.code for one in found.warnings]) == (LOCAL, ["sign.builder"])


ADDRESSES = [
    ("https://github.com/acme/digits", "git+https://github.com/acme/digits"),
    ("https://github.com/acme/digits.git/", "git+https://github.com/acme/digits"),
    ("https://x-access-token:ghs_x@GitHub.com/acme/digits?private=1#a", "git+https://github.com/acme/digits"),
    ("http://git.example.com:3000/a/b", "git+https://git.example.com:3000/a/b"),
    ("ssh://git@git.example.com:2222/a/b.git", "git+https://git.example.com/a/b"),
    ("git@github.com:acme/digits.git", "git+https://github.com/acme/digits"),
    ("github.com:acme/digits", "git+https://github.com/acme/digits"),
    ("git://git.example.com/a%2Fb", "git+https://git.example.com/a/b"),
    ("/srv/git/digits.git", None),
    ("../digits", None),
    ("file:///home/ada/digits", None),
    ("C:\\digits", None),
    ("C:/digits", None),
    ("https://github.com", None),
    ("https://github.com/../etc", None),
    ("https://github.com/a b", None),
    ("https://[::1", None),
    ("https://github.com:99999/a/b", None),
    ("ext::sh -c 'x'", None),
    ("", None),
]


@pytest.mark.parametrize(("url", "address"), ADDRESSES)
def test_the_address_of_a_repository_has_no_credentials_and_no_local_path(url: str, address: str | None) -> None:
    assert public_address(url) == address


@settings(max_examples=rounds(300))
@given(st.from_regex(r"(https|ssh|git)://([a-z]{0,8}(:[a-zA-Z0-9]{0,12})?@)?[a-z.:0-9]{0,20}/[ -~]{0,30}|[ -~]{0,40}"))
def test_any_address_is_one_of_plain_https_or_none(url: str) -> None:
    found = public_address(url)
    assert found is None or re.fullmatch(r"git\+https://[a-z0-9.-]+(:[0-9]+)?(/[\w.~+-]+)+", found)
    assert found is None or public_address(found.removeprefix("git+")) is not None
