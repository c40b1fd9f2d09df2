"""The line of a .gitignore that drops a file is the one that git names."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.base.gitignore import GitIgnore
from hublish.hub.server.routes.preflight import ignore_rule

RULES = {
    "names": (
        "*.bin\nbuild/\n\n# a comment\n/top.txt\n",
        ["a.bin", "x/y.bin", "build/a", "build", "top.txt", "x/top.txt"],
    ),
    "the last line decides": ("*.bin\n!keep.bin\nkeep.*\n", ["a.bin", "keep.bin", "keep.txt"]),
    "taken back": ("*.bin\n!model.bin\n", ["model.bin", "x/model.bin", "other.bin"]),
    "a folder is never entered again": ("runs\n!runs/best.bin\n", ["runs/best.bin", "runs/x/y"]),
    "what a folder holds": ("runs/*\n!runs/best.bin\n", ["runs/best.bin", "runs/a", "runs/x/y"]),
    "stars": ("logs/**/*.txt\n**/tmp/**\na/**\n", ["logs/a.txt", "logs/x/y/a.txt", "x/tmp/a", "a/b/c", "a"]),
    "classes": ("[ab].json\n?.yaml\n[!x].txt\n", ["a.json", "c.json", "z.yaml", "zz.yaml", "x.txt", "y.txt"]),
    "spaces and signs": ("a b  \n\\#not\n\\!not\n", ["a b", "#not", "!not"]),
    "windows lines": ("*.bin\r\n!x.bin\r\n", ["a.bin", "x.bin"]),
    "other alphabets": ("数据*\ncafé\n", ["数据.json", "café", "cafe"]),
}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("git")
    subprocess.run(["git", "init", "-q", folder], check=True)
    return folder


def by_git(repository: Path, rules: str, path: str) -> int | None:
    """The line that `git check-ignore` names."""
    (repository / ".gitignore").write_text(rules, newline="")
    words = ["git", "-C", str(repository), "-c", "core.excludesFile=", "check-ignore", "--no-index", "-v", "-n", path]
    said = subprocess.run(words, capture_output=True, text=True).stdout
    _, line, pattern = said.rpartition("\t")[0].split(":", 2)
    return int(line) if line and not pattern.startswith("!") else None


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
@pytest.mark.parametrize(("rules", "path"), [(rules, path) for rules, paths in RULES.values() for path in paths])
def test_the_line_is_the_one_git_names(repository: Path, rules: str, path: str) -> None:
    found = GitIgnore.read(rules.encode()).rule_for(path)
    assert (found.location.line if found else None) == by_git(repository, rules, path)


def test_a_rule_names_file_line_and_pattern() -> None:
    found = GitIgnore.read(b"# tmp\n  \n*.bin  \n", "acme/x/.gitignore").rule_for("a/b.bin")
    assert found is not None
    assert str(found) == "acme/x/.gitignore:3: *.bin"
    assert (found.location.column, found.location.end_column, found.location.text) == (1, 6, "*.bin")


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xff\xfe", b"[", b"\\", b"!", b"/", b"a[\n*.bin\n"])
def test_lines_without_a_pattern_are_skipped(data: bytes) -> None:
    assert GitIgnore.read(data).rule_for("fine.txt") is None


NAMES = st.sampled_from(["a", "b", "foo", "x.bin", "model.bin", ".hid", "a b", "数据"])
PIECES = st.one_of(NAMES, st.sampled_from(["*", "**", "*.bin", "?", "[ab]", "[!a]", "f*", "*o", "\\*", "[", "a**"]))
LINES = st.builds(
    lambda sign, root, pieces, end: f"{sign}{root}{'/'.join(pieces)}{end}",
    st.sampled_from(["", "", "!", "#"]),
    st.sampled_from(["", "", "/"]),
    st.lists(PIECES, min_size=1, max_size=3),
    st.sampled_from(["", "", "/", "  ", "\r"]),
)


@given(lines=st.lists(LINES, max_size=5), path=st.lists(NAMES, min_size=1, max_size=4).map("/".join))
def test_the_embedded_hub_drops_the_reported_files_and_no_others(lines: list[str], path: str) -> None:
    rules = "\n".join(lines).encode()
    assert (GitIgnore.read(rules).rule_for(path) is not None) is ignore_rule(rules)(path)


@given(st.binary(max_size=60), st.text(min_size=1, max_size=8))
def test_any_bytes_are_read(data: bytes, path: str) -> None:
    GitIgnore.read(data).rule_for(path)


@pytest.mark.parametrize("rule", ["*a" * 12 + "*b", "**/a*/" * 8 + "b", "**/a/" * 30 + "b", "/".join(["*a*a*a*b"] * 4)])
def test_a_rule_with_many_stars_ends(rule: str) -> None:
    rules = GitIgnore.read(f"{rule}\n*.bin\n".encode())
    for path in ("a" * 200, "a/" * 200 + "c", f"{'a' * 100}/" * 5):
        assert rules.rule_for(path) is None
    assert rules.rule_for("a/" * 40 + "x.bin") is not None


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ("**/build/**/*.tmp*", "a/b/c/build/d/e/f.tmp.gz"),
        ("*.py[cod]", "a" * 200 + ".pyc"),
        ("docs/**/x*/*_*.bin", "docs/a/b/c/x1/part_3.bin"),
        ("*-*-*.bin", "model-00001-of-00002.bin"),
    ],
)
def test_usual_rules_with_stars_count(rule: str, path: str) -> None:
    assert GitIgnore.read(rule.encode()).rule_for(path) is not None
