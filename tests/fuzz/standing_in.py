"""Stand-ins for what takes a process each: cards are rendered in this one, and git and the date answer from a table."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar
from unittest.mock import patch

from hublish import projects
from hublish.pipeline.cards import child, rendering
from hublish.schemas.variables import NoValueError
from tests.fuzz import hostile

EVERY = 100
"""One card in so many is rendered in a child process, which takes 0.2 s."""


class Renderer:
    """Stands in for the way to the child process; what it is asked and what it answers is the same JSON."""

    def __init__(self, every: int = EVERY) -> None:
        self.here = 0
        self.in_children = 0
        self._every = every
        self._ask = rendering._ask
        self._environment = child._environment()

    def __call__(self, request: str, seconds: int) -> dict[str, Any]:
        """Return what the child process would answer."""
        if (self.here + 1) % self._every == 0 and not self.in_children * self._every > self.here:
            self.in_children += 1
            return self._ask(request, seconds)
        self.here += 1
        answer: dict[str, Any] = json.loads(json.dumps(child._answer(self._environment, json.loads(request))))
        return answer

    @contextmanager
    def instead(self) -> Iterator[None]:
        """Render this way meanwhile, and ask nothing of this machine."""
        with patch.object(rendering, "_ask", self), patch.object(projects, "Here", Elsewhere):
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
