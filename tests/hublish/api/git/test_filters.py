"""No program runs that a repository brings along; what the user configured does."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from subprocess import CalledProcessError

import pytest

from hublish.api.git.filters import without_own_filters
from hublish.api.git.repository_state import Git

Run = Callable[..., str]
Environ = dict[str, str]


@pytest.fixture
def filtered(repository: Path, environ: Environ, git: Run) -> Path:
    """A repository whose files pass a filter, and whose index must be compared with them."""
    (repository / ".gitattributes").write_text("*.txt filter=odd=name\n")
    (repository / "a.txt").write_text("text")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "--message", "second")
    os.utime(repository / "a.txt", (1, 1))
    return repository


@pytest.mark.parametrize("kind", ["clean", "process"])
def test_a_filter_of_the_repository_is_not_run(filtered: Path, environ: Environ, git: Run, kind: str) -> None:
    ran = filtered.parent / "ran"
    git(filtered, "config", f"filter.odd=name.{kind}", f"touch {ran}; cat")
    git(filtered, "config", "filter.odd=name.required", "true")
    assert Git(filtered, environ).dirty() is False
    assert not ran.exists()
    os.utime(filtered / "a.txt", (2, 2))
    with suppress(CalledProcessError):  # git fails where the filter is no filter at all
        git(filtered, "status")
    assert ran.exists(), "git itself would have run it"


def test_a_filter_of_the_user_is_run(filtered: Path, environ: Environ, git: Run) -> None:
    git(filtered, "config", "--global", "filter.odd=name.clean", "tr a-z A-Z")
    git(filtered, "config", "filter.odd=name.clean", "echo evil")
    assert Git(filtered, environ).dirty() is True  # its text is upper case to the filter


def test_what_the_environment_configures_stays(filtered: Path, environ: Environ, git: Run) -> None:
    git(filtered, "config", "filter.x.clean", "evil")
    given = {**environ, "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "a.b", "GIT_CONFIG_VALUE_0": "c"}
    changed = without_own_filters(filtered, given)
    assert (changed["GIT_CONFIG_COUNT"], changed["GIT_CONFIG_KEY_0"]) == ("2", "a.b")
    assert (changed["GIT_CONFIG_KEY_1"], changed["GIT_CONFIG_VALUE_1"]) == ("filter.x.clean", "")


def test_without_filters_nothing_is_changed(repository: Path, environ: Environ) -> None:
    assert without_own_filters(repository, environ) == environ
