"""A third kind of content, defined here alone, passes through the whole pipeline: no stage tests for a kind."""

import io
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest

from hublish.base.content import ContentChangedError
from hublish.base.errors import SourceChangedError
from hublish.base.values import (
    Candidate,
    Collection,
    Effect,
    LocalRelease,
    Plan,
    Project,
    Receipt,
    Reference,
    Staged,
    Step,
    Verdict,
)
from hublish.hub.client.hub import Hub
from hublish.hub.server import EmbeddedHub
from hublish.pipeline.compare.compare import Compare
from hublish.pipeline.engine import Pipeline
from hublish.pipeline.fetch.fetch import Destination
from hublish.pipeline.fetch.select import Select
from hublish.pipeline.load import opening, pulling
from hublish.pipeline.publish import publishing
from hublish.pipeline.seal.seal import Seal
from hublish.pipeline.serialize.serialize import Serialize
from hublish.schemas.documents.manifest import Manifest
from tests.pipeline.staging import Inline

LARGE = bytes(range(256)) * 1000  # above the size from which large files are sent by their path


@dataclass
class Bucket:
    """Remote objects by name, each with a version that changes when it is replaced."""

    objects: dict[str, tuple[int, bytes]] = field(default_factory=dict)

    def put(self, name: str, data: bytes) -> None:
        version, _ = self.objects.get(name, (0, b""))
        self.objects[name] = (version + 1, data)


@dataclass(frozen=True)
class InBucket:
    """An object at the version that was collected."""

    bucket: Bucket = field(hash=False, compare=False)
    name: str
    version: int
    size: int

    @classmethod
    def at(cls, bucket: Bucket, name: str) -> "InBucket":
        version, data = bucket.objects[name]
        return cls(bucket, name, version, len(data))

    @property
    def identity(self) -> Hashable:
        return self.name, self.version

    @property
    def local_path(self) -> Path | None:
        return None

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        self.unchanged()
        yield io.BytesIO(self.bucket.objects[self.name][1])
        self.unchanged()

    def read(self) -> bytes:
        with self.open() as stream:
            return stream.read()

    def read_at(self, offset: int, length: int) -> bytes:
        return self.bucket.objects[self.name][1][offset : offset + length]

    def unchanged(self) -> None:
        if self.bucket.objects[self.name][0] != self.version:
            msg = "changed since it was collected"
            raise ContentChangedError(msg)


@pytest.fixture
def bucket() -> Bucket:
    bucket, arrays = Bucket(), io.BytesIO()
    np.savez(arrays, weight=np.arange(6, dtype=np.float32).reshape(2, 3))
    bucket.put("config.json", b'{"layers": 3}\n')
    bucket.put("data.bin", LARGE)
    bucket.put("model.npz", arrays.getvalue())
    return bucket


def staged(bucket: Bucket, folder: Path, repo_id: str) -> Staged:
    serializers = {"config.json": "copy", "data.bin": "copy", "model.npz": "safetensors"}
    artifacts = [{"source": name, "serializer": serializer} for name, serializer in serializers.items()]
    manifest = Manifest.model_validate({"repo": {"repo_id": repo_id}, "artifacts": artifacts})
    paths = ("config.json", "data.bin", "model.safetensors")
    candidates = tuple(
        Candidate(path, name, InBucket.at(bucket, name), index, Verdict.of([Step("source", Effect.COLLECTS, name)]))
        for index, (name, path) in enumerate(zip(serializers, paths, strict=True))
    )
    return Serialize(folder).run(Collection(Project(manifest, b"", folder), candidates))


def pull(hub: Hub, reference: Reference, cache: Path) -> LocalRelease:
    return pulling(hub, Destination(cache_dir=cache), Select(("*",), ()), executor=Inline()).run(reference)


def planned(hub: Hub, value: Staged) -> Plan:
    (target,) = value.collection.project.targets
    return Pipeline.of(Seal()).then(Compare(hub, target, hub.head(target))).run(value)


@pytest.mark.usefixtures("own_home")
def test_a_new_kind_of_content_is_published_and_loaded(
    bucket: Bucket, own_hub: EmbeddedHub, tmp_path: Path, by: str
) -> None:
    hub = Hub(own_hub.endpoint, own_hub.token)
    value = staged(bucket, tmp_path, f"acme/bucket-{by}")
    plan = planned(hub, value)
    receipt: Receipt = publishing(hub, tmp_path / "hub.lock").run(plan)
    assert receipt.verified

    local = pull(hub, Reference(plan.target.repo_id), tmp_path / "cache")
    assert (local.folder / "config.json").read_bytes() == b'{"layers": 3}\n'
    assert (local.folder / "data.bin").read_bytes() == LARGE
    assert opening().run(local).arrays["weight"].tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.usefixtures("own_home")
def test_an_object_that_is_replaced_after_sealing_is_not_published(
    bucket: Bucket, own_hub: EmbeddedHub, tmp_path: Path
) -> None:
    hub = Hub(own_hub.endpoint, own_hub.token)
    value = staged(bucket, tmp_path, "acme/replaced")
    plan = planned(hub, value)
    bucket.put("config.json", b'{"layers": 4}\n')
    with pytest.raises(SourceChangedError, match=r"config\.json"):
        publishing(hub, tmp_path / "hub.lock").run(plan)
    assert not (tmp_path / "hub.lock").exists()


def test_an_object_that_is_replaced_before_sealing_is_named(bucket: Bucket, tmp_path: Path) -> None:
    value = staged(bucket, tmp_path, "acme/replaced")
    bucket.put("data.bin", LARGE[::-1])
    with pytest.raises(SourceChangedError, match=r"data\.bin: changed since it was collected"):
        Seal().run(value)
