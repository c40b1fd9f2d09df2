"""Values that a manifest may mention without declaring them: git, the environment, the date; read on first use."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from hublish.schemas.secrets.masking import holds_token
from hublish.schemas.secrets.token_rules import WHERE_CREDENTIALS_GO
from hublish.schemas.variables.lookup import ENV, SECRET, NoValueError

if TYPE_CHECKING:
    from hublish.api.git.repository_state import Git

# The date of the source, for reproducible builds: https://reproducible-builds.org/specs/source-date-epoch/.
_EPOCH = "SOURCE_DATE_EPOCH"
_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)
_START = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class MachineValues:
    """The values of this machine for the manifest in a folder."""

    folder: Path
    environ: Mapping[str, str]

    def value(self, name: str) -> str:
        """Return the value of `source_date`, `git.NAME` or `env.NAME`.

        Raises:
            NoValueError: the value is missing, or it is a secret, which must not be published.
        """
        if name.startswith(ENV):
            return self._variable(name.removeprefix(ENV))
        if name == "source_date":
            return self._source_date()
        # Git is read only for a name that needs it: `hublish check` of most manifests starts no process.
        git = self._git
        if name == "git.dirty":
            return "true" if git.dirty() else "false"
        values = {"git.commit": git.commit, "git.short_commit": git.short_commit, "git.tag": git.tag}
        return values.get(name, git.branch)()

    def _variable(self, name: str) -> str:
        value = self.environ.get(name)
        if value is None:
            raise NoValueError(f"{name} is not set in the environment", f"`export {name}=...`")
        if holds_token(value):
            raise NoValueError("it is a secret", WHERE_CREDENTIALS_GO, code=SECRET)
        return value

    @cached_property
    def _git(self) -> "Git":
        from hublish.api.git.repository_state import Git

        return Git(self.folder, self.environ)

    def _source_date(self) -> str:
        """Return a date in UTC: `2026-01-31`."""
        # The variable comes first: a build system sets it so that two builds of one source agree.
        given = self.environ.get(_EPOCH)
        if given is None:
            return _date(self._committed_at())
        if not _SECONDS.fullmatch(given):
            msg = f"{_EPOCH} is not a number of seconds since 1970"
            raise NoValueError(msg, f"`export {_EPOCH}=$(git log -1 --format=%ct)`")
        return _date(int(given))

    def _committed_at(self) -> int:
        try:
            return self._git.committed_at()
        except NoValueError as error:
            msg = f"{_EPOCH} is not set, and {error.reason}"
            raise NoValueError(msg, f"`export {_EPOCH}=...`, in seconds since 1970") from None


def _date(seconds: int) -> str:
    try:
        return (_START + timedelta(seconds=seconds)).date().isoformat()
    except OverflowError:
        raise NoValueError(f"{seconds} seconds since 1970 is beyond the calendar") from None
