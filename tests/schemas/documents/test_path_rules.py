import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hublish.schemas.documents import path_rules
from hublish.schemas.documents.path_rules import (
    PATH_BYTES,
    SEGMENT_BYTES,
    character_problems,
    collisions,
    encoded,
    local_problems,
    nearest_allowed,
    path_problems,
    pattern_problems,
    portability_problems,
    unusual_among,
)
from tests.faults.projects import rounds

REFUSED = {
    "../x": "'..' segment not allowed",
    "a/../../x": "'..' segment not allowed",
    "a/../x": "'..' segment not allowed",
    "..": "'..' segment not allowed",
    "/abs": "absolute path not allowed",
    "//a": "absolute path not allowed",
    "C:\\x": "absolute path not allowed",
    "C:x": "begins with a drive letter of Windows, 'C:'",
    "c:/x": "absolute path not allowed",
    "\\\\srv\\s\\f": "backslash not allowed",
    "a\\..\\b": "backslash not allowed",
    "a//b": "not a normalized relative path",
    "a/./b": "not a normalized relative path",
    "./a": "not a normalized relative path",
    ".": "not a normalized relative path",
    "a/": "not a normalized relative path",
    "": "not a normalized relative path",
    "a\0b": "control character in the name",
    "a\nb": "control character in the name",
    "a\x1bb": "control character in the name",
    "a\x85b": "control character in the name",
    "a\u2028b": "control character in the name",
    "bad\udcff": "the name is not UTF-8",
    "a\u202egpj.exe": "bidi control character not allowed",
    "a\u2066b": "bidi control character not allowed",
    ".git": "under .git is not allowed",
    ".git/config": "under .git is not allowed",
    "a/.GIT/x": "under .git is not allowed",
    "git~1": "under .git is not allowed",
    "GIT~1/x": "under .git is not allowed",
    ".git./x": "under .git is not allowed",
    ".git . /x": "under .git is not allowed",
    ".git::$INDEX_ALLOCATION/x": "under .git is not allowed",
    ".g\u200cit/x": "under .git is not allowed",
    "\ufeff.git": "under .git is not allowed",
    ".cache/other/x": "under .cache is reserved",
    "a/.cache/x": "under .cache is reserved",
    "x" * (SEGMENT_BYTES + 1): "path too long: a segment has 256 bytes; the limit is 255",
    "é" * 128: "path too long: a segment has 256 bytes; the limit is 255",
    "/".join(["x" * 200] * 6): "path too long: 1205 bytes; the limit is 1024",
}


@pytest.mark.parametrize(("path", "why"), REFUSED.items(), ids=[ascii(path)[:30] for path in REFUSED])
def test_an_invalid_path_is_rejected_with_the_reason(path: str, why: str) -> None:
    assert any(why in problem for problem in path_problems(path)), path_problems(path)


@pytest.mark.parametrize(
    "path",
    [
        *("a", "a/b", "README.md", ".gitattributes", ".gitignore", "a/.github/x", "model-00001-of-00002.safetensors"),
        *("git", "x.git", "a.git/b", "git~2", ".cached", "a..b", "...", "a...", "-x", "_", "~a"),
        *("café", "模型/权重", "🙂"),
        *("a b", "file:ads", "con", "a*?", "x" * SEGMENT_BYTES, "/".join(["x" * 255] * 4), "\u200dx", ".keep"),
    ],
    ids=lambda path: ascii(path)[:30],
)
def test_a_valid_path_is_accepted(path: str) -> None:
    assert path_problems(path) == ()


def test_every_problem_of_a_path_is_named() -> None:
    assert len(path_problems("/../.git/\0\\" + "x" * 300)) == 6


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("COM1", "device name"),
        ("aux.txt", "device name"),
        ("con/x", "device name"),
        ("a/NUL.tar.gz", "device name"),
        ("com\u00b9", "device name"),
        ("CONOUT$", "device name"),
        ("prn .txt", "device name"),
        ("trailing. ", "ends with a dot or a space"),
        ("a./b", "ends with a dot or a space"),
        ("file:ads", "contains a character"),
        ('a"b', "contains a character"),
        ("a?b", "contains a character"),
    ],
)
def test_names_that_windows_rejects_are_not_portable(path: str, why: str) -> None:
    assert any(why in problem for problem in portability_problems(path))
    assert path_problems(path) == ()


@pytest.mark.parametrize("path", ["a/b.txt", "console", "com10", "com", "auxiliary.c", ".hidden", "a b"])
def test_ordinary_names_are_portable(path: str) -> None:
    assert portability_problems(path) == ()


@pytest.mark.parametrize(
    "pattern", ["*", "*.bin", "a/*", "checkpoint-*/", "**/x", "[!a]*", ".git/*", ".cache/**", "a?"]
)
def test_ordinary_patterns_are_valid(pattern: str) -> None:
    assert pattern_problems(pattern) == ()


@pytest.mark.parametrize("problems", [pattern_problems, local_problems])
def test_a_path_that_no_system_could_open_is_too_long(problems: Callable[[str], tuple[str, ...]]) -> None:
    assert problems("é" * 2_048) == ()
    assert problems("é" * 2_048 + "x") == ("path too long: 4097 bytes; the limit is 4096",)


@pytest.mark.parametrize("pattern", ["", "/", "/a", "./a", "../*", "a\\*", "a//b", "C:/*", "a\n", "a\u202e*"])
def test_patterns_that_cannot_match_are_rejected(pattern: str) -> None:
    assert pattern_problems(pattern)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["A.bin", "a.bin"], [("A.bin", "a.bin", "case-insensitive collision")]),
        (["cafe\u0301", "café"], [("cafe\u0301", "café", "Unicode-normalization collision")]),
        (["CAFÉ", "cafe\u0301"], [("CAFÉ", "cafe\u0301", "case-insensitive collision")]),
        (["a", "a/b"], [("a", "a/b", "target collision: the first is a file, and the second needs it to be a folder")]),
        (
            ["A", "a/b/c"],
            [("A", "a/b/c", "target collision: the first is a file, and the second needs it to be a folder")],
        ),
        (["a", "b", "a.b", "ab/c"], []),
        (["a/x", "b/x", "a/y"], []),
        (["same", "same"], []),
    ],
)
def test_names_that_are_the_same_file_on_some_systems_collide(
    names: list[str], found: list[tuple[str, str, str]]
) -> None:
    assert list(collisions(names)) == found


def test_a_hundred_thousand_names_are_checked_together() -> None:
    names = [f"folder-{n % 100}/file-{n}.txt" for n in range(100_000)]
    assert collisions(names) == ()
    assert not any(map(path_problems, names))


letters = [*"aA.gGiItT~1 /\\:*\0\n\x7f", "é", "e\u0301", "\u200c", "\u202e", "\udcff", "\ud800", "🙂", ".git", "git~1"]
nasty = st.lists(st.sampled_from(letters), max_size=12).map("".join)


@settings(max_examples=rounds(300))
@given(nasty | st.text())
def test_an_accepted_path_stays_inside_its_folder(path: str) -> None:
    if not path_problems(path):
        inside = Path("/root") / path
        assert Path(*inside.parts) == inside
        assert inside.as_posix() == f"/root/{path}"
        assert ".." not in inside.parts
        assert len(path.encode()) <= PATH_BYTES
        assert path_problems(path.replace("/", "\\")) or "/" not in path


@given(nasty | st.text("conCONprnNUL1.: /$?\n\u00b9", max_size=9))
def test_the_shortcut_for_portable_names_changes_no_result(name: str) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(path_rules, "_PERHAPS_UNPORTABLE", re.compile(""))
        in_full = portability_problems(name)
    assert portability_problems(name) == in_full


@given(st.lists(nasty | st.text("conCONprnNUL1.: /$?\n\u00b9\0", max_size=9) | st.just("a" * 256), max_size=3))
def test_a_name_with_a_problem_is_found_among_many(names: list[str]) -> None:
    found = set(unusual_among(["ordinary/name.txt", *names]))
    assert found <= set(names)
    assert found >= {name for name in names if path_problems(name) or portability_problems(name)}


@given(st.text() | st.text(st.characters(categories=["Cs"])) | nasty)
def test_any_name_can_be_checked(name: str) -> None:
    encoded(name)
    path_problems(name)
    pattern_problems(name)
    portability_problems(name)
    character_problems(name)
    collisions([name, "a"])


@given(st.binary(min_size=1))
def test_raw_bytes_of_a_name_round_trip(raw: bytes) -> None:
    assert encoded(raw.decode("utf-8", "surrogateescape")) == raw


@settings(max_examples=rounds(15))
@given(st.lists(nasty.filter(lambda name: "\0" not in name), min_size=1, max_size=40, unique=True))
def test_git_accepts_every_valid_path(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    """With its protection for NTFS and HFS+ on, as a checkout on Windows or macOS has."""
    taken = [name for name in names if not path_problems(name) and not collisions([name, *names])]
    repo = tmp_path_factory.mktemp("repo")
    git = ["git", "-C", str(repo), "-c", "core.protectNTFS=true", "-c", "core.protectHFS=true"]
    subprocess.run([*git, "init", "-q"], check=True)
    blob = subprocess.run([*git, "hash-object", "-w", "--stdin"], input=b"", capture_output=True, check=True).stdout
    lines = b"".join(b"100644 %s\t%s\0" % (blob.strip(), name.encode()) for name in taken)
    subprocess.run([*git, "update-index", "-z", "--index-info"], input=lines, check=True)
    listed = subprocess.run([*git, "ls-files", "-z"], capture_output=True, check=True).stdout
    assert sorted(listed.split(b"\0")[:-1]) == sorted(name.encode() for name in taken)


@pytest.mark.parametrize(
    "path", [".", "./", "./runs", "runs/", "~$draft.json", "**/*.json", "a b/c", ".cache/x", "x..y"]
)
def test_ordinary_paths_below_the_folder_are_valid(path: str) -> None:
    assert local_problems(path) == ()


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("~", "home folder"),
        ("~/runs", "home folder"),
        ("/", "absolute path not allowed"),
        (".//", "empty or '.' segment"),
        ("/runs", "absolute path not allowed"),
        ("../runs", "'..' segment not allowed"),
        ("a/../b", "'..' segment not allowed"),
        ("a//b", "empty or '.' segment"),
        ("a/./b", "empty or '.' segment"),
        ("a\\b", "backslash not allowed"),
        ("D:/runs", "absolute path not allowed"),
        ("a\u202eb", "bidi control character not allowed"),
    ],
)
def test_paths_outside_of_the_folder_are_rejected(path: str, why: str) -> None:
    assert why in "; ".join(local_problems(path))


@pytest.mark.parametrize(
    ("path", "likely"),
    [
        ("../model.bin", "model.bin"),
        ("a/../../model.bin", "model.bin"),
        ("/model.bin", "model.bin"),
        ("a\\b.bin", "a/b.bin"),
        ("C:\\a\\b.bin", "a/b.bin"),
        ("\\\\server\\b.bin", "server/b.bin"),
        ("a//./b.bin", "a/b.bin"),
        ("b.bin\n", "b.bin"),
        (".git/config", None),
        ("..", None),
        ("fine.bin", None),
    ],
)
def test_an_invalid_path_suggests_the_nearest_valid_one(path: str, likely: str | None) -> None:
    assert nearest_allowed(path) == likely
