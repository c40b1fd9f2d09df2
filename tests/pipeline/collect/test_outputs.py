"""What a file becomes, told without converting it: never another name than converting gives."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hublish.base.progress import SILENT
from hublish.base.values import Project
from hublish.pipeline.collect.collect import Collect
from hublish.pipeline.collect.outputs import outputs
from hublish.pipeline.collect.surveying import survey
from hublish.pipeline.serialize.serialize import Serialize
from hublish.schemas.documents.manifest import Manifest

SAFETENSORS = {"source": "m.npz", "serializer": "safetensors"}


def project(folder: Path, artifact: dict[str, Any]) -> Project:
    np.savez(folder / "m.npz", a=np.zeros(600), b=np.zeros(600))
    manifest = Manifest.model_validate({"repo": {"repo_id": "acme/x"}, "artifacts": [artifact]})
    return Project(manifest, b"", folder)


@pytest.mark.parametrize(
    ("artifact", "paths", "sure"),
    [
        ({"source": "m.npz"}, ("m.npz",), True),
        ({"source": "m.npz", "path_in_repo": "x/"}, ("x/m.npz",), True),
        (SAFETENSORS, ("m.safetensors",), True),
        ({**SAFETENSORS, "path_in_repo": "w/model.npz"}, ("w/model.safetensors",), True),
        ({**SAFETENSORS, "options": {"max_shard_size": "5KB"}}, ("m.safetensors",), False),
        ({"source": "m.npz", "serializer": "numpy"}, ("m.npz",), True),
    ],
)
def test_what_is_told_is_what_converting_gives(
    tmp_path: Path, artifact: dict[str, Any], paths: tuple[str, ...], sure: bool
) -> None:
    made = project(tmp_path, artifact)
    candidate = next(item.candidate for item in survey(made).examined if item.candidate.artifact == 0)
    found = outputs(made, candidate)
    assert (found.paths, not found.more) == (paths, sure)
    (tmp_path / "work").mkdir()
    staged = Serialize(tmp_path / "work", SILENT).run(Collect().run(made))
    written = {file.path_in_repo for file in staged.files} - {"hub.yaml"}
    assert (written == set(paths)) is sure
    assert sure or written == {
        "m-00001-of-00002.safetensors",
        "m-00002-of-00002.safetensors",
        "m.safetensors.index.json",
    }


def test_an_option_that_is_wrong_leaves_the_name(tmp_path: Path) -> None:
    made = project(tmp_path, {**SAFETENSORS, "options": {"max_shard": "5KB"}})
    candidate = next(item.candidate for item in survey(made).examined if item.candidate.artifact == 0)
    assert outputs(made, candidate).paths == ("m.safetensors",)
