"""Who built a release and what from: git, CI, and the base models and datasets at their commits on the Hub."""

import os
from concurrent.futures import Executor
from dataclasses import replace

from hublish.api.git.builder import build_source
from hublish.base.errors import HublishError
from hublish.base.values import Release, Target
from hublish.base.values.attested import BuildFacts, Dependency
from hublish.base.workers import run_each
from hublish.cards.released_facts import named_dependencies, released_metadata, with_facts
from hublish.hub.client.hub import Hub
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.hub_names import repo_path

# A card that lists more datasets is a catalogue: one request for each would take minutes.
_MOST_REQUESTS = 100


def build_facts(release: Release, target: Target, hub: Hub, executor: Executor) -> BuildFacts:
    """Return the facts for the provenance of a release.

    Each dependency costs one request to the Hub of the release, which alone gets the token. One that is not there, or
    that the token may not read, has no commit.

    Raises:
        SourceChangedError: README.md has other bytes by now.
    """
    facts = build_source(release, os.environ)
    metadata = released_metadata(release)
    named = named_dependencies(with_facts(release, metadata), metadata, target.endpoint)
    asked = [one for one in named if one.commit is None][:_MOST_REQUESTS]
    found = dict(zip(asked, run_each(executor, lambda one: _commit(hub, one), asked), strict=True))
    dependencies = tuple(replace(one, commit=one.commit or found.get(one)) for one in named)
    missing = [one for one in dependencies if one.commit is None]
    warnings = (*facts.warnings, *([_unresolved(missing)] if missing else ()))
    return replace(facts, dependencies=dependencies, warnings=warnings)


def _commit(hub: Hub, repo: Dependency) -> str | None:
    try:
        return hub.commit_of(repo, "main")
    except HublishError:
        return None


def _unresolved(missing: list[Dependency]) -> Problem:
    names = ", ".join(repo_path(one.repo_id, one.repo_type) for one in missing[:5])
    more = f" and {len(missing) - 5} more" if missing[5:] else ""
    message = f"the provenance names no commit of {names}{more}: the Hub of the release gave none"
    hint = "correct the name in the card, or use a token that may read it"
    return Problem("sign.dependency", message, hint, severity="warning")
