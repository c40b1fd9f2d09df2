"""Markdown of a stranger as HTML that is safe in any page: no script, no style, no frame, no form.

The dialect is GitHub's, as on the Hub. HTML in the text is kept as far as a card needs it, because authors center
pictures and fold long lists with it; `nh3` removes everything else by an allowlist.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_core import StateCore

PICTURES: Final = {
    ".avif": "image/avif",
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
}
"""The media types of pictures that a browser shows, by suffix. A browser runs no script of a picture in a page."""
EMBEDDED: Final = re.compile(r"data:image/(?:png|jpeg|gif|webp|avif|svg\+xml);base64,[A-Za-z0-9+/=]+")
"""A target that contains a picture."""
ABSOLUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
"""How a target begins that names its host."""
# From the target of a link or a picture, as written, to the address in the page; None removes it.
Address = Callable[[str], str | None]

_TAGS: Final = frozenset(
    "a abbr b blockquote br center code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p "  # noqa: SIM905 - a list of fifty strings is longer than a page
    "picture pre q s samp small source span strong sub summary sup table tbody td tfoot th thead tr u ul var".split()
)
_ATTRIBUTES: Final = {
    "a": {"href", "title"},
    "details": {"open"},
    "img": {"src", "srcset", "alt", "title", "width", "height"},
    "source": {"srcset", "media", "type"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan", "scope"},
    "ol": {"start"},
    **{tag: {"align"} for tag in ("div", "p", "table", "tr")},
    # Their ids are set here, after the author's own have lost theirs.
    **{f"h{level}": {"id", "align"} for level in range(1, 7)},
}
_SCHEMES: Final = {"http", "https", "mailto", "data"}
_SCHEME: Final = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]*):")
# markdown-it writes the alignment of a column as a style, and styles are not allowed.
_ALIGNED: Final = re.compile(r"text-align:(left|center|right)")
_NOT_IN_SLUG: Final = re.compile(r"[^\w\- ]")
_HEADING: Final = re.compile(r"<(/?)h([1-6])(?=[ >])")
_LOWEST: Final = 6
PREFIX: Final = "card-"
"""Keeps the ids of headings apart from those of the page around them."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the links and the pictures of a text lead in the page that shows it."""

    link: Address
    picture: Address


def markdown_html(text: str, addresses: Addresses, *, prefix: str = PREFIX, level: int = 1) -> str:
    """Return the HTML of Markdown without front matter.

    Args:
        text: the Markdown, of any author.
        addresses: from written targets to addresses in the page. Without one, a link leads nowhere, and a picture shows
            its alternative text.
        prefix: begins the ids of headings, and links to them.
        level: the level of the first headings. Below a page's own headings, the others follow without gaps.
    """
    import nh3

    def attribute(tag: str, name: str, value: str) -> str | None:
        if tag in ("img", "source") and name == "srcset":
            return _srcset(value, addresses.picture)
        if tag == "img" and name == "src":
            return addresses.picture(value)
        if name == "href":
            return f"#{prefix}{value[1:]}" if value.startswith("#") else _link(value, addresses.link)
        return value

    html = nh3.clean(
        _parser(prefix).render(text.encode("utf-8", "replace").decode()),
        tags=set(_TAGS),
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        attribute_filter=attribute,
        # Both scroll when they are wide: for readers without a mouse, they need the focus.
        set_tag_attribute_values={tag: {"tabindex": "0"} for tag in ("pre", "table")},
        url_schemes=set(_SCHEMES),
        link_rel="noopener noreferrer nofollow",
    )
    return html if level == 1 else _with_levels(html, level)


def heading_id(text: str, prefix: str = PREFIX) -> str:
    """Return the id of a heading, by GitHub's rule: lower case, hyphens for spaces, no punctuation."""
    return prefix + _NOT_IN_SLUG.sub("", text.strip().lower()).replace(" ", "-")


def _with_levels(html: str, first: int) -> str:
    """Return sanitized HTML whose headings begin at a level."""
    opened, latest = list[int](), first - 1

    def moved(tag: re.Match[str]) -> str:
        nonlocal latest
        if tag[1]:
            # An end tag of any level ends the heading that is open.
            return f"</h{opened.pop() if opened else latest}"
        latest = min(int(tag[2]) + first - 1, latest + 1, _LOWEST)
        opened.append(latest)
        return f"<h{latest}"

    return _HEADING.sub(moved, html)


def _link(target: str, address: Address) -> str | None:
    scheme = _SCHEME.match(target)
    if scheme and scheme[1].lower() not in ("http", "https", "mailto"):
        return None
    return address(target)


def _srcset(value: str, address: Address) -> str | None:
    """Return the candidates of a srcset that have an address; widths and densities are kept."""
    candidates = (candidate.split() for candidate in value.split(","))
    found = ((address(target), sizes) for target, *sizes in filter(None, candidates))
    return ", ".join(" ".join([target, *sizes]) for target, sizes in found if target) or None


def _parser(prefix: str) -> "MarkdownIt":
    # Imported here: `hublish card` prints Markdown far more often than HTML.
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": True, "linkify": False}).enable(["table", "strikethrough"])
    parser.core.ruler.push("headings_and_columns", partial(_finish, prefix))
    return parser


def _finish(prefix: str, state: "StateCore") -> None:
    """Give headings ids that links in the text can name, and columns their alignment."""
    seen: dict[str, int] = {}
    for token, following in zip_longest(state.tokens, state.tokens[1:]):
        if token.type == "heading_open" and following is not None:
            name = heading_id("".join(child.content for child in following.children or ()), prefix)
            count = seen.get(name, 0)
            seen[name] = count + 1
            token.attrSet("id", f"{name}-{count}" if count else name)
        if aligned := _ALIGNED.search(str(token.attrs.pop("style", ""))):
            token.attrSet("align", aligned[1])
