"""Which part of hub.yaml is uploaded."""

import json
from pathlib import Path
from typing import Any

import pytest

import hublish
from hublish.schemas.documents.manifest_yaml import read_load

LOAD = {"allow_patterns": ["{{ name }}.json"]}


def released(folder: Path, sources: tuple[str, ...] = ("m/",), **more: Any) -> dict[str, bytes]:
    (folder / "m").mkdir(exist_ok=True)
    (folder / "m" / "config.json").write_text("{}")
    (folder / "hub.yaml").write_text(
        json.dumps(
            {
                "repo": {"repo_id": "acme/x", "commit_message": "internal"},
                "variables": {"name": "config"},
                "artifacts": [{"source": source} for source in sources],
                "load": LOAD,
                **more,
            }
        )
    )
    files = hublish.files(folder / "hub.yaml").files
    return {file.path_in_repo: file.content.read_at(0, file.size) for file in files}


def test_as_written_it_is_the_file_byte_for_byte(tmp_path: Path) -> None:
    assert released(tmp_path)["hub.yaml"] == (tmp_path / "hub.yaml").read_bytes()


@pytest.mark.parametrize("sources", [("m/",), (".",)])
def test_the_part_for_loading_has_the_values_of_its_variables(sources: tuple[str, ...], tmp_path: Path) -> None:
    load = {"allow_patterns": ["*{{ name }}.json"]}
    text = released(tmp_path, sources, publish_manifest="load", load=load)["hub.yaml"]
    assert b"internal" not in text
    assert read_load(text).allow_patterns == ("*config.json",)


@pytest.mark.parametrize("sources", [("m/",), (".",), ("m/", "*")])
@pytest.mark.parametrize(
    "more",
    [
        {"publish_manifest": "none"},
        {"patterns": {"ignore_patterns": ["hub.yaml"]}},
        {"patterns": {"ignore_patterns": ["*.yaml"]}},
    ],
)
def test_it_can_be_kept_out(sources: tuple[str, ...], more: dict[str, Any], tmp_path: Path) -> None:
    names = {name.rpartition("/")[2] for name in released(tmp_path, sources, load={}, **more)}
    assert names == {"config.json"}
    assert not [problem for problem in hublish.check(tmp_path / "hub.yaml") if problem.code == "source.pattern"]


def test_a_pattern_for_other_files_does_not_concern_it(tmp_path: Path) -> None:
    assert "hub.yaml" in released(tmp_path, patterns={"allow_patterns": ["*.json"]})


def test_a_source_of_exactly_this_file_is_meant(tmp_path: Path) -> None:
    assert "hub.yaml" in released(tmp_path, ("m/", "hub.yaml"), publish_manifest="none")
