"""Select: only the files that the load plan needs, and no unsafe name."""

import pytest

from hublish.base.errors import LoadError
from hublish.base.values import Digest, PromisedFile, Reference, RemoteRelease
from hublish.pipeline.fetch.select import Select
from hublish.schemas.documents.manifest import Load


def release(*paths: str, load: Load | None = None) -> RemoteRelease:
    files = tuple(PromisedFile(path, 1, Digest("sha256", "0" * 64)) for path in paths)
    return RemoteRelease(Reference("acme/x"), "0" * 40, files, load or Load())


def selected(select: Select, remote: RemoteRelease) -> list[str]:
    return [file.path_in_repo for file in select.run(remote).files]


def test_the_load_plan_decides() -> None:
    load = Load(allow_patterns=("*.safetensors", "config.json"), ignore_patterns=("old/*",))
    remote = release("a.safetensors", "config.json", "old/a.safetensors", "sub/config.json", load=load)
    assert selected(Select(), remote) == ["a.safetensors", "config.json"]


def test_the_callers_patterns_replace_those_of_the_plan_one_by_one() -> None:
    remote = release("a", "b", "c", load=Load(allow_patterns=("a", "b"), ignore_patterns=("b",)))
    assert selected(Select(allow_patterns=("b", "c")), remote) == ["c"]
    assert selected(Select(ignore_patterns=()), remote) == ["a", "b"]


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../x", "C:\\x", "a\\b", "a\x00b", ".git/config", "a//b"])
def test_a_name_that_could_leave_the_folder_is_refused_before_the_first_byte(path: str) -> None:
    with pytest.raises(LoadError, match="nothing was downloaded"):
        Select().run(release("fine", path))


def test_names_that_collide_on_some_systems_are_refused() -> None:
    with pytest.raises(LoadError, match="case-insensitive collision"):
        Select().run(release("README.md", "readme.md"))


def test_an_unsafe_name_that_is_not_needed_does_no_harm() -> None:
    assert selected(Select(allow_patterns=("fine",)), release("fine", "../x")) == ["fine"]


def test_selecting_nothing_names_the_patterns() -> None:
    with pytest.raises(LoadError, match=r"matches \*\.gguf"):
        Select(allow_patterns=("*.gguf",)).run(release("a"))


def test_loading_without_patterns_selects_the_weights_of_one_format() -> None:
    paths = ("README.md", "a.safetensors", "config.json", "onnx/a.onnx", "pytorch_model.bin")
    assert selected(Select(to_load=True), release(*paths)) == ["a.safetensors", "config.json"]
    assert selected(Select(to_load=True, allow_patterns=("*",)), release(*paths)) == sorted(paths)
    declared = Load(serializer="torch")
    assert selected(Select(to_load=True), release(*paths, load=declared)) == sorted(paths)


def test_trusted_code_is_needed_where_the_release_contains_it() -> None:
    load = Load(allow_patterns=("*.safetensors",), target="acme.net:Net")
    remote = release("a.safetensors", "acme/net.py", "acme/other.py", load=load)
    assert selected(Select(with_target=True), remote) == ["a.safetensors", "acme/net.py"]
    assert selected(Select(), remote) == ["a.safetensors"]
    assert selected(Select(with_target=True), release("a.safetensors", load=load)) == ["a.safetensors"]


def test_patterns_and_files_that_would_take_days_are_refused() -> None:
    patterns = tuple(f"*{number}*" for number in range(1_000))
    remote = release(*(f"{number}.json" for number in range(20_001)), load=Load(allow_patterns=patterns))
    with pytest.raises(LoadError, match="1,000 patterns for 20,001 files"):
        Select().run(remote)
    assert selected(Select(allow_patterns=("7.json",), ignore_patterns=()), remote) == ["7.json"]
