"""Git LFS: the batch call, the bodies it announces (git-lfs, docs/api/batch.md), and copies between repositories."""

import asyncio
from typing import Any

from hublish.hub.server.access import authorize_contribution, repo_of, repo_to_read
from hublish.hub.server.http import Request, Response, content_response, json_response, receive_into
from hublish.hub.server.objects import MAX_FILE, MismatchError, is_sha256
from hublish.hub.server.refusals import HubError, bad_request, forbidden
from hublish.hub.server.repo_ids import RepoId
from hublish.hub.server.stores import Hub
from hublish.hub.server.uploads import Upload

MEDIA_TYPE = {"content-type": "application/vnd.git-lfs+json"}

# Objects in one batch; the client sends 256, git-lfs 100.
MAX_OBJECTS = 1000

# Files in one call to copy, as on the Hub.
MAX_COPIES = 500


def batch(hub: Hub, request: Request) -> Response:
    """`POST R.git/info/lfs/objects/batch`: the missing objects, and the addresses to send or fetch them."""
    body = request.json_object()
    download = body.get("operation") == "download"
    if download:
        repo_to_read(hub, request, content=True)
    else:
        authorize_contribution(hub, request, repo_of(request))
    objects = body.get("objects")
    if not isinstance(objects, list) or len(objects) > MAX_OBJECTS or body.get("hash_algo", "sha256") != "sha256":
        raise bad_request(f"A batch has a list of at most {MAX_OBJECTS} sha256 objects")
    multipart = "multipart" in str(body.get("transfers"))
    answers = [_answer(hub, request, item, download=download, multipart=multipart) for item in objects]
    return json_response({"transfer": "basic", "objects": answers, "hash_algo": "sha256"}, headers=MEDIA_TYPE)


def _answer(hub: Hub, request: Request, item: Any, *, download: bool, multipart: bool) -> dict[str, Any]:
    sha256, size = (item.get("oid"), item.get("size")) if isinstance(item, dict) else (None, None)
    if not is_sha256(sha256) or not isinstance(size, int) or not 0 <= size <= MAX_FILE:
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
        return known  # without `actions`, the client does not send the object
    if multipart and size > hub.limits.multipart:
        return {**known, "actions": {"upload": _parts_action(hub, request, sha256, size)}}
    return {**known, "actions": {"upload": _action(hub, request, Upload("put", sha256, size))}}


def _action(hub: Hub, request: Request, upload: Upload) -> dict[str, Any]:
    return {"href": request.base_url + hub.uploads.sign(upload)}


def _parts_action(hub: Hub, request: Request, sha256: str, size: int) -> dict[str, Any]:
    # The client ignores `transfer`: `chunk_size` in the header makes it send parts, to the addresses under "1", "2", ..
    session = hub.uploads.begin_parts(sha256)
    part_size = hub.limits.part
    count = -(-size // part_size)  # the client checks this number
    uploads = [Upload("part", sha256, size, session, number, part_size) for number in range(1, count + 1)]
    parts = {str(upload.part): request.base_url + hub.uploads.sign(upload) for upload in uploads}
    complete = _action(hub, request, Upload("complete", sha256, size, session))
    return {**complete, "header": {"chunk_size": str(part_size), **parts}}


def _allowed(hub: Hub, request: Request, *actions: str) -> Upload:
    upload = hub.uploads.verify(request.path)
    if upload.action not in actions:
        raise forbidden(f"this path allows another action: {upload.action}")
    return upload


async def put(hub: Hub, request: Request) -> Response:
    """`PUT /lfs/...`: a whole object, or one part of it."""
    # Sent without a token: the signature of the path is the permission.
    upload = _allowed(hub, request, "put", "part")
    etag = await (_put_object if upload.action == "put" else _put_part)(hub, request, upload)
    return Response(200, {"etag": f'"{etag}"'})


async def _put_object(hub: Hub, request: Request, upload: Upload) -> str:
    with hub.objects.incoming() as incoming:

        def write(data: bytes) -> None:
            # A body longer than announced must not fill the disk.
            if incoming.size + len(data) > upload.size:
                raise MismatchError(f"expected {upload.size} bytes, received more")
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
    hub.uploads.complete(upload)
    return json_response({"success": True})


def get(hub: Hub, request: Request) -> Response:
    """`GET /lfs/get/...`: the content of an object, for git-lfs."""
    upload = _allowed(hub, request, "get")
    return content_response(request, hub.objects.path(upload.sha256), {"etag": f'"{upload.sha256}"'})


def verify(hub: Hub, request: Request) -> Response:
    """`POST R.git/info/lfs/objects/verify`: whether the object is stored with this size."""
    repo_to_read(hub, request)
    body = request.json_object()
    sha256 = body.get("oid")
    if not is_sha256(sha256) or hub.objects.size(sha256) != body.get("size"):
        raise HubError(404, None, "Object does not exist")
    return json_response({}, headers=MEDIA_TYPE)


def duplicate(hub: Hub, request: Request) -> Response:
    """`POST /api/P/R/lfs-files/duplicate`: copy large files from R to another repository."""
    # All repositories share one store, so the content is there already. The rights still count: the caller must be
    # able to read the source and to write to the target.
    repo_to_read(hub, request, content=True)
    body = request.json_object()
    authorize_contribution(hub, request, _target(body.get("target")))
    files = body.get("files")
    if not isinstance(files, list) or len(files) > MAX_COPIES:
        raise bad_request(f'"files" must be a list of at most {MAX_COPIES} files')
    checked = [(str(file.get("sha256")) if isinstance(file, dict) else "") for file in files]
    missing = [sha256 for sha256 in checked if not is_sha256(sha256) or not hub.objects.has(sha256)]
    failed = [{"sha256": sha256, "error": "Object does not exist"} for sha256 in missing]
    done = [{"sha256": sha256} for sha256 in checked if sha256 not in missing]
    return json_response({"success": done, "failed": failed})


def _target(target: Any) -> RepoId:
    try:
        return RepoId.parse(str(target["type"]), str(target["name"]))
    except (ValueError, KeyError, TypeError):
        raise bad_request('"target" must name a repository') from None
