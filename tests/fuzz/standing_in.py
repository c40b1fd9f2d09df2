"""Stand-ins for what takes a process each: cards are rendered in this one, and git and the date answer from a table."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar
from unittest.mock import patch

from hublish.api import read_project as projects
from hublish.pipeline.render_card import renderer, template_sandbox
from hublish.pipeline.render_card.card_template import CardTemplate
from hublish.schemas.variables.lookup import NoValueError
from tests.fuzz import hostile

EVERY = 100
"""One card in so many is rendered in a child process, which takes 0.2 s."""


class Renderer:
    """Renders cards in this process, and every so often in one of their own."""

    def __init__(self, every: int = EVERY) -> None:
        self.here = 0
        self.in_children = 0
        self._every = every
        self._own = _Here()

    def render(self, template: CardTemplate, context: Mapping[str, Any]) -> str:
        """Return the text a template makes of plain data."""
        if (self.here + self.in_children + 1) % self._every == 0:
            self.in_children += 1
            return renderer.render(template, context)
        self.here += 1
        return self._own.render(template, context)


class _Here(renderer.Child):
    """What is asked and what is answered is the same JSON, and no process is started for it."""

    def __init__(self) -> None:
        self._environment = template_sandbox.new_environment()

    def _send(self, request: bytes, seconds: int) -> dict[str, Any]:
        response = template_sandbox.respond(self._environment, json.loads(request))
        return dict(json.loads(json.dumps(response)))


@contextmanager
def elsewhere() -> Iterator[None]:
    """Ask nothing of this machine meanwhile."""
    with patch.object(projects, "MachineValues", Elsewhere):
        yield


class Elsewhere:
    """Surroundings that are the same everywhere, and as odd as any."""

    _VALUES: ClassVar = {
        "git.branch": "feature/{{ version }}",
        "git.commit": "0123456789" * 4,
        "git.short_commit": "0123456",
        "git.tag": "v1.2.0",
        "git.dirty": "true",
        "env.CHANNEL": "stable: [a, b] # c",
        "env.LABEL": hostile.TOKEN,
        "env.ODD": "a\x1b[31m\u202eb",
    }

    def __init__(self, *given: Any) -> None:
        pass

    def value(self, name: str) -> str:
        """Return the value of a name.

        Raises:
            NoValueError: when it has none.
        """
        if name not in self._VALUES:
            msg = "it is not set"
            raise NoValueError(msg, "set it")
        return self._VALUES[name]
