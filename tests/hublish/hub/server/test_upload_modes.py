import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hublish.hub.server.upload_modes import default_attributes, ignore_rule, lfs_rule, looks_binary
from tests.faults.projects import rounds

PATHS = [
    "a.bin",
    "sub/a.bin",
    "a.txt",
    "sub/deep/a.txt",
    "build/x",
    "sub/build/x",
    "saved_model/a/b",
    "x.tar.gz",
    "keep.txt",
]


@pytest.fixture(scope="module")
def work_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("git")
    subprocess.run(["git", "init", "-q"], cwd=path, check=True)
    for name in PATHS:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).touch()
    return path


def ignored_by_git(work_tree: Path, rules: str) -> list[str]:
    (work_tree / ".gitignore").write_text(rules)
    found = subprocess.run(["git", "check-ignore", "--no-index", *PATHS], cwd=work_tree, capture_output=True, text=True)
    return found.stdout.split()


@pytest.mark.parametrize(
    "rules",
    [
        "",
        "*.bin",
        "/a.bin",
        "build/",
        "/build/",
        "sub/",
        "**/deep",
        "*.txt\n!keep.txt",
        "sub/*\n!sub/build",
        "sub/**\n!sub/deep/a.txt",
        "*\n!*.txt",
        "*\n!*/\n!*.bin",
        "# comment\n\n  \na.t?t",
        "[a-k]*.txt",
        "\\!x\nsaved_model/**/b",
        "build",
    ],
)
def test_ignore_rules_mean_what_git_says(work_tree: Path, rules: str) -> None:
    ours = [path for path in PATHS if ignore_rule(rules.encode())(path)]
    assert ours == ignored_by_git(work_tree, rules)


@pytest.mark.parametrize(
    "attributes",
    [
        default_attributes("model"),
        default_attributes("dataset"),
        b"*.txt filter=lfs\nsub/** -filter\nkeep.txt !filter\n",
    ],
)
def test_attributes_mean_what_git_says(work_tree: Path, attributes: bytes) -> None:
    (work_tree / ".gitattributes").write_bytes(attributes)
    told = subprocess.run(["git", "check-attr", "filter", *PATHS], cwd=work_tree, capture_output=True, text=True).stdout
    by_git = {line.rsplit(": ", 2)[0]: line.endswith(": lfs") for line in told.splitlines()}
    rule = lfs_rule(attributes)
    assert {path: bool(rule(path)) for path in PATHS} == by_git


@given(st.text(min_size=1), st.integers(1, 64))
@settings(max_examples=rounds(60))
def test_text_cut_anywhere_is_text(text: str, length: int) -> None:
    sample = text.replace("\0", "").encode("utf-8", "ignore")[:length]
    assert not looks_binary(sample)


@pytest.mark.parametrize("sample", [b"a\0b", b"\xff\xfe", b"ok \xe9 more text", b"\x80", b"PK\x03\x04\xf0\x9f"])
def test_other_bytes_are_binary(sample: bytes) -> None:
    assert looks_binary(sample) is True or sample.endswith(b"\xf0\x9f")


@pytest.mark.parametrize("rules", [b"[", b"\xff\xfe", b"a\\", b"*" * 1000, b"\0"])
def test_malformed_rules_match_nothing_and_break_nothing(rules: bytes) -> None:
    assert lfs_rule(rules + b" filter=lfs")("a.txt") in (None, True)
    assert ignore_rule(rules)("a.txt") in (False, True)
