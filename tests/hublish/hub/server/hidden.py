"""A private and a gated repository, a bucket and a collection, and everything that an attacker may know about them."""

import random
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import CommitOperationAdd, HfApi, RepoFile

from hublish.hub.server import EmbeddedHub
from hublish.hub.server.objects import ObjectStore
from hublish.hub.server.uploads import Upload
from hublish.hub.server.xet.content_store import XetStore
from hublish.hub.server.xet.hashing import from_text, to_text
from hublish.hub.server.xet.shard_format import read_terms
from hublish.hub.server.xet.tokens import Access, Address, Signer
from tests.hublish.hub.server.conftest import Caller

LARGE, SMALL = random.Random(8).randbytes(40_013), b"the launch code is 7f3a9c51d2e8"
FILE, TEXT, BRANCH, TITLE = "codename-heron.bin", "codename-heron.txt", "heron-branch", "About the heron"
JOB = "a job that publishes another repository"
OWNER = Access("write", "model:me:private", "me")


@dataclass
class Hidden:
    """The names, ids, tokens and signed addresses that requests use."""

    values: dict[str, dict[str, str]]  # placeholders by repository; `missing` is a repository that does not exist
    tokens: dict[str, str | None]
    xet_tokens: dict[str, tuple[str, str]]  # by name: part of the CAS address, and token
    signed: list[str]  # paths and queries that are signed for other objects


def hide(hub: EmbeddedHub, root: Path) -> Hidden:
    """Create everything that attackers must not see."""
    api = HfApi(endpoint=hub.endpoint, token=hub.token)
    (root / FILE).write_bytes(LARGE)
    values = fill(api, root)
    tokens = attackers(hub)
    HfApi(endpoint=hub.endpoint, token=tokens["eve"]).create_repo("eve/own")
    api.create_repo("me/public")
    with closing(XetStore(hub.root, ObjectStore(hub.root))) as store:
        known = ids_of_file(api, store)
        late = XetStore(hub.root, ObjectStore(hub.root), lambda: 1_000_000_000).signer
        xet_tokens = tokens_for_xet(Caller(hub.endpoint, tokens["eve"]), store, late, tokens["eve"] or "")
        signed = [*signed_uploads(hub, known), *signed_addresses(store, late, known)]
    return Hidden({name: known | these for name, these in values.items()}, tokens, xet_tokens, signed)


def fill(api: HfApi, root: Path) -> dict[str, dict[str, str]]:
    """Create what is hidden, and return the placeholders by repository."""
    values: dict[str, dict[str, str]] = {}
    for name in ("private", "gated"):
        repo = api.create_repo(f"me/{name}").repo_id
        adds = [CommitOperationAdd(FILE, root / FILE), CommitOperationAdd(TEXT, SMALL)]
        oid = api.create_commit(repo, adds, commit_message="The heron flies").oid
        api.create_branch(repo, branch=BRANCH)
        api.create_commit(repo, [CommitOperationAdd(TEXT, SMALL + b"!")], commit_message=TITLE, create_pr=True)
        values[name] = {"kind": "models", "prefix": "", "namespace": "me", "name": name, "commit": oid or ""}
    api.move_repo("me/private", "me/former")
    api.move_repo("me/former", "me/private")
    api.update_repo_settings("me/private", private=True)
    api.update_repo_settings("me/gated", gated="manual")
    api.create_bucket("umbrella/private", private=True)
    api.create_bucket("me/private", private=True)
    api.batch_bucket_files("me/private", add=[(root / FILE, FILE), (SMALL, TEXT)])
    hidden = api.create_collection("codename heron", namespace="umbrella", private=True).slug
    collection = api.add_collection_item(hidden, "me/private", "model", note="codename heron")
    of_collection = {"owner": "umbrella", "slug": hidden.partition("/")[2], "buckets": "buckets"}
    of_collection["item"] = collection.items[0].item_object_id
    values = {name: known | of_collection for name, known in values.items()}
    # The last three are other names of the first repository, and of none.
    values |= {name: values["private"] | {"name": name} for name in ("former", "PRIVATE", "missing")}
    values["missing"]["slug"] = "codename-heron-" + "0" * 24
    return values


def attackers(hub: EmbeddedHub) -> dict[str, str | None]:
    """Return a token of each kind that must not see what is hidden."""
    own = {"eve": hub.add_user("eve"), "eve, reading": hub.add_user("eve", role="read"), "nobody": None}
    own |= {"of another organization": hub.add_user("mia", orgs=("acme",)), "unknown": "hf_" + "x" * 34}
    accounts = hub._hub.accounts  # type: ignore[union-attr]
    return own | {JOB: accounts.issue("oidc-eve", "model:eve:own", 3600)}


def ids_of_file(api: HfApi, store: XetStore) -> dict[str, str]:
    """Return the placeholders that all repositories share: the ids of the large file above all."""
    entry = api.get_paths_info("me/private", [FILE])[0]
    assert isinstance(entry, RepoFile)
    assert entry.xet_hash
    file = store.file(from_text(entry.xet_hash))
    assert file is not None
    [term] = read_terms(file.packed_terms)
    known = {"sha256": file.sha256, "file": entry.xet_hash, "xorb": to_text(term.xorb), "size": str(file.size)}
    known |= {"chunk": to_text(store.xorbs.table(term.xorb).digest(0)), "comment": "0" * 24, "num": "1"}
    known |= {"organization": "me", "user": "me", "status": "pending"}
    return known | {"revision": "main", "branch": BRANCH, "path": FILE, "store": store.identity("eve")}


def tokens_for_xet(eve: Caller, store: XetStore, late: Signer, token: str) -> dict[str, tuple[str, str]]:
    """Return the addresses and tokens of xet that an attacker can get, or that expired, by name."""
    own = store.identity("eve")
    xet: dict[str, tuple[str, str]] = {"none": (own, ""), "a user's": (own, token)}
    for name, path in {
        "reads own": "eve/own/xet-read-token/main",
        "writes own": "eve/own/xet-write-token/main",
        "reads public": "me/public/xet-read-token/main",
        "writes to a pull request of public": "me/public/xet-write-token/main?create_pr=1",
        "writes to a pull request of gated": "me/gated/xet-write-token/None?create_pr=1",
    }.items():
        given = eve("GET", f"/api/models/{path}").json()
        xet[name] = (given["casUrl"].rpartition("/")[2], given["accessToken"])
    xet["expired"] = (store.identity("me"), late.issue(OWNER)[0])
    not_readable = store.signer.issue(Access("write", "model:me:private", "eve"))[0]
    return xet | {"of a repository that is not readable": (own, not_readable)}


def signed_uploads(hub: EmbeddedHub, known: dict[str, str]) -> Iterator[str]:
    """Yield the signed addresses of uploads and downloads by LFS, for every repository."""
    uploads = hub._hub.uploads  # type: ignore[union-attr]
    for action, part in (("get", 0), ("put", 0), ("part", 1), ("complete", 0)):
        for repo in ("me:private", "me:gated", "eve:own", "me:public", "me:missing"):
            for user in ("eve", ""):
                size = int(known["size"])
                upload = Upload(action, known["sha256"], size, "0" * 16, part, 1 << 20, f"model:{repo}", user)
                yield uploads.sign(upload)


def signed_addresses(store: XetStore, late: Signer, known: dict[str, str]) -> Iterator[str]:
    """Yield addresses of the large file's bytes: signed for another reader or range, expired, or not signed."""
    address = f"/xet/{known['store']}/v1/xorbs/default/{known['xorb']}"
    whole, own = Address(address, 0, 1 << 30), Access("read", "model:eve:own", "eve")
    for repo in ("me:private", "me:gated", "me:missing"):
        yield store.signer.sign_address(whole, Access("read", f"model:{repo}", "eve"))
    yield from (late.sign_address(whole, OWNER), address, address + "?for=x&range=0-9&expires=9")
    yield store.signer.sign_address(Address("/xet/x", 0, 1 << 30), own).replace("/xet/x", address)
    narrow = store.signer.sign_address(Address(address, 0, 0), own)
    yield from (narrow, narrow.replace("range=0-0", "range=0-99999"))
