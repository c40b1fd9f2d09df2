"""Folders with files that a release may contain, must not contain, or ignores; and manifests for them."""

import os
import pickle
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from hublish.base.values import Project
from hublish.schemas.documents.manifest import Manifest
from hublish.schemas.documents.manifest_yaml import dump_manifest

NAMES = (
    "a.json",
    "A.json",
    "b.tmp",
    "config.json",
    "hub.lock",
    "hub.yaml",
    "README.md",
    ".gitignore",
    ".env",
    "id_rsa",
    "sub/a.json",
    "sub/deep/a.json",
    "sub/b.tmp",
    "sub/key.pem",
    ".git/config",
    ".hublish/x",
    ".cache/huggingface/x",
    "nul.bin",
    "café.txt",
    "cafe\u0301.txt",
)
CONTENTS = (
    b"{}",
    b"[]",
    b"1",
    b"",
    b"*.json\n",
    pickle.dumps([1, {"a": 2}]),
    b"x" * 2000,
    b"---\nlicense: mit\n---\nText.\n",
)
SOURCES = (
    ".",
    "*",
    "**",
    "*.json",
    "**/*.json",
    "sub",
    "sub/*",
    "a.json",
    "b.tmp",
    ".env",
    "link",
    "?.tmp",
    "sub/deep/",
)
TARGETS = (None, None, "x/", "data", "config.json", "README.md")
PATTERNS = ("*", "*", "*", "*.json", "*.tmp", "sub/*", "a.json", "*.md", "data/*", "[ab].*")

artifacts = st.fixed_dictionaries({"source": st.sampled_from(SOURCES), "path_in_repo": st.sampled_from(TARGETS)})
some_patterns = st.lists(st.sampled_from(PATTERNS), max_size=2)
levels = st.sampled_from(["forbid", "warn", "allow", "allow"])
manifests = st.fixed_dictionaries(
    {
        "artifacts": st.lists(artifacts, min_size=1, max_size=3),
        "patterns": st.fixed_dictionaries(
            {}, optional={"allow_patterns": some_patterns, "ignore_patterns": some_patterns}
        ),
        "policy": st.fixed_dictionaries(
            {"pickle": levels, "symlinks": st.sampled_from(["forbid", "follow", "follow"])},
            optional={"deny_patterns": some_patterns, "max_file_size": st.just(1000)},
        ),
    }
)
files = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(CONTENTS), min_size=1, max_size=9)
links = st.sampled_from(["", "", "", "", "a.json", "sub", "/etc/hostname", "nowhere"])


def made(folder: Path, tree: dict[str, bytes], link: str, fields: dict[str, Any]) -> Project:
    """Write a tree and return its project."""
    for name, content in tree.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    if link:
        (folder / "link").symlink_to(link)
    manifest = Manifest.model_validate({"repo": {"repo_id": "acme/x"}, **fields})
    return Project(manifest, dump_manifest(manifest), folder)


def everything_in(folder: Path) -> list[str]:
    """Return every name on disk that is not a folder."""
    found = []
    for base, folders, names in os.walk(folder):
        linked = [name for name in folders if (Path(base) / name).is_symlink()]
        found += [(Path(base) / name).relative_to(folder).as_posix() for name in [*names, *linked]]
    return sorted(found)
