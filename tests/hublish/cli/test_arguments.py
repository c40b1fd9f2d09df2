"""Shared options become keywords of the API."""

from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from hublish.api.options import PullOptions
from hublish.base.errors import ManifestInvalidError, UsageError
from hublish.base.values import Project
from hublish.cli.arguments import (
    add_manifest,
    add_reference,
    lock_path,
    manifest,
    pull_options,
    repeated_options,
)
from hublish.cli.parser import Parser
from hublish.cli.views.phrases import RepeatedOptions
from tests.hublish.cli.running import MakeDesk, desk

MANIFEST = "repo: {repo_id: acme/a}\nartifacts: [{source: a.json}]\n"


def download(*argv: str) -> dict[str, Any]:
    parser = Parser()
    add_reference(parser)
    return pull_options(parser.parse_all(argv), desk().report)


def test_a_lock_replaces_the_reference() -> None:
    keywords = download("--lock", "hub.lock")
    assert (keywords["repo_id"], keywords["repo_type"], keywords["revision"]) == (None, None, None)
    assert keywords["lock"] == Path("hub.lock")


def test_the_command_line_has_every_option_of_the_api() -> None:
    assert set(download("acme/a")) == {"repo_id", *PullOptions.__annotations__}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, RepeatedOptions()),
        ({"file": "hub.yaml", "endpoint": None}, RepeatedOptions()),
        ({"file": "a b/hub.yaml"}, RepeatedOptions(" -f 'a b/hub.yaml'", "")),
        ({"file": "hub.yaml", "endpoint": "embedded", "token": "secret"}, RepeatedOptions("", " --local")),
        ({"endpoint": "http://hub"}, RepeatedOptions("", " --endpoint http://hub")),
        ({"settings": [("v", "1"), ("by", "A B")]}, RepeatedOptions("", "", " --set v=1 --set 'by=A B'")),
    ],
)
def test_the_next_command_repeats_options_but_never_the_token(given: dict[str, Any], expected: RepeatedOptions) -> None:
    assert repeated_options(Namespace(**given)) == expected


def test_settings_are_repeated_for_commands_that_read_the_manifest() -> None:
    options = RepeatedOptions(" -f a/hub.yaml", " --local", " --set v=1")
    assert (options.file, options.manifest) == (" -f a/hub.yaml", " -f a/hub.yaml --set v=1")


def test_a_manifest_in_a_file_stays_a_path(make_desk: MakeDesk) -> None:
    assert manifest(Namespace(file="a/hub.yaml", settings=[]), make_desk().report) == Path("a/hub.yaml")


def test_a_dash_reads_standard_input_with_sources_from_the_current_folder(
    make_desk: MakeDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    project = manifest(Namespace(file="-", settings=[]), make_desk(MANIFEST).report)
    assert isinstance(project, Project)
    assert project.text == MANIFEST.encode()
    assert project.folder.samefile(tmp_path)


def test_endless_standard_input_is_read_up_to_the_limit(make_desk: MakeDesk) -> None:
    with pytest.raises(ManifestInvalidError, match="larger"):
        manifest(Namespace(file="-", settings=[]), make_desk("#" * (3 << 20)).report)


def test_a_setting_replaces_a_variable_of_the_manifest(make_desk: MakeDesk) -> None:
    text = MANIFEST + "variables: {by: us, n: '1'}\ncard: {variables: {by: '{{ by }}', n: '{{ n }}'}}\n"
    project = manifest(Namespace(file="-", settings=[("by", "A"), ("by", "a=b")]), make_desk(text).report)
    assert isinstance(project, Project)
    assert project.manifest.card
    assert project.manifest.card.variables == {"by": "a=b", "n": "1"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("version", "expected NAME=VALUE, such as version=1.2.0"),
        ("=1", "'' is not the name of a variable"),
        ("a-b=1", "'a-b' is not the name of a variable"),
        ("a.b=1", "'a.b' is not the name of a variable"),
        ("git.commit=1", "'git.commit' comes from git and cannot be set; set a name of 'variables'"),
        ("git.comit=1", "'git.comit' comes from git and cannot be set"),
        ("env.CI=1", "'env.CI' comes from the environment and cannot be set"),
        ("source_date=1", "'source_date' comes from SOURCE_DATE_EPOCH or git and cannot be set"),
        ("v=a\x07b", "the value of 'v' is invalid: control character U+0007 not allowed"),
        ("v=a\udcffb", "the value of 'v' is invalid: invalid Unicode"),
    ],
)
def test_a_name_that_cannot_be_set_is_a_usage_error(text: str, message: str) -> None:
    parser = Parser()
    add_manifest(parser)
    with pytest.raises(UsageError) as caught:
        parser.parse_all(["--set", text])
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("file", "named", "lock"),
    [
        ("hub.yaml", None, "hub.lock"),
        ("a/priv.yaml", None, "a/priv.lock"),
        ("-", None, "hub.lock"),
        ("a/hub.yaml", "b/v1.lock", "b/v1.lock"),
    ],
)
def test_the_lock_is_beside_the_manifest_unless_it_is_named(file: str, named: str | None, lock: str) -> None:
    assert lock_path(Namespace(file=file, lock=named)) == Path(lock)
