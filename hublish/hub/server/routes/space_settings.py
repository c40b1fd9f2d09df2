"""The settings of a Space: its runtime, variables, secrets, hardware and volumes."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hublish.hub.server.access import authorize, authorize_write, identify, repo_of
from hublish.hub.server.git.repository import now
from hublish.hub.server.http import Request, Response, json_response
from hublish.hub.server.refusals import HubError, bad_request
from hublish.hub.server.repo_ids import RepoId
from hublish.hub.server.repo_properties import Described
from hublish.hub.server.repositories import DEFAULT_BRANCH
from hublish.hub.server.snapshots import open_snapshot
from hublish.hub.server.spaces import HARDWARE, Space, entry_key, read_space, write_space
from hublish.hub.server.stores import Hub

Change = Callable[[Space, dict[str, Any]], Space]


def _space_to_write(hub: Hub, request: Request) -> RepoId:
    repo = repo_of(request)
    authorize_write(hub, request, repo)
    return _require_space(request, repo)


def _require_space(request: Request, repo: RepoId) -> RepoId:
    # After the authorization: the caller may know that the repository exists.
    if repo.kind != "space":
        raise HubError(404, None, f"Sorry, there is nothing at {request.path}")
    return repo


def _changed(hub: Hub, request: Request, change: Change) -> tuple[RepoId, Space]:
    repo = _space_to_write(hub, request)
    body = request.json_object()
    with hub.repositories.locked(repo):
        hub.repositories.settings(repo)  # it may have been deleted meanwhile
        folder = hub.repositories.path(repo)
        space = change(read_space(folder), body)
        write_space(folder, space)
    return repo, space


def _runtime(hub: Hub, repo: RepoId) -> Response:
    with open_snapshot(hub, repo, DEFAULT_BRANCH) as snapshot:
        described = Described(snapshot, hub.repositories.settings(repo))
        return json_response(described.select(("runtime",))["runtime"])


def get_runtime(hub: Hub, request: Request) -> Response:
    """`GET /api/spaces/R/runtime`."""
    repo = repo_of(request)
    authorize(hub, request, repo)
    return _runtime(hub, _require_space(request, repo))


def _set(hub: Hub, request: Request, change: Change) -> Response:
    repo = _space_to_write(hub, request)
    with open_snapshot(hub, repo, DEFAULT_BRANCH) as snapshot:
        if Described(snapshot, hub.repositories.settings(repo)).sdk == "static":
            raise bad_request("Static Spaces are always running, without hardware of their own")
    _changed(hub, request, change)
    return _runtime(hub, repo)


def set_hardware(hub: Hub, request: Request) -> Response:
    """`POST /api/spaces/R/hardware`."""

    def change(space: Space, body: dict[str, Any]) -> Space:
        return space.with_hardware(body.get("flavor") or "", body.get("sleepTimeSeconds"))

    return _set(hub, request, change)


def set_sleep_time(hub: Hub, request: Request) -> Response:
    """`POST /api/spaces/R/sleeptime`."""
    return _set(hub, request, lambda space, body: space.with_hardware(None, body.get("seconds")))


def pause(hub: Hub, request: Request) -> Response:
    """`POST /api/spaces/R/pause`."""
    return _set(hub, request, lambda space, _: replace(space, paused=True))


def restart(hub: Hub, request: Request) -> Response:
    """`POST /api/spaces/R/restart[?factory=true]`."""
    return _set(hub, request, lambda space, _: replace(space, paused=False, restarted=now()))


def set_dev_mode(hub: Hub, request: Request) -> Response:
    """`POST /api/spaces/R/dev-mode`."""
    return _set(hub, request, lambda space, body: replace(space, dev_mode=body.get("enabled") is True))


def get_variables(hub: Hub, request: Request) -> Response:
    """`GET /api/spaces/R/variables`."""
    return json_response(read_space(hub.repositories.path(_space_to_write(hub, request))).variables)


def add_variable(hub: Hub, request: Request) -> Response:
    """`POST /api/spaces/R/variables`."""
    return json_response(_changed(hub, request, Space.with_variable)[1].variables)


def delete_variable(hub: Hub, request: Request) -> Response:
    """`DELETE /api/spaces/R/variables`, with a body."""

    def change(space: Space, body: dict[str, Any]) -> Space:
        return replace(space, variables=_without(space.variables, entry_key(body)))

    return json_response(_changed(hub, request, change)[1].variables)


def list_hardware(hub: Hub, request: Request) -> Response:
    """`GET /api/spaces/hardware`."""
    identify(hub, request)
    return json_response(HARDWARE)


def get_secrets(hub: Hub, request: Request) -> Response:
    """`GET /api/spaces/R/secrets`: names and descriptions; values are not even stored."""
    return json_response(read_space(hub.repositories.path(_space_to_write(hub, request))).secrets)


def add_secret(hub: Hub, request: Request) -> Response:
    """`POST /api/spaces/R/secrets`."""
    _changed(hub, request, Space.with_secret)
    return json_response({})


def delete_secret(hub: Hub, request: Request) -> Response:
    """`DELETE /api/spaces/R/secrets`, with a body."""
    _changed(hub, request, lambda space, body: replace(space, secrets=_without(space.secrets, entry_key(body))))
    return json_response({})


def _without(entries: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: entry for name, entry in entries.items() if name != key}


def set_storage(hub: Hub, request: Request) -> Response:
    """`POST /api/spaces/R/storage`."""
    return _set(hub, request, lambda space, body: space.with_storage(body.get("tier")))


def delete_storage(hub: Hub, request: Request) -> Response:
    """`DELETE /api/spaces/R/storage`."""

    def change(space: Space, _: dict[str, Any]) -> Space:
        if not space.storage:
            raise bad_request("This Space has no persistent storage")
        return replace(space, storage=None)

    return _set(hub, request, change)


def set_volumes(hub: Hub, request: Request) -> Response:
    """`PUT /api/spaces/R/volumes`."""
    return _set(hub, request, lambda space, body: space.with_volumes(body.get("volumes")))


def delete_volumes(hub: Hub, request: Request) -> Response:
    """`DELETE /api/spaces/R/volumes`."""

    def change(space: Space, _: dict[str, Any]) -> Space:
        if not space.volumes:
            raise bad_request("This Space has no volumes")
        return replace(space, volumes=[])

    return _set(hub, request, change)
