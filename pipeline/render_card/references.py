"""Find references of a card and of configuration files that no reader can follow: missing files, and local paths.

Everything here is a warning. A file that the release does not contain may be on the Hub already, which is unknown
offline.
"""

import json
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from html import unescape
from itertools import islice
from pathlib import Path
from typing import Any, Final

from hublish.base.content import ContentChangedError
from hublish.base.values import Project, Staged, StagedFile
from hublish.cards.facts.source_files import SourceFiles
from hublish.formats.catalogue import COPY
from hublish.formats.markdown_links import Link, markdown_links, relative_path
from hublish.schemas.diagnose.problems import MAX_PROBLEMS, Problem, SourceText
from hublish.schemas.diagnose.suggestions import nearest
from hublish.schemas.documents.file_names import CARD_FILE, GITATTRIBUTES, MANIFEST_FILE
from hublish.schemas.documents.hub_names import RepoType, check_repo_id
from hublish.schemas.documents.manifest import Manifest

# A converted file may become several, whose names are not known before the conversion.
_CONVERTED: Final = (".safetensors", ".json")
# The file that a Space runs unless it names another.
_ENTRY: Final[Mapping[str, str]] = {"gradio": "app.py", "static": "index.html", "docker": "Dockerfile"}

_CONFIGS: Final = ("adapter_config.json", "config.json", "tokenizer_config.json", "generation_config.json")
_CONFIG_LIMIT: Final = 4 << 20
_BASE: Final = "base_model_name_or_path"
_PATH_KEY: Final = re.compile(r"(?:name_or_path|_path|_dir|_file|^model|^data)$")
_LOCAL: Final = re.compile(r"[/~\\]|\.{1,2}[/\\]|[A-Za-z]:[/\\]|file:")


@dataclass(frozen=True, slots=True)
class Present:
    """The files and folders of a release."""

    paths: frozenset[str]
    folders: frozenset[str]
    folder: Path
    """The manifest's folder."""
    complete: bool
    """Whether the names of all files are known."""

    @classmethod
    def of(cls, staged: Staged) -> "Present":
        """Return the files of a release, and those that hublish and the Hub add."""
        manifest = staged.collection.project.manifest
        paths = {*(file.path_in_repo for file in staged.files), CARD_FILE, MANIFEST_FILE, GITATTRIBUTES}
        folders = {
            "/".join(parts[:depth]) for parts in (path.split("/") for path in paths) for depth in range(1, len(parts))
        }
        complete = not await_conversion(staged.files, manifest)
        return cls(frozenset(paths), frozenset(folders), staged.collection.project.folder, complete=complete)

    def missing(self, target: str) -> str:
        """Return the path that a relative target names, if the release has no such file or folder; else nothing."""
        path = relative_path(unescape(target))
        if not path or path in self.paths or path in self.folders:
            return ""
        return path if self.complete or not path.endswith(_CONVERTED) else ""

    def problem(self, path: str, *, place: str = "") -> Problem:
        """Return the warning that a file is missing."""
        message = f"'{path}' is not a file of the release"
        if place.endswith("license_link"):
            message = f"license_link: {message}"
        return Problem("card.missing_file", message, self._hint(path), place, severity="warning")

    def _hint(self, path: str) -> str:
        if path.startswith(".."):
            return "readers only see the files of the release: write a URL, or add the file"
        with suppress(OSError, ValueError):
            if (self.folder / path).exists():
                return f"the release leaves it out: add `- source: {path}` to the artifacts"
        near = nearest(path, self.paths, cutoff=0.8)
        added = "add it to the artifacts, or write a URL; if the Hub has the file already, the reference works"
        return f"did you mean '{near}'?" if near else added


def await_conversion(files: Iterable[StagedFile], manifest: Manifest) -> bool:
    """Return whether some files are sources that an artifact converts, as in a check of the manifest."""
    return any(
        file.origin.serializer == COPY and manifest.artifacts[file.origin.artifact].serializer != COPY
        for file in files
        if file.origin.artifact is not None
    )


def named_files(metadata: Mapping[str, Any], repo_type: RepoType) -> Iterator[tuple[str, str]]:
    """Yield the files that metadata names, each with the place in the metadata."""
    for key in ("license_link", "thumbnail"):
        if isinstance(metadata.get(key), str):
            yield key, metadata[key]
    widget = metadata.get("widget")
    for index, entry in enumerate(widget if isinstance(widget, list) else ()):
        output = entry.get("output") if isinstance(entry, Mapping) else None
        if isinstance(entry, Mapping) and isinstance(entry.get("src"), str):
            yield f"widget[{index}].src", entry["src"]
        if isinstance(output, Mapping) and isinstance(output.get("url"), str):
            yield f"widget[{index}].output.url", output["url"]
    # A build creates files that the release does not contain.
    if repo_type == "space" and not metadata.get("app_build_command"):
        yield from _entry(metadata)


def _entry(metadata: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    app, sdk = metadata.get("app_file"), metadata.get("sdk")
    if sdk == "docker":
        yield "sdk", _ENTRY["docker"]
    elif isinstance(app, str):
        yield "app_file", app
    elif isinstance(sdk, str) and sdk in _ENTRY:
        yield "sdk", _ENTRY[sdk]


def missing_files(metadata: Mapping[str, Any], repo_type: RepoType, present: Present, prefix: str) -> Iterator[Problem]:
    """Yield a warning for each file that metadata names and the release does not contain; paths begin with `prefix`."""
    for place, target in named_files(metadata, repo_type):
        if path := present.missing(target):
            yield present.problem(path, place=f"{prefix}{place}")


def problems_of_files(metadata: Mapping[str, Any], staged: Staged, present: Present, prefix: str) -> Iterator[Problem]:
    """Yield a warning for each value that the files of the release contradict.

    Args:
        metadata: the front matter.
        staged: the release.
        present: the names of its files.
        prefix: the problems are placed below it.
    """
    repo_type = staged.collection.project.target.repo_type
    yield from missing_files(metadata, repo_type, present, prefix)
    if repo_type == "model":
        from hublish.cards.discoverability import discovery_problems  # only models are found and counted by libraries

        files = SourceFiles.of((file.path_in_repo, file.content) for file in staged.files)
        paths = [file.path_in_repo for file in staged.files]
        yield from discovery_problems(metadata, paths, files.json, prefix=prefix, complete=present.complete)


def broken_links(text: str, start: int, present: Present) -> Iterator[tuple[Link, Problem]]:
    """Yield the links and pictures of a text that lead to no file of the release, each once."""
    seen = set[str]()
    for link in sorted(markdown_links(text, start), key=lambda link: link.start):
        path = present.missing(link.target)
        if path and path not in seen and len(seen) < MAX_PROBLEMS:
            seen.add(path)
            yield link, present.problem(path)


def local_paths(files: Iterable[StagedFile], project: Project) -> Iterator[Problem]:
    """Yield a warning for each path of the author's machine in the configuration files of a release."""
    for file in files:
        if posixpath.basename(file.path_in_repo) in _CONFIGS and file.content.size <= _CONFIG_LIMIT:
            # Another stage reports files that cannot be read; one that is not JSON has no paths.
            with suppress(OSError, ContentChangedError, ValueError, RecursionError):
                text = file.content.read_at(0, _CONFIG_LIMIT).decode()
                yield from islice(_local_paths_in(text, file, project), MAX_PROBLEMS)


def _local_paths_in(text: str, file: StagedFile, project: Project) -> Iterator[Problem]:
    config = json.loads(text)
    written = SourceText(text, project.shown(file.origin.source))
    for key, value in config.items() if isinstance(config, dict) else ():
        if isinstance(value, str) and _PATH_KEY.search(key) and (wrong := _unusable(key, value, project.folder)):
            found = re.search(rf'"{re.escape(key)}"\s*:\s*("(?:[^"\\]|\\.)*")', text)
            place = written.location(*found.span(1)) if found else written.location(0)
            hint = "write the id on the Hub, `namespace/name`, or remove the key"
            yield Problem("config.local_path", f"{key} {wrong}", hint, location=place, severity="warning")


def _unusable(key: str, value: str, folder: Path) -> str:
    """Return the reason why readers cannot use a value; empty if they can."""
    if _LOCAL.match(value):
        return "is a path on the author's machine, which readers do not have"
    if key != _BASE:
        return ""
    with suppress(OSError, ValueError):
        if (folder / value).is_dir():
            return "is a folder on the author's machine, which readers do not have"
    try:
        check_repo_id(value)
    except ValueError:
        return "is not the id of a repo on the Hub"
    return ""
