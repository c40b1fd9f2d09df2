"""Mistakes that git cannot store: links, pipes, colliding names, sizes, counts; and manifests too large to commit."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.manifests.corpus import Checked, check

MANIFEST = """\
repo:
  repo_id: acme/digits-mlp
artifacts:
  - source: runs
"""
PLACE = "hub.yaml:4:13"


def link_to_a_file(runs: Path) -> None:
    (runs / "best.json").symlink_to("config.json")


def link_out(runs: Path) -> None:
    (runs / "passwd").symlink_to("/etc/passwd")


def link_to_nothing(runs: Path) -> None:
    (runs / "best.bin").symlink_to("model-17.bin")


def link_to_a_folder(runs: Path) -> None:
    (runs / "older").symlink_to("..")


def link_to_itself(runs: Path) -> None:
    (runs / "loop").symlink_to("loop")


def pipe(runs: Path) -> None:
    os.mkfifo(runs / "progress")


def twins_in_case(runs: Path) -> None:
    for name in ("Model.json", "model.json"):
        (runs / name).write_text("{}\n")


def twins_in_composition(runs: Path) -> None:
    for name in ("caf\u00e9.json", "cafe\u0301.json"):
        (runs / name).write_text("{}\n")


def name_that_is_not_text(runs: Path) -> None:
    Path(os.fsdecode(os.fsencode(runs) + b"/bad\xff.json")).write_text("{}\n")


def name_with_a_newline(runs: Path) -> None:
    (runs / "con\nfig.json").write_text("{}\n")


def reserved_folder(runs: Path) -> None:
    (runs / ".cache" / "other").mkdir(parents=True)
    (runs / ".cache" / "other" / "x.json").write_text("{}\n")


def sparse_file_of_60_gigabytes(runs: Path) -> None:
    with (runs / "model.bin").open("wb") as file:
        os.truncate(file.fileno(), 60 * 10**9)


def sparse_file_of_600_gigabytes(runs: Path) -> None:
    with (runs / "model.bin").open("wb") as file:
        os.truncate(file.fileno(), 600 * 10**9)


def empty_weights(runs: Path) -> None:
    (runs / "model.safetensors").touch()


def folder_of_10_001_files(runs: Path) -> None:
    (runs / "frames").mkdir()
    for number in range(10_001):
        (runs / "frames" / str(number)).touch()


FILES: dict[Callable[[Path], None], tuple[str, str]] = {
    link_to_a_file: ("source.symlink", "is a symlink"),
    link_out: ("source.symlink", "leaves the manifest's folder"),
    link_to_nothing: ("source.symlink", "dangling"),
    link_to_a_folder: ("source.symlink", "to a folder"),
    link_to_itself: ("source.symlink", "dangling"),
    pipe: ("source.not_a_file", "fifo"),
    twins_in_case: ("policy.collision", "'Model.json' and 'model.json': case-insensitive collision"),
    twins_in_composition: ("policy.collision", "Unicode-normalization collision"),
    name_that_is_not_text: ("policy.name", "not UTF-8"),
    name_with_a_newline: ("policy.name", "control character"),
    reserved_folder: ("policy.name", "reserved by huggingface_hub"),
    sparse_file_of_60_gigabytes: ("policy.size", "60.0 GB is larger than policy.max_file_size, 50.0 GB"),
    sparse_file_of_600_gigabytes: ("policy.size", "600.0 GB is larger than the Hub's limit of 500.0 GB"),
    empty_weights: ("policy.empty", "an empty weight file"),
    folder_of_10_001_files: ("policy.count", "10,001 entries in one folder; the Hub's limit is 10,000"),
}


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A separate folder with one file that can be uploaded."""
    folder = tmp_path / "runs"
    folder.mkdir()
    (folder / "config.json").write_text("{}\n")
    monkeypatch.chdir(tmp_path)
    return folder


def only_problem(checked: Checked) -> tuple[str, str, str]:
    assert checked.exit_code == 1
    (problem,) = checked.problems
    assert problem.hint
    assert problem.location
    return problem.code, problem.message, str(problem.location)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems reject some of these names themselves")
@pytest.mark.parametrize(
    ("make", "code", "text"), [(make, *text) for make, text in FILES.items()], ids=[make.__name__ for make in FILES]
)
def test_an_unsuitable_file_is_reported_at_the_artifact_that_collects_it(
    make: Callable[[Path], None], code: str, text: str, runs: Path
) -> None:
    make(runs)
    found, message, place = only_problem(check(MANIFEST.encode()))
    assert (found, place) == (code, PLACE)
    assert text in message


@pytest.mark.parametrize("make", [link_to_a_file, pipe, twins_in_case, reserved_folder, empty_weights])
def test_excluding_the_file_fixes_the_problem(make: Callable[[Path], None], runs: Path) -> None:
    make(runs)
    left_out = '["best.json", "progress", "Model.json", ".cache/*", "*.safetensors"]'
    assert check(f"{MANIFEST}patterns:\n  ignore_patterns: {left_out}\n".encode()).exit_code == 0


def test_following_links_fixes_the_problem(runs: Path) -> None:
    link_to_a_file(runs)
    assert check(f"{MANIFEST}policy:\n  symlinks: follow\n".encode()).exit_code == 0


def comments(size: int) -> bytes:
    return (MANIFEST + "# one more line of notes\n" * (size // 25 + 1)).encode()


def brackets(depth: int) -> bytes:
    return f"{MANIFEST}card:\n  metadata:\n    x: {'[' * depth}\n".encode()


def values(count: int) -> bytes:
    return f"{MANIFEST}card:\n  metadata:\n    x: [{'1,' * count}]\n".encode()


def aliases(levels: int) -> bytes:
    """Return nine aliases of the previous level on each level: billions of values in a few hundred bytes."""
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels))]
    return ("\n".join(lines) + "\n").encode()


@pytest.mark.parametrize(
    ("manifest", "code", "place"),
    [
        pytest.param(comments(256 * 1024), "yaml.too_large", "hub.yaml:1:1", id="larger than 256 KiB"),
        pytest.param(brackets(100_000), "yaml.too_deep", "hub.yaml:7:70", id="100,000 brackets"),
        pytest.param(values(60_000), "yaml.too_many", "hub.yaml:7:99986", id="60,000 values"),
    ],
)
def test_oversized_manifests_are_rejected_at_once(manifest: bytes, code: str, place: str, runs: Path) -> None:
    found, _, at = only_problem(check(manifest))
    assert found == code
    assert at.rpartition(":")[0] == place.rpartition(":")[0]


def test_a_bomb_of_aliases_is_a_list_of_problems(runs: Path) -> None:
    checked = check(aliases(9))
    assert checked.exit_code == 1
    assert {problem.code for problem in checked.problems} >= {"yaml.anchor", "yaml.alias"}
    assert len(checked.problems) <= 100


@pytest.mark.parametrize("rewrite", [lambda text: b"\xef\xbb\xbf" + text, lambda text: text.replace(b"\n", b"\r\n")])
def test_files_from_editors_of_other_systems_are_valid(rewrite: Callable[[bytes], bytes], runs: Path) -> None:
    assert check(rewrite(MANIFEST.encode())).exit_code == 0
