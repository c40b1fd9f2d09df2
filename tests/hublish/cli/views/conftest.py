"""Hand-made values, and their views for people."""

from typing import Any

import pytest

from hublish.cli.report import View
from hublish.cli.report.markup import Ink, render
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import escaped
from tests.hublish.cli.views.values import Make, Show


@pytest.fixture
def show() -> Show:
    """Return a view as a person sees it."""

    def shown(view: View, *, color: bool = False, width: int | None = None) -> str:
        return "".join(f"{escaped(line, color=color)}\n" for line in view.human(Paint(color, width)))

    return shown


@pytest.fixture
def as_markdown() -> Show:
    """Return a view as it is written into a comment."""

    def shown(view: Any) -> str:
        return render(view.markdown(Ink()))

    return shown


@pytest.fixture
def make() -> Make:
    return Make()
