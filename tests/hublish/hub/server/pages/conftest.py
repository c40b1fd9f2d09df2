"""A browser without a window: it keeps its cookies and sends the headers that browsers send."""

import http.client
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode, urlsplit

import pytest

from hublish.hub.server import EmbeddedHub
from tests.hublish.hub.server.conftest import Answer

CELLS = frozenset(["dd", "dt", "td", "th"])
VOID = frozenset(["area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"])


class Page(HTMLParser):
    """The elements of a page with their attributes and their depth, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._in_style = False
        self.open: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._in_style = tag == "style"
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        # Every element ends where it was opened: nothing in a page closes an element around it.
        assert self.open.pop() == tag
        self._in_style = False
        self.text += " " if tag in CELLS else ""

    def handle_data(self, data: str) -> None:
        self.text += "" if self._in_style else data

    def values(self, tag: str, name: str) -> list[str]:
        """Return an attribute of all elements with a tag that have it."""
        return [str(attributes[name]) for each, attributes in self.elements if each == tag and name in attributes]

    @property
    def links(self) -> list[str]:
        return self.values("a", "href")

    @property
    def words(self) -> str:
        return re.sub(r"\s+", " ", self.text)


@dataclass
class Browser:
    """Opens pages of one hub, without following redirects."""

    endpoint: str
    cookies: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, path: str, form: dict[str, str] | None = None, **headers: str | None) -> Answer:
        sent: dict[str, str | None] = {"Accept": "text/html,*/*;q=0.8", "Sec-Fetch-Site": "same-origin"}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if form is not None:
            sent |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": "null"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection(urlsplit(self.endpoint).netloc, timeout=300)
        try:
            kept = {name: value for name, value in sent.items() if value is not None}
            connection.request(method, path, None if form is None else urlencode(form), kept)
            response = connection.getresponse()
            answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()
        if found := re.match(r"([^=]+)=([^;]*);", answer.headers.get("set-cookie", "")):
            self.cookies[found[1]] = found[2]
        return answer

    def get(self, path: str, **headers: str | None) -> Answer:
        return self.send("GET", path, None, **headers)

    def page(self, path: str, status: int = 200) -> Page:
        answer = self.get(path)
        assert answer.status == status, answer.body[-600:]
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        return Page(answer.body.decode())

    def log_in(self, token: str, **more: str) -> Answer:
        return self.send("POST", "/login", {"token": token, **more})


@pytest.fixture
def browser(hub: EmbeddedHub) -> Browser:
    """Open pages without a login."""
    return Browser(hub.endpoint)


@pytest.fixture
def member(hub: EmbeddedHub) -> Browser:
    """Open pages with the login of the hub's owner."""
    browser = Browser(hub.endpoint)
    assert browser.log_in(hub.token).status == 303
    return browser
