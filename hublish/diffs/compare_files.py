"""Compare one file before and after, by the way that its format is read."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from hublish.base.content import Content, ContentChangedError
from hublish.diffs.differences import FileDiff
from hublish.diffs.text_diff import MOST_TEXT, NotTextError, diff_one_text, diff_text
from hublish.formats.input_files import InvalidFileError
from hublish.schemas.documents.sizes import format_size

# A JSON document may be larger than other texts.
_JSON: Final = ".json"
_HEAD: Final = 512

_Way = Callable[[], FileDiff]


def diff_file(path_in_repo: str, before: Content | None, after: Content | None, *, values: bool = False) -> FileDiff:
    """Return the changes inside of one file.

    Bytes of any kind are accepted: a file that cannot be read as its name promises is compared as text or by its size.

    Args:
        path_in_repo: the path, which decides how the file is read.
        before: its bytes before the change; None if it did not exist.
        after: its bytes after the change; None if it does not exist any more.
        values: also read the values of tensors, and report the largest difference of each. Otherwise headers suffice.
    """
    try:
        found = _compared(path_in_repo, before, after, values)
    except (OSError, ContentChangedError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        found = FileDiff(path_in_repo, "unread", f"{sizes_in_words(before, after)}; not compared: it {reason}")
    return with_sizes(found, before, after)


def with_sizes(found: FileDiff, before: Content | None, after: Content | None) -> FileDiff:
    """Return a difference with the sizes of both sides."""
    sizes = [None if side is None else side.size for side in (before, after)]
    return replace(found, before_size=sizes[0], after_size=sizes[1])


def _compared(path: str, before: Content | None, after: Content | None, values: bool) -> FileDiff:
    if before is not None and after is not None:
        ways = _ways(path, before, after, values)
    else:
        ways = _ways_of_one(path, before, after)
    notes: list[str] = []
    for way in ways:
        try:
            found = way()
        except NotTextError:
            break
        # Of another format than its name promises, damaged, or beyond a limit: the next way needs less.
        except InvalidFileError as error:
            notes.append(error.message)
        else:
            return replace(found, summary="; ".join([*notes[:1], found.summary]))
    return FileDiff(path, "binary", "; ".join([sizes_in_words(before, after), *notes[:1]]))


def _ways(path: str, before: Content, after: Content, values: bool) -> Iterator[_Way]:
    """Yield the ways to compare two files, the one that shows most first."""
    # Imported as files need them: most changes are of texts.
    from hublish.diffs import table_diff, tensor_heads

    if reader := tensor_heads.reader_of(path):
        from hublish.diffs.tensor_diff import diff_tensors

        yield lambda: diff_tensors(path, reader(before), reader(after), values=values)
    if table_diff.named(path):
        yield lambda: table_diff.diff_tables(path, before, after)
    if path.endswith(_JSON):
        from hublish.diffs.json_diff import MOST_JSON, diff_json

        if max(before.size, after.size) <= MOST_JSON:
            yield lambda: diff_json(path, before.read(), after.read())
    if _is_archive(path, before) and _is_archive(path, after):
        from hublish.diffs.archive_diff import diff_archives

        yield lambda: diff_archives(path, before, after)
    if max(before.size, after.size) <= MOST_TEXT:
        yield lambda: diff_text(path, before.read(), after.read())


def _is_archive(path: str, content: Content) -> bool:
    from hublish.diffs.archive_diff import is_archive

    return is_archive(path, content.read_at(0, _HEAD))


def _ways_of_one(path: str, before: Content | None, after: Content | None) -> Iterator[_Way]:
    """Yield the ways to describe a file that was added or deleted."""
    content, verb = (after, "added") if before is None else (before, "deleted")
    if content is None:
        return
    from hublish.diffs import table_diff, tensor_heads

    side, size = content, format_size(content.size)
    if reader := tensor_heads.reader_of(path):
        yield lambda: FileDiff(path, "tensors", f"{verb}: {reader(side).described}, {size}")
    if path.endswith(table_diff.PARQUET):
        yield lambda: FileDiff(path, "table", f"{verb}: {table_diff.read_shape(path, side).described}, {size}")
    if _is_archive(path, side):
        from hublish.diffs.archive_diff import described, read_archive

        yield lambda: FileDiff(path, "archive", f"{verb}: {described(read_archive(side))}, {size}")
    yield lambda: diff_one_text(path, side, "+" if verb == "added" else "-")


def sizes_in_words(before: Content | None, after: Content | None) -> str:
    """Return the sizes of both sides: all that is known of a file whose content is not compared."""
    if before is None:
        return f"added: {format_size(after.size)}" if after is not None else "not there"
    if after is None:
        return f"deleted: {format_size(before.size)}"
    old, new = format_size(before.size), format_size(after.size)
    return f"{old} -> {new}" if old != new else f"{new}, other bytes"
