"""Shared options come to what the API takes."""

from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest

from hublish.base.errors import ManifestInvalidError, UsageError
from hublish.base.values import Project
from hublish.cli.again import Again
from hublish.cli.options import Target, add_manifest, again, beside, manifest, target
from hublish.cli.parser import Parser
from tests.hublish.cli.running import MakeDesk

MANIFEST = "repo: {repo_id: acme/a}\nartifacts: [{source: a.json}]\n"


@pytest.mark.parametrize(
    ("reference", "repo_type", "expected"),
    [
        ("acme/a", None, Target("acme/a", "model", None)),
        ("acme/a@v1", None, Target("acme/a", "model", "v1")),
        ("acme/a@refs/pr/3", None, Target("acme/a", "model", "refs/pr/3")),
        ("acme/a@x@y", None, Target("acme/a", "model", "x@y")),
        ("gpt2", None, Target("gpt2", "model", None)),
        ("datasets/acme/a@v1", None, Target("acme/a", "dataset", "v1")),
        ("spaces/acme/a", "space", Target("acme/a", "space", None)),
        ("kernels/acme/a", None, Target("acme/a", "kernel", None)),
        ("acme/a", "dataset", Target("acme/a", "dataset", None)),
        ("datasets/a", None, Target("datasets/a", "model", None)),
        ("datasets/a", "dataset", Target("datasets/a", "dataset", None)),
    ],
)
def test_a_reference_names_repo_kind_and_revision(reference: str, repo_type: str | None, expected: Target) -> None:
    assert target(Namespace(reference=reference, repo_type=repo_type, lock=None)) == expected


def test_a_lock_stands_for_the_reference() -> None:
    assert target(Namespace(reference=None, repo_type=None, lock=Path("hub.lock"))) == Target(None, "model", None)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, Again()),
        ({"file": "hub.yaml", "endpoint": None}, Again()),
        ({"file": "a b/hub.yaml"}, Again(" -f 'a b/hub.yaml'", "")),
        ({"file": "hub.yaml", "endpoint": "embedded", "token": "secret"}, Again("", " --local")),
        ({"endpoint": "http://hub"}, Again("", " --endpoint http://hub")),
        ({"settings": [("v", "1"), ("by", "A B")]}, Again("", "", " --set v=1 --set 'by=A B'")),
    ],
)
def test_the_next_command_repeats_what_it_needs_but_never_the_token(given: dict[str, Any], expected: Again) -> None:
    assert again(Namespace(**given)) == expected


def test_what_was_set_goes_to_commands_that_read_the_manifest() -> None:
    options = Again(" -f a/hub.yaml", " --local", " --set v=1")
    assert (options.file, options.manifest) == (" -f a/hub.yaml", " -f a/hub.yaml --set v=1")


def test_a_manifest_is_a_path_until_it_is_read(make_desk: MakeDesk) -> None:
    assert manifest(Namespace(file="a/hub.yaml", settings=[]), make_desk().terminal) == Path("a/hub.yaml")


def test_a_dash_reads_standard_input_with_sources_from_here(
    make_desk: MakeDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    project = manifest(Namespace(file="-", settings=[]), make_desk(MANIFEST).terminal)
    assert isinstance(project, Project)
    assert project.text == MANIFEST.encode()
    assert project.folder.samefile(tmp_path)


def test_standard_input_without_end_is_not_read_to_its_end(make_desk: MakeDesk) -> None:
    with pytest.raises(ManifestInvalidError, match="larger"):
        manifest(Namespace(file="-", settings=[]), make_desk("#" * (3 << 20)).terminal)


def test_what_was_set_stands_in_for_what_the_manifest_says(make_desk: MakeDesk) -> None:
    text = MANIFEST + "variables: {by: us, n: '1'}\ncard: {variables: {by: '{{ by }}', n: '{{ n }}'}}\n"
    project = manifest(Namespace(file="-", settings=[("by", "A"), ("by", "a=b")]), make_desk(text).terminal)
    assert isinstance(project, Project)
    assert project.manifest.card
    assert project.manifest.card.variables == {"by": "a=b", "n": "1"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("version", "expected NAME=VALUE, such as version=1.2.0"),
        ("=1", "'' is no name of a variable"),
        ("a-b=1", "'a-b' is no name of a variable"),
        ("a.b=1", "'a.b' is no name of a variable"),
        ("git.commit=1", "'git.commit' comes from git and cannot be set; set a name of 'variables'"),
        ("git.comit=1", "'git.comit' comes from git and cannot be set"),
        ("env.CI=1", "'env.CI' comes from the environment and cannot be set"),
        ("source_date=1", "'source_date' comes from SOURCE_DATE_EPOCH or git and cannot be set"),
        ("v=a\x07b", "the value of 'v' is refused: control character U+0007 not allowed"),
        ("v=a\udcffb", "the value of 'v' is refused: invalid Unicode"),
    ],
)
def test_what_cannot_be_set_is_a_usage_error(text: str, message: str) -> None:
    parser = Parser()
    add_manifest(parser)
    with pytest.raises(UsageError) as caught:
        parser.parse_all(["--set", text])
    assert message in caught.value.message


@pytest.mark.parametrize(("file", "lock"), [("hub.yaml", "hub.lock"), ("a/hub.yaml", "a/hub.lock"), ("-", "hub.lock")])
def test_the_lock_lies_beside_the_manifest(file: str, lock: str) -> None:
    assert beside(Namespace(file=file), "hub.lock") == Path(lock)
