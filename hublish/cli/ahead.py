"""What is started before it is known to be needed, so that it is ready when it is."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hublish.pipeline.cards.rendering import ON_DEMAND, Child, Renderer

_SEEN = 1 << 18
"""Bytes that are looked at: all that a manifest may have."""
_CARD = re.compile(rb"^card[ \t]*:", re.MULTILINE)


@contextmanager
def renderer_for(manifest: str) -> Iterator[Renderer]:
    """Lend a renderer for the manifest's card.

    The child imports the template engine while this process imports what reads and checks the manifest: on two cores
    the card then costs `hublish check` next to nothing. Where no line begins with `card:`, none is started, and a card
    that is there all the same has one started for it.

    Args:
        manifest: a path; `-` is left alone, and so is whatever can be read only once.
    """
    if not _mentions_card(Path(manifest)):
        yield ON_DEMAND
        return
    with Child() as child:
        yield child


def _mentions_card(path: Path) -> bool:
    try:
        if not path.is_file():
            return False
        with path.open("rb") as stream:
            return _CARD.search(stream.read(_SEEN)) is not None
    except OSError:
        return False
