"""Hand-made values, and their views for people."""

import pytest

from hublish.cli.report import View
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import escaped
from tests.hublish.cli.views.values import Make, Show


@pytest.fixture
def show() -> Show:
    """Return a view as a person sees it."""

    def shown(view: View, *, color: bool = False) -> str:
        return "".join(f"{escaped(line, color=color)}\n" for line in view.human(Paint(color)))

    return shown


@pytest.fixture
def make() -> Make:
    return Make()
