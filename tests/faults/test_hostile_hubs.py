"""A hostile Hub: the token stays with the endpoint, and every list and response has a limit and a clean error."""

import gzip
import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi, close_session, constants, get_session

import hublish
from hublish.base.errors import HublishError, RemoteError
from hublish.base.values import Reference
from hublish.hub.client import guarded_session, listings
from hublish.hub.client.hub import Hub
from tests.faults.projects import Release
from tests.faults.proxy import Answer, Behavior, Call, Proxy, edited, instead, lost_before

SHA = "a" * 40
TOKEN = "hf_" + "canary" * 6
FILE = {"type": "file", "path": "a.json", "size": 2, "oid": "0" * 40}
INFO = {"id": "me/x", "sha": SHA}


def answer(body: Any, *headers: tuple[str, str], status: int = 200) -> Answer:
    return Answer(status, headers, body if isinstance(body, bytes) else json.dumps(body).encode())


@pytest.fixture
def hostile(own_home: Path, by_lfs: None, sleeps: list[float]) -> Iterator[Proxy]:
    """A server that answers as a Hub with one repo, unless a rule comes first; it forwards nothing."""
    with Proxy("http://127.0.0.1:9").running() as server:
        yield server
        close_session()


@pytest.fixture
def elsewhere() -> Iterator[Proxy]:
    """Another server, which must not see the token."""
    with Proxy("http://127.0.0.1:9").running() as server:
        server.on("", instead(200, b"[]"))
        yield server


def always(found: Answer) -> Behavior:
    return lambda _call, _forward: found


def as_a_hub(server: Proxy, **answers: Any) -> None:
    """Answer like a Hub; `tree`, `refs` and `info` replace the body, or the behavior, of these requests."""
    usual = {"tree": [FILE], "refs": {"tags": []}, "info": INFO}
    patterns = {"tree": "/tree/", "refs": "/refs", "info": "^GET /api/models/me/x"}
    for name, pattern in patterns.items():
        given = answers.get(name, usual[name])
        server.on(pattern, given if callable(given) else always(answer(given)))
    server.on("", instead(404, b"{}", Content_Type="application/json"))


def tokens(server: Proxy) -> list[str]:
    return [value for call in server.calls for name, value in call.headers.items() if name.lower() == "authorization"]


def manifest(folder: Path) -> Path:
    (folder / "a.json").write_text("{}")
    path = folder / "hub.yaml"
    path.write_text(json.dumps({"repo": {"repo_id": "me/x"}, "artifacts": [{"source": "a.json"}]}))
    return path


VERBS: dict[str, Callable[..., Any]] = {
    "pull": lambda folder, **hub: hublish.pull("me/x", local_dir=folder / "out", **hub),
    "load": lambda folder, **hub: hublish.load("me/x", local_dir=folder / "out", **hub),
    "plan": lambda folder, **hub: hublish.plan(manifest(folder), **hub),
    "publish": lambda folder, **hub: hublish.publish(manifest(folder), **hub),
    "init": lambda folder, **hub: hublish.init(folder / "new", from_repo="me/x", **hub),
}


def failure(verb: str, folder: Path, server: Proxy) -> HublishError:
    """Return the error of a verb, which must be one of ours and write nothing."""
    with pytest.raises(HublishError) as raised:
        VERBS[verb](folder, endpoint=server.endpoint, token=TOKEN)
    assert TOKEN not in str(raised.value)
    assert not [path for path in (folder / "out").rglob("*") if path.is_file()]
    return raised.value


# Each is formatted with the address of the other server.
NEXT = {
    "another port": "<{other}/x>",
    "another host": "<{other_name}/x>",
    "without a scheme": "<//{host}/x>",
    "with backslashes": "<\\\\{host}\\x>",
    "the Hub's name as a user": "<http://{home}@{host}/x>",
    "a password": "<http://user:password@{home}/x>",
    "capital letters": "<HTTP://{host}/X>",
    "another scheme": "<https://{home}/x>",
    "a file": "<file:///etc/passwd>",
    "not a URL": "<http://[::1/x>",
    "an unprintable name": "<http://\x7f{host}/x>",
}


@pytest.mark.parametrize("link", NEXT)
@pytest.mark.parametrize("verb", ["pull", "plan"])
def test_a_next_page_elsewhere_is_refused(
    verb: str, link: str, hostile: Proxy, elsewhere: Proxy, tmp_path: Path
) -> None:
    host, home = elsewhere.endpoint.removeprefix("http://"), hostile.endpoint.removeprefix("http://")
    other_name = elsewhere.endpoint.replace("127.0.0.1", "localhost")
    url = NEXT[link].format(other=elsewhere.endpoint, other_name=other_name, host=host, home=home)
    as_a_hub(hostile, tree=lambda _call, _forward: answer([FILE], ("Link", f'{url}; rel="next"')))
    assert isinstance(failure(verb, tmp_path, hostile), RemoteError)
    assert elsewhere.calls == []
    assert tokens(hostile)  # it was sent where it belongs


@pytest.mark.parametrize("link", ["{path}&p=2", "?p=2", "{endpoint}{path}&p=2"])
def test_a_next_page_at_home_is_followed(link: str, hostile: Proxy) -> None:
    def tree(call: Call, _forward: Any) -> Answer:
        if "p=2" in call.path:
            return answer([{**FILE, "path": "b.json"}])
        url = link.format(path=call.path, endpoint=hostile.endpoint.upper().replace("HTTP", "http"))
        return answer([FILE], ("Link", f'<{url}>; rel="next"'))

    as_a_hub(hostile, tree=tree)
    assert sorted(Hub(hostile.endpoint, TOKEN).tree(Reference("me/x"), "main")) == ["a.json", "b.json"]


def counting(call: Call, _forward: Any) -> Answer:
    number = int(re.findall(r"p=(\d+)", call.path)[0]) + 1 if "p=" in call.path else 0
    return answer([{**FILE, "path": f"{number}.json"}], ("Link", f'<?p={number}>; rel="next"'))


ENDLESS: dict[str, Behavior] = {
    "the same page": lambda call, _: answer([FILE], ("Link", f'<{call.path}>; rel="next"')),
    "a counter": counting,
    "a counter and the same file": lambda call, _: answer([FILE], ("Link", f'<{call.path}1>; rel="next"')),
    "a counter and nothing": lambda call, _: answer([], ("Link", f'<{call.path}1>; rel="next"')),
    "a redirect to itself": lambda call, _: answer(b"", ("Location", call.path), status=302),
    "a redirect to a counter": lambda call, _: answer(b"", ("Location", f"{call.path}1"), status=302),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_endless_pages_end(name: str, hostile: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listings, "MAX_PAGES", 30)
    as_a_hub(hostile, tree=ENDLESS[name])
    assert isinstance(failure("pull", tmp_path, hostile), RemoteError)
    assert hostile.count("/tree/") <= 30


def test_endless_discussions_end(release: Release, by_lfs: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listings, "MAX_PAGES", 30)
    release.create()
    release.declare(create_pr=True)
    entry = {"num": 1, "status": "merged"}
    body = {"start": 0, "count": 10**9, "discussions": [entry]}
    release.proxy.on("^GET .*/discussions", lambda _call, _forward: answer(body))
    with pytest.raises(RemoteError, match="more than 30 pages"):
        release.plan()


# Every value that a field of a JSON object should not have.
ODD: list[Any] = [None, True, -1, 2**70, 1.5, float("nan"), float("inf"), "1", "", [], {}, "\ud800", "x" * 10**6]
FIELDS = [
    *[
        ("tree", [{**FILE, name: value}])
        for name in ("path", "size", "oid")
        for value in ODD
        if (name, value) != ("path", "1")
    ],
    *[("tree", [{**FILE, "type": value}]) for value in ODD if not isinstance(value, str)],
    *[("tree", [{**FILE, "lfs": value}]) for value in ODD if value is not None],
    *[("tree", [{**FILE, "lfs": {"oid": value, "size": 2}}]) for value in ODD],
    *[("tree", [{key: value for key, value in FILE.items() if key != name}]) for name in FILE],
    *[("tree", value) for value in (*ODD, [None], [[]], [FILE, 1], [[FILE]], [FILE, FILE]) if value != []],
    *[("info", {**INFO, "sha": value}) for value in (*ODD, "../../x", "main", "A" * 40, SHA + "\n")],
    *[("info", value) for value in (*ODD, [INFO])],
]


@pytest.mark.parametrize(("request_", "body"), FIELDS, ids=lambda value: repr(value)[:60])
def test_a_field_of_another_type_or_range_is_refused(
    request_: str, body: Any, hostile: Proxy, tmp_path: Path, own_home: Path
) -> None:
    as_a_hub(hostile, **{request_: body})
    error = failure("pull", tmp_path, hostile)
    assert len(str(error)) < 2000
    assert not [path for path in own_home.rglob("*") if path.is_file() and ".locks" not in path.parts]


TAGS = [*ODD, [None], [{}], [{"name": "v1"}], [{"name": 1, "targetCommit": SHA}], [{"name": "v", "targetCommit": "x"}]]


@pytest.mark.parametrize("value", [value for value in TAGS if value != []], ids=lambda value: repr(value)[:60])
def test_refs_of_another_type_are_refused(value: Any, hostile: Proxy) -> None:
    as_a_hub(hostile, refs={"tags": value})
    with pytest.raises(RemoteError, match="not from a Hub"):
        Hub(hostile.endpoint, TOKEN).tags(Reference("me/x"))


BODIES: dict[str, Callable[[], Answer]] = {
    "deep lists": lambda: answer(b"[" * 10**6),
    "deep objects": lambda: answer(b'{"a":' * 10**6),
    "a number of 5,000 digits": lambda: answer(b'[{"size": ' + b"9" * 5000 + b"}]"),
    "40 MB of spaces": lambda: answer(b" " * (40 << 20)),
    "25 MB of empty lists": lambda: answer(b"[" + b"[]," * (25 << 20) + b"[]]"),
    "a gzip bomb": lambda: answer(gzip.compress(bytes(300 << 20), 1), ("Content-Encoding", "gzip")),
    "gzip that is not": lambda: answer(b"nothing", ("Content-Encoding", "gzip")),
    "many encodings": lambda: answer(b"nothing", ("Content-Encoding", "gzip, " * 50)),
    "UTF-16": lambda: answer('["\ud7ff"]'.encode("utf-16")),
    "invalid UTF-8": lambda: answer(b'["\xff"]'),
    "half": lambda: answer(b'[{"type": "file"'),
    "a page for people": lambda: answer(b"<html>", ("Content-Type", "text/html")),
    "nothing": lambda: answer(b""),
    "a long header": lambda: answer(b"[]", ("Link", "x" * 2_000_000)),
}


@cache
def body(name: str) -> Answer:
    """Return a body of the table, which is made in the process that sends it: together, they have 200 MB."""
    return BODIES[name]()


@pytest.mark.parametrize("where", ["tree", "info"])
@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_no_hub_sends_is_refused(name: str, where: str, hostile: Proxy, tmp_path: Path) -> None:
    as_a_hub(hostile, **{where: lambda _call, _forward: body(name)})
    assert isinstance(failure("pull", tmp_path, hostile), RemoteError)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_refuses_the_same_list(verb: str, hostile: Proxy, tmp_path: Path) -> None:
    as_a_hub(hostile, tree=[{**FILE, "path": "\ud800"}])
    assert "not valid Unicode: '\\ud800'" in str(failure(verb, tmp_path, hostile))


def test_a_slow_response_is_given_up(hostile: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarded_session, "RESPONSE_SECONDS", -1.0)
    as_a_hub(hostile)
    assert "did not end within" in str(failure("pull", tmp_path, hostile))


ROUTES = ["{other}/api/token", "//{host}/api/token", "http://{home}@{host}/x", "not a url", "/api/token"]


@pytest.mark.parametrize("header", ["X-Xet-Refresh-Route", "Link"])
@pytest.mark.parametrize("route", ROUTES)
def test_a_xet_route_elsewhere_is_not_used(
    header: str, route: str, release: Release, by_lfs: None, elsewhere: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    release.publish()
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", False)
    host, home = elsewhere.endpoint.removeprefix("http://"), release.proxy.endpoint.removeprefix("http://")
    url = route.format(other=elsewhere.endpoint, host=host, home=home)
    value = f'<{url}>; rel="xet-auth"' if header == "Link" else url
    xet = (("X-Xet-Hash", "b" * 64), (header, value))
    kept = ("x-xet-hash", "x-xet-refresh-route", "link")

    def redirect(found: Answer) -> Answer:
        rest = tuple(item for item in found.headers if item[0].lower() not in kept)
        return Answer(found.status, (*rest, *xet), found.body)

    release.proxy.on("^HEAD .*/resolve/", edited(redirect))
    assert release.pull(force_download=True).checked
    assert elsewhere.calls == []


def test_the_token_stays_at_home_when_the_client_replaces_its_session(hostile: Proxy, elsewhere: Proxy) -> None:
    as_a_hub(hostile)
    Hub(hostile.endpoint, TOKEN).tree(Reference("me/x"), "main")
    first = get_session()
    close_session()
    assert get_session() is not first
    headers = {**guarded_session.home_headers(hostile.endpoint), "authorization": f"Bearer {TOKEN}"}
    for endpoint in (elsewhere.endpoint, hostile.endpoint):
        get_session().get(f"{endpoint}/x", headers=headers)
    assert tokens(elsewhere) == []
    assert tokens(hostile)[-1] == f"Bearer {TOKEN}"
    # Requests of other libraries in the process are theirs.
    list(HfApi(endpoint=elsewhere.endpoint, token=TOKEN).list_models(limit=1))
    assert tokens(elsewhere) == [f"Bearer {TOKEN}"]
    assert "x-hublish-endpoint" not in {name.lower() for call in hostile.calls for name in call.headers}


def test_a_verification_by_lfs_elsewhere_gets_no_token(release: Release, by_lfs: None, elsewhere: Proxy) -> None:
    def verified_elsewhere(found: Answer) -> Answer:
        body = json.loads(found.body)
        for entry in body["objects"]:
            entry["actions"]["verify"] = {"href": f"{elsewhere.endpoint}/verify"}
        return answer(body, ("Content-Type", "application/json"))

    release.proxy.on("^POST .*/info/lfs/objects/batch", edited(verified_elsewhere))
    release.publish()
    assert elsewhere.calls
    assert tokens(elsewhere) == []


def test_a_connection_that_is_lost_does_not_remove_the_limits(hostile: Proxy, tmp_path: Path) -> None:
    hostile.on("/tree/", lost_before, times=1)
    as_a_hub(hostile, tree=lambda _call, _forward: body("40 MB of spaces"))
    assert "a response of 127.0.0.1 has more than 32 MB" in str(failure("pull", tmp_path, hostile))


def test_a_repo_called_resolve_has_the_same_limits(hostile: Proxy) -> None:
    hostile.on("/tree/", always(body("40 MB of spaces")))
    with pytest.raises(RemoteError, match="more than 32 MB"):
        Hub(hostile.endpoint, TOKEN).tree(Reference("me/resolve"), "main")
