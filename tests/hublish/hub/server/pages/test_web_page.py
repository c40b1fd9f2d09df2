"""Every page: who gets it under which name, with which headers, and what programs get at the same address."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from hublish.hub.server import EmbeddedHub
from tests.hublish.hub.server.conftest import Caller
from tests.hublish.hub.server.pages.conftest import Browser, Page

PROGRAM = "*/*"
CARD = b"---\nlicense: mit\n---\n# Seen\n\n![](a.png)\n"


@pytest.fixture
def released(api: HfApi, repo: str) -> str:
    """Return a repository with a file, a commit and a discussion."""
    api.create_commit(repo, [CommitOperationAdd("data/a.txt", b"a\n")], commit_message="files")
    api.create_discussion(repo, "A question", description="Why?")
    return repo


PAGES = [
    *("", "/tree/main", "/tree/main/data", "/blob/main/data/a.txt", "/commits/main", "/commits/main/data/a.txt"),
    *("/commit/main", "/discussions", "/discussions/1"),
]


@pytest.mark.parametrize("path", ["/", "/models", "/login", *(f"/{{}}{path}" for path in PAGES)])
def test_a_page_runs_nothing_and_loads_nothing_from_elsewhere(browser: Browser, released: str, path: str) -> None:
    answer = browser.get(path.format(released))
    assert answer.status == 200
    policy = dict(each.split(" ", 1) for each in answer.headers["content-security-policy"].split("; "))
    assert policy.pop("style-src").startswith("'sha256-")
    assert policy == {
        "default-src": "'none'",
        "img-src": "'self' data:",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == ("same-origin" if path == "/login" else "no-referrer")
    page = Page(answer.body.decode())
    assert page.open == []
    assert "script" not in {tag for tag, _ in page.elements}
    assert [name for _, attributes in page.elements for name in attributes if name == "style" or name[:2] == "on"] == []


@pytest.mark.parametrize(
    ("host", "is_own"),
    [
        ("127.0.0.1:{}", True),
        ("127.0.0.2:{}", True),
        ("localhost:{}", True),
        ("LOCALHOST:{}", True),
        ("hub.localhost:{}", True),
        ("[::1]:{}", True),
        ("localhost:9000", True),  # a tunnel to this machine
        ("evil.example:{}", False),
        ("localhost.evil.example:{}", False),
        ("127.0.0.1.evil.example", False),
        ("evil.example#@127.0.0.1:{}", False),
        ("127.0.0.1:80@evil.example", False),
        ("192.168.1.9:{}", False),
        ("notlocalhost", False),
        ("[::1", False),
    ],
)
def test_pages_are_shown_under_the_names_of_this_machine_alone(
    browser: Browser, released: str, host: str, is_own: bool
) -> None:
    name = host.format(browser.endpoint.rpartition(":")[2])
    for path in ("/", f"/{released}", "/login", f"/{released}/blob/main/data/a.txt"):
        answer = browser.get(path, Host=name)
        assert answer.status == (200 if is_own else 421), path
        assert is_own or "html" not in answer.headers["content-type"]
    # What programs call is not a page, and answers under any name as before.
    assert browser.get(f"/{released}/resolve/main/data/a.txt", Host=name or None).body == b"a\n"


def test_a_name_that_the_server_was_started_with_shows_pages(tmp_path: Path) -> None:
    with EmbeddedHub(tmp_path, host="0.0.0.0", expose=True) as hub:
        browser = Browser(f"http://127.0.0.1:{hub.endpoint.rpartition(':')[2]}")
        hosts = {host: browser.get("/", Host=host).status for host in ("192.168.1.9:80", "0.0.0.0", "evil.example")}
        assert hosts == {"192.168.1.9:80": 200, "0.0.0.0": 200, "evil.example": 421}


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/no/thing/is/here", 404, None),
        ("/gpt2", 404, "RepoNotFound"),
        ("/acme/missing", 404, "RepoNotFound"),
        ("/acme/missing/tree/main", 404, "RepoNotFound"),
        ("/{}/tree/gone", 404, "RevisionNotFound"),
        ("/{}/tree/main/gone", 404, "EntryNotFound"),
        ("/{}/blob/main/data/gone", 404, "EntryNotFound"),
        ("/{}/blob/main/data/../../../etc/passwd", 404, "EntryNotFound"),
        ("/{}/blob/main/..%2F..%2Fsettings.json", 404, "EntryNotFound"),
        ("/{}/media/main/%2Fetc%2Fpasswd", 404, "EntryNotFound"),
        ("/{}/blob/main/data/a.txt/below", 404, "EntryNotFound"),
        ("/{}/media/main/data", 404, "EntryNotFound"),
        ("/{}/commit/main/data", 404, "RevisionNotFound"),
        ("/{}/commit/..%2F..%2Fpacked-refs", 404, "RevisionNotFound"),
        ("/{}/discussions/9", 404, None),
        ("/{}/discussions/..%2F1", 404, None),
        ("/{}/discussions/-1", 404, None),
        ("/{}/tree/main?cursor=x", 400, None),
        ("/{}/commits/main?cursor=x", 400, None),
        ("/{}/resolve/main/gone", 404, "EntryNotFound"),
    ],
)
def test_a_refusal_is_a_page_for_a_person_and_json_for_a_program(
    browser: Browser, released: str, path: str, status: int, code: str | None
) -> None:
    path = path.format(released)
    page, answer = browser.get(path), browser.get(path, Accept=PROGRAM)
    assert page.status == answer.status == status
    assert page.headers.get("x-error-code") == answer.headers.get("x-error-code") == code
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.json().keys() == {"error"}
    assert Page(page.body.decode()).open == []


@pytest.mark.parametrize("path", ["/api/models/acme/missing", "/lfs/x", "/xet/x", "/api/nothing"])
def test_paths_of_programs_have_no_pages(browser: Browser, path: str) -> None:
    assert browser.get(path).headers["content-type"] == "application/json; charset=utf-8"


def test_other_methods_and_head_of_a_page(hub: EmbeddedHub, released: str) -> None:
    call = Caller(hub.endpoint)
    assert call("HEAD", "/").status == call("HEAD", f"/{released}/tree/main").status == 200
    assert call("POST", "/").status == call("PUT", f"/{released}/tree/main").status == 405


def test_an_error_of_the_server_is_a_page_without_details(
    browser: Browser, released: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hublish.hub.server.pages.file_pages._rows", lambda *_: 1 / 0)
    answer = browser.get(f"/{released}/tree/main")
    assert answer.status == 500
    assert "ZeroDivision" not in Page(answer.body.decode()).text
    assert "Internal error" in Page(answer.body.decode()).text


def test_a_moved_repo_is_shown_at_its_old_address(browser: Browser, api: HfApi, repo: str) -> None:
    api.move_repo(repo, f"{repo}-moved")
    assert f"{repo}-moved" in browser.page(f"/{repo}").text.replace(" / ", "/")
    assert browser.get(f"/{repo.upper()}-MOVED/tree/main").status == 200


def test_a_private_repo_looks_like_a_missing_one(hub: EmbeddedHub, browser: Browser, api: HfApi) -> None:
    api.create_repo("acme/veiled-page", private=True)
    api.create_commit("acme/veiled-page", [CommitOperationAdd("a.png", b"x")], commit_message="files")
    other = Browser(hub.endpoint)
    assert other.log_in(hub.add_user("eve-at-the-page")).status == 303
    paths = ("", "/tree/main", "/blob/main/a.png", "/media/main/a.png", "/commits/main", "/commit/main", "/discussions")
    for visitor in (browser, other):
        for path in paths:
            hidden, missing = (visitor.get(f"/acme/{name}-page{path}") for name in ("veiled", "absent"))
            assert hidden.status == missing.status == 404
            assert hidden.body.replace(b"veiled", b"absent") == missing.body
            assert {k: v for k, v in hidden.headers.items() if k not in ("date", "x-request-id", "content-length")} == {
                k: v for k, v in missing.headers.items() if k not in ("date", "x-request-id", "content-length")
            }
        assert "veiled-page" not in visitor.page("/").text + visitor.page("/models?search=veiled").text


def test_a_member_sees_private_repos_and_nothing_of_them_is_kept(member: Browser, api: HfApi) -> None:
    api.create_repo("acme/seen-page", private=True)
    api.create_commit(
        "acme/seen-page",
        [CommitOperationAdd("README.md", CARD), CommitOperationAdd("a.png", b"picture")],
        commit_message="files",
    )
    api.move_repo("acme/seen-page", "acme/seen")
    assert "/acme/seen" in member.page("/models?search=seen").links
    for path in ("", "/tree/main", "/blob/main/README.md"):
        answer = member.get(f"/acme/seen{path}")
        assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    page = member.page("/acme/seen-page")
    assert "private" in page.text
    [picture] = page.values("img", "src")
    shown = member.get(picture)
    assert (shown.body, shown.headers["content-type"], shown.headers["cache-control"]) == (
        b"picture",
        "image/png",
        "no-store",
    )
    [download] = [link for link in member.page("/acme/seen/blob/main/README.md").links if "download" in link]
    assert member.get(download).body == CARD


def test_a_cookie_authorizes_no_call_of_the_api(hub: EmbeddedHub, member: Browser, api: HfApi) -> None:
    api.create_repo("acme/by-cookie", private=True)
    oid = api.create_commit("acme/by-cookie", [CommitOperationAdd("a", b"a")], commit_message="files").oid
    assert member.get("/acme/by-cookie").status == 200
    reads = (
        "/api/models/acme/by-cookie",
        "/acme/by-cookie/resolve/main/a",
        "/acme/by-cookie/raw/main/a",
        "/acme/by-cookie.git/info/refs?service=git-upload-pack",
        "/api/models/acme/by-cookie/tree/main",
    )
    assert {member.get(path, Accept=PROGRAM).status for path in reads} <= {401, 404}
    assert member.get("/api/whoami-v2").status == 401
    anonymous = replace(Caller(hub.endpoint), headers={"Cookie": "; ".join(map("=".join, member.cookies.items()))})
    for method, path, body in (
        ("POST", "/api/repos/create", {"name": "made-by-cookie"}),
        ("DELETE", "/api/repos/delete", {"name": "by-cookie", "organization": "acme"}),
        ("PUT", "/api/models/acme/by-cookie/settings", {"private": False}),
        ("POST", "/api/models/acme/by-cookie/discussions", {"title": "By cookie"}),
        ("POST", "/api/models/acme/by-cookie/commit/main", {"key": "header", "value": {"summary": "x"}}),
    ):
        assert anonymous(method, path, json.dumps(body).encode()).status in (401, 404), path
    assert api.model_info("acme/by-cookie").sha == oid


FILES = {
    "page.html": b"<script>alert(1)</script>",
    "page.svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "page.xml": b"<x:script xmlns:x='http://www.w3.org/1999/xhtml'>alert(1)</x:script>",
    "page": b"<!doctype html><script>alert(1)</script>",
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("route", ["resolve", "raw", "media"])
def test_a_file_of_anybody_never_runs_in_the_origin_of_the_pages(
    browser: Browser, api: HfApi, repo: str, route: str, name: str
) -> None:
    api.create_commit(repo, [CommitOperationAdd(name, FILES[name])], commit_message="files")
    answer = browser.get(f"/{repo}/{route}/main/{name}")
    assert (answer.status, answer.body) == (200, FILES[name])
    assert answer.headers["x-content-type-options"] == "nosniff"
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert policy.endswith("sandbox")
    allowed = {"application/octet-stream", "text/plain; charset=utf-8"} | (
        {"image/svg+xml"} if (route, name) == ("media", "page.svg") else set()
    )
    assert answer.headers["content-type"] in allowed
