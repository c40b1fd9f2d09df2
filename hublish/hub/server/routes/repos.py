"""Calls about the caller and about whole repositories: whoami, create, delete, move, settings."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from hublish.hub.server.access import (
    authorize,
    authorize_write,
    identify,
    repo_of,
    repo_to_read,
    repo_to_write,
    require_account,
    require_namespace,
)
from hublish.hub.server.accounts import Account, avatar_of
from hublish.hub.server.card_checks import rules, validate
from hublish.hub.server.commit_body import BodyReader
from hublish.hub.server.git.git_trees import PathConflictError
from hublish.hub.server.git.histories import copy_history
from hublish.hub.server.git.repository import GitRepository, Signature, now
from hublish.hub.server.http import Request, Response, json_response
from hublish.hub.server.refusals import (
    HubError,
    bad_request,
    conflict,
    invalid_option,
    repo_not_found,
    unauthenticated,
)
from hublish.hub.server.repo_ids import RepoId, is_valid_name
from hublish.hub.server.repositories import Settings, timestamp
from hublish.hub.server.routes.commits import check_content
from hublish.hub.server.spaces import Space, read_space, write_space
from hublish.hub.server.stores import Hub
from hublish.schemas.documents.file_names import CARD_FILE, GITATTRIBUTES

_IDENTIFIER = re.compile(r"[a-z][a-z0-9.+-]*")

# The first is the default.
_REGIONS = ("us", "eu")
VISIBILITIES = ("public", "private", "protected")


def whoami(hub: Hub, request: Request) -> Response:
    """`GET /api/whoami-v2`."""
    account = identify(hub, request)
    if account is None:
        raise unauthenticated()
    email = {"email": f"{account.user}@users.noreply.invalid", "emailVerified": True}
    token: dict[str, Any] = {"displayName": "embedded", "role": account.role, "createdAt": account.token_created}
    if account.role == "fineGrained":
        token["fineGrained"] = {"canReadGatedRepos": True, "global": [], "scoped": [*_scopes(account)]}
    auth = {"auth": {"type": "access_token", "accessToken": token}}
    orgs = [_membership(hub, account, org) for org in account.orgs]
    # The owner writes in every namespace, whatever the organizations.
    plan = {"isPro": False, "billingMode": "postpaid", **({"isAdmin": True} if account.admin else {})}
    me = _entity("user", account.user, account.full_name or account.user)
    return json_response({**me, **email, **plan, "orgs": orgs, **auth})


def _membership(hub: Hub, account: Account, org: str) -> dict[str, Any]:
    # Members other than readers write in every repository of their organizations.
    role = "read" if org in account.readers else "write"
    return {**_entity("org", org, hub.accounts.full_name(org)), "email": None, "isEnterprise": False, "roleInOrg": role}


def _scopes(account: Account) -> Iterator[dict[str, Any]]:
    for scope in account.scopes:
        repo = RepoId.from_key(scope) if ":" in scope else None
        kind = repo.kind if repo else "user" if scope == account.user else "org"
        entity = {"_id": scope, "type": kind, "name": repo.full_name if repo else scope}
        yield {"entity": entity, "permissions": ["repo.content.read", "repo.write"]}


def _entity(kind: str, name: str, full_name: str) -> dict[str, Any]:
    named = {"type": kind, "id": name, "name": name, "fullname": full_name, "avatarUrl": avatar_of(name)}
    return {**named, "canPay": False, "periodEnd": None}


def create(hub: Hub, request: Request) -> Response:
    """`POST /api/repos/create`."""
    account = require_account(hub, request)
    body = request.json_object()
    repo = _named(hub, account, body)
    require_namespace(account, repo.namespace)
    url = request.base_url + repo.url_path
    if hub.repositories.exists(repo):
        # With exist_ok, the client parses `url` even from a 409.
        raise conflict(f"You already created this {repo.kind} repo: {repo.full_name}", url=url)
    default = hub.accounts.default_visibility(repo.namespace)
    visibility = _visibility(repo, body) or default
    settings = Settings(timestamp(), visibility, sdk=_sdk(repo, body), **placement(hub, repo, body))
    files = {GITATTRIBUTES: default_attributes(repo.kind)}
    files |= _card(repo, settings.sdk, body.get("license"))
    files |= _given_files(hub, repo, body.get("files") or [])
    keep = partial(write_space, space=Space().with_settings(body)) if repo.kind == "space" else None
    try:
        author = Signature(account.user, now())
        hub.repositories.create(repo, settings, files, author, complete=keep)
    except PathConflictError as error:
        raise bad_request(f"{str(error)!r} would be a file and a folder at once") from None
    # The full id, even for a name without a namespace: the client takes the repo_id from it.
    return json_response({"url": url, "name": repo.full_name, "id": repo.full_name})


def delete(hub: Hub, request: Request) -> Response:
    """`DELETE /api/repos/delete`, with a body."""
    # Not by a former name: whoever deletes by it may not know what it leads to.
    repo = _named(hub, require_account(hub, request), request.json_object())
    authorize_write(hub, request, repo)
    hub.repositories.delete(repo)
    return json_response({})


def move(hub: Hub, request: Request) -> Response:
    """`POST /api/repos/move`."""
    account = require_account(hub, request)
    body = request.json_object()
    if is_valid_name(str(body.get("fromRepo"))):  # without a namespace
        raise repo_not_found()
    parse = RepoId.parse_any  # buckets too
    given, wanted = (_parse(body.get("type"), str(body.get(key, "")), parse) for key in ("fromRepo", "toRepo"))
    source, target = (_spelled(hub, account, repo) for repo in (given, wanted))
    if source == target:  # perhaps in another case
        target = replace(source, name=wanted.name)
    authorize_write(hub, request, source)
    require_namespace(account, target.namespace)
    hub.repositories.move(source, target)
    return json_response({"url": request.base_url + target.url_path})


def duplicate(hub: Hub, request: Request) -> Response:
    """`POST /api/P/R/duplicate`: a copy of the files, branches, tags and history, without discussions."""
    source = repo_of(request)
    account = authorize(hub, request, source, content=True)
    if account is None:
        raise unauthenticated()
    body = request.json_object()
    target = hub.repositories.in_known_namespace(_parse(source.kind, str(body.get("repository") or "")))
    require_namespace(account, target.namespace)
    url = request.base_url + target.url_path
    if hub.repositories.spelled(target):
        # With exist_ok, the client parses `url` even from a 409.
        raise conflict(f"You already created this {target.kind} repo: {target.full_name}", url=url)
    known = hub.repositories.settings(source)
    # A copy stays gated: whoever may read the files may not give them to everybody by this call.
    # It is stored in the same region, and in a resource group of its own organization.
    placed = placement(hub, target, {"region": known.region, **body})
    visibility = _visibility(target, body) or known.visibility
    settings = replace(known, created_at=timestamp(), visibility=visibility, **placed)

    def fill(folder: Path) -> None:
        with hub.repositories.open(source) as git, GitRepository(folder) as copy:
            copy_history(git, copy)
        if target.kind == "space":
            # Variables are public, secrets are not.
            variables = read_space(hub.repositories.path(source)).variables
            write_space(folder, Space(variables=variables).with_settings(body))

    hub.repositories.build(target, settings, fill)
    return json_response({"url": url, "name": target.full_name, "id": target.full_name, "filesCopyPending": False})


def update_settings(hub: Hub, request: Request) -> Response:
    """`PUT /api/P/R/settings`: visibility and gating."""
    repo, _ = repo_to_write(hub, request)
    body = request.json_object()
    changes: dict[str, Any] = {}
    if visibility := _visibility(repo, body):
        changes["visibility"] = visibility
    if "gated" in body:
        changes["gated"] = _gated(body["gated"])
    settings = hub.repositories.update_settings(repo, **changes)
    return json_response({"visibility": settings.visibility, "private": settings.private, "gated": settings.gated})


def auth_check(hub: Hub, request: Request) -> Response:
    """`GET /api/P/R/auth-check`: whether the caller may read the files."""
    repo_to_read(hub, request, content=True)
    return json_response({})


def auth_check_write(hub: Hub, request: Request) -> Response:
    """`GET /api/P/R/auth-check/write`: whether the caller may change the repository."""
    repo_to_write(hub, request)
    return json_response({})


def default_attributes(kind: str) -> bytes:
    """Return the `.gitattributes` of a new repository, the same as the Hub's: large formats go to LFS."""
    known = json.loads(Path(__file__).with_name("lfs_patterns.json").read_text("utf-8"))
    patterns = known["all"] + known.get(kind, [])
    return "".join(f"{pattern} filter=lfs diff=lfs merge=lfs -text\n" for pattern in patterns).encode()


def _named(hub: Hub, account: Account, body: dict[str, Any]) -> RepoId:
    full_name = f"{body.get('organization') or account.user}/{body.get('name', '')}"
    return _spelled(hub, account, _parse(body.get("type"), full_name))


def _spelled(hub: Hub, account: Account, repo: RepoId) -> RepoId:
    """Return an existing repository as it was created, or a new one in the namespace as its owner writes it."""
    if found := hub.repositories.spelled(repo):
        return found
    owned = [name for name in (account.user, *account.orgs) if name.lower() == repo.namespace.lower()]
    return replace(repo, namespace=owned[0]) if owned else hub.repositories.in_known_namespace(repo)


def _parse(kind: object, full_name: str, parse: Callable[[str, str], RepoId] = RepoId.parse) -> RepoId:
    try:
        return parse(str(kind or "model"), full_name)
    except ValueError as error:
        raise bad_request(str(error)) from None


def _visibility(repo: RepoId, body: dict[str, Any]) -> str | None:
    visibility = body.get("visibility")
    if visibility is None and "private" in body:  # from older clients
        visibility = "private" if body["private"] else "public"
    if visibility is None:
        return None
    if visibility not in VISIBILITIES or (visibility == "protected" and repo.kind != "space"):
        raise bad_request(f'"visibility" must be one of [{", ".join(VISIBILITIES)}], protected for Spaces only')
    return str(visibility)


def placement(hub: Hub, repo: RepoId, body: dict[str, Any]) -> dict[str, Any]:
    """Return the settings `region` and `resource_group` of a new repository.

    Raises:
        HubError: 400 for an unknown region, 404 for a group that is not one of its organization's.
    """
    region, group = body.get("region"), body.get("resourceGroupId")
    if region not in (None, *_REGIONS):
        raise invalid_option(_REGIONS, "region")
    owner = hub.accounts.organization(repo.namespace)
    if group is not None and not (owner and isinstance(group, str) and group in owner.resource_groups):
        raise HubError(404, None, "Resource group not found")
    return {"region": region or _REGIONS[0], "resource_group": group}


def _sdk(repo: RepoId, body: dict[str, Any]) -> str | None:
    if repo.kind != "space":
        return None
    allowed = rules()["sdk"]
    if body.get("sdk") not in allowed:
        raise bad_request(f'"sdk" must be one of [{", ".join(allowed)}]')
    return str(body["sdk"])


def _gated(value: object) -> str | bool:
    if value not in ("auto", "manual", False):
        raise bad_request('"gated" must be one of [auto, manual, false]')
    return value if isinstance(value, str) else False


def _card(repo: RepoId, sdk: str | None, license_: object) -> dict[str, bytes]:
    lines = []
    if sdk:
        lines += [f"title: {repo.name!r}", "emoji: 🚀", "colorFrom: blue", "colorTo: gray"]
        lines += [f"sdk: {sdk}", "pinned: false"]
    if license_:
        # Unquoted, as on the Hub. In YAML, other texts than an identifier may mean anything; a string in JSON is one.
        text = str(license_)
        lines.append(f"license: {text if _IDENTIFIER.fullmatch(text) else json.dumps(text)}")
    content = "\n".join(["---", *lines, "---", ""]).encode()
    if lines and (report := validate(repo.kind, content.decode())).errors:
        raise bad_request("\n".join(report.errors))
    return {CARD_FILE: content} if lines else {}


def _given_files(hub: Hub, repo: RepoId, files: Any) -> dict[str, bytes]:
    """Return the files that huggingface.js sends along, in the form of a commit."""
    if not isinstance(files, list) or not all(isinstance(file, dict) for file in files):
        raise bad_request('"files" must be a list of files')
    contents: list[bytes] = []

    def add(content: bytes) -> str:
        contents.append(content)
        return "added"

    # Without rights to large files: the repository has received none.
    check = partial(check_content, hub, repo)
    reader = BodyReader(size_of=lambda _: None, add_blob=add, check=check, largest_file=hub.limits.regular_file)
    paths = [reader.operation("file", file).path for file in files]
    return dict(zip(paths, contents, strict=True))
