"""One call of a verb: the Hub it uses and what it opens."""

from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants

from hublish.api.session import Session, resolve_endpoint
from hublish.base.errors import AuthenticationError
from hublish.schemas.documents.lock import Lock
from hublish.schemas.documents.manifest import Load

OUR_HUB, ANOTHER_HUB, DEFAULT_HUB = "https://ours.example", "https://another.example", "https://default.example"


def lock(endpoint: str) -> Lock:
    return Lock(
        repo_id="acme/x",
        endpoint=endpoint,
        revision="main",
        commit="c" * 40,
        tag=None,
        manifest_sha256="d" * 64,
        load=Load(),
        files=(),
    )


@pytest.mark.parametrize(
    ("given", "declared", "locked", "resolved"),
    [
        (ANOTHER_HUB, OUR_HUB, "embedded", ANOTHER_HUB),
        ("embedded", OUR_HUB, None, "embedded"),
        (None, OUR_HUB, "embedded", OUR_HUB),
        (None, "embedded", None, "embedded"),
        (None, "", "embedded", "embedded"),
        (None, "", ANOTHER_HUB, DEFAULT_HUB),
        (None, "", None, DEFAULT_HUB),
        (f"{OUR_HUB}/", "", None, OUR_HUB),
    ],
)
def test_one_rule_resolves_the_endpoint(
    given: str | None, declared: str, locked: str | None, resolved: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", f"{DEFAULT_HUB}/")
    assert resolve_endpoint(given, declared, lock(locked) if locked else None) == resolved


def test_without_an_endpoint_the_default_of_the_client_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:8")
    with Session() as session:
        assert session.hub.endpoint == "http://127.0.0.1:8"


def test_the_embedded_hub_keeps_its_state_and_is_hidden_from_git(tmp_path: Path) -> None:
    with Session(endpoint="embedded", folder=tmp_path) as session:
        session.hub.api.create_repo("acme/x")
        assert session.hub.name == "embedded"
    with Session(endpoint="embedded", folder=tmp_path) as session:
        assert session.hub.api.repo_exists("acme/x")
    assert (tmp_path / ".hublish" / ".gitignore").read_text() == "*\n"


def test_nothing_is_opened_before_it_is_used(tmp_path: Path) -> None:
    with Session(endpoint="embedded", folder=tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_the_workspace_is_removed_also_after_an_error(tmp_path: Path) -> None:
    session = Session()

    def fail() -> None:
        with session:
            (session.workspace / "converted").touch()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert not session.workspace.exists()


def test_a_token_is_not_printed() -> None:
    with Session(endpoint="http://127.0.0.1:9", token="hf_secret") as session:
        assert "hf_secret" not in repr(session.hub)


@pytest.mark.parametrize(
    ("declared", "options", "is_allowed"),
    [
        (OUR_HUB, {}, False),
        (OUR_HUB, {"token": True}, False),
        (f"{DEFAULT_HUB}:444", {}, False),
        (DEFAULT_HUB.replace("https", "http"), {}, False),
        ("http://127.0.0.1.example", {}, False),
        ("http://localhost.example", {}, False),
        # The caller named the Hub or the token, or there is nothing to send.
        (OUR_HUB, {"endpoint": OUR_HUB}, True),
        (OUR_HUB, {"token": "hf_given"}, True),
        (OUR_HUB, {"token": False}, True),
        (f"{DEFAULT_HUB}:443", {}, True),
        ("", {}, True),
        # It stays on this machine.
        ("http://127.0.0.1:8", {}, True),
        ("http://[::1]:8", {}, True),
        ("http://localhost:8", {}, True),
    ],
)
def test_a_manifest_does_not_choose_who_receives_a_saved_token(
    declared: str, options: dict[str, Any], is_allowed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", DEFAULT_HUB)
    monkeypatch.setenv("HF_TOKEN", "hf_saved")
    with Session(declared=declared, **options) as session:
        if is_allowed:
            assert session.hub.endpoint == (options.get("endpoint") or declared or DEFAULT_HUB)
            return
        with pytest.raises(AuthenticationError) as caught:
            _ = session.hub
    assert DEFAULT_HUB in caught.value.message
    assert f"--endpoint {declared} " in caught.value.hint


def test_without_a_saved_token_a_manifest_names_any_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    with Session(declared=OUR_HUB) as session:
        assert session.hub.endpoint == OUR_HUB
