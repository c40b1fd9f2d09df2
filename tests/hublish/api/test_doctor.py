"""The findings of doctor on a machine that can publish, and on one that cannot."""

from pathlib import Path

import pytest
from huggingface_hub import constants

import hublish
from hublish.hub.client.hub import Hub


def by_name(endpoint: str, token: str | bool | None = None) -> dict[str, hublish.Finding]:
    return {finding.name: finding for finding in hublish.doctor(endpoint=endpoint, token=token)}


def test_all_is_well_on_the_embedded_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    findings = by_name(endpoint="embedded")
    assert [name for name, finding in findings.items() if not finding.ok] == []
    assert findings["token"].detail == "belongs to me"


def test_a_wrong_token_is_reported_and_never_shown(hub: Hub) -> None:
    secret = "hf_" + "x" * 30
    finding = by_name(endpoint=hub.endpoint, token=secret)["token"]
    assert not finding.ok
    assert "hf auth login" in finding.hint
    assert secret not in repr(finding)


def test_an_endpoint_out_of_reach_fails_with_a_hint() -> None:
    findings = by_name(endpoint="http://127.0.0.1:9", token=False)
    assert not findings["endpoint"].ok
    assert "HF_ENDPOINT" in findings["endpoint"].hint


def test_xet_that_is_off_is_reported(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    assert "off" in by_name(endpoint=hub.endpoint)["xet"].detail
