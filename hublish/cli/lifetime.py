"""What a process that is over in a moment does without: 60 of the 300 ms that a check took."""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager

_OBJECTS = 200_000
"""New objects between two collections. A check makes 60,000 and keeps them; mypy starts with the same number."""


@contextmanager
def brief() -> Iterator[None]:
    """Spare a process what pays off in long ones only. For the process of a command, not for a library's callers."""
    # By default every 700 new objects make Python look for garbage: 75 times in a check, which has none.
    gc.set_threshold(_OBJECTS)
    # pydantic searches the metadata of every installed distribution for plugins that watch what is validated.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    try:
        yield
    finally:
        # Ending, Python would look at every object twice more before all memory is given back at once.
        gc.freeze()
