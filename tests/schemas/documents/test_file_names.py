"""The lock of a manifest, by name."""

from pathlib import Path

import pytest

from hublish.schemas.documents.file_names import is_lock_name, lock_name, lock_names, manifests_beside


@pytest.mark.parametrize(
    ("manifest", "lock"),
    [
        ("hub.yaml", "hub.lock"),
        ("priv.yaml", "priv.lock"),
        ("priv.yml", "priv.lock"),
        ("PRIV.YAML", "PRIV.lock"),
        ("hub.prod.yaml", "hub.prod.lock"),
        ("v1.2", "v1.2.lock"),
        ("release", "release.lock"),
        (".yaml", ".yaml.lock"),
        ("hub.lock", "hub.lock"),
    ],
)
def test_a_lock_has_the_name_of_its_manifest(manifest: str, lock: str) -> None:
    assert lock_name(manifest) == lock


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("hub.yaml", "hub.lock", "priv.yml", "priv.lock", "uv.lock", "Cargo.lock", "data.yaml", "x.lock.txt"):
        (tmp_path / name).touch()
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "folder.lock").touch()
    return tmp_path


def test_the_locks_of_other_tools_are_not_locks_of_manifests(folder: Path) -> None:
    assert sorted(lock_names(folder)) == ["hub.lock", "priv.lock"]
    assert is_lock_name(folder, "data.lock")


def test_a_lock_can_belong_to_the_manifest_of_its_name_or_to_hub_yaml(folder: Path) -> None:
    assert manifests_beside(folder / "priv.lock") == (folder / "priv.yml", folder / "hub.yaml")
    assert manifests_beside(folder / "v1.lock") == (folder / "hub.yaml",)
    assert manifests_beside(folder / "hub.lock") == (folder / "hub.yaml",)
