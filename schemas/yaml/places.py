"""Where a rule stands in a manifest's text; nothing for one that is not written there, such as a default."""

from dataclasses import dataclass

from hublish.schemas.diagnose.positions import Positions, parse_path
from hublish.schemas.diagnose.problems import InvalidDocumentError, Location
from hublish.schemas.yaml.reader import read_yaml


@dataclass(frozen=True, slots=True)
class Places:
    """The places of one manifest."""

    positions: Positions | None

    @classmethod
    def of(cls, text: bytes, source: str) -> "Places":
        """Read a manifest's text; one that is no YAML has no places."""
        try:
            return cls(read_yaml(text, source).positions)
        except InvalidDocumentError:
            return cls(None)

    def find(self, path: str) -> Location | None:
        """Return where `patterns.ignore_patterns[0]` stands; None when it is not written there."""
        if self.positions is None or not path:
            return None
        steps = parse_path(path)
        node = self.positions.root
        for step in steps:
            if isinstance(step, str) and step in node.entries:
                node = node.entries[step][1]
            elif isinstance(step, int) and step < len(node.items):
                node = node.items[step]
            else:
                return None
        # The items of a list begin on a line of their own; what is meant is the list.
        whole = node.entries or node.items
        return self.positions.key(steps) if whole else self.positions.value(steps)
