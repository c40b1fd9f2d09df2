"""The form of an explanation: the cause of a code, the danger, and the fix."""

import re
from typing import Final, NamedTuple, Self, get_args

from hublish.base.errors import HublishError
from hublish.schemas.diagnose.problems import Severity
from hublish.schemas.documents.waivers import NEVER_WAIVED, WaivableRule

DOCUMENTATION: Final = "https://hublish.github.io/hublish/"
"""The site with a page for each code."""

# The end of a sentence, or of its first part; the dot in `hub.yaml` is neither.
_END: Final = re.compile(r"[.;:](?:\s|$)")


class Code(NamedTuple):
    """A code of an error, a problem or a surprise, and its explanation."""

    code: str
    """Stable, for scripts: `policy.pickle`."""
    title: str
    """A few words, in the singular."""
    cause: str
    fix: str
    """The next step, with the command or the key where there is one."""
    danger: str = ""
    """The harm to readers or to the release; empty where the cause shows it."""
    level: Severity = "error"
    """How it is reported by default; a surprise, which fails no command, is a warning."""
    risk: float | None = None
    """The severity of a finding for security, as in CVSS: from 0.1 to 10; None for a code about something else."""
    example: str = ""
    """A hub.yaml for which `hublish check` reports it; empty where a manifest alone cannot."""
    error: str = ""
    """The name of the class in `hublish.base.errors` that Python code catches; empty for a single problem."""

    @classmethod
    def of_error(
        cls, error: type[HublishError], *, cause: str, fix: str, danger: str = "", level: Severity = "error"
    ) -> Self:
        """Return the entry of an error: its code, and the first sentence of its docstring as the title."""
        # Python has no docstrings with -OO.
        title = _END.split(error.__doc__ or error.__name__)[0]
        return cls(error.code, title, cause, fix, danger, level, error=error.__name__)

    @property
    def url(self) -> str:
        """The address of its page."""
        return f"{DOCUMENTATION}errors/{self.code}/"

    @property
    def may_be_waived(self) -> bool:
        """Whether `policy.waivers` accepts it."""
        return self.code in get_args(WaivableRule)

    @property
    def waiver(self) -> str:
        """Whether a waiver may accept a finding, and why not, in a sentence; empty for a code of no rule."""
        if self.may_be_waived:
            return "A finding can be waived for one file, with a reason, under `policy.waivers` in hub.yaml."
        if self.code not in NEVER_WAIVED:
            return ""
        reason, other = NEVER_WAIVED[self.code]
        return f"It cannot be waived: {reason}. Instead: {other}."
