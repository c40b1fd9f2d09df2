"""The logs and parameters beside the sources of a model."""

from dataclasses import replace
from pathlib import Path

import pytest

from hublish.base.values import Project
from hublish.pipeline.render_card.render_card import RenderCard
from hublish.pipeline.render_card.training_logs import logs_beside
from tests.pipeline.staging import project_in, staged

EVENTS = "events.out.tfevents.1700000000.host.1.0"


def project_of(folder: Path, repo_type: str = "model") -> Project:
    """Return a project with a manifest of its own."""
    return replace(project_in(folder, repo={"repo_type": repo_type}), text=b"x")


def found(project: Project, released: list[str]) -> list[str]:
    """Return the paths of the logs beside released files."""
    files = staged(project, dict.fromkeys(released, b"x")).files
    return [path for path, _ in logs_beside(project, files)]


def write(folder: Path, *paths: str, data: str = "x") -> None:
    """Write files."""
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(data)


CASES = {
    "in the folder of a source": (["runs/best/trainer_state.json", "runs/best/metrics.csv"], True),
    "in a folder of logs below": (
        [f"runs/best/logs/a/b/{EVENTS}", "runs/best/lightning_logs/version_0/metrics.csv"],
        True,
    ),
    "beside the manifest, by the convention of DVC": (["params.yaml"], True),
    "other files beside the manifest": (["metrics.csv", "trainer_state.json"], False),
    "in another folder": (["runs/other/trainer_state.json", "trainer_state.json"], False),
    "in another folder below": (["runs/best/checkpoint-1/trainer_state.json"], False),
    "too deep": ([f"runs/best/logs/a/b/c/d/{EVENTS}"], False),
    "of other names": (["runs/best/notes.txt", "runs/best/model.pt"], False),
}


@pytest.mark.parametrize("case", CASES)
def test_finds_logs(case: str, tmp_path: Path) -> None:
    paths, are_found = CASES[case]
    write(tmp_path, *paths)
    assert found(project_of(tmp_path), ["runs/best/model.safetensors"]) == (sorted(paths) if are_found else [])


def test_a_released_file_is_not_beside_the_release(tmp_path: Path) -> None:
    write(tmp_path, "r/metrics.csv")
    assert found(project_of(tmp_path), ["r/trainer_state.json", "r/model.safetensors"]) == ["r/metrics.csv"]


@pytest.mark.parametrize("repo_type", ["dataset", "space"])
def test_only_models_have_logs(repo_type: str, tmp_path: Path) -> None:
    write(tmp_path, "r/trainer_state.json")
    assert found(project_of(tmp_path, repo_type), ["r/a.csv"]) == []


def test_a_manifest_built_in_python_has_no_folder(tmp_path: Path) -> None:
    write(tmp_path, "r/trainer_state.json")
    assert found(project_in(tmp_path), ["r/model.safetensors"]) == []


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    write(outside, "trainer_state.json", f"logs/{EVENTS}")
    folder = tmp_path / "project"
    write(folder, "r/model.safetensors")
    (folder / "r/trainer_state.json").symlink_to(outside / "trainer_state.json")
    (folder / "r/logs").symlink_to(outside / "logs")
    assert found(project_of(folder), ["r/model.safetensors"]) == []


def test_a_card_shows_facts_of_a_log_that_is_not_released(tmp_path: Path) -> None:
    write(tmp_path, "r/trainer_state.json", data='{"global_step": 1234}')
    write(tmp_path, "card.md.j2", data="Trained for {{ facts.training.steps }} steps.")
    card = {"template": "card.md.j2", "metadata": {"license": "mit"}}
    project = replace(project_in(tmp_path, card=card), text=b"x")
    readme = RenderCard().run(staged(project, {"r/config.json": b"{}"})).files[-1]
    assert "Trained for 1234 steps." in readme.content.read().decode()
