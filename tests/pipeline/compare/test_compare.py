"""The .gitignore of a repo on the Hub."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub import HfApi

from hublish.api.session import Session
from hublish.base.values import Target
from hublish.hub.client.hub import Hub
from hublish.pipeline.compare.compare import remote_rules

REPO = Target("acme/x")


@pytest.fixture
def hub(tmp_path: Path, own_home: Path) -> Iterator[Hub]:
    with Session(endpoint="embedded", folder=tmp_path) as session:
        yield session.hub


@pytest.fixture
def api(hub: Hub) -> HfApi:
    hub.api.create_repo(REPO.repo_id)
    return hub.api


def line_for(hub: Hub, path: str, repo: Target = REPO) -> str:
    rules = remote_rules(hub, repo, hub.head(repo))
    return str(rules.rule_for(path)) if rules else "no rules"


def test_its_rules_are_those_at_the_head(hub: Hub, api: HfApi) -> None:
    assert line_for(hub, "a.bin") == "no rules"
    api.upload_file(path_or_fileobj=b"# large\n*.bin\n", path_in_repo=".gitignore", repo_id=REPO.repo_id)
    assert line_for(hub, "a.bin") == "acme/x/.gitignore:2: *.bin"
    api.upload_file(path_or_fileobj=b"*.txt\n", path_in_repo=".gitignore", repo_id=REPO.repo_id)
    assert line_for(hub, "a.bin") == "None"


def test_a_branch_that_does_not_exist_yet_begins_with_those_of_main(hub: Hub, api: HfApi) -> None:
    api.upload_file(path_or_fileobj=b"*.bin\n", path_in_repo=".gitignore", repo_id=REPO.repo_id)
    assert line_for(hub, "a.bin", replace(REPO, revision="next")) == "acme/x/.gitignore:1: *.bin"


def test_a_repo_that_does_not_exist_has_none(hub: Hub) -> None:
    assert line_for(hub, "a.bin") == "no rules"


def test_a_huge_gitignore_is_not_downloaded(hub: Hub, api: HfApi) -> None:
    api.upload_file(path_or_fileobj=b"#" * 1_200_000 + b"\n*.bin\n", path_in_repo=".gitignore", repo_id=REPO.repo_id)
    assert line_for(hub, "a.bin") == "no rules"


def test_nothing_of_it_stays_on_this_disk(hub: Hub, api: HfApi, own_home: Path) -> None:
    api.upload_file(path_or_fileobj=b"*.bin\n", path_in_repo=".gitignore", repo_id=REPO.repo_id)
    line_for(hub, "a.bin")
    assert [path for path in own_home.rglob(".gitignore") if path.is_file()] == []
