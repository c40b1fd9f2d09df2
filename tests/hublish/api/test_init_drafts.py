"""Drafts are published as they are and with every hint uncommented, loaded back, and name no excluded file."""

import re
from pathlib import Path
from posixpath import basename
from typing import Any

import pytest

import hublish
from hublish.hub.server import EmbeddedHub
from tests.hublish.api.test_init import EVERY, SHAPES, folder
from tests.hublish.formats.test_tensorboard_events import event, event_file
from tests.pipeline.draft.shapes.making import apache, pickled, safetensors, write

__all__ = ["folder"]

# A comment that is a field, an item of a list, or a line below one of them; the rest of the comments are sentences.
HINT = re.compile(r"(?m)^( *)# ((?: {2,})?(?:- )?\w+:(?: .*)?)$")


def uncommented(text: str) -> str:
    """Return a draft as an author leaves it who deletes the `#` before every line."""
    # The end of a draft may show the metadata to add to a README, which are not lines of hub.yaml.
    draft, _, _ = text.partition("\n# README.md is uploaded unchanged")
    return HINT.sub(lambda found: found[1] + found[2], draft)


# The number of arrays, or why hublish loads none: the libraries of these models do.
ARRAYS: dict[str, int | str] = {
    **dict.fromkeys(
        ("transformers", "adapter", "left_out", "with_card", "with_plain_readme", "exported", "two_runs"), 1
    ),
    **dict.fromkeys(("whole_checkpoint", "keras_archive", "github_repo", "minilm", "minilm_without_card"), 1),
    **dict.fromkeys(("trainer", "harness"), 1),
    "sharded": 3,
    "sharded_pickles": 2,
    "torch_checkpoint": 13,
    "example": 4,
    "pickles_in_folders": 3,
    "streamlit": 1,
    **dict.fromkeys(("gguf", "quantized_folders"), "loads one file, and there are 3"),
    "onnx": "loads one file, and there are 2",
    **dict.fromkeys(("estimator", "report"), "an estimator rather than arrays"),
    "diffusers": "is both in text_encoder/model.safetensors and in unet/",
}


@EVERY
@pytest.mark.filterwarnings("ignore:Warnings while validating metadata")
def test_an_unchanged_draft_is_published_pulled_and_loaded(
    title: str, folder: Path, tmp_path: Path, own_hub: EmbeddedHub, own_home: Path
) -> None:
    made = hublish.init(folder, repo_id=f"acme/draft-{title}")
    assert not names_excluded_files(made, SHAPES[title].released)
    assert sorted(problem.message for problem in hublish.check(folder / "hub.yaml")) == list(SHAPES[title].warned)
    hub: Any = {"endpoint": own_hub.endpoint, "token": own_hub.token}
    assert hublish.publish(folder / "hub.yaml", **hub).verified
    repo: Any = {"repo_id": f"acme/draft-{title}", "repo_type": made.manifest.repo.repo_type, **hub}
    hublish.pull(**repo, local_dir=tmp_path / "pulled")
    hublish.build(folder / "hub.yaml", out=tmp_path / "built")
    expected, found = contents(tmp_path / "built"), contents(tmp_path / "pulled")
    assert expected == {path: found.get(path) for path in expected}
    assert set(expected) == SHAPES[title].paths
    arrays = ARRAYS.get(title, "no weights in a format hublish can load")
    if isinstance(arrays, int):
        assert len(hublish.load(**repo).arrays) == arrays
    else:
        with pytest.raises(hublish.HublishError, match=arrays):
            hublish.load(**repo)


def names_excluded_files(made: hublish.Draft, released: tuple[str, ...]) -> list[str]:
    """Return the names of excluded files that a draft contains; the card is made from some that stay out."""
    used = [one.path for one in made.left_out if "the card" in one.why]
    known = {basename(path) for path in (*(one.source for one in made.manifest.artifacts), *released, *used)}
    excluded = {Path(one.path).name for one in made.left_out} - known
    return [name for name in excluded if re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", made.text)]


def contents(folder: Path) -> dict[str, bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


# Drafts whose hints differ.
HINTS = (
    "transformers",
    "adapter",
    "gguf",
    "sklearn_pickle",
    "with_plain_readme",
    "splits",
    "gradio",
    "docker",
    "static",
    "trainer",
    "report",
)


@pytest.mark.parametrize("title", HINTS)
@pytest.mark.filterwarnings("ignore:Warnings while validating metadata")  # a README without any is published unchanged
def test_a_draft_with_every_hint_uncommented_is_published(
    title: str, folder: Path, own_hub: EmbeddedHub, own_home: Path
) -> None:
    made = hublish.init(folder, repo_id=f"acme/hints-{title}")
    text = uncommented(made.text)
    assert "\n  visibility: private" in text
    assert not HINT.search(text)
    write(folder / "hub.yaml", text)
    receipt = hublish.publish(folder / "hub.yaml", endpoint=own_hub.endpoint, token=own_hub.token)
    assert receipt.verified
    assert receipt.tag == "v1.0.0"


PICKLES = {
    "at_the_top": ("model.joblib", "config.json", "model.joblib"),
    "in_the_folder_of_a_run": ("runs/x/model.pkl", "runs/x/metrics.json", "model.pkl"),
    "in_a_folder_of_its_own": ("out/model.joblib", "LICENSE", "out/model.joblib"),
    "with_a_name_that_is_a_glob": ("[1]/model.pickle", "[1]/config.json", "[1]/model.pickle"),
}


@pytest.mark.filterwarnings("ignore:.*the content is a pickle")
@pytest.mark.parametrize("title", PICKLES)
def test_the_lines_for_a_pickle_publish_it_where_it_loads(
    title: str, tmp_path: Path, own_hub: EmbeddedHub, own_home: Path
) -> None:
    path, other, path_in_repo = PICKLES[title]
    folder = tmp_path / "project"
    pickled(folder / path)
    write(folder / other, "{}\n")
    made = hublish.init(folder, repo_id=f"acme/pickle-{title}")
    assert any("is left out" in line for line in made.open)
    assert basename(path) not in made.text
    write(folder / "hub.yaml", uncommented(made.text))
    hub: Any = {"endpoint": own_hub.endpoint, "token": own_hub.token}
    hublish.publish(folder / "hub.yaml", **hub)
    with pytest.raises(hublish.HublishError, match="is a pickle"):
        hublish.from_hub(f"acme/pickle-{title}", **hub)
    loaded = hublish.from_hub(f"acme/pickle-{title}", trust=hublish.Trust(pickle=True), **hub)
    assert loaded == {"coef": [0.5, 1.5]}
    assert path_in_repo in {file.path_in_repo for file in hublish.files(folder / "hub.yaml").files}


@pytest.mark.parametrize("root", ["", "out/"])
def test_the_events_of_tensorboard_become_curves_of_the_published_card(
    root: str, tmp_path: Path, own_hub: EmbeddedHub, own_home: Path
) -> None:
    folder = tmp_path / "project"
    safetensors(folder / f"{root}model.safetensors", "w")
    write(folder / f"{root}config.json", {"model_type": "bert"})
    apache(folder)
    losses = [event("train/loss", step, 1 / (step + 1)) for step in range(20)]
    scores = [event("eval/accuracy", step, 0.5 + step / 100) for step in (0, 10, 19)]
    settings = event("args/text_summary", 0, '{"learning_rate": 5e-05}')
    log = f"{root}runs/Jul01_host/events.out.tfevents.1700000000.host.1.0"
    write(folder / log, event_file(*losses, *scores, settings))
    repo_id = f"acme/events-{root.strip('/') or 'top'}"
    made = hublish.init(folder, repo_id=repo_id)
    assert ("a training log", log) in [(found.what, found.evidence) for found in made.recognised]
    write(folder / "hub.yaml", made.text)
    hub: Any = {"endpoint": own_hub.endpoint, "token": own_hub.token}
    hublish.publish(folder / "hub.yaml", **hub)
    hublish.pull(repo_id, **hub, local_dir=tmp_path / "pulled")
    card = (tmp_path / "pulled" / "README.md").read_text()
    assert "Training loss from 1 at step 0 to 0.05 at step 19; evaluation accuracy from 0.5 at step 0 to" in card
    assert "| learning_rate | 5e-05 |" in card
    assert (tmp_path / "pulled" / "figures" / "training.svg").read_bytes().startswith(b"<svg")
    assert not any("tfevents" in path for path in contents(tmp_path / "pulled"))
    assert hublish.verify(folder / "hub.yaml", **hub).ok
