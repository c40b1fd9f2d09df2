"""Compare the metadata of a card with the files of its release. Everything here is a warning."""

from collections.abc import Iterator, Mapping
from typing import Any

from hublish.base.values import Staged
from hublish.cards.facts.source_files import SourceFiles
from hublish.pipeline.render_card.references import Present, missing_files
from hublish.schemas.diagnose.problems import Problem


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
