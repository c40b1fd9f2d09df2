"""What the Hub's limits, and plain sense, say about the sizes and counts of a release.

The numbers are the Hub's own ("Storage limits and recommendations" in its documentation): a file may have
500 GB and should have at most 200 GB, a folder may have 10,000 entries, a repo should have 100,000 files.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from hublish.formats.catalogue import WEIGHT_SUFFIXES
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.sizes import format_size

FILE_LIMIT: Final = 500 * 10**9
FILE_ADVICE: Final = 200 * 10**9
FOLDER_LIMIT: Final = 10_000
REPO_ADVICE: Final = 100_000


def size_problems(path: str, size: int, max_file_size: int) -> Iterator[Problem]:
    """Yield what is wrong with one file's size.

    Args:
        path: its path_in_repo.
        size: in bytes.
        max_file_size: the manifest's own limit, in bytes.
    """
    if size > FILE_LIMIT:
        yield Problem(
            "policy.size",
            f"{format_size(size)} is larger than the Hub's limit of {format_size(FILE_LIMIT)} a file",
            "split it: safetensors with max_shard_size, or archives in parts",
            path,
        )
    elif size > max_file_size:
        yield Problem(
            "policy.size",
            f"{format_size(size)} is larger than policy.max_file_size, {format_size(max_file_size)}",
            "split the file, or raise policy.max_file_size",
            path,
        )
    elif size > FILE_ADVICE:
        yield Problem(
            "policy.size",
            f"{format_size(size)} is more than the {format_size(FILE_ADVICE)} the Hub advises for a file",
            "split it into shards",
            path,
            severity="warning",
        )
    if not size and path.lower().endswith(WEIGHT_SUFFIXES):
        yield Problem("policy.empty", "an empty weight file", "export it again, or leave it out", path)


def count_problems(paths: Iterable[str]) -> Iterator[Problem]:
    """Yield folders with too many entries, and whether there are too many files in all."""
    files = set(paths)
    for folder, count in sorted(_entries(files).items()):
        if count > FOLDER_LIMIT:
            yield Problem(
                "policy.count",
                f"{count:,} entries in one folder; the Hub's limit is {FOLDER_LIMIT:,}",
                "spread them over subfolders, or pack them into archives",
                f"{folder}/",
            )
    if len(files) > REPO_ADVICE:
        yield Problem(
            "policy.count",
            f"{len(files):,} files; the Hub advises at most {REPO_ADVICE:,} in a repo",
            "pack them into archives such as Parquet, WebDataset or zip",
            severity="warning",
        )


def _entries(files: set[str]) -> Counter[str]:
    """Count files and subfolders by the folder they stand in; the root is ''."""
    entries = set(files)
    for path in files:
        while "/" in path:
            path = path.rpartition("/")[0]  # noqa: PLW2901 - climbs to the root
            if path in entries:
                break
            entries.add(path)
    return Counter(entry.rpartition("/")[0] for entry in entries)
