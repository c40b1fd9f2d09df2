"""The surprises inside of files: in the metadata and the text of the card, in tensors, and in configurations."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from hublish.base.values.surprise import Surprise
from hublish.diffs.differences import Entry, FileDiff
from hublish.formats.front_matter import body_start, read_front_matter
from hublish.schemas.diagnose.problems import InvalidDocumentError
from hublish.schemas.documents.file_names import CARD_FILE
from hublish.schemas.documents.plan import PlanDocument

# Keys of the card's metadata that limit the use of the files, or name their origin.
_TERMS: Final = ("license", "license_name", "license_link", "base_model")
# Names in a configuration whose values a loader imports from the repo.
_IMPORTED: Final = re.compile(r"\b(?:auto_map|custom_pipelines?|trust_remote_code)\b")
_JSON_NAME: Final = re.compile(r"\.jsonl?$", re.IGNORECASE)
_WORD: Final = re.compile(r"\w+")
_HEADING: Final = re.compile(r"#{1,6}\s+(.+?)\s*#*")
# `F32 [784, 128]`
_TENSOR: Final = re.compile(r"(\w+) \[([^\]]*)\]")
# A shorter paragraph is a caption or a list item, whose change is ordinary.
_LONG: Final = 12
# The share of a paragraph's words that one paragraph of the new card must have to be its successor.
_SAME: Final = 0.5
_MOST_PARAGRAPHS: Final = 400
_NAMED: Final = 3
_QUOTED: Final = 60


def content_surprises(plan: PlanDocument, diffs: Sequence[FileDiff]) -> Iterator[Surprise]:
    """Yield the surprises inside of the files of a plan."""
    actions = {file.path_in_repo: file.action for file in plan.files}
    for diff in diffs:
        # A deleted file is a surprise of its own.
        if actions.get(diff.path_in_repo) == "delete":
            continue
        if diff.path_in_repo == CARD_FILE:
            yield from _card(diff)
        if diff.kind == "tensors":
            yield from _tensors(diff)
        yield from _imports(diff)


def _card(diff: FileDiff) -> Iterator[Surprise]:
    if diff.before_text is None or diff.after_text is None:
        return
    before, after = _metadata(diff.before_text), _metadata(diff.after_text)
    # A card without any metadata promised nothing.
    for key in _TERMS if before else ():
        if before.get(key) != after.get(key):
            message = f"{key} in {CARD_FILE} changes from {_shown(before.get(key))} to {_shown(after.get(key))}"
            yield Surprise(f"surprise.{key}", "high", message, CARD_FILE, f"card.metadata.{key}")
    yield from _removed_text(diff.before_text, diff.after_text)


def _metadata(card: str) -> Mapping[str, Any]:
    # Other metadata than a mapping is reported elsewhere, and has none of these keys.
    with suppress(InvalidDocumentError, UnicodeEncodeError):
        if reading := read_front_matter(card.encode("utf-8", "surrogateescape"), CARD_FILE):
            return reading.data
    return {}


def _shown(value: object) -> str:
    if value is None:
        return "none"
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return f"'{text[:_QUOTED]}...'" if len(text) > _QUOTED else f"'{text}'"


def _removed_text(before: str, after: str) -> Iterator[Surprise]:
    """Yield the sections and paragraphs of a card that have no successor in the next one."""
    old, new = (_blocks(card[body_start(card) :]) for card in (before, after))
    headings = {_heading(block) for block in new}
    gone = [title for block in old if (title := _heading(block)) and title not in headings]
    if gone:
        names = ", ".join(f"'{title[:_QUOTED]}'" for title in gone[:_NAMED])
        more = f" and {len(gone) - _NAMED} more" if len(gone) > _NAMED else ""
        message = f"{CARD_FILE} loses the section {names}{more}"
        yield Surprise("surprise.card_text", "high", message, CARD_FILE)
    texts = [words for block in new if (words := _words(block))]
    lost = [block for block in old if not _heading(block) and _is_lost(_words(block), texts)]
    if lost and not gone:
        quoted = " ".join(lost[0].split())[:_QUOTED]
        more = f", and {len(lost) - 1} more" if lost[1:] else ""
        message = f"{CARD_FILE} loses the text '{quoted}...'{more}"
        yield Surprise("surprise.card_text", "high", message, CARD_FILE)


def _blocks(text: str) -> list[str]:
    return [block for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n")) if block.strip()][:_MOST_PARAGRAPHS]


def _heading(block: str) -> str:
    found = _HEADING.fullmatch(block.strip().partition("\n")[0])
    return found[1] if found else ""


def _words(block: str) -> frozenset[str]:
    return frozenset(_WORD.findall(block.lower()))


def _is_lost(words: frozenset[str], texts: Sequence[frozenset[str]]) -> bool:
    return len(words) >= _LONG and not any(len(words & text) >= len(words) * _SAME for text in texts)


def _tensors(diff: FileDiff) -> Iterator[Surprise]:
    """Yield one surprise for each kind of change: a file may have thousands of tensors."""
    pairs = [(entry, _tensor(entry.before), _tensor(entry.after)) for entry in diff.entries]
    both = [(entry, before, after) for entry, before, after in pairs if before and after]
    for code, found, effect in (
        ("surprise.dtype", [entry for entry, before, after in both if before[0] != after[0]], "another type"),
        ("surprise.shape", [entry for entry, before, after in both if before[1] != after[1]], "another shape"),
        ("surprise.tensors", [entry for entry, before, _ in pairs if before and entry.after is None], ""),
    ):
        if found:
            yield Surprise(code, "high", _sentence(diff.path_in_repo, found, effect), diff.path_in_repo)


def _sentence(path: str, entries: Sequence[Entry], effect: str) -> str:
    first, count = entries[0], len(entries)
    number, verb = ("a tensor", "has") if count == 1 else (f"{count:,} tensors", "have")
    if not effect:
        return f"'{path}' loses {number}: '{first.name}'" + (f" and {count - 1:,} more" if count > 1 else "")
    return f"{number} in '{path}' {verb} {effect}: '{first.name}' {first.before} -> {first.after}"


def _tensor(text: str | None) -> tuple[str, str] | None:
    """Return the type and the shape of a tensor's text; None for another entry, such as one of the metadata."""
    found = _TENSOR.match(text or "")
    return (found[1], found[2]) if found else None


def _imports(diff: FileDiff) -> Iterator[Surprise]:
    if not _JSON_NAME.search(diff.path_in_repo):
        return
    entries = (entry.name for entry in diff.entries if entry.after is not None and entry.before != entry.after)
    lines = (line.text for hunk in diff.hunks for line in hunk.lines if line.mark == "+")
    found = next((match[0] for text in (*entries, *lines) if (match := _IMPORTED.search(text))), None)
    if found:
        message = f"{found} in '{diff.path_in_repo}' changes: a loader that trusts the repo runs the code that it names"
        yield Surprise("surprise.auto_map", "high", message, diff.path_in_repo)
