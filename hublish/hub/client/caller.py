"""Who speaks to the Hub: what stands in the user agent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hublish._version import __version__


@dataclass(frozen=True, slots=True)
class Caller:
    """A library, named first in the user agent of every request: `acme/1.2; hf_hub/...; hublish/0.1.0`."""

    name: str = "hublish"
    version: str | None = __version__

    @classmethod
    def of(cls, name: str | None, version: str | None) -> "Caller":
        """Return the named library, or hublish itself for None."""
        return OURSELVES if name is None else cls(name, version)

    @property
    def keywords(self) -> Mapping[str, Any]:
        """The arguments that huggingface_hub takes it in."""
        others = {} if self.name == OURSELVES.name else {"user_agent": {OURSELVES.name: OURSELVES.version}}
        return {"library_name": self.name, "library_version": self.version, **others}


OURSELVES = Caller()
