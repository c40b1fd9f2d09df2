"""Hostile values in metadata and variables change nothing in a card but their own place."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from markdown_it import MarkdownIt

from hublish.base.content import InMemory
from hublish.formats.front_matter import body_start, read_front_matter
from hublish.hub.server.card_checks import read_metadata
from hublish.pipeline.render_card.escaping import as_markdown, as_text
from hublish.pipeline.render_card.render_card import RenderCard
from tests.pipeline.render_card.hostile_values import EVERY, MARKUP, MEGABYTE, TEMPLATES
from tests.pipeline.staging import project_in, staged

READER = MarkdownIt("gfm-like", {"linkify": False, "html": True})
PLAIN = "plainvalue"
Token = tuple[str, str, str]


def rendered(folder: Path, metadata: Mapping[str, Any], *, template: str = "model", **variables: Any) -> str:
    card = {"template": template, "metadata": metadata, "variables": variables}
    content = RenderCard().run(staged(project_in(folder, card=card), {})).files[-1].content
    assert isinstance(content, InMemory)
    return content.data.decode()


def tokens(card: str) -> list[Token]:
    """Return the blocks of a card and the texts in them, as a reader sees them."""
    return [(token.type, token.tag, token.content) for token in READER.parse(card[body_start(card) :])]


def lost(expected: list[Token], found: list[Token]) -> Token | None:
    """Return the first block that is missing from a card, or is there in another order."""
    rest: Iterator[Token] = iter(found)
    return next((token for token in expected if token not in rest), None)


def test_there_are_many_values() -> None:
    assert len(EVERY) >= 80


OWN = "# {{ repo.name }}\n\nThe body.\n"


def test_values_and_keys_of_the_metadata_are_read_back_and_leave_the_body_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "card.md").write_text(OWN)
    metadata = {
        "license": "mit",
        "tags": [value for value in EVERY.values() if value.strip()],
        "own": {f"k_{name}": value for name, value in EVERY.items()},
        "keys": {f"{value}k": name for name, value in EVERY.items() if len(value) < 100},
        "nested": [{"list": [[value]]} for value in EVERY.values()],
    }
    card = rendered(tmp_path, metadata, template="card.md")
    assert card.endswith("---\n\n# digits-mlp\n\nThe body.\n")
    assert tokens(card) == tokens(rendered(tmp_path, {"license": "mit"}, template="card.md"))
    front = card[: body_start(card)]
    # Three readers: PyYAML's, the one of hublish, and that of a Hub.
    assert yaml.safe_load(front.strip().strip("-")) == metadata
    reading = read_front_matter(card.encode(), "README.md")
    assert reading is not None
    assert reading.data == metadata
    assert read_metadata(card) == metadata


PLACES = """# Values

| name | value |
|---|---|
{% for name, value in own.items() %}
| {{ name }} | {{ value }} |
{% endfor %}

{% for name, value in own.items() %}
## Section {{ loop.index }}

{{ value }}

- an item: {{ value }}

A sentence with {{ value }} in it.

{% endfor %}
# End
"""


def test_values_that_a_template_prints_stay_in_their_places(tmp_path: Path) -> None:
    (tmp_path / "card.md").write_text(PLACES)
    shown = {name: value for name, value in EVERY.items() if value.strip()}
    plain = tokens(rendered(tmp_path, {"license": "mit"}, template="card.md", own=dict.fromkeys(shown, PLAIN)))
    hostile = tokens(rendered(tmp_path, {"license": "mit"}, template="card.md", own=shown))
    assert [kind for kind, _, _ in hostile] == [kind for kind, _, _ in plain]
    changed = [(one, other) for one, other in zip(plain, hostile, strict=True) if one != other]
    assert all(PLAIN in one[2] for one, _ in changed)


VARIABLES = {
    "model": ("summary", "developers", "intended_use", "usage", "training", "limitations", "paper", "title"),
    "dataset": ("summary", "description", "collection", "structure", "intended_use", "limitations", "contact", "title"),
    "space": ("summary", "description", "usage", "limitations", "contact", "title"),
}


@pytest.mark.parametrize("template", VARIABLES)
def test_variables_of_a_built_in_template_leave_its_other_sections_as_they_are(tmp_path: Path, template: str) -> None:
    names = VARIABLES[template]
    baseline = tokens(rendered(tmp_path, {"license": "mit"}, template=template, **dict.fromkeys(names, PLAIN)))
    expected = [token for token in baseline if token[0] in ("heading_open", "inline") and PLAIN not in token[2]]
    assert len(expected) > 4
    every = [*(TEMPLATES | MARKUP).values()]
    for start in range(0, len(every), len(names)):
        values = dict(zip(names, every[start:], strict=False))
        card = rendered(tmp_path, {"license": "mit"}, template=template, **dict.fromkeys(names, PLAIN) | values)
        assert lost(expected, tokens(card)) is None, values
        assert read_metadata(card) == {"license": "mit"}


@pytest.mark.parametrize("escape", [as_text, as_markdown])
def test_a_value_ends_before_the_next_section(escape: Callable[[str], str]) -> None:
    section = "## Next\n\nThe [License] of `a` and **b**.\n\n- c\n"
    expected = tokens(section)
    for name, value in EVERY.items():
        # Text is one line, and may be inside of one; Markdown has a place of its own.
        for place in ("{}\n\n", "- item: {}\n\n", "A {} in a sentence.\n\n")[: 3 if escape is as_text else 1]:
            found = tokens(f"# Title\n\n{place.format(escape(value).strip())}{section}")
            assert found[-len(expected) :] == expected, (name, place)
            assert found[:3] == tokens("# Title"), (name, place)


def test_a_megabyte_stays_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "card.md").write_text(OWN)
    card = rendered(tmp_path, {"license": "mit", "own": MEGABYTE}, template="card.md")
    assert yaml.safe_load(card[: body_start(card)].strip().strip("-"))["own"] == MEGABYTE
    assert tokens(card) == tokens(rendered(tmp_path, {"license": "mit"}, template="card.md"))
