"""Front matter: the YAML between two `---` lines at the top of a README.

It is always dumped from data and never templated, so no value can end it. The line after the closing `---` is
written because readers differ on whether they need it.
"""

import re
from collections.abc import Mapping
from typing import Any

from hublish.schemas.documents.manifest_yaml import dump_yaml
from hublish.schemas.yaml.reader import Reading, read_yaml

# As huggingface_hub and the Hub find it: at the very start, up to the next line of three dashes. In two steps, since
# one expression for both would look at a README of blank lines for minutes.
_OPENING = re.compile(rb"\A\s*---[\r\n]([\r\n]*)")
_CLOSING = re.compile(rb"[\r\n]---(?:\r?\n|\Z)")


def with_front_matter(metadata: Mapping[str, Any], body: str) -> str:
    """Return a whole card."""
    return f"---\n{dump_yaml(metadata)}---\n\n{body.strip()}\n"


def read_front_matter(card: bytes, source: str) -> Reading | None:
    """Return the metadata of a card, with places counted from the top of the file; None when it has none.

    Raises:
        InvalidDocumentError: when it is no YAML mapping.
    """
    opening = _OPENING.match(card)
    if opening is None:
        return None
    start = opening.end()
    # The last blank line before the metadata may be all that stands before its end.
    closing = _CLOSING.search(card, start) or (_CLOSING.match(card, start - 1) if opening[1] else None)
    if closing is None:
        return None
    # Blank lines stand in for what is before, so that a line number is the file's.
    return read_yaml(b"\n" * opening[0].count(b"\n") + card[start : closing.start()], source)
