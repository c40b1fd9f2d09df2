"""A rehearsal publishes, pulls and loads, and leaves nothing behind."""

import pickle
from pathlib import Path

import pytest

import hublish
from hublish.base.errors import LoadError
from hublish.base.progress import Silent


class Titles(Silent):
    """Records the stages that are announced."""

    def __init__(self, titles: list[str]) -> None:
        super().__init__()
        self.__dict__["titles"] = titles

    def begin(self, title: str) -> None:
        self.__dict__["titles"].append(title)


def everything(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def test_a_rehearsal_compares_every_file_and_opens_every_array(manifest: Path) -> None:
    before = everything(manifest.parent)
    rehearsal = hublish.rehearse(manifest)
    assert rehearsal.same
    assert rehearsal.arrays == 2
    assert len(rehearsal.local.files) == 5  # the release and .gitattributes
    assert everything(manifest.parent) == before
    assert repr(rehearsal) == "Rehearsal(acme/digits@main, 4 of 4 files are the same, 2 arrays)"
    assert rehearsal._repr_markdown_() == "**acme\\/digits\\@main\\: 4 of 4 files are the same\\, 2 arrays**\n"


def test_a_release_without_weights_is_rehearsed_too(manifest: Path) -> None:
    (manifest.parent / "hub.yaml").write_text("repo: {repo_id: acme/plain}\nartifacts: [{source: runs/config.json}]\n")
    rehearsal = hublish.rehearse(manifest)
    assert (rehearsal.same, rehearsal.arrays) == (True, 0)
    assert rehearsal.not_loaded == "no weights in a format hublish can load"
    assert rehearsal.added_by_hub == (".gitattributes",)


def test_each_stage_is_announced_once_and_only_when_it_works(manifest: Path) -> None:
    def announced(text: str) -> list[str]:
        manifest.write_text(text)
        titles: list[str] = []
        hublish.rehearse(manifest, progress=Titles(titles))
        assert len(titles) == len(set(titles))
        return titles

    plain = announced("repo: {repo_id: acme/plain}\nartifacts: [{source: runs/config.json}]\n")
    assert "opening the weights" not in plain
    npz = announced("repo: {repo_id: acme/arrays}\nartifacts: [{source: runs/model.npz}]\n")
    assert set(npz) - set(plain) == {"opening the weights"}


def test_a_load_plan_that_cannot_be_kept_fails_the_rehearsal(manifest: Path) -> None:
    manifest.write_text(
        "repo: {repo_id: acme/plain}\nartifacts: [{source: runs/config.json}]\nload: {serializer: safetensors}\n"
    )
    with pytest.raises(LoadError, match=r"no \.safetensors file among"):
        hublish.rehearse(manifest)


def test_a_format_without_arrays_is_compared_by_its_files(manifest: Path) -> None:
    (manifest.parent / "runs" / "model.pkl").write_bytes(pickle.dumps({"a": [1]}))
    manifest.write_text(
        "repo: {repo_id: acme/learner}\nartifacts: [{source: runs/model.pkl, serializer: fastai}]\n"
        "policy: {pickle: allow}\nload: {serializer: fastai}\n"
    )
    rehearsal = hublish.rehearse(manifest)
    assert (rehearsal.same, rehearsal.arrays) == (True, 0)
    assert "pickled learner" in rehearsal.not_loaded


def test_elements_that_numpy_cannot_hold_are_compared_by_their_file(manifest: Path) -> None:
    header = b'{"packed":{"dtype":"F4","shape":[4],"data_offsets":[0,2]}}'
    data = len(header).to_bytes(8, "little") + header + b"\x12\x34"
    (manifest.parent / "runs" / "model.safetensors").write_bytes(data)
    manifest.write_text(
        "repo: {repo_id: acme/packed}\nartifacts: [{source: runs/model.safetensors, serializer: safetensors}]\n"
    )
    rehearsal = hublish.rehearse(manifest)
    assert (rehearsal.same, rehearsal.arrays) == (True, 0)
    assert rehearsal.not_loaded == "arrays of types that numpy lacks: 1"
