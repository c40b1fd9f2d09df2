"""The release that a snippet is about, and values as literals of Python and of a shell."""

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final

_SHARD: Final = re.compile(r"-(?!00001-)\d{5}-of-\d{5}(?=\.)")


@dataclass(frozen=True, slots=True)
class Snippet:
    """Code that a reader copies."""

    library: str
    """The library's name on the Hub, or `hublish`."""
    language: str
    """The language of the code, as fences of Markdown name it: `python` or `bash`."""
    code: str
    install: str = ""
    """The command that installs the library; empty if the snippet above has it."""
    note: str = ""
    """A sentence above the code."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A release, as far as its users' code depends on it."""

    repo_id: str
    repo_type: str = "model"
    revision: str = ""
    """The tag, or a branch other than main; empty for main."""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    """The facts of the release as templates get them."""
    paths: tuple[str, ...] = ()
    """The paths of its files."""
    target: str = ""
    """The class that it is loaded into, `module:Class`."""

    @property
    def task(self) -> str:
        """The task of a model; empty if it is unknown."""
        return self._named("pipeline_tag")

    @property
    def library(self) -> str:
        """The library that the metadata names, or that the files show; empty if neither does."""
        return self._named("library_name")

    @property
    def tags(self) -> frozenset[str]:
        """The tags in the metadata."""
        return frozenset(tag for tag in as_list(self.metadata.get("tags")) if isinstance(tag, str))

    @property
    def base_model(self) -> str:
        """The first base model; empty if it is unknown."""
        known = as_list(self.facts.get("base_models"))
        named = [base.get("repo_id") for base in known if isinstance(base, Mapping)]
        return next((each for each in (*named, *as_list(self.metadata.get("base_model"))) if isinstance(each, str)), "")

    def model_fact(self, name: str) -> str:
        """Return a fact about the model as text; empty if it is unknown."""
        value = self.facts.get("model", {}).get(name)
        return value if isinstance(value, str) else ""

    def has(self, *names: str) -> bool:
        """Return whether a file with one of these names is at the root."""
        return any(name in self.paths for name in names)

    def with_suffix(self, *suffixes: str) -> list[str]:
        """Return the files with one of these suffixes: the nearest to the root first, and one part of a split file."""
        found = [path for path in self.paths if PurePosixPath(path).suffix in suffixes and not _SHARD.search(path)]
        return sorted(found, key=lambda path: (path.count("/"), path))

    @property
    def pinned(self) -> str:
        """The keyword of most loaders that pins the revision, after a comma; empty for main."""
        return f", revision={literal(self.revision)}" if self.revision else ""

    @property
    def quoted(self) -> str:
        """The id of the repo as a literal."""
        return literal(self.repo_id)

    def download(self, path: str) -> str:
        """Return an expression that downloads a file of the release and returns its path."""
        return f"hf_hub_download({self.quoted}, {literal(path)}{self.pinned})"

    def sample(self, default: str) -> str:
        """Return an input as a literal: the text of the first widget example, else a default."""
        for example in as_list(self.metadata.get("widget")):
            text = example.get("text") if isinstance(example, Mapping) else None
            if isinstance(text, str) and 0 < len(text) <= 200:
                return literal(text)
        return literal(default)

    def sample_file(self, suffixes: tuple[str, ...]) -> str:
        """Return the file of the release that its widget shows as an example; empty without any."""
        for example in as_list(self.metadata.get("widget")):
            path = example.get("src") if isinstance(example, Mapping) else None
            if isinstance(path, str) and path in self.paths and PurePosixPath(path).suffix.lower() in suffixes:
                return path
        return ""

    def _named(self, key: str) -> str:
        named = self.metadata.get(key)
        return named if isinstance(named, str) else self.model_fact(key)


def as_list(value: Any) -> list[Any]:
    """Return a list as it is, a value as a list of it, and an empty list for None."""
    if isinstance(value, list | tuple):
        return list(value)
    return [] if value is None else [value]


def literal(value: str) -> str:
    """Return a string as a literal of Python, on one line and without backticks, which could end a code fence."""
    return json.dumps(value, ensure_ascii=False).replace("`", "\\x60")


def word(value: str) -> str:
    """Return a string as one word of a shell."""
    return shlex.quote(value)
