"""Quotes, brackets and braces that are open too long, or not at all."""

import re

from hublish.schemas.yaml.mistakes.scene import Mistake, Scene

_CLOSING = {"[": "]", "{": "}"}
_KINDS = {"[": "list", "{": "mapping"}
_COMMENT = re.compile(r"(?<![^\s,])//")


def open_quote(scene: Scene) -> Mistake | None:
    """A quote without its second."""
    if "quoted scalar" not in scene.construct or "unexpected" not in scene.complaint:
        return None
    start = scene.opened
    end = scene.value_end(start) if scene.in_flow else _end_of_line(scene, start)
    value = scene.shown(start, end)
    hint = f"write {value}{value[0]}" if value else f"end it with {scene.text[start]}"
    return Mistake("the quote is never closed", hint, start, end, mendable=(start, end))


def late_quote(scene: Scene) -> Mistake | None:
    """A quote without its second on the line, so that the next value's quote closes it."""
    start, end = scene.last
    if "expected" not in scene.complaint or scene.text[start : start + 1] not in ("'", '"') or end > scene.offset:
        return None
    if scene.line(start) == scene.line(end) or scene.line(end) != scene.line(scene.offset):
        return None
    beside = ("closed only here", end - 1, end)
    return Mistake(
        "the quote is not closed on its line",
        f"end it with {scene.text[start]}",
        start,
        _end_of_line(scene, start),
        beside=beside,
    )


def left_over(scene: Scene) -> Mistake | None:
    """A closing bracket that nothing opened."""
    char = scene.text[scene.offset : scene.offset + 1]
    if char not in ("]", "}") or scene.in_flow:
        return None
    return Mistake(f"nothing opened this '{char}'", "remove it", scene.offset, scene.offset + 1)


def open_bracket(scene: Scene) -> Mistake | None:
    """A list or mapping in brackets that goes on where it should not: no comma, no closing bracket, the wrong one."""
    if "expected ',' or" not in scene.complaint:
        return None
    bracket = scene.text[scene.opened]
    closing, kind = _CLOSING[bracket], _KINDS[bracket]
    opened = (f"the {kind} begins here", scene.opened, scene.opened + 1)
    if comment := _COMMENT.search(scene.text, scene.opened, scene.offset):
        return Mistake("'//' begins no comment", "write '#' instead", *comment.span())
    char = scene.text[scene.offset : scene.offset + 1]
    if char in ("]", "}"):
        message = f"the {kind} is closed by '{char}'"
        return Mistake(message, f"write '{closing}'", scene.offset, scene.offset + 1, beside=opened)
    if scene.line(scene.opened) == scene.line(scene.offset) and char.strip():
        start, end = _last_word(scene), scene.value_end(scene.offset)
        return Mistake(f"a ',' is missing in the {kind}", "write it before this", start, end, beside=opened)
    message = f"the {kind} has no closing '{closing}', or a ',' is missing"
    hint = f"end it with '{closing}'"
    return Mistake(message, hint, scene.opened, scene.opened + 1, beside=_still_open(scene))


def _last_word(scene: Scene) -> int:
    """Return where the parser's place begins for people: it says `:` where they see the key before it."""
    if not scene.text.startswith(":", scene.offset):
        return scene.offset
    words = scene.text[scene.last[0] : scene.offset].split()
    return scene.offset - len(words[-1]) if words else scene.offset


def _still_open(scene: Scene) -> tuple[str, int, int] | None:
    start, end = scene.line(scene.offset)
    if start <= scene.opened:
        return None
    start += len(scene.text[start:end]) - len(scene.text[start:end].lstrip())
    return ("it is still open here", start, max(start, scene.offset)) if start < end else None


def _end_of_line(scene: Scene, offset: int) -> int:
    start, end = scene.line(offset)
    return start + len(scene.text[start:end].rstrip())
