"""The values that a manifest may mention without declaring them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hublish.api.git.environment import MachineValues
from hublish.schemas.variables.lookup import BUILT_IN, NoValueError

Run = Callable[..., str]
Environ = dict[str, str]


def test_every_built_in_name_has_a_value(repository: Path, environ: Environ, git: Run) -> None:
    git(repository, "tag", "v1")
    head = git(repository, "rev-parse", "HEAD")
    values = MachineValues(repository, environ)
    assert {name: values.value(name) for name in BUILT_IN} == {
        "git.branch": "main",
        "git.commit": head,
        "git.dirty": "false",
        "git.short_commit": head[:7],
        "git.tag": "v1",
        "source_date": "2026-02-01",
    }
    (repository / "hub.yaml").write_text("changed")
    assert values.value("git.dirty") == "true"


@pytest.mark.parametrize(
    ("seconds", "date"), [("0", "1970-01-01"), ("1769909400", "2026-02-01"), ("253402300799", "9999-12-31")]
)
def test_source_date_epoch_precedes_git(repository: Path, environ: Environ, seconds: str, date: str) -> None:
    assert MachineValues(repository, {**environ, "SOURCE_DATE_EPOCH": seconds}).value("source_date") == date


@pytest.mark.parametrize("written", ["", "now", "1.5", "-1", " 0", "0\n", "٣", "1769909400000", "253402300800"])
def test_an_invalid_date_is_refused_and_never_guessed(repository: Path, environ: Environ, written: str) -> None:
    with pytest.raises(NoValueError):
        MachineValues(repository, {**environ, "SOURCE_DATE_EPOCH": written}).value("source_date")


def test_without_either_date_the_error_names_both_sources(tmp_path: Path, environ: Environ) -> None:
    with pytest.raises(NoValueError, match="SOURCE_DATE_EPOCH is not set, and the manifest is not in a git repository"):
        MachineValues(tmp_path, environ).value("source_date")


def test_a_date_that_is_set_needs_no_git(tmp_path: Path) -> None:
    assert MachineValues(tmp_path, {"SOURCE_DATE_EPOCH": "86400"}).value("source_date") == "1970-01-02"


def test_an_environment_variable_is_returned_as_it_is(tmp_path: Path) -> None:
    values = MachineValues(tmp_path, {"BUILD": " 7 ", "EMPTY": ""})
    assert (values.value("env.BUILD"), values.value("env.EMPTY")) == (" 7 ", "")
    with pytest.raises(NoValueError, match="OTHER is not set in the environment"):
        values.value("env.OTHER")


BODY = "aB3dE5fG7hJ9kL1mN2pQ4rS6tU8vW0xYz1"


@pytest.mark.parametrize("secret", ["hf_" + BODY, "AKIA" + "Q3EGTXUHV7Z2LWN5", "ghp_" + BODY + "2x"])
def test_a_secret_is_refused_and_not_repeated(tmp_path: Path, secret: str) -> None:
    with pytest.raises(NoValueError) as caught:
        MachineValues(tmp_path, {"BUILD": f"by {secret}"}).value("env.BUILD")
    assert (caught.value.code, caught.value.reason) == ("manifest.secret", "it is a secret")
    assert secret not in repr(caught.value) + caught.value.hint
