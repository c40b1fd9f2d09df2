"""Edit front matter in place: every line that does not change keeps its bytes, with comments, order and quotes."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from hublish.cards.merging.blocks import LINE_END
from hublish.cards.merging.metadata import Edit
from hublish.cards.merging.metadata_tree import Tree
from hublish.cards.merging.yaml_nodes import UnreadableError, YamlNode, read_nodes
from hublish.schemas.documents.manifest_yaml import dump_yaml
from hublish.schemas.yaml.composing import is_plain_text

_COMMENT: Final = re.compile(r"(?:(?<=[ \t\r\n])|\A)#[^\r\n]*")
_PLAIN_IN_FLOW: Final = re.compile(r"[A-Za-z0-9_][\w./+-]*")
_KEY: Final = "k"

# The start and the end of the text that is replaced, and its replacement.
_Change = tuple[int, int, str]


class NotEditableError(Exception):
    """The text has a form in which these keys cannot be edited without a loss."""

    def __init__(self, keys: Sequence[str]) -> None:
        super().__init__(", ".join(keys))
        self.keys = tuple(keys)


def edited(text: str, theirs: Tree, edits: Sequence[Edit], merged: Tree) -> str:
    """Return front matter with edits.

    The result is read again, and must be exactly the merged metadata with every comment. Keys whose form prevents that
    are written anew.

    Args:
        text: the lines between the dashes.
        theirs: its tree.
        edits: the changes of the tree.
        merged: the metadata that the result must have.

    Raises:
        NotEditableError: a key cannot be written without the loss of a comment or an anchor.
    """
    if not edits:
        return text
    changed, wrong = _checked(text, edits, merged)
    if wrong:
        # Only these: the lines of all other keys stay as they are.
        others = [edit for edit in edits if edit.path[0] not in wrong]
        whole = [Edit((key,), theirs, merged.children.get(key)) for key in wrong if key in theirs.children]
        changed, left = _checked(text, [*others, *whole], merged)
        if left:
            raise NotEditableError(sorted(wrong))
    return changed


def _checked(text: str, edits: Sequence[Edit], merged: Tree) -> tuple[str, set[str]]:
    """Return the edited text, and the keys that differ in it from the merged metadata."""
    keys = {edit.path[0] for edit in edits}
    try:
        changed = _Editor(text).apply(edits)
        root = read_nodes(changed, "")
    except (UnreadableError, _OverlapError):
        return text, keys
    tree = Tree.of(root.value)
    wrong = {
        key
        for key in tree.children.keys() | merged.children.keys()
        if key not in tree.children
        or key not in merged.children
        or tree.children[key].canonical != merged.children[key].canonical
    }
    if wrong - keys or _comments(text, read_nodes(text, "")) - _comments(changed, root):
        return changed, keys
    return changed, wrong


class _OverlapError(Exception):
    """Two edits change the same characters."""


@dataclass
class _Editor:
    text: str
    added: dict[tuple[int, str], str | None] = field(default_factory=dict)
    """For each added child, the child in the text that it follows."""
    spans: dict[int, dict[str, tuple[int, int]]] = field(default_factory=dict)
    """For each mapping or list that changes, the places of its children."""

    def apply(self, edits: Sequence[Edit]) -> str:
        """Return the text with all edits."""
        changes = [self._change(edit) for edit in edits]
        # Insertions first: text that is inserted before a removed line is not part of it.
        changes.sort(key=lambda change: (change[0], change[1] > change[0]))
        pieces, at = list[str](), 0
        for start, end, new in changes:
            if start < at:
                raise _OverlapError
            pieces += [self.text[at:start], new]
            at = end
        pieces.append(self.text[at:])
        return "".join(pieces)

    @cached_property
    def line_end(self) -> str:
        """The line break of the text."""
        return "\r\n" if "\r\n" in self.text else "\n"

    def _change(self, edit: Edit) -> _Change:
        parent, key = edit.parent, edit.path[-1]
        if parent.node is None:
            raise _OverlapError
        if key not in parent.children:
            assert edit.new is not None
            after = edit.after
            while after is not None and after not in parent.children:
                after = self.added.get((id(parent), after))
            self.added[id(parent), key] = after
            return self._addition(parent, key, edit.new.value, after)
        if edit.new is None:
            return self._removal(parent, key)
        return self._replacement(parent, key, edit.new.value)

    def _addition(self, parent: Tree, key: str, value: Any, after: str | None) -> _Change:
        node = _node(parent)
        spans = self._spans(parent)
        if node.flow:
            new = _in_flow(value) if parent.kind == "list" else f"{_in_flow(key)}: {_in_flow(value)}"
            if not spans:
                return node.start + 1, node.start + 1, new
            at = spans[after][1] if after is not None else next(iter(spans.values()))[0]
            return at, at, f", {new}" if after is not None else f"{new}, "
        dumped = dump_yaml({_KEY: [value]}).partition("\n")[2] if parent.kind == "list" else dump_yaml({key: value})
        if not spans:
            return self._lines(len(self.text), "", dumped)
        first = next(iter(spans.values()))[0]
        start = self._line_start(first)
        if after is None and not self.text[start:first].strip():
            return self._lines(start, self.text[start:first], dumped)
        last = spans[after] if after is not None else next(iter(spans.values()))
        return self._lines(self._line_end(last[1]), " " * (first - start), dumped)

    def _lines(self, at: int, indent: str, dumped: str) -> _Change:
        """Return the insertion of whole lines."""
        new = "".join(f"{indent}{line}{self.line_end}" for line in dumped.rstrip("\n").split("\n"))
        unended = at > 0 and self.text[at - 1] not in "\r\n"
        return at, at, self.line_end + new if unended else new

    def _removal(self, parent: Tree, key: str) -> _Change:
        spans = self._spans(parent)
        start, end = spans[key]
        line, rest = self._line_start(start), self.text[end : self._line_end(end)]
        if _node(parent).flow or self.text[line:start].strip():
            # In brackets, or on the line of a dash: the next value takes its place.
            places = [*spans.values()]
            index = places.index((start, end))
            if places[index + 1 :]:
                return start, places[index + 1][0], ""
            return places[index - 1][1] if index else start, end, ""
        # The comment is a person's, and may be about more than this value.
        comment = self.text[line:start] + rest.lstrip() if rest.lstrip().startswith("#") else ""
        return line, end + len(rest), comment

    def _replacement(self, parent: Tree, key: str, value: Any) -> _Change:
        node, child = _node(parent), _node(parent.children[key])
        old = self.text[child.start : child.end]
        is_scalar = child.style != "*" and not (child.entries or child.items or isinstance(child.value, dict | list))
        if node.flow or parent.kind == "list":
            return child.start, child.end, _scalar(value, child.style) or _in_flow(value)
        if (
            is_scalar
            and not isinstance(value, dict | list)
            and "\n" not in old
            and (new := _scalar(value, child.style))
        ):
            return child.start, child.end, new
        written = node.keys[key]
        indent = " " * (written.start - self._line_start(written.start))
        # The key stays as it is written; only the part behind it is new.
        first, *others = dump_yaml({_KEY: value}).removeprefix(_KEY).rstrip("\n").split("\n")
        return (
            written.end,
            max(child.end, written.end),
            self.line_end.join([first, *(indent + line for line in others)]),
        )

    def _spans(self, parent: Tree) -> dict[str, tuple[int, int]]:
        if id(parent) not in self.spans:
            self.spans[id(parent)] = _spans(parent, self.text)
        return self.spans[id(parent)]

    def _line_start(self, offset: int) -> int:
        return max(self.text.rfind("\n", 0, offset), self.text.rfind("\r", 0, offset)) + 1

    def _line_end(self, offset: int) -> int:
        """Return the offset of the line below."""
        found = LINE_END.search(self.text, offset)
        return found.end() if found else len(self.text)


def _node(tree: Tree) -> YamlNode:
    if tree.node is None:
        raise _OverlapError
    return tree.node


def _spans(parent: Tree, text: str) -> dict[str, tuple[int, int]]:
    """Return the start and the end of each child: of its key or dash, and of its value."""
    node = _node(parent)
    if parent.kind == "map":
        return {key: (name.start, max(name.end, node.entries[key].end)) for key, name in node.keys.items()}
    items = {key: _node(child) for key, child in parent.children.items()}
    if node.flow:
        return {key: (item.start, item.end) for key, item in items.items()}
    return {key: (text.rfind("-", 0, item.start), item.end) for key, item in items.items()}


def _scalar(value: Any, style: str | None) -> str:
    """Return a scalar in the quotes of the one that it replaces; empty if they do not fit."""
    if isinstance(value, str) and style == '"':
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and style == "'" and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    return ""


def _in_flow(value: Any) -> str:
    """Return a value as part of a list in brackets."""
    if isinstance(value, str) and _PLAIN_IN_FLOW.fullmatch(value) and is_plain_text(value):
        return value
    return json.dumps(value, ensure_ascii=False)


def _comments(text: str, root: YamlNode) -> Counter[str]:
    """Return the comments of a text: everything behind a hash sign outside of scalars."""
    found, at = Counter[str](), 0
    for start, end in (*sorted(_scalars(root)), (len(text), len(text))):
        found.update(
            comment.rstrip() for comment in _COMMENT.findall(text[at:start] if at == 0 else " " + text[at:start])
        )
        at = max(at, end)
    return found


def _scalars(node: YamlNode) -> Iterator[tuple[int, int]]:
    if not (node.entries or node.items):
        yield node.start, node.end
    for key, value in node.entries.items():
        yield node.keys[key].start, node.keys[key].end
        yield from _scalars(value)
    for item in node.items:
        yield from _scalars(item)
