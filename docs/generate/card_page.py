"""The reference of cards: the page that `hublish.cards.reference` makes."""

from docs.generate.page import Page
from hublish.cards.reference import reference_page


def card_page() -> Page:
    """Return the page."""
    title, _, rest = reference_page().partition("\n")
    assert title == "# Templates of cards"
    return Page("reference/card.md", f"# Card variables and facts\n{rest}")
