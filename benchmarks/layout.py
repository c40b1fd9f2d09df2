"""Measure how the code is laid out and how it reads: `make layout`.

Counts come from the syntax trees of the files that git tracks below `hublish/`, `pipeline/` and `schemas/`. The rooms
that one upload visits are recorded while a small release goes to an embedded Hub.
"""

import ast
import io
import re
import subprocess
import sys
import tempfile
import threading
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("hublish", "pipeline", "schemas")
# The files of one verb: it does, parses and shows.
VERBS_FOLDERS = ("hublish/api", "hublish/cli/commands", "hublish/cli/views")
REPEATED = "modules with a repeated name"

# Phrases that make English read as translated, and the highest count per 1,000 words in eight well-known projects.
PHRASES = (
    ("what ... clauses", r"\bwhat(?:ever)?\b(?!\?)", 1.0),
    ("stands, stood", r"\bst(?:ands?|ood)\b", 0.0),
    ("told, tells", r"\bt(?:old|ells?)\b", 0.5),
    ("is no, is none", r"\b(?:is|are) (?:no|none)\b", 0.5),
    ("lies, lay", r"\bl(?:ies|ay)\b", 0.0),
    ("says, said", r"\bsa(?:ys|id)\b", 0.3),
    ("nobody, somebody", r"\b(?:no|some|any)body\b", 0.1),
    ("is looked, taken, held, meant", r"\b(?:is|are) (?:looked|taken|held|meant)\b", 0.5),
)


def main() -> None:
    """Print the figures, one a line."""
    for name, value in measure().items():
        print(f"{name:<29} {value:>8.1%}" if name == REPEATED else f"{name:<29} {value:>8.6g}")
    visited = sorted(_visited())
    print(f"{'rooms one upload visits':<29} {len(visited):>8}  {', '.join(visited)}")
    print("phrases per 1,000 words of comments and docstrings")
    for name, (count, anchor) in count_phrases().items():
        print(f"  {name:<29} {count:>6.2f}  (anchors: at most {anchor})")


def measure() -> dict[str, float]:
    """Return the figures of the layout by name."""
    files = _files()
    texts = _texts()
    lines = sum(text.count("\n") for text in texts)
    comments = sum(_comments(text) for text in texts)
    return {
        "modules": len(files),
        "production lines": lines,
        "depth of folders": max(file.count("/") for file in files),
        REPEATED: _repeated(files),
        "verbs not found by name": len(_verbs_not_found(files)),
        "comments per 100 lines": round(100 * comments / lines, 1),
    }


def count_phrases() -> dict[str, tuple[float, float]]:
    """Return how often each phrase occurs in 1,000 words, and the highest count in the anchors."""
    words = [word for text in _texts() for word in _prose(text)]
    prose = " ".join(words)
    return {
        name: (1000 * len(re.findall(pattern, prose, re.IGNORECASE)) / len(words), anchor)
        for name, pattern, anchor in PHRASES
    }


def _texts() -> list[str]:
    return [(ROOT / file).read_text("utf-8") for file in _files()]


def _files() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "--", *(f"{room}/**.py" for room in ROOMS), *(f"{room}/*.py" for room in ROOMS)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return sorted(file for file in set(listed.stdout.split()) if (ROOT / file).exists())


def _repeated(files: list[str]) -> float:
    """Return the share of modules whose name another module has; a verb's api, command and view may share one."""
    named = [file for file in files if not Path(file).stem.startswith("__")]
    rooms: dict[str, set[str]] = {}
    for file in named:
        folder = Path(file).parent.as_posix()
        rooms.setdefault(Path(file).stem, set()).add("a verb" if folder in VERBS_FOLDERS else folder)
    counts = Counter(Path(file).stem for file in named if len(rooms[Path(file).stem]) > 1)
    return sum(counts.values()) / len(named)


def _verbs_not_found(files: list[str]) -> set[str]:
    """Return the commands and functions for which no file has their name."""
    sys.path.insert(0, str(ROOT))
    from hublish.cli.commands import ENTRIES

    # `hub serve` is a command of the embedded Hub; the last two are functions only.
    verbs = {entry.name for entry in ENTRIES} - {"hub serve"} | {"push_to_hub", "from_hub"}
    return verbs - {Path(file).stem for file in files if Path(file).parent.as_posix() in VERBS_FOLDERS[:2]}


def _comments(text: str) -> int:
    """Count lines that hold a comment for people; directives for tools do not count."""
    directive = re.compile(r"#\s*(?:noqa|type:|pragma|fmt:|ruff:)")
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    return sum(token.type == tokenize.COMMENT and not directive.match(token.string) for token in tokens)


def _prose(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        # Docstrings, and the strings that describe a field or constant below it.
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield from re.findall(r"[\w'-]+|\?", node.value.value)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield from re.findall(r"[\w'-]+|\?", token.string)


def _visited() -> set[str]:
    """Return the folders whose functions run between the beginning and the end of `Upload.run`, in its own thread."""
    sys.path.insert(0, str(ROOT))
    import hublish
    from hublish.pipeline.upload.upload import Upload

    rooms: set[str] = set()
    own_thread = threading.get_ident()
    original = Upload.run

    def watch(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and threading.get_ident() == own_thread:
            file = Path(frame.f_code.co_filename)
            if file.is_relative_to(ROOT) and not file.is_relative_to(ROOT / "benchmarks"):
                rooms.add(file.parent.resolve().relative_to(ROOT).as_posix())

    def watched(self: Upload, plan: hublish.Plan) -> hublish.Receipt:
        sys.setprofile(watch)
        try:
            return original(self, plan)
        finally:
            sys.setprofile(None)

    Upload.run = watched  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "hub.yaml").write_text("repo: {repo_id: acme/measured}\nartifacts: [{source: data}]\n")
        (folder / "data").mkdir()
        (folder / "data" / "large.bin").write_bytes(b"0" * 12_000_000)
        (folder / "data" / "small.json").write_text("{}")
        hublish.publish(folder / "hub.yaml", endpoint="embedded")
    return {room for room in rooms if room.split("/")[0] in ROOMS}


if __name__ == "__main__":
    main()
