"""A draft of a folder is compared with a golden file, checked and planned."""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

import hublish
from hublish.base.errors import DraftError, HublishError, UsageError
from hublish.schemas.documents.manifest_yaml import read_manifest
from tests.pipeline.draft.shapes import carded, models, others
from tests.pipeline.draft.shapes.making import npz, safetensors, training, write

GOLDEN = Path(__file__).parents[2] / "pipeline" / "draft" / "golden"
SHAPES = {**models.SHAPES, **carded.SHAPES, **others.SHAPES}
EVERY = pytest.mark.parametrize("title", SHAPES)


@pytest.fixture
def folder(title: str, tmp_path: Path) -> Path:
    shape = SHAPES[title]
    folder = tmp_path / shape.name
    folder.mkdir()
    shape.build(folder)
    return folder


@EVERY
def test_a_draft_equals_its_golden_file(title: str, folder: Path, request: pytest.FixtureRequest) -> None:
    made = hublish.init(folder)
    assert (folder / "hub.yaml").read_text() == made.text
    golden = GOLDEN / f"{title}.yaml"
    if request.config.getoption("--update-goldens", default=False):
        golden.write_text(made.text)
    assert made.text == golden.read_text(), f"{golden.name} differs; --update-goldens rewrites it"
    by_1_1 = yaml.dump(yaml.safe_load(made.text), allow_unicode=True)
    assert read_manifest(by_1_1.encode()) == made.manifest


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "tiny"
    safetensors(folder / "model.safetensors")
    return folder


def test_an_existing_manifest_is_replaced_only_with_force(model: Path) -> None:
    write(model / "hub.yaml", "mine: true\n")
    with pytest.raises(DraftError, match=r"hub\.yaml exists") as caught:
        hublish.init(model)
    assert "--force" in caught.value.hint
    assert (model / "hub.yaml").read_text() == "mine: true\n"
    assert hublish.init(model, force=True).path == model / "hub.yaml"
    assert (model / "hub.yaml").read_text() != "mine: true\n"


def test_a_link_that_leads_nowhere_counts_as_a_manifest_and_is_not_written_through(model: Path) -> None:
    (model / "hub.yaml").symlink_to(model.parent / "elsewhere.yaml")
    with pytest.raises(DraftError, match="exists"):
        hublish.init(model)
    hublish.init(model, force=True)
    assert not (model / "hub.yaml").is_symlink()
    assert not (model.parent / "elsewhere.yaml").exists()


def test_nothing_is_written_without_out(model: Path) -> None:
    made = hublish.init(model, out=None)
    assert made.path is None
    assert [path.name for path in model.iterdir()] == ["model.safetensors"]


def test_another_name_in_the_folder_will_do(model: Path) -> None:
    made = hublish.init(model, repo_id="acme/x", out="release.yaml")
    assert made.path == model / "release.yaml"
    assert hublish.check(model / "release.yaml")[0].message == "the license is missing"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"folder": "nowhere"}, "nowhere is not a folder"),
        ({"folder": "tiny/model.safetensors"}, "is not a folder"),
        ({"folder": "tiny", "out": "../hub.yaml"}, "is not in"),
        ({"folder": "tiny", "out": "."}, "is not in"),
        ({"folder": "tiny", "repo_id": "a/b/c"}, "a/b/c: repo_id"),
        ({"folder": "tiny", "repo_id": "https://example.com/a"}, "repo_id"),
    ],
)
def test_a_call_that_does_not_fit_is_refused(arguments: dict[str, Any], message: str, model: Path) -> None:
    with pytest.raises(UsageError, match=message):
        hublish.init(model.parent / arguments.pop("folder"), **arguments)
    assert not (model / "hub.yaml").exists()


def test_arguments_take_precedence_over_detection(tmp_path: Path) -> None:
    folder = tmp_path / "both"
    safetensors(folder / "model.safetensors")
    write(folder / "train.csv", "a,b\n1,2\n")
    made = hublish.init(folder, repo_id="acme/rows", repo_type="dataset")
    assert (made.manifest.repo.repo_id, made.manifest.repo.repo_type) == ("acme/rows", "dataset")
    assert "train.csv" in [artifact.source for artifact in made.manifest.artifacts]


def test_a_card_that_the_hub_would_reject_is_left_out_with_the_reason(model: Path) -> None:
    write(model / "README.md", "---\nlicense: mine\n---\n")
    made = hublish.init(model)
    assert made.manifest.card is not None
    assert [one.path for one in made.left_out] == ["README.md"]
    assert "the Hub would reject its metadata" in made.left_out[0].why


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_cannot_be_read_stays_out(model: Path) -> None:
    (model / "closed").mkdir(mode=0o000)
    assert ("closed/", "cannot be read") in [(one.path, one.why) for one in hublish.init(model).left_out]


ODD_NAMES = (
    "a b.json",
    "{{ x }}.json",
    "[1].json",
    "*.json",
    "#.json",
    "- a.json",
    "no",
    "'\".json",
    "é.json",
    "%.json",
)


def test_files_of_odd_names_are_released_by_their_names(model: Path) -> None:
    for name in ODD_NAMES:
        write(model / name, "{}")
    hublish.init(model)
    released = {file.path_in_repo for file in hublish.files(model / "hub.yaml").files}
    assert released == {*ODD_NAMES, "model.safetensors", "hub.yaml", "README.md"} - {"no"}


def test_nothing_is_followed_opened_or_waited_for(model: Path) -> None:
    os.mkfifo(model / "config.json")
    os.mkfifo(model / "LICENSE")
    (model / "README.md").symlink_to("/etc/passwd")
    (model / "up").symlink_to("..")
    made = hublish.init(model)
    assert [artifact.source for artifact in made.manifest.artifacts] == ["model.safetensors"]
    assert {one.path for one in made.left_out} == {"config.json", "LICENSE", "README.md", "up"}


def test_a_folder_of_many_files_is_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "many"
    for number in range(3000):
        write(folder / "train" / str(number % 10) / f"{number}.png", b"x")
    made = hublish.init(folder)
    assert [artifact.source for artifact in made.manifest.artifacts] == ["train/"]


def test_problems_of_the_files_are_reported_and_nothing_is_written(tmp_path: Path) -> None:
    npz(tmp_path / "A.npz")
    npz(tmp_path / "a.npz")
    with pytest.raises(HublishError, match="cannot be released as it is"):
        hublish.init(tmp_path)
    assert not (tmp_path / "hub.yaml").exists()


def test_a_checkpoint_with_more_than_weights_is_converted_by_the_draft(tmp_path: Path) -> None:
    training(tmp_path / "runs" / "last.ckpt")
    hublish.init(tmp_path)
    assert "model.safetensors" in [file.path_in_repo for file in hublish.files(tmp_path / "hub.yaml").files]
