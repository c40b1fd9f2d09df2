"""What is started before it is known to be needed, so that it is ready when it is."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hublish.pipeline.render_card.rendering import ON_DEMAND, Child, Renderer

_SEEN = 1 << 18
"""Bytes that are looked at: all that a manifest may have."""
_OWN_TEMPLATE = re.compile(
    rb"""^[ \t]+template[ \t]*:[ \t]*(?!["']?(?:model|dataset|space)["']?[ \t\r]*(?:\#|$))\S""", re.MULTILINE
)


@contextmanager
def renderer_for(manifest: str) -> Iterator[Renderer]:
    """Lend a renderer for the manifest's card.

    A template of one's own is rendered in a child. It imports the template engine while this process imports what
    reads and checks the manifest: on two cores the card then costs `hublish check` next to nothing. Where no line names
    such a template none is started, and one that is named all the same has a child started for it.

    Args:
        manifest: a path; `-` is left alone, and so is whatever can be read only once.
    """
    if not _names_template(Path(manifest)):
        yield ON_DEMAND
        return
    with Child() as child:
        yield child


def _names_template(path: Path) -> bool:
    try:
        if not path.is_file():
            return False
        with path.open("rb") as stream:
            return _OWN_TEMPLATE.search(stream.read(_SEEN)) is not None
    except OSError:
        return False
