"""Git LFS: the batch call, and the bodies it announces (git-lfs, docs/api/batch.md)."""

import asyncio
from typing import Any

from hublish.hub.server.access import authorize, authorize_contribution, repo_of
from hublish.hub.server.http import (
    HubError,
    Request,
    Response,
    bad_request,
    content_response,
    empty_response,
    json_response,
)
from hublish.hub.server.hub import Hub
from hublish.hub.server.objects import SHA256, MismatchError
from hublish.hub.server.streaming import receive_into
from hublish.hub.server.uploads import InvalidSignatureError, Upload

MEDIA_TYPE = {"content-type": "application/vnd.git-lfs+json"}
MAX_OBJECTS = 1000
"""In one batch; the client sends 256, git-lfs 100."""
MAX_SIZE = 500 * 10**9
"""Bytes of an object: the Hub's hard limit."""


def batch(hub: Hub, request: Request) -> Response:
    """`POST R.git/info/lfs/objects/batch`: which objects are wanted, and where to send or fetch them."""
    repo = repo_of(request)
    body = request.json_object()
    download = body.get("operation") == "download"
    if download:
        authorize(hub, request, repo, content=True)
    else:
        authorize_contribution(hub, request, repo)
    objects = body.get("objects")
    if not isinstance(objects, list) or len(objects) > MAX_OBJECTS or body.get("hash_algo", "sha256") != "sha256":
        raise bad_request(f"A batch has a list of at most {MAX_OBJECTS} sha256 objects")
    multipart = "multipart" in str(body.get("transfers"))
    answer = [_answer(hub, request, item, download=download, multipart=multipart) for item in objects]
    return json_response({"transfer": "basic", "objects": answer, "hash_algo": "sha256"}, headers=MEDIA_TYPE)


def _answer(hub: Hub, request: Request, item: Any, *, download: bool, multipart: bool) -> dict[str, Any]:
    sha256, size = (item.get("oid"), item.get("size")) if isinstance(item, dict) else (None, None)
    if (
        not isinstance(sha256, str)
        or not SHA256.fullmatch(sha256)
        or not isinstance(size, int)
        or not 0 <= size <= MAX_SIZE
    ):
        return {"oid": str(sha256), "size": 0, "error": {"code": 422, "message": "Invalid object id or size"}}
    known = {"oid": sha256, "size": size}
    stored = hub.objects.size(sha256)
    if stored is not None and stored != size:
        return {**known, "error": {"code": 422, "message": f"This object has {stored} bytes"}}
    if download and stored is None:
        return {**known, "error": {"code": 404, "message": "Object does not exist"}}
    if download:
        return {**known, "actions": {"download": _action(hub, request, Upload("get", sha256, size))}}
    if stored is not None:
        return known
    if multipart and size > hub.limits.multipart:
        return {**known, "actions": {"upload": _parts_action(hub, request, sha256, size)}}
    return {**known, "actions": {"upload": _action(hub, request, Upload("put", sha256, size))}}


def _action(hub: Hub, request: Request, upload: Upload) -> dict[str, Any]:
    return {"href": request.base_url + hub.uploads.sign(upload)}


def _parts_action(hub: Hub, request: Request, sha256: str, size: int) -> dict[str, Any]:
    session = hub.uploads.begin_parts(sha256)
    part_size = hub.limits.part
    count = -(-size // part_size)
    parts = {
        str(number): request.base_url + hub.uploads.sign(Upload("part", sha256, size, session, number, part_size))
        for number in range(1, count + 1)
    }
    complete = _action(hub, request, Upload("complete", sha256, size, session))
    return {**complete, "header": {"chunk_size": str(part_size), **parts}}


def _allowed(hub: Hub, request: Request, *actions: str) -> Upload:
    try:
        upload = hub.uploads.verify(request.path)
    except InvalidSignatureError as error:
        raise HubError(403, None, str(error)) from None
    if upload.action not in actions:
        raise HubError(403, None, f"this path allows another action: {upload.action}")
    return upload


async def put(hub: Hub, request: Request) -> Response:
    """`PUT /lfs/...`: a whole object, or one part of it."""
    upload = _allowed(hub, request, "put", "part")
    try:
        etag = await (_put_object if upload.action == "put" else _put_part)(hub, request, upload)
    except MismatchError as error:
        raise bad_request(str(error)) from None
    return empty_response(headers={"etag": f'"{etag}"'})


async def _put_object(hub: Hub, request: Request, upload: Upload) -> str:
    with hub.objects.incoming() as incoming:

        def write(data: bytes) -> None:
            if incoming.size + len(data) > upload.size:
                msg = f"expected {upload.size} bytes, received more"
                raise MismatchError(msg)
            incoming.write(data)

        await receive_into(request.stream, write)
        return await asyncio.to_thread(incoming.seal, upload.sha256, upload.size)


async def _put_part(hub: Hub, request: Request, upload: Upload) -> str:
    with hub.uploads.open_part(upload) as part:
        await receive_into(request.stream, part.write)
        return await asyncio.to_thread(part.finish)


def complete(hub: Hub, request: Request) -> Response:
    """`POST /lfs/complete/...`: the last call of an upload in parts."""
    upload = _allowed(hub, request, "complete")
    parts = request.json_object().get("parts")
    if not isinstance(parts, list) or not all(isinstance(part, dict) and part.get("etag") for part in parts):
        raise bad_request("Every part needs a number and an etag")
    try:
        hub.uploads.complete(upload)
    except MismatchError as error:
        raise bad_request(str(error)) from None
    return json_response({"success": True})


def get(hub: Hub, request: Request) -> Response:
    """`GET /lfs/get/...`: the content of an object, for git-lfs."""
    upload = _allowed(hub, request, "get")
    return content_response(request, hub.objects.path(upload.sha256), {"etag": f'"{upload.sha256}"'})


def verify(hub: Hub, request: Request) -> Response:
    """`POST R.git/info/lfs/objects/verify`: is the object there, with this size?"""
    authorize(hub, request, repo_of(request))
    body = request.json_object()
    sha256 = str(body.get("oid"))
    if not SHA256.fullmatch(sha256) or hub.objects.size(sha256) != body.get("size"):
        raise HubError(404, None, "Object does not exist")
    return json_response({}, headers=MEDIA_TYPE)
