"""Making commits: operations applied to a tree, and a branch moved by compare-and-swap."""

from collections.abc import Sequence

from hublish.hub.server.commit_body import Header, Operation, Put
from hublish.hub.server.git.repository import GitRepository, Signature, add_commit, add_tree
from hublish.hub.server.git.tree import FILE_MODE, Entry, PathConflictError, TreeEditor, serialize
from hublish.hub.server.git.writing import ObjectWriter
from hublish.hub.server.http import HubError, bad_request
from hublish.hub.server.refusals import entry_not_found


def stale_parent(expected: str, head: str) -> HubError:
    """Return the error for a commit whose parent is no longer the head: 412."""
    message = f"A commit has happened since. Expected parent {expected}, but the head is {head}. Please refresh"
    return HubError(412, None, message)


def require_parent(header: Header, head: str) -> None:
    """Refuse a commit that was made for another head.

    Raises:
        HubError: 412.
    """
    parent = header.parent_commit
    if parent is not None and (len(parent) < 5 or not head.startswith(parent.lower())):
        raise stale_parent(parent, head)


def write_commit(
    git: GitRepository,
    writer: ObjectWriter,
    head: str,
    header: Header,
    operations: Sequence[Operation],
    author: Signature,
) -> str:
    """Write the commit that applies `operations` to `head`, in their order, and return its id.

    No ref names it yet.

    Raises:
        HubError: 404 EntryNotFound, a file to remove is not there; 400, a file stands where a folder must be.
    """
    editor = TreeEditor(git.load_tree, git.commit(head).tree)
    for operation in operations:
        _apply(editor, operation)
    tree = editor.write(lambda data: add_tree(writer, data)) or add_tree(writer, serialize({}))
    return add_commit(writer, tree, (head,), author, header.message)


def _apply(editor: TreeEditor, operation: Operation) -> None:
    path = operation.path.split("/")
    try:
        if isinstance(operation, Put):
            editor.put(path, Entry(FILE_MODE, operation.blob))
            return
        found = editor.remove(path, folder=operation.folder)
    except PathConflictError:
        if isinstance(operation, Put):
            raise bad_request(f"{operation.path!r} would be a file and a folder at once") from None
        found = False
    if not found:
        error = entry_not_found(operation.path)
        error.message = f"A file with this name doesn't exist: {operation.path}"
        raise error
