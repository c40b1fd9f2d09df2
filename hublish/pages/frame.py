"""The frame of every page: its template, and a policy that permits its own style sheet and nothing from elsewhere."""

import base64
import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hublish.base.visible_text import visible
from hublish.schemas.documents.sizes import format_size, plural

if TYPE_CHECKING:
    from jinja2 import Environment

LONGEST: Final = 400
"""Characters of a message or a line that a page shows: a longer one hides the rest of the page."""
_STYLE: Final = re.compile(r"<style>(.*?)</style>", re.DOTALL)


def environment() -> "Environment":
    """Return the environment of the templates of pages, which escapes every value."""
    # Imported here: most commands show no page.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    import hublish

    folder = Path(hublish.__path__[0]) / "templates"
    found = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        finalize=_visible,
    )
    found.filters.update(size=format_size, plural=plural, visible=visible, short=short)
    return found


def _visible(value: object) -> object:
    """Return a text with escapes for invisible characters; markup was made by a template, or sanitized."""
    return visible(value, keep="\t\n") if type(value) is str else value


def short(text: str, limit: int = LONGEST, keep: str = "") -> str:
    """Return the beginning of a text of a stranger, with escapes for invisible characters.

    Args:
        text: any text; it may have many megabytes.
        limit: the most characters of it.
        keep: invisible characters that stay, such as a tab.
    """
    shown = visible(text[:limit], keep)
    return f"{shown} … {len(text) - limit:,} more characters" if len(text) > limit else shown


def with_policy(page: str) -> str:
    """Return a page whose content security policy permits its own style sheet, pictures inside it, and nothing else."""
    return page.replace("<head>", f'<head>\n<meta http-equiv="Content-Security-Policy" content="{policy_of(page)}">', 1)


def policy_of(page: str, *, pictures: str = "data:", forms: str = "'none'") -> str:
    """Return the content security policy of a page, for a header or for the page itself.

    Args:
        page: the page with its style sheet.
        pictures: the sources of pictures.
        forms: the places that forms may be sent to.
    """
    # In case that the sanitizer ever misses something: no script runs, and nothing is loaded or sent.
    digests = (hashlib.sha256(style.encode()).digest() for style in _STYLE.findall(page))
    styles = " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
    return f"default-src 'none'; style-src {styles}; img-src {pictures}; base-uri 'none'; form-action {forms}"
