"""A conversion takes place once, and its result is never another than that of converting again."""

import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hublish.audit.fingerprint_cache import FingerprintCache
from hublish.base.content import InMemory, OnDisk
from hublish.base.errors import SerializationError
from hublish.base.values import Project, StagedFile
from hublish.formats.interface import Written
from hublish.pipeline.collect.collect import Collect
from hublish.pipeline.serialize.conversion_cache import FORGETFUL, ConversionCache
from hublish.pipeline.serialize.serialize import Serialize
from hublish.schemas.documents.manifest import Manifest
from tests.file_changes import rewrite_with_mtime_restored
from tests.pipeline.staging import wait_for_a_tick

WHAT = {"serializer": "safetensors", "parameters": {"version": 2}, "path_in_repo": "m.safetensors"}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home" / "hublish" / "conversions"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "m.npz"
    np.savez(path, w=np.arange(1000, dtype=np.int64))
    return path


class Converter:
    """Counts its calls; the result depends on the call."""

    def __init__(self, names: tuple[str, ...] = ("m.safetensors",)) -> None:
        self.names, self.calls = names, 0

    def __call__(self, folder: Path) -> tuple[Written, ...]:
        self.calls += 1
        folder.mkdir(exist_ok=True, parents=True)
        (folder / "scratch").mkdir()
        for name in self.names:
            (folder / name).write_text(f"{name} {self.calls}")
        return tuple(Written(f"out/{name}", folder / name) for name in self.names)


def opened(home: Path | None, **options: Any) -> ConversionCache:
    return ConversionCache(home, FingerprintCache(None), **options)


def convert(
    home: Path | None, source: Path, converter: Converter, what: Mapping[str, Any] = WHAT, **options: Any
) -> dict[str, str]:
    with opened(home, **options) as cache:
        written = cache.converted(OnDisk.at(source), what, source.parent / "workspace" / os.urandom(4).hex(), converter)
        return {each.path_in_repo: each.path.read_text() for each in written}


def test_the_next_run_finds_the_result(home: Path, source: Path) -> None:
    converter = Converter(("a", "b"))
    first = convert(home, source, converter)
    assert first == convert(home, source, converter) == {"out/a": "a 1", "out/b": "b 1"}
    assert converter.calls == 1
    (kept,) = home.iterdir()
    assert sorted(path.name for path in kept.iterdir()) == ["a", "b", "result.json"]
    assert home.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda source: (source, {**WHAT, "parameters": {"version": 3}}),
        lambda source: (source, {**WHAT, "path_in_repo": "other.safetensors"}),
        lambda source: (source.write_bytes(source.read_bytes() + b"\0") and source, WHAT),
        lambda source: (source.rename(source.with_name("n.npz")), WHAT),
    ],
    ids=["the options", "the path in the repo", "the bytes", "the name of the source"],
)
def test_another_conversion_takes_place(
    home: Path, source: Path, change: Callable[[Path], tuple[Path, dict[str, Any]]]
) -> None:
    converter = Converter()
    convert(home, source, converter)
    changed, what = change(source)
    convert(home, changed, converter, what)
    assert converter.calls == 2


def test_a_copy_of_the_source_is_the_same_source(home: Path, source: Path, tmp_path: Path) -> None:
    converter = Converter()
    convert(home, source, converter)
    (tmp_path / "elsewhere").mkdir()
    convert(home, Path(shutil.copy(source, tmp_path / "elsewhere")), converter)
    assert converter.calls == 1


@pytest.mark.parametrize(
    "damage",
    [
        rewrite_with_mtime_restored,
        Path.unlink,
        lambda path: path.with_name("result.json").write_text("{"),
        lambda path: path.with_name("result.json").write_text("[[1]]"),
        lambda path: path.with_name("result.json").write_text("[]"),
        lambda path: path.with_name("result.json").unlink(),
        lambda path: shutil.rmtree(path.parent),
    ],
    ids=["rewritten", "no file", "no JSON", "other JSON", "empty", "no record", "no folder"],
)
def test_a_damaged_result_is_converted_again_and_kept(
    home: Path, source: Path, damage: Callable[[Path], object]
) -> None:
    converter = Converter()
    convert(home, source, converter)
    (kept,) = home.iterdir()
    wait_for_a_tick(home)
    damage(kept / "m.safetensors")
    assert convert(home, source, converter) == {"out/m.safetensors": "m.safetensors 2"}
    assert convert(home, source, converter) == {"out/m.safetensors": "m.safetensors 2"}
    assert [path.name for path in home.iterdir()] == [kept.name]


@pytest.mark.parametrize("serializer", ["onnx", "copy", "acme"])
def test_a_serializer_that_may_read_other_files_always_converts(home: Path, source: Path, serializer: str) -> None:
    converter = Converter()
    for _ in range(2):
        convert(home, source, converter, {**WHAT, "serializer": serializer})
    assert (converter.calls, home.exists()) == (2, False)


def test_an_index_is_always_converted(home: Path, tmp_path: Path) -> None:
    source = tmp_path / "pytorch_model.bin.index.json"
    source.write_text("{}")
    converter = Converter()
    for _ in range(2):
        convert(home, source, converter)
    assert (converter.calls, home.exists()) == (2, False)


def test_a_value_in_memory_and_a_cache_without_a_folder_keep_nothing(home: Path, source: Path, tmp_path: Path) -> None:
    converter = Converter()
    with opened(home) as cache:
        cache.converted(None, WHAT, tmp_path / "w1", converter)
    with FORGETFUL as cache:
        cache.converted(OnDisk.at(source), WHAT, tmp_path / "w2", converter)
    assert (converter.calls, home.exists()) == (2, False)


def test_bytes_in_memory_are_a_source_as_well(home: Path, tmp_path: Path) -> None:
    converter = Converter()
    for _ in range(2):
        with opened(home) as cache:
            cache.converted(InMemory(b"source"), WHAT, tmp_path / "w", converter)
    assert converter.calls == 1


def test_a_source_that_is_passed_on_is_not_kept(home: Path, source: Path, tmp_path: Path) -> None:
    def pass_on(folder: Path) -> tuple[Written, ...]:
        (folder / "index.json").write_text("{}")
        return Written("m", source), Written("i", folder / "index.json")

    with opened(home) as cache:
        written = cache.converted(OnDisk.at(source), WHAT, tmp_path / "w", pass_on)
        assert [each.path.exists() for each in written] == [True, True]
    assert list(home.iterdir()) == []
    assert source.exists()


def test_a_failed_conversion_leaves_nothing(home: Path, source: Path, tmp_path: Path) -> None:
    def fail(folder: Path) -> tuple[Written, ...]:
        (folder / "half").write_text("")
        raise SerializationError("no")

    with opened(home) as cache, pytest.raises(SerializationError):
        cache.converted(OnDisk.at(source), WHAT, tmp_path / "w", fail)
    assert list(home.iterdir()) == []


def test_the_result_used_least_recently_makes_room(home: Path, tmp_path: Path) -> None:
    sources = []
    for number in range(4):
        sources.append(tmp_path / f"{number}.npz")
        sources[-1].write_text(str(number))
    converter = Converter()
    convert(home, sources[0], converter)
    # Between the size of three results and that of four.
    limit = 7 * sum(path.stat().st_size for path in home.glob("*/*")) // 2

    def used(number: int) -> bool:
        before = converter.calls
        convert(home, sources[number], converter, most_bytes=limit)
        wait_for_a_tick(home)
        return converter.calls == before

    assert [used(number) for number in (0, 1, 0, 2, 3)] == [True, False, True, False, False]
    assert used(0)
    assert not used(1)


def test_a_result_in_use_is_not_removed(home: Path, source: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.npz"
    other.write_text("other")
    with opened(home) as cache:
        (written,) = cache.converted(OnDisk.at(source), WHAT, tmp_path / "w", Converter())
        convert(home, other, Converter(), most_bytes=64)
        assert written.path.exists()
    third = tmp_path / "third.npz"
    third.write_text("third")
    convert(home, third, Converter(), most_bytes=64)
    assert not written.path.exists()


@pytest.mark.parametrize("mode", [0o770, 0o707])
def test_a_folder_that_others_can_write_is_not_used(home: Path, source: Path, mode: int) -> None:
    home.mkdir(parents=True)
    home.chmod(mode)
    converter = Converter()
    for _ in range(2):
        convert(home, source, converter)
    assert (converter.calls, list(home.iterdir())) == (2, [])


def test_a_disk_without_room_is_spared(home: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(source.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=source.stat().st_size))
    converter = Converter()
    for _ in range(2):
        convert(home, source, converter)
    assert (converter.calls, home.exists()) == (2, False)


KILLED = """
    import os, sys
    from pathlib import Path
    from hublish.audit.fingerprint_cache import FingerprintCache
    from hublish.base.content import OnDisk
    from hublish.pipeline.serialize.conversion_cache import ConversionCache

    def convert(folder):
        (folder / "m.safetensors").write_text("half")
        os.kill(os.getpid(), 9)

    what = {"serializer": "safetensors", "parameters": {"version": 2}, "path_in_repo": "m.safetensors"}
    with ConversionCache(Path(sys.argv[1]), FingerprintCache(None)) as cache:
        cache.converted(OnDisk.at(Path(sys.argv[2])), what, Path("unused"), convert)
"""


def test_a_killed_conversion_is_never_found_and_removed_later(home: Path, source: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(KILLED), home, source], check=False)
    assert killed.returncode == -9
    (left,) = home.iterdir()
    assert convert(home, source, Converter()) == {"out/m.safetensors": "m.safetensors 1"}
    assert not left.exists()


def test_two_processes_at_once_both_get_the_result(home: Path, source: Path, tmp_path: Path) -> None:
    converter = Converter()
    with opened(home) as one, opened(home) as other:

        def convert_late(folder: Path) -> tuple[Written, ...]:
            one.converted(OnDisk.at(source), WHAT, tmp_path / "w1", converter)
            return converter(folder)

        (late,) = other.converted(OnDisk.at(source), WHAT, tmp_path / "w2", convert_late)
        assert late.path.read_text() == "m.safetensors 2"
    assert len(list(home.iterdir())) == 1


@pytest.fixture
def project(tmp_path: Path, source: Path) -> Project:
    artifact = {"source": source.name, "serializer": "safetensors"}
    manifest = Manifest.model_validate({"repo": {"repo_id": "acme/x"}, "artifacts": [artifact]})
    return Project(manifest, b"", tmp_path)


@pytest.fixture
def conversions(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sources that are really converted."""
    from hublish.formats.safetensors import Safetensors

    done: list[str] = []
    dump = Safetensors.dump

    def counted(self: Safetensors, source: Any, *rest: Any) -> tuple[Written, ...]:
        done.append(Path(source).name)
        return dump(self, source, *rest)

    monkeypatch.setattr(Safetensors, "dump", counted)
    return done


def staged(project: Project, home: Path, workspace: Path) -> list[tuple[str, bytes]]:
    with opened(home) as cache:
        files: tuple[StagedFile, ...] = Serialize(workspace, cache=cache).run(Collect().run(project)).files
        found = []
        for file in files:
            with file.content.open() as stream:
                found.append((file.path_in_repo, stream.read()))
        return found


def test_the_stage_converts_a_checkpoint_once(
    project: Project, home: Path, tmp_path: Path, conversions: list[str]
) -> None:
    first = staged(project, home, tmp_path / "w1")
    assert staged(project, home, tmp_path / "w2") == first
    assert conversions == ["m.npz"]
    assert not (tmp_path / "w2").exists()
    np.savez(project.folder / "m.npz", w=np.ones(3))
    assert staged(project, home, tmp_path / "w3") != first
    assert conversions == ["m.npz", "m.npz"]
