"""Derive the facts of a release from its files, and from the values that git and the last lock supply.

Rendering a card and verifying a published one call the same function: equal files and values give equal facts.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hublish.base.content import Content
from hublish.cards.facts.fact import Fact
from hublish.cards.facts.release_state import Commit, Previous, file_facts, state_facts
from hublish.cards.facts.source_files import SourceFiles


def derive_facts(
    files: Iterable[tuple[str, Content]],
    *,
    beside: Iterable[tuple[str, Content]] = (),
    metadata: Mapping[str, Any] | None = None,
    repo_id: str = "",
    repo_type: str = "model",
    digests: Mapping[str, str] | None = None,
    commit: Commit | None = None,
    previous: Previous | None = None,
) -> tuple[Fact, ...]:
    """Return the facts of a release, sorted by name. It never fails: a damaged file gives no facts.

    Args:
        files: the path in the repo and the bytes of each file, without the card and the files made with it.
        beside: files that are not released, such as training logs, by their path beside the manifest. A released file
            with the same facts takes precedence.
        metadata: the card's metadata, for license, base models, datasets and languages.
        repo_id: the repo, which is not a base model of itself.
        repo_type: the type of the repo: the tables of a model are not data to describe.
        digests: the SHA-256 of files by their path, as far as they are known.
        commit: the git commit that is released.
        previous: the last release, from its lock.
    """
    released = SourceFiles.of(files)
    found: dict[str, Fact] = {}
    about = SourceFiles.of(beside, released=False)
    if repo_type == "dataset":
        from hublish.cards.facts.dataset_tables import dataset_facts

        found.update((fact.name, fact) for fact in dataset_facts(released, metadata or {}))
    for fact in _facts(released, about, metadata or {}, repo_id):
        found.setdefault(fact.name, fact)
    for fact in (*file_facts(released, digests or {}), *state_facts(released, commit, previous, digests or {})):
        found.setdefault(fact.name, fact)
    return tuple(fact for _, fact in sorted(found.items()))


def _facts(released: SourceFiles, beside: SourceFiles, metadata: Mapping[str, Any], repo_id: str) -> Iterator[Fact]:
    # Imported here: a release of other files needs none of them.
    from hublish.cards.facts.hyperparameters import hyperparameter_facts
    from hublish.cards.facts.lineage import lineage_facts
    from hublish.cards.facts.model_configuration import configuration_facts, find_config, version_facts
    from hublish.cards.facts.model_weights import weight_facts
    from hublish.cards.facts.training_log import training_facts

    weights = tuple(weight_facts(released, find_config(released)[1]))
    yield from weights
    yield from configuration_facts(released)
    yield from lineage_facts(released, metadata, repo_id)
    if not weights:
        from hublish.cards.facts.other_weights import other_weight_facts

        yield from other_weight_facts(released)
    yield from version_facts(released)
    logged = tuple(training_facts(released))
    yield from logged
    # A run is described by one log: the facts of two would contradict each other.
    if not any(fact.name in ("training.log", "training.steps") for fact in logged):
        yield from training_facts(beside)
    yield from hyperparameter_facts(released)
    yield from hyperparameter_facts(beside)
