"""Stand-ins for child processes: cards are rendered in this process, and git and the date come from a table."""

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

# One card in so many is rendered in a child process, which takes 0.2 s.
EVERY = 100


class Renderer:
    """Renders cards in this process, and some in a child process."""

    def __init__(self, every: int = EVERY) -> None:
        self.here = 0
        self.in_children = 0
        self._every = every
        self._own = _Here()

    def render(self, template: CardTemplate, context: Mapping[str, Any]) -> str:
        """Return the text of a template rendered with plain data."""
        if (self.here + self.in_children + 1) % self._every == 0:
            self.in_children += 1
            return renderer.render(template, context)
        self.here += 1
        return self._own.render(template, context)


class _Here(renderer.Child):
    """Exchanges the same JSON as a child, without starting a process."""

    def __init__(self) -> None:
        self._environment = template_sandbox.new_environment()

    def _send(self, request: bytes, seconds: int) -> dict[str, Any]:
        response = template_sandbox.respond(self._environment, json.loads(request))
        return dict(json.loads(json.dumps(response)))


@contextmanager
def fixed_environment() -> Iterator[None]:
    """Replace git, the date and environment variables within a `with` block."""
    with patch.object(projects, "MachineValues", FixedEnvironment):
        yield


class FixedEnvironment:
    """The same values on every machine, some of them hostile."""

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
