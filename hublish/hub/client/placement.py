"""Where the Hub keeps an existing repo: its region and its resource group, both chosen when it was created."""

from dataclasses import dataclass
from typing import Any, Final

from hublish.base.values import RepoRef
from hublish.hub.client.hub import Hub

# The Hub describes the region by a tag, after those of the card, which may be anything.
_REGION_TAG: Final = "region:"


@dataclass(frozen=True, slots=True)
class Placement:
    """The place of a repo."""

    region: str | None
    """`us` or `eu`; None when the Hub does not name it, or the tags name two."""
    resource_group_id: str | None
    """None without a group, and when the token may not see it."""


def placement_of(hub: Hub, repo: RepoRef) -> Placement:
    """Return where the Hub keeps a repo.

    Raises:
        RemoteError: the Hub cannot be asked, or does not describe it.
    """
    path = f"{repo.repo_type}s/{repo.repo_id}"
    params = {"expand": ["tags", "resourceGroup"]}
    body = hub.request(f"reading where {repo.repo_id} is stored", "GET", path, params=params)
    return Placement(_region(body), _group(body))


def _region(body: Any) -> str | None:
    tags = body.get("tags") if isinstance(body, dict) else None
    named = {tag for tag in tags if tag in ("region:us", "region:eu")} if isinstance(tags, list) else set()
    return named.pop().removeprefix(_REGION_TAG) if len(named) == 1 else None


def _group(body: Any) -> str | None:
    group = body.get("resourceGroup") if isinstance(body, dict) else None
    found = group.get("id") if isinstance(group, dict) else None
    return found if isinstance(found, str) else None
