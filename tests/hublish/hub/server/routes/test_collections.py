"""Collections with the real client: contents, order, what is hidden from whom, and malformed requests."""

import itertools
import json
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import Collection, HfApi
from huggingface_hub.errors import HfHubHTTPError

from hublish.hub.server import EmbeddedHub
from hublish.hub.server.collection_store import Collections
from tests.hublish.hub.server.conftest import Caller

_numbers = itertools.count(1)
Call = Callable[..., Any]


@pytest.fixture
def collection(api: HfApi) -> Collection:
    return api.create_collection(f"Recent models {next(_numbers)}", namespace="acme")


@pytest.fixture
def eve(hub: EmbeddedHub) -> HfApi:
    return HfApi(endpoint=hub.endpoint, token=hub.add_user("eve"))


@pytest.fixture
def visitor(hub: EmbeddedHub) -> HfApi:
    return HfApi(endpoint=hub.endpoint, token=False)


def items(collection: Collection) -> list[tuple[str, str]]:
    return [(item.item_type, item.item_id) for item in collection.items]


def status_of(call: Callable[[], object]) -> int:
    with pytest.raises(HfHubHTTPError) as caught:
        call()
    return int(caught.value.response.status_code)


def test_a_collection_keeps_its_id_when_its_title_changes(api: HfApi) -> None:
    made = api.create_collection("ICCV 2023: all of it!", description="Papers")
    assert made.slug.startswith("me/iccv-2023-all-of-it-")
    assert (made.description, made.private, made.items) == ("Papers", False, [])
    assert made.url == f"{api.endpoint}/collections/{made.slug}"
    changed = api.update_collection_metadata(made.slug, title="Oct. 2023", private=True, theme="pink", description="")
    assert changed.slug == f"me/oct-2023-{made.slug[-24:]}"
    assert (changed.title, changed.private, changed.theme, changed.description) == ("Oct. 2023", True, "pink", None)
    assert api.get_collection(made.slug).slug == changed.slug
    assert api.get_collection(f"me/{made.slug[-24:]}").slug == changed.slug
    api.delete_collection(made.slug)
    assert status_of(lambda: api.delete_collection(made.slug)) == 404
    api.delete_collection(made.slug, missing_ok=True)


@pytest.mark.parametrize("title", ["日本語", "🔥", "---", "a/b", "../..", "%2F", "x" * 60])
def test_any_title_gives_a_slug_that_leads_back(api: HfApi, title: str) -> None:
    made = api.create_collection(title, exists_ok=True)
    assert made.slug.count("/") == 1
    assert api.get_collection(made.slug).title == title


def test_a_title_is_given_once(api: HfApi, collection: Collection) -> None:
    assert status_of(lambda: api.create_collection(collection.title, namespace="acme")) == 409
    again = api.create_collection(collection.title, namespace="acme", description="other", exists_ok=True)
    assert (again.slug, again.description) == (collection.slug, None)
    assert api.create_collection(collection.title, namespace="umbrella").slug != collection.slug


def test_items_have_an_order_and_notes(api: HfApi, collection: Collection) -> None:
    for kind in ("model", "dataset", "space"):
        api.create_repo("acme/thing", repo_type=kind, space_sdk="static" if kind == "space" else None, exist_ok=True)
    nested = api.create_collection(f"Nested {next(_numbers)}", namespace="acme").slug
    wanted = [("model", "acme/thing"), ("dataset", "acme/thing"), ("space", "acme/thing")]
    wanted += [("paper", "2307.09288"), ("collection", nested)]
    added = collection
    for number, (kind, name) in enumerate(wanted):
        added = api.add_collection_item(collection.slug, name, kind, note=f"note {number}")  # type: ignore[arg-type]
    assert items(added) == items(api.get_collection(collection.slug)) == wanted
    assert [item.note for item in added.items] == [f"note {number}" for number in range(5)]
    assert [item.position for item in added.items] == list(range(5))
    first = added.items[0]
    assert status_of(lambda: api.add_collection_item(collection.slug, "acme/thing", "model")) == 409
    assert status_of(lambda: api.add_collection_item(collection.slug, "ACME/Thing", "model")) == 409
    assert items(api.add_collection_item(collection.slug, "acme/thing", "model", exists_ok=True)) == wanted
    api.update_collection_item(collection.slug, first.item_object_id, note="new", position=1)
    moved = api.get_collection(collection.slug)
    assert items(moved) == [wanted[1], wanted[0], *wanted[2:]]
    assert moved.items[1].note == "new"
    api.update_collection_item(collection.slug, first.item_object_id, position=99, note="")
    assert items(api.get_collection(collection.slug)) == [*wanted[1:], wanted[0]]
    assert api.get_collection(collection.slug).items[-1].note is None
    api.delete_collection_item(collection.slug, first.item_object_id)
    assert status_of(lambda: api.delete_collection_item(collection.slug, first.item_object_id)) == 404
    api.delete_collection_item(collection.slug, first.item_object_id, missing_ok=True)
    assert items(api.get_collection(collection.slug)) == wanted[1:]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("model", "acme/missing"),
        ("dataset", "acme/missing"),
        ("model", "gpt2"),
        ("model", "../x"),
        ("model", "a/b/c"),
        ("paper", "not a paper"),
        ("paper", "2399.09288"),
        ("collection", "acme/nothing-" + "0" * 24),
        ("collection", "nothing"),
    ],
)
def test_only_existing_things_can_be_added(api: HfApi, collection: Collection, kind: Any, name: str) -> None:
    assert status_of(lambda: api.add_collection_item(collection.slug, name, kind)) == 404


def test_a_collection_does_not_contain_itself(api: HfApi, collection: Collection) -> None:
    assert status_of(lambda: api.add_collection_item(collection.slug, collection.slug, "collection")) == 400


def test_lists_are_filtered_sorted_and_paged(api: HfApi, visitor: HfApi, repo: str) -> None:
    made = [api.create_collection(f"Listed {number}", namespace="listers") for number in range(6)]
    api.update_collection_metadata(made[0].slug, private=True)
    api.add_collection_item(made[1].slug, repo, "model")
    for number in range(1, 6):
        api.add_collection_item(made[3].slug, f"2307.0000{number}", "paper")
    everything = [collection.slug for collection in api.list_collections(owner="Listers")]
    assert everything == [made[number].slug for number in (3, 1, 0, 5, 4, 2)]
    assert [one.slug for one in visitor.list_collections(owner=["listers", "nobody"])] == [
        slug for slug in everything if slug != made[0].slug
    ]
    assert [one.slug for one in api.list_collections(item=f"models/{repo}")] == [made[1].slug]
    assert [one.slug for one in api.list_collections(item=["papers/2307.00001", f"models/{repo}"])] == everything[:2]
    api.move_repo(repo, f"{repo}-moved")
    for name in (repo, f"{repo}-moved", repo.upper()):
        assert [one.slug for one in api.list_collections(item=f"models/{name}")] == [made[1].slug]
    assert [one.slug for one in api.list_collections(owner="listers", limit=2, sort="upvotes")] == everything[:2]
    assert len(next(iter(api.list_collections(owner="listers"))).items) == 4
    assert len(api.get_collection(made[3].slug).items) == 5


def test_pages_lead_to_each_other(call: Caller, api: HfApi) -> None:
    for number in range(5):
        api.create_collection(f"Page {number}", namespace="pagers")
    found, path = [], "/api/collections?owner=pagers&limit=2"
    while path:
        answer = call("GET", path)
        found += [shown["title"] for shown in answer.json()]
        path = answer.headers.get("link", "").partition("<")[2].partition(">")[0]
    assert found == [f"Page {number}" for number in (4, 3, 2, 1, 0)]
    assert [shown["title"] for shown in call("GET", "/api/collections?owner=pagers&q=AGE+3").json()] == ["Page 3"]


def test_collections_of_an_owner_have_positions(api: HfApi) -> None:
    made = [api.create_collection(f"Placed {number}", namespace="placers") for number in range(4)]
    assert [collection.position for collection in made] == [0, 1, 2, 3]
    api.update_collection_metadata(made[3].slug, position=1)
    assert [api.get_collection(collection.slug).position for collection in made] == [0, 2, 3, 1]
    assert api.get_collection(made[1].slug).last_updated == made[1].last_updated


def test_moved_repositories_stay_and_deleted_ones_disappear(api: HfApi, collection: Collection) -> None:
    for name in ("moves", "dies"):
        api.create_repo(f"acme/{name}")
        api.add_collection_item(collection.slug, f"acme/{name}", "model")
    api.move_repo("acme/moves", "acme/moved")
    api.create_repo("acme/moves")  # another one
    api.delete_repo("acme/dies")
    api.create_repo("acme/dies")
    assert items(api.get_collection(collection.slug)) == [("model", "acme/moved")]
    added = api.add_collection_item(collection.slug, "acme/dies", "model")
    assert items(added) == [("model", "acme/moved"), ("model", "acme/dies")]
    assert [item.position for item in added.items] == [0, 1]


def test_a_private_collection_looks_like_a_missing_one(
    hub: EmbeddedHub, api: HfApi, eve: HfApi, collection: Collection
) -> None:
    api.update_collection_metadata(collection.slug, private=True)
    missing = f"acme/recent-models-{'0' * 24}"
    entry = api.add_collection_item(collection.slug, "2307.09288", "paper").items[0].item_object_id
    requests: list[tuple[str, str, Any]] = [("GET", "", None), ("PATCH", "", {"title": "x"}), ("DELETE", "", None)]
    requests += [("POST", "/items", {"item": {"type": "paper", "id": "2307.09288"}}), ("POST", "/resource-group", {})]
    requests += [("PATCH", f"/items/{entry}", {"note": "x"}), ("DELETE", f"/items/{entry}", None)]
    reader = hub.add_user("eve", role="read")
    for token, (method, rest, body) in itertools.product((eve.token, reader, None, "hf_unknown"), requests):
        caller = Caller(hub.endpoint, token if isinstance(token, str) else None)
        answers = [caller(method, f"/api/collections/{slug}{rest}", body) for slug in (collection.slug, missing)]
        shown = [(answer.status, answer.body, set(answer.headers)) for answer in answers]
        assert shown[0] == shown[1]
        assert answers[0].status == 404
    assert collection.slug not in [one.slug for one in eve.list_collections()]
    own = eve.create_collection(f"Own {next(_numbers)}").slug
    assert status_of(lambda: eve.add_collection_item(own, collection.slug, "collection")) == 404
    assert len(api.get_collection(collection.slug).items) == 1


def test_private_repositories_are_hidden_in_public_collections(api: HfApi, eve: HfApi, visitor: HfApi) -> None:
    mine = api.create_collection(f"Mixed {next(_numbers)}").slug
    number = next(_numbers)
    names = [f"me/first-{number}", f"me/hidden-{number}", f"me/last-{number}"]
    for name in names:
        api.create_repo(name, private="hidden" in name)
        api.add_collection_item(mine, name, "model", note=f"about {name}")
    nested = eve.create_collection(f"Nests {number}").slug
    assert "hidden" not in str(eve.add_collection_item(nested, mine, "collection"))
    for reader in (eve, visitor):
        shown = reader.get_collection(mine)
        assert [item.item_id for item in shown.items] == [names[0], names[2]]
        assert [item.position for item in shown.items] == [0, 1]
        assert mine not in [one.slug for one in reader.list_collections(item=f"models/{names[1]}")]
        assert "hidden" not in str([*reader.list_collections()])
    assert [item.item_id for item in api.get_collection(mine).items] == names
    assert mine in [one.slug for one in api.list_collections(item=f"models/{names[1]}")]
    assert status_of(lambda: eve.add_collection_item(nested, names[1], "model")) == 404
    number_of_items = json.loads(Caller(api.endpoint or "", str(eve.token))("GET", f"/api/collections/{nested}").body)[
        "items"
    ][0]["numberItems"]
    assert number_of_items == 2


def test_items_that_became_private_can_be_removed_and_moved_around(api: HfApi, eve: HfApi) -> None:
    number = next(_numbers)
    slug = eve.create_collection(f"Others {number}").slug
    names = [f"me/{letter}-{number}" for letter in "abc"]
    added = eve.get_collection(slug)
    for name in names:
        api.create_repo(name)
        added = eve.add_collection_item(slug, name, "model")
    api.update_repo_settings(names[1], private=True)
    entries = [item.item_object_id for item in added.items]
    eve.update_collection_item(slug, entries[0], position=1)
    assert [item.item_id for item in eve.get_collection(slug).items] == [names[2], names[0]]
    assert status_of(lambda: eve.update_collection_item(slug, entries[1], note="x")) == 404
    eve.delete_collection_item(slug, entries[1])
    api.update_repo_settings(names[1], private=False)
    assert [item.item_id for item in eve.get_collection(slug).items] == [names[2], names[0]]


def test_only_owners_with_a_write_token_change_a_collection(
    hub: EmbeddedHub, eve: HfApi, anonymous: Caller, collection: Collection
) -> None:
    path = f"/api/collections/{collection.slug}"
    paper = {"item": {"type": "paper", "id": "2307.09288"}}
    writes = [("PATCH", "", {"title": "x"}), ("DELETE", "", None), ("POST", "/items", paper)]
    member = Caller(hub.endpoint, hub.add_user("mia", orgs=("acme",), role="read"))
    for method, rest, body in writes:
        assert anonymous(method, path + rest, body).status == 401
        assert Caller(hub.endpoint, "hf_unknown")(method, path + rest, body).status == 401
        assert Caller(hub.endpoint, str(eve.token))(method, path + rest, body).status == 403
        assert member(method, path + rest, body).status == 403
    assert member("POST", "/api/collections", {"title": "x", "namespace": "mia"}).status == 403
    assert (
        Caller(hub.endpoint, str(eve.token))("POST", "/api/collections", {"title": "x", "namespace": "acme"}).status
        == 403
    )
    assert anonymous("POST", "/api/collections", {"title": "x", "namespace": "acme"}).status == 401
    writer = HfApi(endpoint=hub.endpoint, token=hub.add_user("mia", orgs=("acme",)))
    assert writer.update_collection_metadata(collection.slug, theme="blue").theme == "blue"


WRONG: list[Any] = [1, 1.5, True, [], ["x"], {}, {"text": "x"}]


@pytest.mark.parametrize("name", ["title", "description", "namespace", "private", "theme", "position", "note", "item"])
def test_values_of_the_wrong_type_are_refused(call: Caller, collection: Collection, name: str) -> None:
    path = f"/api/collections/{collection.slug}"
    entry = call("POST", path + "/items", {"item": {"type": "paper", "id": "2307.09288"}}).json()["items"][0]["_id"]
    right = {"private": (True,), "position": (1,)}.get(name, ())
    others: list[Any] = [-1, -(10**400)] if name == "position" else ["\ud800" * 600, "x" * 600]
    for value in (*WRONG, *others):
        if any(value is one for one in right):
            continue
        sent = {"title": "y", "item": {"type": "paper", "id": "2307.09289"}, name: value}
        answers = [call("POST", "/api/collections", sent), call("POST", path + "/items", sent)]
        answers += [call("PATCH", path, sent), call("PATCH", f"{path}/items/{entry}", sent)]
        assert all(answer.status < 500 for answer in answers), (value, answers)
        expected = {"note": (1, 3), "position": (2, 3), "item": (1,), "namespace": (0,)}.get(name, (0, 2))
        assert all(answers[at].status == 400 for at in expected), value


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"1", b'"x"', b"{", b"\xff", b"[" * 100_000, b'{"title":"x"' * 9]
)
def test_bodies_that_are_not_objects_are_refused(call: Caller, collection: Collection, body: bytes) -> None:
    path = f"/api/collections/{collection.slug}"
    assert call("POST", "/api/collections", body).status == 400
    assert call("POST", path + "/items", body).status == 400
    assert call("PATCH", path, body).status in (200, 400)
    assert call("PATCH", f"{path}/items/x", body).status in (400, 404)


@pytest.mark.parametrize(
    "slug",
    [
        "acme/..%2F..%2Faccounts",
        "..%2Fx/" + "0" * 24,
        "acme/" + "0" * 23,
        "acme/x",
        "%00/" + "0" * 24,
        "acme/%0A" + "0" * 24,
    ],
)
def test_slugs_never_lead_to_other_files(call: Caller, slug: str) -> None:
    for method in ("GET", "PATCH", "DELETE"):
        assert call(method, f"/api/collections/{slug}", None if method == "GET" else {}).status == 404


@pytest.mark.parametrize("query", ["sort=likes", "limit=x", "cursor=-1", "search=x", "limit=" + "9" * 50])
def test_unknown_filters_are_refused(call: Caller, query: str) -> None:
    assert call("GET", f"/api/collections?{query}").status == 400


def test_nobody_here_has_resource_groups(api: HfApi, collection: Collection) -> None:
    api.update_collection_resource_group(collection.slug, None)
    assert status_of(lambda: api.update_collection_resource_group(collection.slug, "0" * 24)) == 404
    assert status_of(lambda: api.create_collection("Grouped", resource_group_id="0" * 24)) == 404
    own = api.create_collection(f"Own {next(_numbers)}").slug
    assert status_of(lambda: api.update_collection_resource_group(own, None)) == 400


def test_items_added_at_once_are_all_kept(call: Caller, api: HfApi, collection: Collection) -> None:
    def add(start: int) -> None:
        for number in range(start, start + 10):
            body = {"item": {"type": "paper", "id": f"2307.{number % 20:05}"}}
            assert call("POST", f"/api/collections/{collection.slug}/items", body).status in (200, 409)

    threads = [threading.Thread(target=add, args=(start,)) for start in (0, 5, 10, 15)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(items(api.get_collection(collection.slug))) == 20


KEEP_CHANGING = """
import sys
from pathlib import Path
from hublish.hub.server.collection_store import Collection, Collections, Item
store = Collections(Path(sys.argv[1]))
print("ready", flush=True)
for number in range(10**9):
    with store.changing():
        store.save(Collection("0" * 24, "acme", str(number), "", items=(Item("1" * 24, "paper", str(number)),) * 300))
"""


def test_a_killed_writer_leaves_a_whole_collection(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", KEEP_CHANGING, str(tmp_path)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        with suppress(subprocess.TimeoutExpired):
            writer.wait(0.1)
        writer.kill()
    (found,) = Collections(tmp_path).list()
    assert {item.name for item in found.items} == {found.title}


def test_clear_removes_collections(tmp_path: Path) -> None:
    with EmbeddedHub(tmp_path) as hub:
        api = HfApi(endpoint=hub.endpoint, token=hub.token)
        api.create_collection("x")
        hub.clear()
        assert [*api.list_collections()] == []


@pytest.mark.parametrize(
    ("namespace", "kind"), [("me", {"type": "user", "isPro": False}), ("orchard", {"type": "org"})]
)
def test_owners_have_what_other_clients_declare(
    api: HfApi, call: Call, namespace: str, kind: dict[str, object]
) -> None:
    slug = api.create_collection(f"Owned by {namespace}", namespace=namespace).slug
    owner = call("GET", f"/api/collections/{slug}").json()["owner"]
    assert owner.pop("avatarUrl").startswith("/avatars/")
    named = {"_id": namespace, "name": namespace, "fullname": namespace}
    assert owner == {**named, **kind, "isHf": False, "isHfAdmin": False, "isMod": False}
