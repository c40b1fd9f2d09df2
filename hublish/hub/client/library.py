"""What the installed huggingface_hub says without asking anybody: its defaults and its version."""

from pathlib import Path
from typing import Any


def default_endpoint() -> str:
    """Return HF_ENDPOINT, or the public Hub."""
    from huggingface_hub import constants

    return constants.ENDPOINT


def cache_folder() -> Path:
    """Return HF_HUB_CACHE."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)


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


def version() -> str:
    """Return the version of huggingface_hub in use."""
    import huggingface_hub

    return huggingface_hub.__version__


def advise(verb: str, **legacy: Any) -> None:
    """Warn about arguments of old that are ignored, in the client's own words; None was not given."""
    from huggingface_hub.utils import validate_hf_hub_args

    def asked(**rest: Any) -> None:
        del rest

    asked.__name__ = verb
    validate_hf_hub_args(asked)(**legacy)
