"""From an endpoint to a Hub that answers."""

from pathlib import Path

import pytest
from huggingface_hub import constants

from hublish.api.session import connected


def test_a_url_loses_its_trailing_slash(tmp_path: Path) -> None:
    with connected("http://127.0.0.1:9/", None, tmp_path) as hub:
        assert hub.endpoint == "http://127.0.0.1:9"


def test_without_an_endpoint_the_clients_own_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:8")
    with connected(None, None, tmp_path) as hub:
        assert hub.endpoint == "http://127.0.0.1:8"


def test_the_embedded_hub_keeps_its_state_and_is_hidden_from_git(tmp_path: Path) -> None:
    with connected("embedded", None, tmp_path) as hub:
        hub.api.create_repo("acme/x")
        assert hub.name == "embedded"
    with connected("embedded", None, tmp_path) as hub:
        assert hub.api.repo_exists("acme/x")
    assert (tmp_path / ".hublish" / ".gitignore").read_text() == "*\n"


def test_a_token_is_not_part_of_what_is_printed(tmp_path: Path) -> None:
    with connected("http://127.0.0.1:9", "hf_secret", tmp_path) as hub:
        assert "hf_secret" not in repr(hub)
