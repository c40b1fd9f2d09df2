"""Runtime, variables, secrets, hardware and volumes of a Space, with the real client."""

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi, SpaceHardware, Volume
from huggingface_hub.errors import BadRequestError, HfHubHTTPError

from hublish.hub.server import EmbeddedHub, spaces

_numbers = itertools.count()
SECRET = "the-launch-code-is-7f3a9c51"


def create(api: HfApi, sdk: str = "gradio") -> str:
    return api.create_repo(f"spaces/s-{next(_numbers)}", repo_type="space", space_sdk=sdk).repo_id


@pytest.fixture
def space(api: HfApi) -> str:
    return create(api)


def test_variables_are_added_changed_and_deleted(api: HfApi, space: str) -> None:
    assert api.get_space_variables(space) == {}
    api.add_space_variable(space, "foo", "123")
    api.add_space_variable(space, "MODEL", "a/b", description="which one")
    api.add_space_variable(space, "foo", "456")
    assert set(api.delete_space_variable(space, "missing")) == {"foo", "MODEL"}
    found = api.get_space_variables(space)
    assert {key: variable.value for key, variable in found.items()} == {"foo": "456", "MODEL": "a/b"}
    assert (found["MODEL"].description, found["foo"].description) == ("which one", None)
    assert found["foo"].updated_at is not None
    assert set(api.delete_space_variable(space, "foo")) == {"MODEL"}


def test_secrets_are_listed_without_values_and_stored_without_them(
    api: HfApi, hub: EmbeddedHub, space: str, call: Callable[..., Any]
) -> None:
    api.add_space_secret(space, "KEY", "x" + SECRET, description="of a service")
    api.add_space_secret(space, "KEY", SECRET, description="of a service")
    api.add_space_secret(space, "OTHER", SECRET)
    api.delete_space_secret(space, "OTHER")
    api.delete_space_secret(space, "missing")
    found = api.get_space_secrets(space)
    assert {key: secret.description for key, secret in found.items()} == {"KEY": "of a service"}
    for path in ("secrets", "variables", "runtime", "?expand=runtime", ""):
        separator = "" if path.startswith("?") else "/"
        answer = call("GET", f"/api/spaces/{space}{separator}{path}".rstrip("/"))
        assert answer.status == 200
        assert SECRET.encode() not in answer.body
    folder = hub.root / "repos" / "spaces"
    assert [file for file in folder.rglob("*.json") if SECRET in file.read_text()] == []


@pytest.mark.parametrize(
    ("key", "value"),
    [("", "x"), ("1A", "x"), ("A-B", "x"), ("A B", "x"), ("A=B", "x"), ("A\n", "x"), ("A", "x" * 100_000), ("A", 5)],
)
def test_names_and_values_that_no_environment_can_have_are_refused(
    api: HfApi, space: str, key: str, value: Any
) -> None:
    for add in (api.add_space_variable, api.add_space_secret):
        with pytest.raises(BadRequestError):
            add(space, key, value)


def test_the_number_of_variables_is_limited(api: HfApi, hub: EmbeddedHub, space: str) -> None:
    variables = [{"key": f"V{n}", "value": "x"} for n in range(201)]
    with pytest.raises(BadRequestError, match="at most 200"):
        api.create_repo("spaces/full", repo_type="space", space_sdk="gradio", space_variables=variables)
    assert not api.repo_exists("spaces/full", repo_type="space")


def test_a_space_is_built_and_runs_once_it_has_an_app(api: HfApi, space: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spaces, "BUILD_SECONDS", 10**6)
    runtime = api.get_space_runtime(space)
    assert (runtime.stage, runtime.hardware, runtime.requested_hardware) == ("NO_APP_FILE", None, None)
    api.upload_file(repo_id=space, repo_type="space", path_in_repo="app.py", path_or_fileobj=b"")
    assert (api.get_space_runtime(space).stage, api.get_space_runtime(space).hardware) == ("BUILDING", None)
    monkeypatch.setattr(spaces, "BUILD_SECONDS", 0)
    runtime = api.wait_for_space(space)
    assert (runtime.stage, runtime.hardware) == ("RUNNING", "cpu-basic")
    assert api.pause_space(space).stage == "PAUSED"
    assert api.get_space_runtime(space).stage == "PAUSED"
    assert api.restart_space(space, factory_reboot=True).stage == "RUNNING"
    runtime = api.request_space_hardware(space, SpaceHardware.T4_MEDIUM, sleep_time=600)
    assert (runtime.hardware, runtime.requested_hardware, runtime.sleep_time) == ("t4-medium", "t4-medium", 600)
    assert api.set_space_sleep_time(space, -1).sleep_time == -1
    assert api.enable_space_dev_mode(space).dev_mode is True
    assert api.disable_space_dev_mode(space).dev_mode is False
    info = api.space_info(space)
    assert info.runtime is not None
    assert (info.runtime.stage, info.runtime.hardware) == ("RUNNING", "t4-medium")


def test_a_static_space_always_runs(api: HfApi) -> None:
    space = create(api, "static")
    assert api.get_space_runtime(space).stage == "RUNNING"
    for change in (
        lambda: api.pause_space(space),
        lambda: api.request_space_hardware(space, SpaceHardware.T4_MEDIUM),
        lambda: api.set_space_volumes(space, []),
    ):
        with pytest.raises(BadRequestError, match="Static"):
            change()


def test_volumes_are_replaced_and_deleted(api: HfApi, space: str) -> None:
    api.set_space_volumes(space, [Volume(type="model", source="a/b", mount_path="/models", read_only=True)])
    api.set_space_volumes(space, [Volume(type="bucket", source="a/c", mount_path="/data")])
    [volume] = api.get_space_runtime(space).volumes or []
    assert (volume.type, volume.source, volume.mount_path) == ("bucket", "a/c", "/data")
    api.delete_space_volumes(space)
    assert api.get_space_runtime(space).volumes is None
    with pytest.raises(BadRequestError):
        api.delete_space_volumes(space)
    with pytest.raises(BadRequestError):
        api.set_space_volumes(space, [Volume(type="model", source="a/b", mount_path="relative")])


def test_storage_grows_and_is_deleted(api: HfApi, call: Any, space: str) -> None:
    """As huggingface_hub requests it before 2.0."""
    path = f"/api/spaces/{space}/storage"
    for tier, status in (("small", 200), ("large", 200), ("medium", 400), ("huge", 400), (None, 400), (["small"], 400)):
        assert call("POST", path, {"tier": tier}).status == status, tier
    assert call("GET", f"/api/spaces/{space}/runtime").json()["storage"] == "large"
    assert call("DELETE", path).json()["storage"] is None
    assert call("DELETE", path).status == 400
    static = create(api, "static")
    assert call("POST", f"/api/spaces/{static}/storage", {"tier": "small"}).status == 400


@pytest.mark.parametrize(("tier", "status"), [("small", 200), ("huge", 400), (None, 200)])
def test_a_space_is_created_with_storage(call: Any, tier: str | None, status: int) -> None:
    name = f"s-{next(_numbers)}"
    body = {"name": name, "organization": "spaces", "type": "space", "sdk": "gradio", "storageTier": tier}
    assert call("POST", "/api/repos/create", body).status == status
    if status == 200:
        assert call("GET", f"/api/spaces/spaces/{name}/runtime").json()["storage"] == tier


def test_settings_of_a_new_space_are_kept_over_a_move(api: HfApi) -> None:
    name = f"spaces/s-{next(_numbers)}"
    entry = {"key": "A", "value": "b"}
    api.create_repo(
        name,
        repo_type="space",
        space_sdk="gradio",
        space_hardware=SpaceHardware.T4_SMALL,
        space_sleep_time=60,
        space_variables=[entry],
        space_secrets=[{"key": "S", "value": SECRET}],
    )
    api.move_repo(name, f"{name}-moved", repo_type="space")
    assert set(api.get_space_variables(f"{name}-moved")) == {"A"}
    assert set(api.get_space_secrets(f"{name}-moved")) == {"S"}
    runtime = api.get_space_runtime(f"{name}-moved")
    assert (runtime.requested_hardware, runtime.sleep_time) == ("t4-small", 60)


CALLS = [("GET", "runtime"), ("GET", "variables"), ("GET", "secrets")]
CALLS += [("POST", name) for name in ("variables", "secrets", "hardware", "sleeptime", "pause", "restart", "dev-mode")]
CALLS += [("DELETE", name) for name in ("variables", "secrets", "storage", "volumes")]
CALLS += [("POST", "storage"), ("PUT", "volumes")]


def test_only_owners_read_and_change_settings(api: HfApi, hub: EmbeddedHub, space: str, connect: Any) -> None:
    body = {"key": "A", "value": SECRET, "flavor": "t4-small", "seconds": 9, "volumes": [], "tier": "small"}
    api.add_space_variable(space, "A", SECRET)
    eve = connect(hub.endpoint, hub.add_user("eve"))
    reader = connect(hub.endpoint, hub.add_user("reader-of-spaces", orgs=("spaces",), role="read"))
    callers = (eve, reader, connect(hub.endpoint))
    for method, name in CALLS:
        for caller in callers:
            answer = caller(method, f"/api/spaces/{space}/{name}", None if method == "GET" else body)
            assert answer.status == (200 if name == "runtime" else 403 if caller.token else 401), name
            assert SECRET.encode() not in answer.body
    api.update_repo_settings(space, private=True, repo_type="space")
    for method, name in CALLS:
        for caller in (eve, connect(hub.endpoint)):
            content = None if method == "GET" else body
            answers = [caller(method, f"/api/spaces/{one}/{name}", content) for one in (space, "spaces/missing")]
            assert answers[0].status == answers[1].status == 404
            assert answers[0].body == answers[1].body
    assert set(api.get_space_variables(space)) == {"A"}


def test_other_types_have_no_such_settings(repo: str, call: Callable[..., Any]) -> None:
    for method, name in CALLS:
        body = None if method == "GET" else {"key": "A", "value": "b"}
        assert call(method, f"/api/models/{repo}/{name}", body).status == 404


def test_settings_survive_a_restart(tmp_path: Path) -> None:
    known: dict[str, Any] = {}
    for _ in range(2):
        with EmbeddedHub(tmp_path) as hub:
            api = HfApi(endpoint=hub.endpoint, token=hub.token)
            api.create_repo("me/s", repo_type="space", space_sdk="gradio", exist_ok=True)
            known = api.get_space_variables("me/s")
            api.add_space_variable("me/s", f"V{len(known)}", json.dumps("é"))
    assert len(known) == 1
    assert next(iter(known.values())).value == '"\\u00e9"'


def test_unknown_hardware_is_refused(api: HfApi, space: str) -> None:
    for flavor in ("", "T4 medium", "x" * 50):
        with pytest.raises(HfHubHTTPError):
            api.request_space_hardware(space, flavor)  # type: ignore[arg-type]


def test_the_hardware_that_costs_nothing_is_offered(api: HfApi) -> None:
    (hardware,) = api.list_spaces_hardware()
    assert (hardware.name, hardware.pretty_name, hardware.cpu, hardware.ram) == (
        "cpu-basic",
        "CPU Basic",
        "2 vCPU",
        "16 GB",
    )
    assert (hardware.accelerator, hardware.unit_cost_micro_usd) == (None, 0)
