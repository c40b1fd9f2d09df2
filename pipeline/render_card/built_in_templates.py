"""The built-in templates: their texts, and which of them a template extends or includes.

A module that imports little: the process that renders a card compiles them while it waits for the request.
"""

import re
from pathlib import Path
from typing import Final

# The files templates/<name>.md.j2.
BUILT_IN: Final = ("model", "dataset", "space", "kernel", "eu-ai-act")
SHARED: Final = "parts"
"""The template with the macros of the others."""

_SHARES: Final = re.compile(r"\{%[-+]?\s*(?:extends|include|import|from)\b[ \t]*(?:[\"']([^\"'\n]*)[\"'])?")
_SUFFIX: Final = ".md.j2"


def built_in_text(name: str) -> str:
    """Return the text of a built-in template."""
    # Imported by its name, because importlib.resources takes a while to load.
    import hublish

    return (Path(hublish.__path__[0]) / "templates" / f"{name}{_SUFFIX}").read_text("utf-8")


def shared_by(text: str) -> dict[str, str]:
    """Return the built-in templates that a template extends or includes, and those that they include."""
    shared: dict[str, str] = {}
    wanted = _shared_names(text)
    while wanted:
        name = wanted.pop()
        if name not in shared:
            shared[name] = built_in_text(name.removesuffix(_SUFFIX))
            wanted |= _shared_names(shared[name])
    return shared


def _shared_names(text: str) -> set[str]:
    known = {f"{each}{suffix}" for each in (*BUILT_IN, SHARED) for suffix in ("", _SUFFIX)}
    found = [match[1] for match in _SHARES.finditer(text)]
    # An expression instead of a name may mean any of them.
    return known if None in found else known.intersection(found)
