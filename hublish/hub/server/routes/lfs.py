"""Git LFS: the batch call, the bodies it announces (git-lfs, docs/api/batch.md), and copies between repositories."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeGuard
from urllib.parse import quote

from hublish.hub.server.access import (
    authorize,
    authorize_contribution,
    repo_of,
    repo_to_read,
    require_readable,
    served_objects,
    usable_objects,
)
from hublish.hub.server.http import Request, Response, content_response, json_response, receive_into
from hublish.hub.server.objects import MAX_FILE, MismatchError, is_hash_algorithm, is_sha256
from hublish.hub.server.refusals import HubError, bad_request, forbidden, repo_not_found
from hublish.hub.server.repo_ids import RepoId, is_valid_name
from hublish.hub.server.repositories import DEFAULT_BRANCH
from hublish.hub.server.stores import Hub
from hublish.hub.server.uploads import Upload

MEDIA_TYPE = {"content-type": "application/vnd.git-lfs+json"}

# Objects in one batch; the client sends 256, git-lfs 100.
MAX_OBJECTS = 1000

# Parts of all objects of one batch, at most.
MAX_PARTS = 10_000

# Files in one call to copy, as on the Hub.
MAX_COPIES = 500


def batch(hub: Hub, request: Request) -> Response:
    """`POST R.git/info/lfs/objects/batch`: the missing objects, and the addresses to send or fetch them."""
    body = request.json_object()
    repo = repo_of(request)
    download = body.get("operation") == "download"
    caller = authorize(hub, request, repo, content=True) if download else authorize_contribution(hub, request, repo)
    objects = body.get("objects")
    named = is_hash_algorithm(body.get("hash_algo") or "sha256")
    if not isinstance(objects, list) or len(objects) > MAX_OBJECTS or not named:
        raise bad_request(f"A batch has a list of at most {MAX_OBJECTS} sha256 objects")
    wanted = [item["oid"] for item in objects if _is_object(item)]
    with hub.repositories.open(repo) as git:
        # Not the whole store: that would hand out any object to everyone who knows its sha256.
        if caller is None or download:
            stored = served_objects(hub, git, wanted)
        else:
            stored = usable_objects(hub, caller, git, wanted)
    transfer = _Transfer(hub, request.base_url, repo, caller.user if caller else "", len(objects), stored)
    offered = body.get("transfers")
    offered = offered if isinstance(offered, list) else []
    # As on the Hub, clients that know xet use it: the official JavaScript client, git-xet, huggingface_hub before 2.0.
    chosen = "xet" if hub.xet and not download and "xet" in offered else "basic"
    if download:
        answers = [transfer.download(item) for item in objects]
    elif chosen == "xet":
        xet = transfer.xet_action(body.get("ref"))
        answers = [transfer.upload(item, lambda _: xet) for item in objects]
    else:
        send = transfer.parts if "multipart" in offered else transfer.whole
        answers = [transfer.upload(item, send) for item in objects]
    return json_response({"transfer": chosen, "objects": answers, "hash_algo": "sha256"}, headers=MEDIA_TYPE)


def _is_object(item: Any) -> TypeGuard[dict[str, Any]]:
    if not isinstance(item, dict) or not is_sha256(item.get("oid")):
        return False
    size = item.get("size")
    return isinstance(size, int) and 0 <= size <= MAX_FILE


@dataclass(frozen=True, slots=True)
class _Transfer:
    """Answers for the objects of one batch."""

    hub: Hub
    base_url: str
    repo: RepoId
    user: str
    objects: int  # in the batch
    stored: Mapping[str, int]  # sizes of the objects that exist for this caller

    def download(self, item: Any) -> dict[str, Any]:
        if problem := self._problem(item):
            return problem
        if item["oid"] not in self.stored:
            return {**_named(item), "error": {"code": 404, "message": "Object does not exist"}}
        return {**_named(item), "actions": {"download": self._action("get", item)}}

    def upload(self, item: Any, send: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
        if problem := self._problem(item):
            return problem
        if item["oid"] in self.stored:
            return _named(item)  # without `actions`, the client does not send the object
        return {**_named(item), "actions": {"upload": send(item)}}

    def whole(self, item: dict[str, Any]) -> dict[str, Any]:
        return self._action("put", item)

    def _problem(self, item: Any) -> dict[str, Any] | None:
        if not _is_object(item):
            oid = str(item.get("oid") if isinstance(item, dict) else None)
            return {"oid": oid, "size": 0, "error": {"code": 422, "message": "Invalid object id or size"}}
        stored = self.stored.get(item["oid"], item["size"])
        if stored != item["size"]:
            return {**_named(item), "error": {"code": 422, "message": f"This object has {stored} bytes"}}
        return None

    def _action(self, action: str, item: dict[str, Any], **more: Any) -> dict[str, Any]:
        upload = Upload(action, item["oid"], item["size"], **more, repo=self.repo.key, user=self.user)
        return {"href": self.base_url + self.hub.uploads.sign(upload)}

    def parts(self, item: dict[str, Any]) -> dict[str, Any]:
        if item["size"] <= self.hub.limits.multipart:
            return self.whole(item)
        # The client ignores `transfer`: `chunk_size` in the header makes it send parts, to the addresses "1", "2", ..
        session = self.hub.uploads.begin_parts(item["oid"])
        # Each part has an address of 300 bytes in the response.
        most = max(10, MAX_PARTS // self.objects)
        size = max(self.hub.limits.part, -(-item["size"] // most))
        count = -(-item["size"] // size)  # the client checks this number
        part = partial(self._action, "part", item, session=session, part_size=size)
        parts = {str(number): part(part=number)["href"] for number in range(1, count + 1)}
        return {**self._action("complete", item, session=session), "header": {"chunk_size": str(size), **parts}}

    def xet_action(self, ref: Any) -> dict[str, Any]:
        """Return where to send all objects of the batch by xet: the store with a token, and the call for a new one."""
        assert self.hub.xet
        token, expires = self.hub.xet.write_token(self.repo.key, self.user)
        store = {"X-Xet-Cas-Url": self.base_url + self.hub.xet.cas_path(self.user), "X-Xet-Access-Token": token}
        # Without a ref, the objects are for a pull request that the commit is about to open.
        name = str(ref.get("name")) if isinstance(ref, dict) else ""
        revision = quote(name.removeprefix("refs/heads/"), safe="") if name else f"{DEFAULT_BRANCH}?create_pr=1"
        return {
            "href": f"{self.base_url}/api/{self.repo.plural}/{self.repo.full_name}/xet-write-token/{revision}",
            "header": {**store, "X-Xet-Token-Expiration": str(expires)},
        }


def _named(item: dict[str, Any]) -> dict[str, Any]:
    return {"oid": item["oid"], "size": item["size"]}


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
    if request.declares_more_than(upload.size):
        raise MismatchError(f"expected {upload.size} bytes, received more")
    with hub.objects.incoming() as incoming:

        def write(data: bytes) -> None:
            # A body longer than announced must not fill the disk.
            if incoming.size + len(data) > upload.size:
                raise MismatchError(f"expected {upload.size} bytes, received more")
            incoming.write(data)

        await receive_into(request.stream, write)
        sha256 = await asyncio.to_thread(incoming.seal, upload.sha256, upload.size)
    await asyncio.to_thread(hub.senders.add, upload.user, [sha256])
    return sha256


async def _put_part(hub: Hub, request: Request, upload: Upload) -> str:
    with hub.uploads.open_part(upload) as part:
        await receive_into(request.stream, part.write)
        return await asyncio.to_thread(part.finish)


def check_signature(hub: Hub, request: Request) -> None:
    """Raise 403 unless the path is signed for the last call of an upload in parts."""
    _allowed(hub, request, "complete")


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
    repo = hub.repositories.current(RepoId.from_key(upload.repo))
    # Signed for one caller, who may have lost the access since, or the repository the object.
    require_readable(hub, hub.accounts.named(upload.user), repo, content=True)
    with hub.repositories.open(repo) as git:
        if upload.sha256 not in served_objects(hub, git, [upload.sha256]):
            raise _missing()
    return content_response(request, hub.objects.path(upload.sha256), {"etag": f'"{upload.sha256}"'})


def verify(hub: Hub, request: Request) -> Response:
    """`POST R.git/info/lfs/objects/verify`: whether the caller's object is stored with this size."""
    repo = repo_of(request)
    account = authorize_contribution(hub, request, repo)
    body = request.json_object()
    sha256 = body.get("oid")
    with hub.repositories.open(repo) as git:
        stored = usable_objects(hub, account, git, [sha256] if is_sha256(sha256) else [])
    if not is_sha256(sha256) or sha256 not in stored or stored[sha256] != body.get("size"):
        raise _missing()
    return json_response({}, headers=MEDIA_TYPE)


def _missing() -> HubError:
    return HubError(404, None, "Object does not exist")


def duplicate(hub: Hub, request: Request) -> Response:
    """`POST /api/P/R/lfs-files/duplicate`: copy large files from R to another repository."""
    source = repo_to_read(hub, request, content=True)
    body = request.json_object()
    # All repositories share one store, so the content is there already. The rights still count: the caller must be
    # able to read the source, which must contain the file, and to write to the target.
    account = authorize_contribution(hub, request, _target(hub, body.get("target")))
    files = body.get("files")
    if not isinstance(files, list) or len(files) > MAX_COPIES:
        raise bad_request(f'"files" must be a list of at most {MAX_COPIES} files')
    wanted = [(str(file.get("sha256")) if isinstance(file, dict) else "") for file in files]
    with hub.repositories.open(source) as git:
        found = served_objects(hub, git, filter(is_sha256, wanted))
    hub.senders.add(account.user, found)  # the commit that follows may refer to them
    failed = [{"sha256": sha256, "error": "Object does not exist"} for sha256 in wanted if sha256 not in found]
    done = [{"sha256": sha256} for sha256 in wanted if sha256 in found]
    return json_response({"success": done, "failed": failed})


def _target(hub: Hub, target: Any) -> RepoId:
    try:
        kind, name = str(target["type"]), str(target["name"])
        if is_valid_name(name):  # without a namespace
            raise repo_not_found()
        return hub.repositories.current(RepoId.parse(kind, name))
    except (ValueError, KeyError, TypeError):
        raise bad_request('"target" must name a repository') from None
