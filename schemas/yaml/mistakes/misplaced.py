"""Lines that stand where they cannot: indentation, a key without its colon, an item without its dash."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from hublish.schemas.yaml.mistakes.scene import Mistake, Scene

_FURTHEST = 1000
"""Lines above that are looked at."""
_CONTENT = re.compile(r"(?P<indent> *)(?P<dash>-(?: +|$))?(?P<rest>.*)")
_NO_SPACE = re.compile(r"(?P<key>[\w.-]+):(?!//)(?P<value>\S.*)")
_NO_COLON = re.compile(r"(?P<key>[\w-]+)(?:[ \t]*[=：﹕]|[ \t])?[ \t]*(?P<value>.*)")  # noqa: RUF001 - wide colons
_CONFLICT = re.compile(r"<{7}|={7}|>{7}|\|{7}")
_BLOCK = re.compile(r":[ \t]+(?P<sign>[|>][-+]?)[ \t]*(?:#.*)?$")
_INDENTED_BY_TAB = re.compile(r"^ *\t", re.MULTILINE)
_TABS = re.compile(r"\t+")
_WORDS = re.compile(r"[^\s:]+")


class Beside(NamedTuple):
    """A key or an item above that a line could stand beside."""

    column: int
    """Spaces before it."""
    is_item: bool
    start: int
    end: int


def tab(scene: Scene) -> Mistake | None:
    """A tab where YAML counts spaces."""
    found = _TABS.match(scene.text, scene.offset)
    if found is None or not ("tab character" in scene.complaint or "cannot start any token" in scene.complaint):
        return None
    more = len(_INDENTED_BY_TAB.findall(scene.text)) - 1
    hint = "indent with spaces" + (f", here and on {more} more line{'s' * (more > 1)}" if more > 0 else "")
    return Mistake("tab in indentation", hint, *found.span())


def directive(scene: Scene) -> Mistake | None:
    """A line that begins with `%`, which YAML takes for an instruction to itself."""
    start, end = scene.line(scene.opened)
    if "directive" not in scene.complaint + scene.construct or not scene.text.startswith("%", start):
        return None
    return Mistake("directives are not allowed", "remove the line that begins with %", start, end)


def conflict(scene: Scene) -> Mistake | None:
    """What git leaves where two changes meet."""
    start, end = scene.line(scene.opened)
    if "could not find expected ':'" not in scene.complaint or not _CONFLICT.match(scene.text, start, end):
        return None
    return Mistake("a merge conflict is not resolved", "keep one side, and remove the lines of < = >", start, end)


def unindented_block(scene: Scene) -> Mistake | None:
    """The lines of a block, where they are no deeper than the key it belongs to."""
    if "could not find expected ':'" not in scene.complaint:
        return None
    start, end = _content(scene, scene.opened)
    first = scene.line(start)[0]
    above = scene.text[: max(first - 1, 0)].rstrip("\r\n").rpartition("\n")[2]
    found = _BLOCK.search(above[:_FURTHEST])
    if found is None:
        return None
    message = f"the lines behind '{found['sign']}' must be indented deeper than their key"
    return Mistake(message, f"indent them by {len(above) - len(above.lstrip(' ')) + 2} spaces", start, end)


def no_colon(scene: Scene) -> Mistake | None:
    """A line without a colon and a space, found at its end."""
    if "could not find expected ':'" not in scene.complaint:
        return None
    start, end = _content(scene, scene.opened)
    column = start - scene.line(start)[0]
    if any(each.is_item and each.column == column for each in _above(scene, start)):
        value = scene.shown(start, end)
        hint = f"write `- {value}`" if value else "begin it with '- '"
        return Mistake("a list item must begin with '- '", hint, start, end)
    return _without_colon(scene, start, end)


def no_colon_above(scene: Scene) -> Mistake | None:
    """The same, found at the next key, which the parser takes for the rest of the value."""
    start, end = scene.last
    if "mapping values are not allowed" not in scene.complaint or end != scene.offset:
        return None
    if scene.before(start).strip(" -") or scene.line(start) == scene.line(end):
        return None
    return _without_colon(scene, *_content(scene, start))


def deeper(scene: Scene) -> Mistake | None:
    """A key indented below another that has a value already."""
    start, end = scene.last
    if "mapping values are not allowed" not in scene.complaint or end != scene.offset:
        return None
    place = _content(scene, scene.offset)
    above = next(_above(scene, place[0]), None)
    if above is None or scene.line(start) == scene.line(end):
        return None
    name = scene.shown(above.start, above.end)
    return Mistake(
        "this line is indented under one that has a value already",
        f"indent it by {_spaces(above.column)}, as {_called(name)}",
        place[0],
        scene.offset,
        beside=("this has a value", above.start, scene.line(above.start)[1]),
    )


def indentation(scene: Scene) -> Mistake | None:
    """A line that is indented like nothing above it, or like an item without being one."""
    if not any(word in scene.complaint for word in ("expected key", "'-' indicator", "<block end>")):
        return None
    line, _ = scene.line(scene.offset)
    start, end = _content(scene, scene.offset)
    if start != scene.offset:
        return None
    column, is_item = start - line, scene.text.startswith(("- ", "-\n"), start)
    levels = list(_above(scene, start))
    if same := next((each for each in levels if each.column == column), None):
        return _not_an_item(scene, start, end, levels) if same.is_item and not is_item else None
    fitting = [each for each in levels if each.is_item == is_item] or levels
    near = sorted(fitting, key=lambda each: abs(each.column - column))[:2]
    if not near:
        return None
    ways = [f"{_spaces(each.column)} to stand beside {_called(scene.shown(each.start, each.end))}" for each in near]
    message = f"this line is indented by {_spaces(column)}, and nothing above it is"
    nearest = near[0]
    beside = (f"indented by {_spaces(nearest.column)}", nearest.start, nearest.end)
    return Mistake(message, f"indent it by {', or by '.join(ways)}", start, end, beside=beside)


def _not_an_item(scene: Scene, start: int, end: int, levels: list[Beside]) -> Mistake:
    value = scene.shown(start, end)
    hint = f"write `- {value}`" if value else "begin it with '- '"
    column = start - scene.line(start)[0]
    inside = next((each for each in levels if not each.is_item and each.column > column), None)
    if inside and scene.text.startswith(":", inside.end):
        hint += f", or indent it by {_spaces(inside.column)} to belong to the item above"
    return Mistake("a list item must begin with '- '", hint, start, end)


def second_document(scene: Scene) -> Mistake | None:
    """Text after `...`, which ends a document."""
    start, end = scene.last
    if "document start" not in scene.complaint or scene.text[start:end] != "...":
        return None
    return Mistake("'...' ends the document, and more text follows", "remove it", start, end)


def _without_colon(scene: Scene, start: int, end: int) -> Mistake:
    line = scene.shown(start, end)
    if found := _NO_SPACE.match(line):
        message = f"a space is missing after '{found['key']}:'"
        mendable = scene.alone(start + found.start("value"), end) if len(found["value"]) > 1 else None
        return Mistake(message, f"write `{found['key']}: {found['value']}`", start, end, mendable=mendable)
    if line.count(" ") > 1:  # no key and its value, but a sentence
        hint = "write `key: value`, or indent it deeper when the text above goes on here"
        return Mistake("expected ':' after the key", hint, start, end)
    found = _NO_COLON.match(line)
    hint = f"write `{found['key']}: {found['value']}".rstrip() + "`" if found else "write `key: value`"
    return Mistake("expected ':' after the key", hint, start, end)


def _above(scene: Scene, start: int) -> Iterator[Beside]:
    """Yield the keys and items that are open above a line, the innermost first."""
    limit, end = scene.text[scene.line(start)[0] : start].count(" ") + 10**6, scene.line(start)[0]
    for _ in range(_FURTHEST):
        if end <= 0 or limit == 0:
            return
        first, end_of_line = scene.line(end - 1)
        for each in reversed(_levels(scene.text, first, end_of_line)):
            if each.column < limit:
                limit = each.column
                yield each
        end = first


def _levels(text: str, start: int, end: int) -> list[Beside]:
    """Return the columns of one line, from the left: its dashes, and what follows them."""
    found, place = [], start
    while piece := _CONTENT.match(text, place, min(end, start + 200)):
        if not piece["dash"]:
            break
        found.append(Beside(piece.start("dash") - start, True, piece.start("dash"), end))
        place = piece.end("dash")
    word = _WORDS.search(text, place, end)
    if word and not word.group().startswith("#"):
        found.append(Beside(word.start() - start, False, *word.span()))
    return found


def _content(scene: Scene, offset: int) -> tuple[int, int]:
    """Return the span of what is on the line of a character, without the space around it and without a comment."""
    first, end = scene.line(offset)
    start = first + len(scene.text[first:end]) - len(scene.text[first:end].lstrip())
    return start, max(start, min(end, scene.value_end(start)))


def _spaces(count: int) -> str:
    return f"{count} space" if count == 1 else f"{count} spaces"


def _called(name: str) -> str:
    return f"'{name}'" if name else "the line above"
