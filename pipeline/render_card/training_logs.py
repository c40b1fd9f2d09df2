"""Find the logs and parameters of a training run beside the sources of a model, which are not part of the release."""

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from posixpath import dirname, join
from typing import Final

from hublish.base.content import Content, OnDisk, folder_below
from hublish.base.values import Project, StagedFile
from hublish.cards.facts.training_log import PARAMETERS, describes_run

# Folders in which libraries keep the logs of a run, beside its results.
_LOG_FOLDERS: Final = frozenset(["runs", "logs", "log", "lightning_logs", "tensorboard", "tb", "tb_logs"])
_DEEPEST: Final = 4
_MOST_FOLDERS: Final = 50
_MOST_ENTRIES: Final = 10_000


def logs_beside(project: Project, files: Sequence[StagedFile]) -> tuple[tuple[str, Content], ...]:
    """Return files by their paths beside the manifest; a file that is released as it is, is not among them.

    Args:
        project: the manifest and its folder.
        files: the files of the release, whose folders are searched.
    """
    # A manifest that is built in Python has no folder of its own, and the tables of a dataset are not logs.
    if not project.text or project.target.repo_type != "model":
        return ()
    sources = {file.origin.source for file in files if file.origin.artifact is not None}
    return run_files_beside(project.folder, sources)


def run_files_beside(root: Path, sources: Iterable[str]) -> tuple[tuple[str, Content], ...]:
    """Return the files that describe a run and are near the sources of a release, by their paths below `root`.

    Args:
        root: the folder of the manifest.
        sources: the paths of the sources, which are not returned.
    """
    known = frozenset(sources)
    folders = sorted({dirname(source) for source in known})[:_MOST_FOLDERS]
    found = dict.fromkeys(path for folder in folders for path in _below(root, folder, 0, [_MOST_ENTRIES]))
    # By the convention of DVC, the parameters of all stages are beside the manifest.
    found |= dict.fromkeys(path for path in _below(root, "", _DEEPEST, [_MOST_ENTRIES]) if _is_dvc(path))
    return tuple((path, OnDisk.at(root / path)) for path in found if path not in known)


def _is_dvc(path: str) -> bool:
    return PARAMETERS.fullmatch(path) is not None


def _below(root: Path, folder: str, depth: int, left: list[int]) -> Iterator[str]:
    """Yield the paths of the files that describe a run, in a folder and in those of logs below it."""
    try:
        with folder_below(root, folder) as descriptor, os.scandir(descriptor) as entries:
            listed = sorted(
                (entry.name, entry.is_dir(follow_symlinks=False), entry.is_file(follow_symlinks=False))
                for entry in entries
            )
    except OSError:  # a link, or not there any more: the sources are checked elsewhere
        return
    left[0] -= len(listed)
    for name, is_folder, is_file in listed:
        path = join(folder, name)
        if is_file and describes_run(name):
            yield path
        elif is_folder and depth < _DEEPEST and left[0] > 0 and (depth or name in _LOG_FOLDERS):
            yield from _below(root, path, depth + 1, left)
