"""Keras archives and the code hidden in them, without Keras."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from hublish.base.errors import LoadError, SerializationError
from hublish.base.progress import SILENT
from hublish.formats.format_options import KerasOptions
from hublish.formats.interface import DISTRUST, Written
from hublish.formats.keras import Keras, write_canonical

DENSE = {"class_name": "Dense", "config": {"units": 3, "activation": "relu"}}
LAMBDA = {"class_name": "Lambda", "config": {"function": {"class_name": "__lambda__", "config": {"value": "4wAA"}}}}
OLD_LAMBDA = {"class_name": "Lambda", "config": {"function": ["4wAA", None, None], "function_type": "lambda"}}
REGISTERED = {"class_name": "Lambda", "config": {"function": {"class_name": "function", "config": "acme>double"}}}


def keras(path: Path, *layers: Any, **members: bytes) -> Path:
    config = {"class_name": "Sequential", "config": {"layers": [DENSE, *layers]}}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.15.1", "date_saved": str(path)}))
        archive.writestr("config.json", members.get("config", json.dumps(config).encode()))
        archive.writestr(members.get("weights", b"model.weights.h5").decode(), b"\x89HDF\r\n\x1a\n")
    return path


def dump(source: Path, folder: Path, **options: Any) -> Written:
    (item,) = Keras().dump(source, "model.keras", folder / "workspace", KerasOptions(**options), SILENT)
    return item


@pytest.mark.parametrize("layers", [[], [REGISTERED]])
def test_an_archive_is_passed_on_unchanged(layers: list[Any], tmp_path: Path) -> None:
    path = keras(tmp_path / "mine.keras", *layers)
    assert dump(path, tmp_path) == Written("model.keras", path)


@pytest.mark.parametrize("layer", [LAMBDA, OLD_LAMBDA, {"nested": [{"deeper": LAMBDA}]}])
def test_bytecode_is_rejected_by_dump_and_rebuild_unless_permitted(layer: Any, tmp_path: Path) -> None:
    path = keras(tmp_path / "mine.keras", layer)
    with pytest.raises(SerializationError, match=r"carries code in config\.layers\[1\]"):
        dump(path, tmp_path)
    assert dump(path, tmp_path, lambdas="allow").path == path
    with pytest.raises(LoadError, match=r"model\.keras carries code") as caught:
        Keras().rebuild({"model.keras": path}, DISTRUST)
    assert "trust=Trust(code=True)" in caught.value.hint


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"config": b"{"}, "its member config.json is not JSON"),
        ({"config": b"[1]"}, "is not a JSON object"),
        ({"config": b'{"a":' * 100_000}, "is not JSON"),
        ({"weights": b"weights.bin"}, "no member model.weights.h5"),
        ({"weights": b"../model.weights.h5"}, "'..' segment"),
    ],
)
def test_another_archive_is_rejected_by_dump_and_rebuild(
    members: dict[str, bytes], message: str, tmp_path: Path
) -> None:
    path = keras(tmp_path / "mine.keras", **members)
    with pytest.raises(SerializationError, match=message):
        dump(path, tmp_path)
    with pytest.raises(LoadError, match=message):
        Keras().rebuild({"model.keras": path}, DISTRUST)


def test_a_file_that_is_not_a_zip_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "mine.keras").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    with pytest.raises(SerializationError, match=r"mine\.keras: .*not a zip archive"):
        dump(tmp_path / "mine.keras", tmp_path)


def test_the_time_of_saving_is_omitted(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_canonical(keras(tmp_path / f"{name}.keras"), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    with zipfile.ZipFile(tmp_path / "one") as archive:
        assert json.loads(archive.read("metadata.json")) == {"keras_version": "3.15.1"}
        assert archive.namelist() == ["metadata.json", "config.json", "model.weights.h5"]
