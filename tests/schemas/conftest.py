"""Documents as hublish writes them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hublish.schemas.documents.lock import Lock
from hublish.schemas.documents.plan import PlanDocument
from hublish.schemas.documents.receipt import ReceiptDocument
from tests.schemas.specimens import PLAN, RECEIPT, make_lock


@pytest.fixture(scope="session")
def lock() -> Callable[..., Lock]:
    """A lock of two files, with the fields a test changes."""
    return make_lock


@pytest.fixture(scope="session")
def plan() -> PlanDocument:
    return PLAN


@pytest.fixture(scope="session")
def receipt() -> ReceiptDocument:
    return RECEIPT


@pytest.fixture(scope="session")
def example() -> bytes:
    """The commented manifest at the top of the project."""
    return (Path(__file__).parents[2] / "hub.yaml.example").read_bytes()
