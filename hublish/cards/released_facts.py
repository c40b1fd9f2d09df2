"""The metadata and the facts of a sealed release, whose bytes are known: for the claims about it."""

import codecs
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from hublish.base.content import Content, InMemory
from hublish.base.digests import each_sealed, sealed_bytes
from hublish.base.values import Release
from hublish.base.values.attested import Dependency
from hublish.cards.facts.derive_facts import derive_facts
from hublish.cards.facts.fact import released_values
from hublish.cards.facts.lineage import base_models_of, datasets_of
from hublish.cards.facts.source_files import CONFIGURATION_LIMIT
from hublish.formats.front_matter import read_front_matter
from hublish.schemas.diagnose.problems import InvalidDocumentError
from hublish.schemas.documents.file_names import CARD_FILE


def released_metadata(release: Release) -> Mapping[str, Any]:
    """Return the front matter of the released README.md; an empty mapping without one that can be read.

    Raises:
        SourceChangedError: it has other bytes by now.
    """
    cards = [file for file in release.files if file.path_in_repo == CARD_FILE and file.size <= CONFIGURATION_LIMIT]
    for data in each_sealed(cards, sealed_bytes):
        try:
            reading = read_front_matter(data.removeprefix(codecs.BOM_UTF8), CARD_FILE)
        except InvalidDocumentError:
            return {}
        return reading.data if reading is not None and isinstance(reading.data, dict) else {}
    return {}


def with_facts(release: Release, metadata: Mapping[str, Any]) -> Release:
    """Return the release with the facts of its files, which are derived unless its card has shown them.

    The rows of a dataset are not counted for this: it would read all data.
    """
    if release.facts is not None:
        return release
    facts = derive_facts(_contents(release), metadata=metadata, repo_id=release.project.target.repo_id)
    return replace(release, facts=released_values(facts))


def _contents(release: Release) -> Iterator[tuple[str, Content]]:
    for file in release.files:
        # As for the card: it and the files that are made with it are not facts.
        if file.path_in_repo != CARD_FILE and file.origin.serializer != "card":
            yield file.path_in_repo, file.content if file.data is None else InMemory(file.data)


def named_dependencies(release: Release, metadata: Mapping[str, Any], endpoint: str) -> tuple[Dependency, ...]:
    """Return the base models and datasets of a release, each with the commit that a configuration file names.

    Args:
        release: the release, with its facts.
        metadata: the front matter of its card.
        endpoint: the Hub of the release; they are taken to be there.
    """
    found = (release.facts or {}).get("base_models", [])
    commits = {one["repo_id"]: one.get("commit") for one in found}
    # Without a name in the metadata, that of a configuration counts.
    models = base_models_of(metadata) or list(commits)
    return (
        *(Dependency(name, "model", endpoint, commits.get(name)) for name in models),
        *(Dependency(name, "dataset", endpoint) for name in datasets_of(metadata)),
    )
