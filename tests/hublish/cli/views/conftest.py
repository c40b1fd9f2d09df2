"""Hand-made values, and what a person sees of them."""

import pytest

from hublish.cli.report.interface import View
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import harmless
from tests.hublish.cli.views.values import Make, Show


@pytest.fixture
def show() -> Show:
    """Return what a person sees of a view."""

    def shown(view: View, *, colour: bool = False) -> str:
        return "".join(f"{harmless(line, colour=colour)}\n" for line in view.human(Paint(colour)))

    return shown


@pytest.fixture
def make() -> Make:
    return Make()
