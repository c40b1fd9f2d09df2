"""Receipt -> Receipt: readers are let in, now that the release is verified."""

from dataclasses import dataclass
from typing import ClassVar

from hublish.base.values import Receipt
from hublish.base.values.publication import opening_settings
from hublish.hub.client.hub import Hub


@dataclass(frozen=True)
class Reveal:
    """Apply the settings that open the repo; those that close it were applied before the upload."""

    hub: Hub
    title: ClassVar[str] = "opening the repo to its readers"

    def run(self, receipt: Receipt) -> Receipt:
        """Return the receipt as it is."""
        opening = opening_settings(receipt.plan)
        if opening:
            self.hub.update_settings(receipt.plan.target, opening)
        return receipt
