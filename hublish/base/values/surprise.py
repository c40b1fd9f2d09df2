"""Something in a plan that its reviewer must not overlook."""

from dataclasses import dataclass
from typing import Literal

Importance = Literal["high", "medium"]


# Its texts quote names from repos and documents unescaped: whoever shows them escapes them.
@dataclass(frozen=True, slots=True)
class Surprise:
    """A fact of a plan that an ordinary release does not have."""

    code: str
    """Stable, for scripts: `surprise.visibility`."""
    level: Importance
    """`high` for harm that cannot be undone, or that its readers cannot see; `medium` for everything else."""
    message: str
    """One clause."""
    path_in_repo: str = ""
    """The file; empty for a fact about the whole release, or about several files."""
    path: str = ""
    """The field of hub.yaml that decides: `repo.visibility`; empty without one."""
