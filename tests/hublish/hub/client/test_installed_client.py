"""The libraries named in the User-Agent header."""

import pytest
from huggingface_hub.utils import build_hf_headers

from hublish import __version__
from hublish.hub.client.installed_client import OURSELVES, Caller


@pytest.mark.parametrize(
    ("caller", "begins", "ends"),
    [
        (OURSELVES, f"hublish/{__version__}; ", ""),
        (Caller("acme", "1.2"), "acme/1.2; ", f"hublish/{__version__}"),
        (Caller("acme", None), "acme/None; ", f"hublish/{__version__}"),
    ],
)
def test_a_library_is_named_first_and_we_are_named_once(caller: Caller, begins: str, ends: str) -> None:
    agent = build_hf_headers(**caller.keywords)["user-agent"]
    assert agent.startswith(begins)
    assert ends in agent
    assert agent.count("hublish/") == 1
