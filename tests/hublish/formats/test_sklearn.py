"""Estimators: files passed on unchanged and the trust that loading requires, without scikit-learn."""

import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import pytest

from hublish.base.errors import LoadError, SerializationError
from hublish.base.progress import SILENT
from hublish.formats.format_options import SklearnOptions
from hublish.formats.interface import DISTRUST, Written
from hublish.formats.sklearn import Sklearn, write_canonical

SCHEMA = {"__class__": "int", "__loader__": "JsonNode", "content": "3", "protocol": 2, "_skops_version": "0.16"}


def dump(source: Any, path_in_repo: str, folder: Path, **options: Any) -> Written:
    (item,) = Sklearn().dump(source, path_in_repo, folder / "workspace", SklearnOptions(**options), SILENT)
    return item


def skops(path: Path, schema: Any = SCHEMA, name: str = "schema.json") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, schema if isinstance(schema, bytes) else json.dumps(schema))
    return path


def test_a_skops_file_is_passed_on_unchanged(tmp_path: Path) -> None:
    path = skops(tmp_path / "model.skops")
    assert dump(path, "weights/model.skops", tmp_path) == Written("weights/model.skops", path)


@pytest.mark.parametrize("name", ["model.joblib", "model.pkl"])
def test_a_pickle_is_passed_on_only_when_the_options_ask_for_it(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(pickle.dumps({}))
    assert dump(path, name, tmp_path, format="joblib") == Written(name, path)
    with pytest.raises(SerializationError, match="converting it would run the code in it"):
        dump(path, "model.skops", tmp_path)


@pytest.mark.parametrize(
    ("schema", "name", "message"),
    [
        (SCHEMA, "other.json", "no member schema.json"),
        (b"{", "schema.json", "is not JSON"),
        (b"[" * 100_000, "schema.json", "is not JSON"),
        ([], "schema.json", "is not a JSON object"),
        ({}, "schema.json", "has no protocol version"),
    ],
)
def test_another_archive_is_rejected_by_dump_and_rebuild(schema: Any, name: str, message: str, tmp_path: Path) -> None:
    path = skops(tmp_path / "model.skops", schema, name)
    with pytest.raises(SerializationError, match=message):
        dump(path, "model.skops", tmp_path)
    with pytest.raises(LoadError, match=message):
        Sklearn().rebuild({"model.skops": path}, DISTRUST)


@pytest.mark.parametrize(
    ("path_in_repo", "options"), [("model.pkl", {}), ("model.skops", {"format": "joblib"}), ("skops", {})]
)
def test_a_path_with_another_suffix_is_rejected(path_in_repo: str, options: Any, tmp_path: Path) -> None:
    with pytest.raises(SerializationError, match="does not end with"):
        dump(object(), path_in_repo, tmp_path, **options)


def test_a_pickle_is_not_opened_without_permission(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match=r"model\.joblib is a pickle: loading it runs") as caught:
        Sklearn().rebuild({"model.joblib": tmp_path / "absent"}, DISTRUST)
    assert "trust=Trust(pickle=True)" in caught.value.hint


@pytest.mark.parametrize(
    ("files", "message"),
    [([], "no .skops or .joblib"), (["a.skops", "b.skops"], "loads one file, and there are 2: a.skops, b.skops")],
)
def test_exactly_one_file_is_loaded(files: list[str], message: str, tmp_path: Path) -> None:
    with pytest.raises(LoadError, match=message):
        Sklearn().load(dict.fromkeys(files, tmp_path))


def test_an_estimator_is_not_a_collection_of_arrays(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="holds an estimator rather than arrays"):
        Sklearn().load({"model.skops": tmp_path})


class FakeSkops:
    """Writes files like those of skops, with addresses and random names that the test chooses."""

    def __init__(self, address: int, random: str) -> None:
        self._address, self._random = address, random

    def dump(self, value: Any, path: Path) -> None:
        node = {"__loader__": "NdArrayNode", "type": "numpy", "file": f"{self._address}.npy", "__id__": self._address}
        blob = {"__loader__": "BytesNode", "file": f"{self._random}.bin", "__id__": self._address + 8}
        words = {"__loader__": "DictNode", "content": {"file": node, "__id__": node, "__loader__": blob}, "__id__": 5}
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"{self._address}.npy", b"array")
            archive.writestr(f"{self._random}.bin", b"blob")
            archive.writestr("schema.json", json.dumps({**words, "protocol": 2}))


def test_the_bytes_depend_on_neither_addresses_nor_times(tmp_path: Path) -> None:
    for number, fake in enumerate((FakeSkops(140_001, "u-1"), FakeSkops(7_777, "u-2"))):
        write_canonical(fake, None, tmp_path / f"{number}.skops")
    assert (tmp_path / "0.skops").read_bytes() == (tmp_path / "1.skops").read_bytes()
    with zipfile.ZipFile(tmp_path / "0.skops") as archive:
        schema = json.loads(archive.read("schema.json"))
        assert archive.read(schema["content"]["file"]["file"]) == b"array"
        assert archive.read(schema["content"]["__loader__"]["file"]) == b"blob"
        assert schema["content"]["file"]["__id__"] == schema["content"]["__id__"]["__id__"]
