"""The login by token: a random id in a cookie, checked, limited, and of use for pages alone."""

import re
from pathlib import Path

import pytest

from hublish.hub.server import EmbeddedHub, browser_sessions
from hublish.hub.server.browser_sessions import LIFETIME, MAX_FAILURES, Sessions
from tests.hublish.hub.server.pages.conftest import Browser


class Clock:
    """A clock that moves by hand."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_login_sets_a_cookie_that_scripts_and_other_sites_cannot_use(hub: EmbeddedHub, browser: Browser) -> None:
    answer = browser.log_in(hub.token, next="/acme/x?a=1")
    assert (answer.status, answer.headers["location"]) == (303, "/acme/x?a=1")
    port = hub.endpoint.rpartition(":")[2]
    cookie = rf"hublish-{port}=[\w-]{{43}}; Max-Age={LIFETIME}; Path=/; HttpOnly; SameSite=Strict"
    assert re.fullmatch(cookie, answer.headers["set-cookie"])
    assert hub.token not in str(answer)
    assert answer.headers["cache-control"] == "no-store"
    assert "Signed in as me" in browser.page("/").text


def test_every_login_has_an_id_of_its_own_and_ends_the_one_before(hub: EmbeddedHub, browser: Browser) -> None:
    browser.log_in(hub.token)
    first = Browser(hub.endpoint, dict(browser.cookies))
    browser.log_in(hub.token)
    assert first.cookies != browser.cookies
    assert "Signed in" in browser.page("/").text
    assert "Signed in" not in first.page("/").text


def test_a_logout_ends_the_login_on_the_server(hub: EmbeddedHub, member: Browser) -> None:
    stolen = Browser(hub.endpoint, dict(member.cookies))
    answer = member.send("POST", "/logout", {})
    assert (answer.status, answer.headers["location"]) == (303, "/")
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert "Signed in" not in stolen.page("/").text


@pytest.mark.parametrize(
    ("site", "origin", "is_own"),
    [
        ("same-origin", "null", True),  # with `Referrer-Policy: no-referrer`, browsers hide the origin of a form
        (None, "own", True),
        ("cross-site", "https://evil.example", False),
        ("same-site", "http://127.0.0.1:1", False),
        ("none", "null", False),
        ("cross-site", "own", False),
        (None, "null", False),
        (None, None, False),
        (None, "https://evil.example", False),
    ],
)
@pytest.mark.parametrize("path", ["/login", "/logout"])
def test_a_form_of_another_site_is_refused(
    hub: EmbeddedHub, member: Browser, path: str, site: str | None, origin: str | None, is_own: bool
) -> None:
    sent = hub.endpoint if origin == "own" else origin
    answer = member.send("POST", path, {"token": hub.token}, Sec_Fetch_Site=site, Origin=sent)
    assert answer.status == (303 if is_own else 403)
    assert is_own or "set-cookie" not in answer.headers


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_cookie_that_a_page_of_another_origin_causes_to_be_sent_shows_nothing(member: Browser, site: str) -> None:
    assert b"Signed in" not in member.get("/", Sec_Fetch_Site=site).body


@pytest.mark.parametrize(
    "following", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "", "/a\r\nX: y"]
)
def test_a_login_leads_to_this_hub_alone(hub: EmbeddedHub, browser: Browser, following: str) -> None:
    answer = browser.log_in(hub.token, next=following)
    assert (answer.status, answer.headers["location"]) == (303, "/")
    assert browser.page("/login?next=//evil.example").values("input", "value") == []


def test_a_wrong_token_is_refused_without_being_repeated(tmp_path: Path) -> None:
    with EmbeddedHub(tmp_path) as hub:
        for token in ("", "wrong one", "hf_" + "x" * 34, "\N{SNOWMAN}", "a\0b", "me"):
            answer = Browser(hub.endpoint).log_in(token)
            assert answer.status == 403, token
            assert "set-cookie" not in answer.headers
            assert len(token) < 4 or token.encode() not in answer.body


def test_wrong_tokens_are_limited_for_a_minute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with EmbeddedHub(tmp_path) as hub:
        clock = Clock()
        assert hub._hub is not None
        hub._hub.sessions = Sessions(clock)
        browser = Browser(hub.endpoint)
        statuses = [browser.log_in(f"wrong-{number}").status for number in range(MAX_FAILURES + 1)]
        assert statuses == [403] * MAX_FAILURES + [429]
        refused = browser.log_in(hub.token)
        assert (refused.status, refused.headers["retry-after"]) == (429, "61")
        # A form of another site is not counted: it could keep everybody out.
        clock.now += 61
        for _ in range(MAX_FAILURES + 1):
            browser.send("POST", "/login", {"token": "x"}, Sec_Fetch_Site="cross-site")
        assert browser.log_in(hub.token).status == 303


def test_a_login_ends_after_its_time_and_with_its_token(tmp_path: Path) -> None:
    with EmbeddedHub(tmp_path) as hub:
        clock = Clock()
        assert hub._hub is not None
        hub._hub.sessions = Sessions(clock)
        browser = Browser(hub.endpoint)
        job = hub._hub.accounts.issue("oidc-job", "model:me:x", 0.5)
        browser.log_in(hub.token)
        clock.now += LIFETIME - 1
        assert "Signed in" in browser.page("/").text
        clock.now += 2
        assert "Signed in" not in browser.page("/").text
        browser.cookies = {next(iter(browser.cookies)): hub._hub.sessions.open(job + "x")}
        assert "Signed in" not in browser.page("/").text


def test_the_number_of_logins_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser_sessions, "MAX_SESSIONS", 2)
    sessions = Sessions()
    ids = [sessions.open(f"token-{number}") for number in range(3)]
    assert [sessions.token(each) for each in ids] == [None, "token-1", "token-2"]


@pytest.mark.parametrize("body", [b"\xff", b"token=" + b"x" * 40_000, b"&".join([b"a=b"] * 20)])
def test_a_form_that_no_page_sends_is_refused(hub: EmbeddedHub, browser: Browser, body: bytes) -> None:
    import http.client

    connection = http.client.HTTPConnection(hub.endpoint.removeprefix("http://"), timeout=60)
    connection.request("POST", "/login", body, {"Sec-Fetch-Site": "same-origin"})
    assert connection.getresponse().status in (400, 413)
    connection.close()


@pytest.mark.parametrize("cookie", ["{}=", "{}=x; {}=y", "{}", ";;=;", "other=x", "{}=\xe9", "{}=" + "a" * 5000])
def test_a_cookie_of_any_form_is_an_anonymous_visit(hub: EmbeddedHub, browser: Browser, cookie: str) -> None:
    name = f"hublish-{hub.endpoint.rpartition(':')[2]}"
    answer = browser.get("/", Cookie=cookie.replace("{}", name))
    assert answer.status == 200
    assert b"Signed in" not in answer.body
