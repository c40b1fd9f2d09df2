"""A release that hublish has signed and published is accepted by those who trust its signer, and by no one else."""

import socket
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pytest
from huggingface_hub import constants

import hublish
from hublish.base.errors import TrustError, UsageError
from hublish.hub.client.hub import Hub
from tests.attested_release import Readers
from tests.signing_keys import key

RULES = "rules: [{repos: [acme/*], signers: [acme], require: [same_builder]}]\n"


@pytest.fixture
def signed(folder: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Publish a signed release, and return its lock."""
    (folder / "acme.pem").write_bytes(key().private)
    with (folder / "hub.yaml").open("a") as manifest:
        manifest.write("sign: {method: key, private_key: acme.pem}\n")
    monkeypatch.setenv("HF_TOKEN", str(hub.token))
    hublish.publish(folder / "hub.yaml", endpoint=hub.endpoint)
    return folder / "hub.lock"


@pytest.fixture
def readers(tmp_path: Path) -> Readers:
    return Readers(tmp_path / "reader")


def test_its_lock_names_the_builder_and_the_signer(signed: Path, hub: Hub, readers: Readers) -> None:
    local = hublish.pull(lock=signed, endpoint=hub.endpoint, trust_policy=readers.by_key(rules=RULES))
    found = local.plan.release.examination
    assert found is not None
    assert [reason.name for reason in found.reasons][-2:] == ["builder", "lock"]
    with pytest.raises(TrustError):
        hublish.pull(lock=signed, endpoint=hub.endpoint, trust_policy=readers.by_key("mallory", RULES))


def test_it_is_verified_on_the_hub_by_the_key_in_its_manifest(signed: Path, hub: Hub) -> None:
    found = hublish.verify(signed.with_name("hub.yaml"), endpoint=hub.endpoint)
    assert found.ok
    assert found.examination is not None
    assert found.examination.reasons[0].text.startswith("`sign` of hub.yaml applies")


def test_it_is_verified_offline_once_it_was_pulled(
    signed: Path, hub: Hub, readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = readers.by_key(rules=RULES)
    hublish.pull(lock=signed, endpoint=hub.endpoint, trust_policy=policy)
    monkeypatch.setattr(socket.socket, "connect", None)
    assert hublish.verify_attestations(lock=signed, trust_policy=policy).ok
    assert hublish.verify_attestations(manifest=signed.with_name("hub.yaml")).ok


class Scaler(hublish.HubMixin):
    """Multiplies by a weight."""

    def __init__(self) -> None:
        self.weights: dict[str, np.ndarray] = {}

    def state_dict(self) -> dict[str, np.ndarray]:
        return self.weights

    def load_state_dict(self, weights: dict[str, np.ndarray]) -> None:
        self.weights = weights


class Offline(Scaler):
    """Loads by itself, as a class that was written for huggingface_hub does."""

    asked: ClassVar[list[bool]] = []

    @classmethod
    def _from_pretrained(cls, *, local_files_only: bool, **options: Any) -> Self:
        cls.asked.append(local_files_only)
        return super()._from_pretrained(local_files_only=local_files_only, **options)


def test_a_class_loads_it_by_the_policy(
    signed: Path, hub: Hub, readers: Readers, monkeypatch: pytest.MonkeyPatch, arrays: dict[str, np.ndarray]
) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", hub.endpoint)
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", hub.endpoint + "/{repo_id}/resolve/{revision}/{filename}"
    )
    policy = readers.by_key(rules=RULES.replace("same_builder", "provenance"))
    loaded = Scaler.from_pretrained("acme/digits", trust_policy=policy)
    assert loaded.weights.keys() == arrays.keys()
    # The Hub could list other files when it is asked again.
    assert Offline.from_pretrained("acme/digits", trust_policy=policy).weights.keys() == arrays.keys()
    assert Offline.asked == [True]
    with pytest.raises(TrustError):
        Scaler.from_pretrained("acme/digits", trust_policy=readers.by_key("mallory", RULES))
    with pytest.raises(UsageError, match="this is a folder"):
        Scaler.from_pretrained(signed.parent, trust_policy=policy)
