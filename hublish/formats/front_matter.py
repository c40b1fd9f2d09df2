"""Front matter: the YAML between two `---` lines at the top of a README.

It is always dumped from data and never templated, so no value can end it. huggingface_hub (`REGEX_YAML_BLOCK` of its
repocard.py) sets the rules for where it begins and ends; tests compare with it.
"""

import re
from collections.abc import Mapping
from typing import Any

from hublish.schemas.documents.manifest_yaml import dump_yaml
from hublish.schemas.yaml.reader import Reading, read_yaml

# Two expressions instead of huggingface_hub's one, which backtracks for minutes on a README of blank lines.
_OPENING = re.compile(r"\A\s*---[\r\n]([\r\n]*)")
_CLOSING = re.compile(r"[\r\n]---(?:\r?\n|\Z)")


def with_front_matter(metadata: Mapping[str, Any], body: str) -> str:
    """Return a whole card."""
    # Readers differ on whether they need a line after the closing dashes.
    return f"---\n{dump_yaml(metadata)}---\n\n{body.strip()}\n"


def front_matter(card: str) -> str | None:
    """Return the YAML at the top of a card, a blank line in place of each line above it; None without front matter.

    The blank lines make the line numbers of a YAML parser those of the card.
    """
    opening = _OPENING.match(card)
    if opening is None:
        return None
    start = opening.end()
    # In empty front matter, the line break before the closing dashes belongs to the opening ones.
    closing = _CLOSING.search(card, start) or (_CLOSING.match(card, start - 1) if opening[1] else None)
    if closing is None:
        return None
    return "\n" * opening[0].count("\n") + card[start : closing.start()]


def read_front_matter(card: bytes, source: str) -> Reading | None:
    """Return the metadata of a card, or of its first bytes, with the line numbers of the file; None without any.

    Raises:
        InvalidDocumentError: it is not a YAML mapping.
    """
    # Bytes that are not UTF-8, such as a character cut in half, must survive until the parser reports them.
    found = front_matter(card.decode("utf-8", "surrogateescape"))
    return None if found is None else read_yaml(found.encode("utf-8", "surrogateescape"), source)
