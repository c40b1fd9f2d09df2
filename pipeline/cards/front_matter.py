"""Front matter: the YAML between two `---` lines at the top of a README.

It is always dumped from data and never templated, so no value can end it. The line after the closing `---` is
written because readers differ on whether they need it.
"""

import re
from collections.abc import Mapping
from typing import Any

from hublish.schemas.reading import Reading, read_yaml
from hublish.schemas.writing import dump_yaml

# As huggingface_hub and the Hub find it: at the very start, up to the next line of three dashes.
_BLOCK = re.compile(rb"\A(\s*---[\r\n]+)(.*?)[\r\n]+---(?:\r?\n|\Z)", re.DOTALL)


def with_front_matter(metadata: Mapping[str, Any], body: str) -> str:
    """Return a whole card."""
    return f"---\n{dump_yaml(metadata)}---\n\n{body.strip()}\n"


def read_front_matter(card: bytes, source: str) -> Reading | None:
    """Return the metadata of a card, with places counted from the top of the file; None when it has none.

    Raises:
        InvalidDocumentError: when it is no YAML mapping.
    """
    found = _BLOCK.match(card)
    if found is None:
        return None
    # Blank lines stand in for what is before, so that a line number is the file's.
    return read_yaml(b"\n" * found[1].count(b"\n") + found[2], source)
