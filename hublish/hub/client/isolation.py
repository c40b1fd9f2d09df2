"""Point the client at another Hub and another home: the environment, and the values it has read from there already."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

# Each of them may be set by itself and would then lead to the user's own files.
_PLACES: Final = {
    "HF_HOME": "",
    "HF_HUB_CACHE": "hub",
    "HUGGINGFACE_HUB_CACHE": "hub",
    "HF_ASSETS_CACHE": "assets",
    "HUGGINGFACE_ASSETS_CACHE": "assets",
    "HF_XET_CACHE": "xet",
    "HF_TOKEN_PATH": "token",
    "HF_STORED_TOKENS_PATH": "stored_tokens",
}
# A proxy of the environment cannot reach this machine's loopback.
_LOOPBACK: Final = "127.0.0.1,localhost"


def environment(endpoint: str, token: str, home: Path) -> Mapping[str, str]:
    """Return the variables that the client reads, in this process and in those it starts."""
    return {
        **{name: str(home / place) for name, place in _PLACES.items()},
        "HF_ENDPOINT": endpoint,
        "HF_TOKEN": token,
        "HF_HUB_OFFLINE": "0",  # loopback works without a network
        "TRANSFORMERS_OFFLINE": "0",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "NO_PROXY": _LOOPBACK,
        "no_proxy": _LOOPBACK,
    }


def attributes(endpoint: str, home: Path) -> Iterator[tuple[Any, str, Any]]:
    """Yield owner, name and new value of each attribute that the imported client has read from its environment."""
    from huggingface_hub import constants, hf_api

    # The template was formatted with the endpoint when the client was imported.
    template = constants.HUGGINGFACE_CO_URL_TEMPLATE.removeprefix(constants.ENDPOINT)
    wanted = {
        **{name: str(home / place) for name, place in _PLACES.items()},
        "ENDPOINT": endpoint,
        "HUGGINGFACE_CO_URL_TEMPLATE": endpoint + template,
        "HF_HUB_OFFLINE": False,
    }
    yield from ((constants, name, value) for name, value in wanted.items() if hasattr(constants, name))
    # The functions of the package itself, such as `huggingface_hub.create_repo`, are methods of this instance.
    yield hf_api.api, "endpoint", endpoint


def close_connections() -> None:
    """Close the client's connections: they lead to the other Hub."""
    from huggingface_hub import close_session

    close_session()
