"""The installed huggingface_hub: its defaults and versions, and the library it names in the User-Agent header."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hublish._version import __version__
from hublish.base.values import RepoRef


@dataclass(frozen=True, slots=True)
class Caller:
    """The library that is named first in the User-Agent header: `acme/1.2; hf_hub/...; hublish/0.1.0`."""

    name: str = "hublish"
    version: str | None = __version__

    @classmethod
    def of(cls, name: str | None, version: str | None) -> "Caller":
        """Return the named library, or hublish itself for None."""
        return OURSELVES if name is None else cls(name, version)

    @property
    def keywords(self) -> Mapping[str, Any]:
        """The arguments by which huggingface_hub takes it."""
        # The client joins `user_agent` after its own entry; a library that calls comes first, hublish last.
        others = {} if self.name == OURSELVES.name else {"user_agent": {OURSELVES.name: OURSELVES.version}}
        return {"library_name": self.name, "library_version": self.version, **others}


OURSELVES = Caller()


def default_endpoint() -> str:
    """Return HF_ENDPOINT, or the public Hub."""
    # The client has read HF_ENDPOINT when it was imported, and knows the staging Hub as well.
    from huggingface_hub import constants

    return constants.ENDPOINT


def cache_folder() -> Path:
    """Return HF_HUB_CACHE."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)


def cached(repo: RepoRef, commit: str, path_in_repo: str, cache_dir: Path | None) -> Path | None:
    """Return the path of a file in the client's cache; None when it is not there."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(
        repo.repo_id, path_in_repo, cache_dir=cache_dir, revision=commit, repo_type=repo.repo_type
    )
    return Path(found) if isinstance(found, str) else None


def xet_folder() -> Path:
    """Return HF_XET_CACHE."""
    from huggingface_hub import constants

    return Path(constants.HF_XET_CACHE)


def version() -> str:
    """Return the version of huggingface_hub in use."""
    import huggingface_hub

    return huggingface_hub.__version__


def xet_version() -> str | None:
    """Return the version of hf_xet; None when it is missing or switched off."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    from huggingface_hub import constants

    if constants.HF_HUB_DISABLE_XET:
        return None
    try:
        return installed("hf_xet")
    except PackageNotFoundError:
        return None


def warn_about_legacy(verb: str, **legacy: Any) -> None:
    """Warn about arguments that are deprecated and ignored, with the client's own message; None was not given."""
    from huggingface_hub.utils import validate_hf_hub_args

    def ignored(**arguments: Any) -> None:
        del arguments

    ignored.__name__ = verb  # the warning names it
    validate_hf_hub_args(ignored)(**legacy)
