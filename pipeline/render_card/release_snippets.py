"""The usage snippets of a release, as plain data for templates."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from hublish.base.values import Project, StagedFile
from hublish.cards.usage.snippets import usage_snippets
from hublish.cards.usage.subject import Subject


def release_snippets(
    project: Project, metadata: Mapping[str, Any], facts: Mapping[str, Any], files: Iterable[StagedFile]
) -> list[dict[str, str]]:
    """Return the snippets of a release, pinned to its tag.

    Args:
        project: the manifest.
        metadata: the front matter of the card.
        facts: the facts of the release, by the names that templates use.
        files: all other files of the release.
    """
    target, load = project.target, project.manifest.load
    # A branch moves, but main is what its users expect without a revision.
    branch = target.revision if target.revision != "main" else ""
    subject = Subject(
        repo_id=target.repo_id,
        repo_type=target.repo_type,
        revision=target.tag or branch,
        metadata=metadata,
        facts=facts,
        paths=tuple(file.path_in_repo for file in files),
        target=load.target or "",
    )
    return [asdict(snippet) for snippet in usage_snippets(subject)]
