"""Compare the versions that tags name, as far as people write them alike; find names that move to an odd one."""

import re
from collections.abc import Iterator
from typing import Final

from hublish.base.values.surprise import Surprise
from hublish.schemas.documents.plan import PlanDocument

# A hostile tag may have more digits than Python converts.
_NUMBER: Final = re.compile(r"[0-9]{1,18}")
# As semver and Python write them: `v1.0.0-rc.1`, `1.0b2`.
_PRE_RELEASE: Final = re.compile(
    r"[0-9][-._]?(?:a|b|c|rc|alpha|beta|pre|preview|dev|nightly|canary)[-._]?[0-9]*\Z", re.IGNORECASE
)


def moves_unexpectedly(plan: PlanDocument) -> Iterator[Surprise]:
    """Yield the names that move to a pre-release, or back to a lower version."""
    tag = plan.tag or ""
    for move in plan.moves if tag else ():
        message = f"the {move.kind} {move.name} moves"
        if is_pre_release(tag):
            yield Surprise("surprise.moves", "medium", f"{message} to {tag}, which names a pre-release")
        elif move.release and is_lower(tag, move.release):
            yield Surprise("surprise.moves", "medium", f"{message} back from {move.release} to {tag}")


def is_lower(tag: str, other: str) -> bool:
    """Return whether a tag has the form of another one, and lower numbers."""
    return _NUMBER.sub("", tag) == _NUMBER.sub("", other) and _numbers(tag) < _numbers(other)


def is_pre_release(tag: str) -> bool:
    """Return whether a tag names a version before the final one."""
    return _PRE_RELEASE.search(tag) is not None


def _numbers(tag: str) -> tuple[int, ...]:
    return tuple(map(int, _NUMBER.findall(tag)))
