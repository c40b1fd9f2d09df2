"""Cards of well-known kinds go through read, merge and write byte for byte."""

import pytest

from hublish.cards.merging.blocks import Blocks
from hublish.cards.merging.card_parts import CardParts, Outline
from hublish.cards.merging.merge import Merged, kept_card, merge_cards
from tests.hublish.cards.merging.published_cards import CARDS

FIRST = "---\nlicense: mit\n---\n\n# Ours\n\nOurs, first.\n"
SECOND = "---\nlicense: mit\nour_key: our value\n---\n\n# Ours\n\nOurs, second.\n"
cards = pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)


def test_there_are_thirty() -> None:
    assert len(set(CARDS.values())) >= 30


@cards
def test_a_card_is_the_sum_of_its_parts(card: str) -> None:
    parts = CardParts.of(card)
    assert parts.text == card
    assert Blocks.of(parts.body).text == parts.body
    assert Blocks.of(card).text == card
    outline = Outline.of(card)
    assert Outline.read(outline.record()) == outline


@cards
def test_a_card_of_people_stays_byte_for_byte(card: str) -> None:
    assert merge_cards(FIRST, card, Outline.of(FIRST)) == Merged(card)
    assert kept_card(FIRST, card) == Merged(card)
    assert merge_cards(card, card, Outline.of(FIRST)) == Merged(card)
    # Published as it was rendered: the next card replaces it, but for an editor's byte order mark.
    assert merge_cards(SECOND, card, Outline.of(card)).text.replace("\r\n", "\n").removeprefix("\ufeff") == SECOND


@cards
def test_a_new_key_is_one_more_line(card: str) -> None:
    base = kept_card(FIRST, card).outline
    result = merge_cards(SECOND, card, base)
    assert not result.conflicts
    assert "our value" in result.text
    if card.startswith("---\n{"):
        assert result.text == card.replace("{license: mit, ", '{license: mit, our_key: "our value", ')
        return
    end = "\r\n" if "\r\n" in (CardParts.of(card).front or "") else "\n"
    assert result.text.replace(f"our_key: our value{end}", "", 1) == card


@pytest.mark.parametrize("card", [card for card in CARDS.values() if "---\nlicense: mit\n" in card[:20]])
def test_other_edits_leave_every_other_line_as_it_is(card: str) -> None:
    """Ours is the card itself, as rendered; people add a comment and a note, and we change the license."""
    theirs = card.replace("license: mit\n", "license: mit # checked\n").replace("---\n", "---\n# A note of ours\n", 1)
    ours = card.replace("license: mit\n", "license: apache-2.0\n")
    assert merge_cards(ours, theirs, Outline.of(card)) == Merged(
        theirs.replace("license: mit # checked", "license: apache-2.0 # checked")
    )
