"""Spaces: their settings, secrets, variables and runtime."""

from typing import Any

from huggingface_hub import SpaceHardware
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from tests.clients.versions.harness import Hub, refused, step


@step
def a_space_is_created_with_variables_and_secrets(hub: Hub) -> None:
    repo = hub.unused()
    given: dict[str, Any] = {
        "space_secrets": [{"key": "S", "value": "1"}],
        "space_variables": [{"key": "V", "value": "2"}],
    }
    hub.owner.create_repo(repo, repo_type="space", space_sdk="gradio", **given)
    assert {key: variable.value for key, variable in hub.owner.get_space_variables(repo).items()} == {"V": "2"}
    assert hub.owner.space_info(repo).sdk == "gradio"
    with refused(ValueError):
        hub.owner.create_repo(hub.unused(), repo_type="space")


@step
def space_info_has_a_runtime(hub: Hub) -> None:
    info = hub.anonymous.space_info(hub.new("space", index_html="<p>"))
    assert info.runtime is not None
    assert (info.sdk, info.runtime.hardware, info.runtime.requested_hardware) == ("static", None, None)
    assert info.subdomain == info.id.replace("/", "-").replace(".", "-")
    assert info.host == f"https://{info.subdomain}.hf.space"


@step
def variables_are_added_changed_and_deleted(hub: Hub) -> None:
    repo = hub.new("space")
    hub.owner.add_space_variable(repo, "NAME", "one", description="A name")
    shown = hub.owner.add_space_variable(repo, "NAME", "two", description="A name")
    assert (shown["NAME"].value, shown["NAME"].description) == ("two", "A name")
    assert hub.owner.delete_space_variable(repo, "NAME") == {}


@step
def secrets_are_added_and_deleted(hub: Hub) -> None:
    repo = hub.new("space")
    hub.owner.add_space_secret(repo, "TOKEN", "value", description="A secret")
    hub.owner.delete_space_secret(repo, "TOKEN")
    with refused(HfHubHTTPError, 403):
        hub.eve.add_space_secret(repo, "TOKEN", "value")


@step
def hardware_and_sleep_time_are_requested(hub: Hub) -> None:
    repo = hub.unused()
    hub.owner.create_repo(repo, repo_type="space", space_sdk="gradio")
    runtime = hub.owner.request_space_hardware(repo, SpaceHardware.T4_SMALL, sleep_time=600)
    assert (runtime.requested_hardware, runtime.sleep_time) == ("t4-small", 600)
    assert hub.owner.set_space_sleep_time(repo, 3600).sleep_time == 3600
    assert hub.owner.get_space_runtime(repo).sleep_time == 3600


@step
def storage_is_requested_and_deleted(hub: Hub) -> None:
    repo = hub.unused()
    hub.owner.create_repo(repo, repo_type="space", space_sdk="gradio")
    # Volumes took its place in version 2.
    request: Any = getattr(hub.owner, "request_space_storage", None)
    if request:
        assert request(repo, "small").storage == "small"
        assert getattr(hub.owner, "delete_space_storage")(repo).storage is None  # noqa: B009 - not in version 2
    assert hub.owner.get_space_runtime(repo).raw["storage"] is None


@step
def a_space_is_paused_and_restarted(hub: Hub) -> None:
    repo = hub.unused()
    hub.owner.create_repo(repo, repo_type="space", space_sdk="gradio")
    assert hub.owner.pause_space(repo).stage == "PAUSED"
    assert hub.owner.get_space_runtime(repo).stage == "PAUSED"
    assert hub.owner.restart_space(repo).stage != "PAUSED"
    hub.owner.restart_space(repo, factory_reboot=True)
    with refused(HfHubHTTPError, 403):
        hub.eve.pause_space(repo)


@step
def the_runtime_of_a_missing_space_is_not_found(hub: Hub) -> None:
    with refused(RepositoryNotFoundError, 404):
        hub.owner.get_space_runtime(hub.unused())
    with refused(RepositoryNotFoundError, 404):
        hub.owner.pause_space(hub.new("model"))


@step
def a_space_is_duplicated(hub: Hub) -> None:
    source, target = hub.new("space", index_html="<p>"), hub.unused()
    hub.owner.add_space_variable(source, "NAME", "one")
    # Version 2 renamed it.
    duplicate: Any = getattr(hub.owner, "duplicate_space", None)
    url = duplicate(source, target) if duplicate else hub.owner.duplicate_repo(source, target, repo_type="space")
    assert (url.repo_id, url.repo_type) == (target, "space")
    assert hub.read(target, "index.html", repo_type="space") == b"<p>"
    assert hub.owner.get_space_variables(target)["NAME"].value == "one"
