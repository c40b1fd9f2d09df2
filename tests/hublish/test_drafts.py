"""A draft of a folder is what its author would have written: read as a golden file, planned, checked."""

from pathlib import Path

import pytest
import yaml

import hublish
from hublish.pipeline.hub.embedded import EmbeddedHub
from hublish.pipeline.values import Action
from hublish.schemas.documents import read_manifest
from tests.pipeline.drafting.shapes import models, others

GOLDEN = Path(__file__).parents[1] / "pipeline" / "drafting" / "golden"
SHAPES = {**models.SHAPES, **others.SHAPES}
EVERY = pytest.mark.parametrize("title", SHAPES)


@pytest.fixture
def folder(title: str, tmp_path: Path) -> Path:
    shape = SHAPES[title]
    folder = tmp_path / shape.name
    folder.mkdir()
    shape.build(folder)
    return folder


@EVERY
def test_a_draft_is_what_its_author_would_write(title: str, folder: Path, request: pytest.FixtureRequest) -> None:
    made = hublish.init(folder)
    assert (folder / "hub.yaml").read_text() == made.text
    golden = GOLDEN / f"{title}.yaml"
    if request.config.getoption("--update-goldens", default=False):
        golden.write_text(made.text)
    assert made.text == golden.read_text(), f"{golden.name} differs; --update-goldens rewrites it"


@EVERY
def test_what_would_be_published_is_what_its_author_means(
    title: str, folder: Path, own_hub: EmbeddedHub, own_home: Path
) -> None:
    hublish.init(folder)
    assert sorted(problem.message for problem in hublish.check(folder / "hub.yaml")) == list(SHAPES[title].warned)
    plan = hublish.plan(folder / "hub.yaml", endpoint=own_hub.endpoint, token=own_hub.token)
    assert tuple(change.path_in_repo for change in plan.of(Action.ADD)) == SHAPES[title].released


@EVERY
def test_a_draft_means_the_same_to_a_reader_of_yaml_1_1(title: str, folder: Path) -> None:
    made = hublish.init(folder, out=None)
    assert read_manifest(yaml.dump(yaml.safe_load(made.text), allow_unicode=True).encode()) == made.manifest
