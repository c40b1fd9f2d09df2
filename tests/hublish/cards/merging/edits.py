"""Generated cards, and the edits that hublish and people make to them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from hublish.schemas.documents.manifest_yaml import dump_yaml

_WORDS = st.text("abcdefg", min_size=1, max_size=6)
_HEADINGS = ("# Model", "## Usage", "## Training", "## Evaluation", "## Limitations", "### Details")
_TABLE = "| metric | value |\n|---|---|\n| accuracy | {0} |\n| f1 | {0} |"
_SHAPES = (
    "A paragraph {0}.",
    "Two lines\nof text {0}",
    "- first {0}\n- second {0}",
    "```python\nprint('{0}')\n\nprint(2)\n```",
    "<details>\n<summary>{0}</summary>\n</details>",
    _TABLE,
    "> quoted {0}",
    "1. one {0}\n2. two",
    "<!-- comment\n\n{0} -->",
)


@dataclass(frozen=True)
class Draft:
    """A card before it is written."""

    metadata: dict[str, Any]
    blocks: tuple[str, ...]
    comments: tuple[str, ...] = ()
    """Lines of the front matter, below its keys."""

    @property
    def text(self) -> str:
        front = dump_yaml(self.metadata) + "".join(f"{line}\n" for line in self.comments)
        return f"---\n{front}---\n\n" + "\n\n".join(self.blocks) + "\n"


def _block(number: int, shape: int, word: str) -> str:
    if shape < len(_SHAPES):
        return _SHAPES[shape].format(f"{word}{number}")
    return f"{_HEADINGS[shape - len(_SHAPES)]} {number}"


_SHAPE = st.integers(0, len(_SHAPES) + len(_HEADINGS) - 1)


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    shapes = draw(st.lists(st.tuples(_SHAPE, _WORDS), min_size=1, max_size=8))
    metadata = {"license": draw(_WORDS), "tags": draw(st.lists(_WORDS, unique=True, max_size=4))}
    extra = draw(st.dictionaries(_WORDS.map("key_".__add__), _WORDS | st.integers(), max_size=3))
    blocks = tuple(_block(number, shape, word) for number, (shape, word) in enumerate(shapes))
    return Draft({**metadata, **extra}, blocks)


@st.composite
def edited(draw: st.DrawFn, draft: Draft, mark: str) -> tuple[Draft, tuple[str, ...]]:
    """Return a draft with some edits, and the lines that they wrote, each of which contains `mark`."""
    written: list[str] = []

    def line(prefix: str = "") -> str:
        written.append(f"{prefix}{mark}{len(written)}")
        return written[-1]

    blocks: list[str] = []
    for block in draft.blocks:
        action = draw(st.sampled_from(("keep", "keep", "keep", "change", "insert", "delete")))
        if action == "insert":
            blocks.append(line(draw(st.sampled_from(("Text ", "## ", "- ", "> ")))))
        if action == "change":
            first, _, rest = block.partition("\n")
            blocks.append(
                block if "```" in block or "<" in block or "|" in block else f"{line(first + ' ')}\n{rest}".rstrip("\n")
            )
        elif action != "delete":
            blocks.append(block)
    metadata = dict(draft.metadata)
    for key in draw(st.lists(st.sampled_from(sorted(metadata)), unique=True, max_size=2)):
        if key == "tags":
            metadata[key] = [*metadata[key], line()]
        else:
            metadata[key] = line()
    if draw(st.booleans()):
        metadata[f"new_{mark}"] = {"inner": [{"name": line()}]}
    comments = (line("# "),) if draw(st.booleans()) else ()
    return Draft(metadata, tuple(blocks) or ("x",), comments), tuple(written)


def without_comments(draft: Draft) -> Draft:
    return replace(draft, comments=())


def lost(written: Sequence[str], text: str) -> list[str]:
    """Return the lines that a text does not contain."""
    return [line for line in written if line not in text]
