"""Compare two tables: their columns, the number of rows, and of tables as text the first rows."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

from hublish.base.content import Content
from hublish.diffs.differences import Entry, FileDiff
from hublish.diffs.named_parts import changed_names, diff_of_parts
from hublish.diffs.text_diff import MOST_TEXT, complete_lines, diff_text, joined
from hublish.schemas.documents.sizes import plural

TEXT_TABLES: Final = (".csv", ".tsv", ".jsonl", ".ndjson")
PARQUET: Final = ".parquet"
# Bytes of the largest table as text whose rows are counted: all of it is read, maybe from the Hub.
_COUNTED: Final = 16 << 20
# Bytes of a larger table whose lines are compared.
_HEAD: Final = 64 << 10
# Names of classes that are shown.
_MOST_LABELS: Final = 20


class Table(NamedTuple):
    """The shape of a table."""

    columns: Mapping[str, str]
    """The type of each column by its name."""
    rows: int | None
    """None for a table that is too large to be read."""

    @property
    def described(self) -> str:
        """The numbers of its columns and rows."""
        rows = "" if self.rows is None else plural(self.rows, "row")
        return joined((plural(len(self.columns), "column"), rows))


def read_shape(path_in_repo: str, content: Content) -> Table:
    """Return the shape of a table: of Parquet by its footer, of text by its beginning and, if it is small, its lines.

    Raises:
        InvalidFileError, OSError: it is not such a table, or cannot be read.
    """
    if path_in_repo.endswith(PARQUET):
        from hublish.formats.parquet_table import read_table

        found = read_table(content, content.size)
        return Table({name: _kind(kind, found.features.get(name)) for name, kind in found.columns}, found.rows)
    from hublish.formats.text_tables import count_rows, table_columns

    columns = table_columns(path_in_repo, content, content.size)
    rows = count_rows(path_in_repo, content, content.size) if content.size <= _COUNTED else None
    return Table(dict(columns), rows)


def _kind(kind: str, feature: Any) -> str:
    """Return the type of a column with that of `datasets`, whose classes are part of the meaning of the numbers."""
    declared = feature.get("_type") if isinstance(feature, dict) else None
    if not isinstance(declared, str) or declared in ("Value", "Sequence", "List"):
        return kind
    labels = feature.get("names")
    named = [str(label) for label in labels[:_MOST_LABELS]] if isinstance(labels, list) else []
    return f"{declared}({', '.join(named)})" if named else declared


def diff_tables(path_in_repo: str, before: Content, after: Content) -> FileDiff:
    """Return the changed columns and rows, and the changed lines of tables as text.

    Raises:
        InvalidFileError, OSError: one of them is not such a table, or cannot be read.
    """
    old, new = read_shape(path_in_repo, before), read_shape(path_in_repo, after)
    names = changed_names(old.columns, new.columns)
    entries = (Entry(name, old.columns.get(name), new.columns.get(name)) for name in names)
    summary = joined((_columns(old, new, len(names)), _rows(old.rows, new.rows)))
    found = diff_of_parts(path_in_repo, "table", summary, entries, len(names))
    if path_in_repo.endswith(PARQUET):
        return found if names or old.rows != new.rows else replace(found, summary=f"{summary}; other values")
    if max(before.size, after.size) <= MOST_TEXT:
        lines = diff_text(path_in_repo, before.read(), after.read())
        note = lines.summary
    else:
        head, new_head = (complete_lines(side.read_at(0, _HEAD)) for side in (before, after))
        lines = diff_text(path_in_repo, head, new_head)
        note = f"in the first rows, {lines.summary}" if lines.hunks else "the same first rows"
    return replace(found, summary=f"{summary}; {note}", hunks=lines.hunks, more=found.more + lines.more)


def _columns(old: Table, new: Table, changed: int) -> str:
    if len(old.columns) != len(new.columns):
        return f"{len(old.columns):,} -> {plural(len(new.columns), 'column')}"
    if list(old.columns) != list(new.columns) and not changed:
        return f"{plural(len(new.columns), 'column')} in another order"
    return f"{changed:,} of {plural(len(new.columns), 'column')} changed" if changed else _same(new)


def _same(table: Table) -> str:
    return f"the same {plural(len(table.columns), 'column')}"


def _rows(old: int | None, new: int | None) -> str:
    if old is None or new is None:
        return ""
    return f"{old:,} -> {plural(new, 'row')}" if old != new else f"the same {plural(new, 'row')}"


def named(path_in_repo: str) -> bool:
    """Return whether a file is a table by its name."""
    return path_in_repo.endswith((*TEXT_TABLES, PARQUET))
