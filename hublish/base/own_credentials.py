"""The credentials of this process, which are hidden wherever they occur, whatever they look like."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

# The variables from which huggingface_hub reads credentials, and those of a job for keyless signatures.
TOKEN_VARIABLES: Final = (
    "HF_TOKEN",
    "HUGGING_FACE_HUB_TOKEN",
    "HF_OIDC_ID_TOKEN",
    "SIGSTORE_ID_TOKEN",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
)
# A shorter value is not a secret, and masking it would hide ordinary words.
_SHORTEST: Final = 4
# More than a token has: such a file is not one of the client's.
_LARGEST_FILE: Final = 1 << 16


def own_credentials(environ: Mapping[str, str], *given: object) -> tuple[str, ...]:
    """Return the credentials of this process, longest first: one may contain another.

    Args:
        environ: the environment.
        given: tokens from arguments; values that are not strings are ignored.
    """
    values = {*given, *(environ.get(name) for name in TOKEN_VARIABLES), _saved_token(environ)}
    secrets = (value.strip() for value in values if isinstance(value, str))
    return tuple(sorted((each for each in secrets if len(each) >= _SHORTEST), key=len, reverse=True))


def client_home(environ: Mapping[str, str]) -> Path:
    """Return HF_HOME, or the folder that huggingface_hub uses without it; the client itself takes time to import."""
    cache = environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME", "~"), ".cache")
    return Path(environ.get("HF_HOME") or Path(cache, "huggingface"))


def _saved_token(environ: Mapping[str, str]) -> str | None:
    """Return the token saved by `hf auth login`, from the file in which huggingface_hub looks for it."""
    path = Path(environ.get("HF_TOKEN_PATH") or client_home(environ) / "token")
    try:
        with path.expanduser().open("rb") as file:
            return file.read(_LARGEST_FILE).decode("utf-8", "replace")
    except (OSError, RuntimeError, ValueError):  # no such file, no home folder, or not a path
        return None
