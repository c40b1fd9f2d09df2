"""The digest of a plan, and its record in the message of the commit that the plan became.

It is the digest of plan.json. A reviewer compares it with the one on the page that was approved.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import chain
from typing import Final

from hublish.base.values import Plan
from hublish.pipeline.lock.records import plan_pieces
from hublish.schemas.documents.json_stream import JsonWriter, encoded
from hublish.schemas.documents.plan import PlanDocument

_TRAILER: Final = "Hublish-Plan: "
# A release in parts ends with a merge, whose message is the Hub's own; the newest part is below it.
_NEWEST: Final = 2


def plan_digest(plan: Plan | PlanDocument) -> str:
    """Return the sha256 of the file that `hublish plan --out` writes for a plan."""
    if isinstance(plan, Plan):
        return _digest(plan_pieces(plan))
    return _digest(encoded(chain(JsonWriter(sort_keys=True).pieces(plan.model_dump(mode="json")), ["\n"])))


def _digest(pieces: Iterable[bytes]) -> str:
    hasher = hashlib.sha256()
    for piece in pieces:
        hasher.update(piece)
    return hasher.hexdigest()


def with_digest(plan: Plan, digest: str) -> Plan:
    """Return a plan whose commit records its digest.

    Args:
        plan: the plan to publish.
        digest: the digest of the plan that was reviewed, or of this one.
    """
    plan = replace(plan, sha256=digest)
    if not plan.commits:
        return plan
    # The lines for machines are the last paragraph, as git expects of trailers.
    text = plan.target.commit_description
    gap = "\n" if text.rpartition("\n\n")[2].startswith("Hublish-") else "\n\n"
    description = f"{text}{gap if text else ''}{_TRAILER}{digest}"
    return replace(plan, target=replace(plan.target, commit_description=description))


def recorded_digest(messages: Mapping[str, str]) -> str | None:
    """Return the digest that a release records; None without one.

    Args:
        messages: the messages of commits by their ids, the newest first, from the commit of the release on.
    """
    lines = [line for message in [*messages.values()][:_NEWEST] for line in message.splitlines()]
    found = [line.removeprefix(_TRAILER).strip() for line in lines if line.startswith(_TRAILER)]
    return found[0] if found else None
