"""Values that had to be quoted: they begin with a sign of YAML, or hold one."""

import re
from dataclasses import replace

from hublish.schemas.yaml.mistakes.scene import BEFORE_VALUE, KEY_END, Mistake, Scene

_SIGNS = {
    "*": "a '*' without quotes begins an alias, and aliases are not allowed",
    "&": "a '&' without quotes begins an anchor, and anchors are not allowed",
    "|": "a '|' without quotes begins a text on the lines below it",
    ">": "a '>' without quotes begins a text on the lines below it",
}
_LIST_OR_MAPPING = {
    "[": "a value that begins with '[' is a list, and nothing may follow its ']'",
    "{": "a value that begins with '{' is a mapping, and nothing may follow its '}'",
}
_CURLY = str.maketrans(
    dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb", '"') | dict.fromkeys("\u2018\u2019\u201a\u201b", "'")
)
_APOSTROPHE = re.compile(r"\w'\w")
_LENGTHS = {"x": 4, "u": 6, "U": 10}
"""Of escapes, in characters."""
_QUOTED = re.compile(r'"(?:\\.|[^"\\\r\n])*"')


def quoted(text: str) -> str:
    """Return a text as YAML would have it in quotes."""
    if '"' not in text and "\\" not in text:
        return f'"{text}"'
    return "'{}'".format(text.replace("'", "''"))


def variable(scene: Scene) -> Mistake | None:
    """A value that begins with `{{`, which YAML takes for a mapping in a mapping."""
    start = scene.text.rfind("{{", scene.line(scene.opened)[0], scene.opened + 2)
    if "flow mapping" not in scene.construct or start < 0 or scene.text.find("}}", start, scene.line(start)[1]) < 0:
        return None
    return _variable(scene, start)


def sign_at_start(scene: Scene) -> Mistake | None:
    """A value that begins with one of `* & | >`: a pattern, most often."""
    if not any(word in scene.construct for word in ("an alias", "an anchor", "block scalar")):
        return None
    return _to_quote(scene, scene.opened, _SIGNS[scene.text[scene.opened]])


def odd_start(scene: Scene) -> Mistake | None:
    """A value that begins with a sign YAML keeps for itself: @ ` %."""
    char = scene.text[scene.offset : scene.offset + 1]
    if "cannot start any token" not in scene.complaint or char in ("", "\t"):
        return None
    return _to_quote(scene, scene.offset, f"a value may not begin with '{char}'")


def colon_inside(scene: Scene) -> Mistake | None:
    """A value that holds a colon and a space, so that it looks like a key."""
    start, end = scene.last
    in_one_line = end == scene.offset and not re.search(r"[\r\n]", scene.text[start:end])
    if "mapping values are not allowed" not in scene.complaint or not in_one_line:
        return None
    if scene.text[start : start + 1].translate(_CURLY) != scene.text[start : start + 1]:
        end = scene.value_end(start)
        value = scene.shown(start, end).translate(_CURLY)
        hint = f"write {value}" if value else "type straight quotes"
        return Mistake("curly quotes do not quote", hint, start, end, mendable=scene.alone(start, end))
    return _to_quote(scene, start, "a value that holds ': ' must be quoted")


def text_after_list(scene: Scene) -> Mistake | None:
    """A value such as `[ab].json` or `{{ name }}-x`: YAML takes its beginning for a list or a mapping."""
    start = value_before(scene)
    if start is None or scene.text[start] not in _LIST_OR_MAPPING or scene.text[scene.offset] in "]}":
        return None
    if scene.text.startswith("{{", start):
        return _variable(scene, start)
    return _to_quote(scene, start, _LIST_OR_MAPPING[scene.text[start]], scene.value_end(scene.offset))


def text_after_quote(scene: Scene) -> Mistake | None:
    """A value such as `'don't'` or `"v"1`: its quotes end before it does."""
    start = value_before(scene)
    if start is None or scene.text[start] not in "'\"":
        return None
    end = max(scene.value_end(scene.offset), scene.offset + 1)
    value, quote = scene.shown(start, end), scene.text[start]
    whole = value.endswith(quote) or _APOSTROPHE.search(value)
    inner = value[1:].removesuffix(quote) if whole else value.replace(quote, "")
    hint = f"write {quoted(inner)}" if value else "quote all of it"
    return Mistake("text follows the closing quote", hint, scene.offset, end, mendable=scene.alone(start, end))


def unknown_escape(scene: Scene) -> Mistake | None:
    """A backslash in double quotes, as in a path of Windows."""
    if "quoted scalar" not in scene.construct and "double-quoted" not in scene.construct:
        return None
    if "escape" not in scene.complaint and "hexdecimal" not in scene.complaint:
        return None
    place = scene.text.rfind("\\", scene.opened, scene.offset + 1)
    whole = _QUOTED.match(scene.text, scene.opened)
    if place < 0:
        return None
    mendable = whole.span() if whole else None
    if "invalid Unicode" in scene.complaint:
        end = place + _LENGTHS.get(scene.text[place + 1], 2)
        message = "invalid Unicode: no such character"
        return Mistake(message, "write the character itself", place, end, mendable=mendable)
    value = scene.shown(whole.start() + 1, whole.end() - 1) if whole else ""
    hint = "in single quotes a backslash is itself" + (f": {quoted(value)}" if value else "")
    return Mistake("unknown escape in double quotes", hint, place, place + 2, mendable=mendable)


def value_before(scene: Scene) -> int | None:
    """Return where the value begins that was complete when the parser found more text behind it on the line."""
    if scene.in_flow:
        return _glued(scene)
    if not any(word in scene.complaint for word in ("expected key", "'-' indicator", "<block end>")):
        return None
    start, end = scene.line(scene.offset)
    between = BEFORE_VALUE.match(scene.text, start, end)
    first = between.end() if between else start
    if first >= scene.offset:
        return None
    key = KEY_END.search(scene.text, first, scene.offset)
    value = key.end() if key and scene.text[first] not in "[{" else first
    rest = scene.text[value : scene.offset]
    return value + len(rest) - len(rest.lstrip()) if rest.strip() else None


def _glued(scene: Scene) -> int | None:
    """Return the same in brackets, where only text that touches the value before it is no forgotten comma."""
    before, char = scene.text[scene.offset - 1 : scene.offset], scene.text[scene.offset : scene.offset + 1]
    if "expected ',' or" not in scene.complaint or char in ("", ",", ":", "]", "}", "#", " ", "\r", "\n"):
        return None
    if before in ("'", '"'):
        return scene.last[0]
    opening = {"]": "[", "}": "{"}.get(before)
    start = scene.text.rfind(opening, scene.opened + 1, scene.offset) if opening else -1
    return None if start < 0 else start


def _variable(scene: Scene, start: int) -> Mistake:
    whole = replace(scene, in_flow=False).value_end(start)
    alone = not scene.before(start).strip(" -") or scene.before(start).rstrip().endswith(":")
    end = whole if alone else scene.text.find("}}", start) + 2
    value = scene.shown(start, end)
    hint = f"quote it: {quoted(value)}" if value else "put it in quotes"
    message = "a value that begins with '{{' must be quoted"
    return Mistake(message, hint, start, end, mendable=(start, end), code="yaml.unquoted_variable")


def _to_quote(scene: Scene, start: int, message: str, end: int | None = None) -> Mistake:
    end = scene.value_end(start) if end is None else end
    value = scene.shown(start, end)
    hint = f"quote it: {quoted(value)}" if value else "put it in quotes"
    return Mistake(message, hint, start, end, mendable=scene.alone(start, end))
