"""Taking files with other bytes than promised off this machine."""

from pathlib import Path


def remove(path: Path) -> str:
    """Remove a downloaded file, in the shared cache too, where other revisions may hold it; say what was done."""
    held_by = path.resolve()
    try:
        path.unlink(missing_ok=True)
        held_by.unlink(missing_ok=True)
    except OSError as error:
        return f"it cannot be removed ({error.strerror}): remove {held_by} yourself"
    return f"removed {held_by}"
