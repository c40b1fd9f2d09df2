"""The view of `card --missing`: the recommended sections without content."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from hublish.cards.sections import MissingSection
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import plural


@dataclass(frozen=True)
class MissingView:
    """Each empty section with the line of the manifest that fills it."""

    sections: tuple[MissingSection, ...]

    def human(self, paint: Paint) -> Iterable[str]:
        """Return the number of sections, then each with its meaning and the ways to fill it."""
        if not self.sections:
            yield "The card has every recommended section."
            return
        yield paint("bold", f"{plural(len(self.sections), 'recommended section')} without content:")
        for section in self.sections:
            yield from ["", f"{paint('bold', section.title)}: {section.meaning}"]
            example = section.example.partition("\n")[0]
            yield f"  {section.path}: {example}"
            yield from (f"  or {way}" for way in section.instead)

    def document(self) -> Any:
        """Return the sections, with the keys that fill them."""
        return {"missing": [{**asdict(section), "instead": [*section.instead]} for section in self.sections]}

    def quiet(self) -> Iterable[str]:
        """Return the keys of the manifest."""
        return [section.path for section in self.sections]
