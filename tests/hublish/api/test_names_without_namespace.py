"""A repo_id without a namespace belongs to the account of the token, as in huggingface_hub."""

import json
from pathlib import Path

import pytest

import hublish
from hublish.base.errors import AuthenticationError
from hublish.hub.server import EmbeddedHub
from hublish.schemas.documents.lock import read_lock


def manifest(folder: Path, name: str) -> Path:
    (folder / "config.json").write_text("{}")
    path = folder / "hub.yaml"
    path.write_text(json.dumps({"repo": {"repo_id": name}, "artifacts": [{"source": "config.json"}]}))
    return path


def test_plan_receipt_and_lock_have_the_full_id(tmp_path: Path, own_home: Path, own_hub: EmbeddedHub) -> None:
    token = own_hub.add_user("ada")
    path = manifest(tmp_path, "bare-name")
    plan = hublish.plan(path, endpoint=own_hub.endpoint, token=token)
    assert plan.target.repo_id == "ada/bare-name"
    receipt = hublish.publish(path, plan=plan, endpoint=own_hub.endpoint, token=token)
    assert receipt.plan.target.repo_id == "ada/bare-name"
    assert "/ada/bare-name/commit/" in receipt.url
    assert read_lock((tmp_path / "hub.lock").read_bytes()).repo_id == "ada/bare-name"
    assert hublish.plan(path, endpoint=own_hub.endpoint, token=token).nothing_to_do
    assert not hublish.status(path, endpoint=own_hub.endpoint, token=token).changed


def test_an_object_is_pushed_under_the_account(tmp_path: Path, own_home: Path, own_hub: EmbeddedHub) -> None:
    np = pytest.importorskip("numpy")
    token = own_hub.add_user("grace")
    made = hublish.push_to_hub({"w": np.ones(2)}, repo_id="pushed", endpoint=own_hub.endpoint, token=token)
    assert "grace/pushed" in str(made)


def test_a_rehearsal_needs_no_namespace(tmp_path: Path, own_home: Path) -> None:
    assert hublish.rehearse(manifest(tmp_path, "bare-name")).same


def test_without_a_token_it_is_named(tmp_path: Path, own_home: Path, own_hub: EmbeddedHub) -> None:
    path = manifest(tmp_path, "bare-name")
    assert "repo.namespace" in [problem.code for problem in hublish.check(path)]
    with pytest.raises(AuthenticationError, match="has no namespace"):
        hublish.plan(path, endpoint=own_hub.endpoint, token=False)


def test_with_a_token_check_is_content(tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_" + "x" * 34)
    assert "repo.namespace" not in [problem.code for problem in hublish.check(manifest(tmp_path, "bare-name"))]
