"""The settings of a Space: documented values are accepted."""

from typing import Any

import pytest

from hublish.schemas.documents.card_metadata import metadata_problems
from hublish.schemas.vocabulary import card_fields, table

COMMIT = "11c5a3d5811f50298f278a704980280950aedb10"


@pytest.mark.parametrize(
    "metadata",
    [
        {"sdk": "docker", "app_port": 7860, "base_path": "/docs"},
        {"sdk": "static", "app_build_command": "npm run build", "app_file": "dist/index.html"},
        {"sdk": "gradio", "sdk_version": "5.9.1", "python_version": "3.12.1"},
        {"sdk_version": "6.0.0b1"},
        {"sdk_version": "5.0.0-beta.2"},
        {"startup_duration_timeout": "1h"},
        {"startup_duration_timeout": "1h 30m"},
        {"startup_duration_timeout": "90 minutes"},
        {"custom_headers": {"cross-origin-embedder-policy": "require-corp"}},
        {
            "custom_headers": {
                "cross-origin-opener-policy": "same-origin",
                "cross-origin-resource-policy": "cross-origin",
            }
        },
        {"hf_oauth": True, "hf_oauth_scopes": ["read-memberships", "jobs"], "hf_oauth_expiration_minutes": 43200},
        {"hf_oauth": True, "hf_oauth_authorized_org": ["acme", "my-org_1"]},
        {"preload_from_hub": ["coqui/XTTS-v1", "acme/x a/b.bin,c.json", f"gpt2 config.json {COMMIT}"]},
        {"suggested_hardware": "zero-a10g", "header": "mini", "fullWidth": True},
        {"models": ["gpt2", "acme/x"], "datasets": ["acme/y"], "short_description": "x" * 60},
    ],
)
def test_documented_settings_are_accepted(metadata: dict[str, Any]) -> None:
    assert metadata_problems({"license": "mit", **metadata}, "space") == ()


def test_every_choice_of_the_hub_is_accepted() -> None:
    found = table("space_settings")
    beside = {"hf_oauth": True}
    for key, name in (("colorFrom", "colors"), ("sdk", "sdks"), ("suggested_hardware", "hardware")):
        assert card_fields()[key].values == tuple(found[name])
        for value in found[name]:
            assert metadata_problems({key: value}, "space") == ()
    for scope in found["scopes"]:
        assert metadata_problems({**beside, "hf_oauth_scopes": [scope]}, "space") == ()
