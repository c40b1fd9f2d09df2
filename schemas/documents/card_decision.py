"""What becomes of the card on the Hub when a release has one of its own."""

from typing import Final, Literal, get_args

CardDecision = Literal["merge", "ours", "theirs"]
MERGE: Final[CardDecision] = "merge"
"""Both, and a conflict stops the release; `ours` replaces the card on the Hub, and `theirs` keeps it."""
CARD_DECISIONS: Final[tuple[CardDecision, ...]] = get_args(CardDecision)
