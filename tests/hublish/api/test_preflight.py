"""A publication that cannot succeed is refused before a file is read, with every reason and at most one request."""

import json
import shutil
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hublish
from hublish.api.preflight import preflight
from hublish.api.session import Session
from hublish.base.errors import AuthenticationError, DiskFullError, HublishError, OfflineError, PreflightError
from hublish.base.progress import Task
from hublish.hub.server import EmbeddedHub
from hublish.pipeline.collect.collect import Collect
from hublish.pipeline.serialize.serialize import Serialize
from tests.faults.projects import COMMIT, REGULAR, Release
from tests.faults.proxy import instead, lost_before
from tests.hublish.api.test_digest_cache import grow_older, read_bytes

LARGE = 64 << 20
RIGHTS = r"^GET /api/(whoami-v2|.*/auth-check/write)"


class Stages:
    """Notes the titles of the stages."""

    visible = False

    def __init__(self) -> None:
        self.titles: list[str] = []

    def begin(self, title: str) -> None:
        self.titles.append(title)

    def end(self, title: str, seconds: float) -> None: ...

    def task(self, label: str, total: int, unit: str = "B") -> AbstractContextManager[Task]:
        raise AssertionError(f"{label}: {total} {unit}")


TOKENS: dict[str, tuple[dict[str, Any] | None, str]] = {
    "none": (None, "there is no token"),
    "of a stranger": ({}, "acme is neither the account of the token"),
    "to read": ({"orgs": ("acme",), "role": "read"}, "may only read"),
    "of a reader": ({"orgs": {"acme": "read"}}, "may only read in the organization acme"),
    "for another repo": ({"orgs": ("acme",), "role": "fineGrained", "scopes": ("acme/x",)}, "no write access"),
}


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="only Linux counts the bytes")
@pytest.mark.parametrize("exists", [False, True])
@pytest.mark.parametrize("kind", TOKENS)
def test_a_token_without_rights_is_refused_before_a_byte_is_read(
    kind: str, exists: bool, release: Release, own_hub: EmbeddedHub, by_lfs: None
) -> None:
    rights, message = TOKENS[kind]
    with (release.folder / "weights.bin").open("wb") as file:
        file.truncate(LARGE)
    if exists:
        release.create()
    token = False if rights is None else own_hub.add_user(f"preflight-{list(TOKENS).index(kind)}", **rights)
    stages = Stages()
    release.proxy.clear()
    before = read_bytes()
    with pytest.raises(AuthenticationError, match=message if not exists or rights is None else "not allowed") as caught:
        hublish.publish(release.folder, endpoint=release.proxy.endpoint, token=token, progress=stages)
    assert read_bytes() - before < LARGE // 16
    assert caught.value.hint
    assert stages.titles == []
    assert release.proxy.count(RIGHTS) == 1
    assert release.proxy.count("^(POST|PUT|DELETE) ") == 0
    assert not (release.folder / "hub.lock").exists()


def test_every_reason_is_reported_at_once(release: Release, own_hub: EmbeddedHub) -> None:
    free = shutil.disk_usage(release.folder).free
    with (release.folder / "model.npz").open("wb") as file:
        file.truncate(2 * free)  # a sparse file
    manifest = {
        "repo": {"repo_id": release.repo_id},
        "artifacts": [{"source": "model.npz", "serializer": "safetensors"}],
        "policy": {"max_file_size": "450TB"},
    }
    (release.folder / "hub.yaml").write_text(json.dumps(manifest))
    (release.folder / "hub.lock").mkdir()
    with pytest.raises(PreflightError, match="4 reasons") as caught:
        hublish.publish(release.folder, endpoint=own_hub.endpoint, token=own_hub.add_user("nobody", role="read"))
    found = caught.value.problems
    assert [one.code for one in found] == [
        "remote.unauthorized",
        "remote.unauthorized",
        "hublish.failed",
        "system.disk_full",
    ]
    assert all(one.hint for one in found)
    assert "the conversions need about" in found[3].message


@pytest.mark.parametrize(
    ("artifact", "refused"),
    [
        ({"source": "model.npz", "serializer": "safetensors"}, True),
        ({"source": "model.npz"}, False),
        ({"source": "model.npz", "serializer": "safetensors", "options": {"dtype": "float16"}}, False),
        ({"source": "model.safetensors", "serializer": "safetensors"}, False),
    ],
)
def test_only_conversions_need_room(artifact: dict[str, Any], refused: bool, release: Release) -> None:
    with (release.folder / artifact["source"]).open("wb") as file:
        file.truncate(2 * shutil.disk_usage(release.folder).free)
    (release.folder / "hub.yaml").write_text(
        json.dumps({"repo": {"repo_id": release.repo_id}, "artifacts": [artifact]})
    )
    with Session(
        hublish.read_project(release.folder), endpoint=release.hub.endpoint, token=release.hub.token
    ) as session:
        head = session.hub.head(session.target)
        if refused:
            with pytest.raises(DiskFullError, match="the conversions need"):
                preflight(session, head, session.project.lock_path)
        else:
            preflight(session, head, session.project.lock_path)


def test_a_conversion_of_an_earlier_run_needs_no_room(release: Release) -> None:
    np.savez(release.folder / "model.npz", w=np.zeros(1000))
    artifact = {"source": "model.npz", "serializer": "safetensors"}
    (release.folder / "hub.yaml").write_text(
        json.dumps({"repo": {"repo_id": release.repo_id}, "artifacts": [artifact]})
    )

    def room() -> int:
        with Session(hublish.read_project(release.folder)) as session:
            return Serialize(session.workspace, cache=session.conversions).room(Collect().run(session.project))

    assert room() > 8000
    grow_older()
    hublish.files(release.folder)
    assert room() == 0


def test_a_publication_costs_one_request_for_the_rights(release: Release, by_lfs: None) -> None:
    release.proxy.clear()
    release.publish()
    assert release.proxy.count(RIGHTS) == 1
    (release.folder / REGULAR).write_text('{"layers": 4}\n')
    release.proxy.clear()
    release.publish(confirm=bool)
    assert release.proxy.count(RIGHTS) == 1


@pytest.mark.parametrize("status", [404, 405, 429, 500, 503])
@pytest.mark.parametrize("exists", [False, True])
def test_a_hub_that_does_not_answer_about_rights_is_published_to(
    exists: bool, status: int, release: Release, by_lfs: None, sleeps: list[float]
) -> None:
    if exists:
        release.create()
    release.proxy.on(RIGHTS, instead(status, b"{}", Content_Type="application/json"))
    assert release.publish().created
    assert release.proxy.count(COMMIT) == 1


def test_a_lost_network_is_the_usual_error(release: Release, by_lfs: None, sleeps: list[float]) -> None:
    release.proxy.on(RIGHTS, lost_before)
    with pytest.raises(HublishError) as caught:
        release.publish()
    assert isinstance(caught.value, OfflineError)


def test_an_object_in_memory_is_refused_before_it_is_written(own_hub: EmbeddedHub, own_home: Path) -> None:
    eve, stages = own_hub.add_user("eve-preflight"), Stages()
    with pytest.raises(AuthenticationError, match="acme is neither"):
        hublish.push_to_hub({"w": np.ones(3)}, "acme/object", endpoint=own_hub.endpoint, token=eve, progress=stages)
    assert stages.titles == []


def test_doctor_shares_the_checks(own_hub: EmbeddedHub) -> None:
    eve = own_hub.add_user("eve-doctor")

    def rights(repo_id: str, **more: Any) -> hublish.Finding:
        *_, found = hublish.doctor(repo_id, endpoint=own_hub.endpoint, token=eve, **more)
        assert found.name == "rights"
        return found

    assert rights("eve-doctor/new").ok
    assert "acme is neither" in rights("acme/new").detail
    assert rights("acme/new", repo_type="dataset").hint
    reader = own_hub.add_user("doctor-reader", role="read")
    *_, token = hublish.doctor(endpoint=own_hub.endpoint, token=reader)
    assert (token.ok, token.detail) == (True, "belongs to doctor-reader, and may only read")
