"""The surroundings of the Action: a checkout with a release, a Hub, and a GitHub."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi

from hublish.hub.server import EmbeddedHub
from tests.action import github
from tests.action.composite import Job, Ran, installed, run_action
from tests.action.github import GitHub
from tests.action.releases import ACTION, LONG_LIVED, MANIFEST, PULL_REQUEST, REPO, Run
from tests.hublish.hub.server import oidc_issuer
from tests.hublish.hub.server.oidc_issuer import Issuer
from tests.isolation import CLIENT_SETTINGS, GIT_ALONE


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with oidc_issuer.running() as running:
        yield running


@pytest.fixture
def hub(tmp_path: Path, issuer: Issuer) -> Iterator[EmbeddedHub]:
    with EmbeddedHub(tmp_path / "hub", token=LONG_LIVED) as hub:
        HfApi(endpoint=hub.endpoint, token=hub.token).create_repo(REPO)
        hub.trust_issuer(issuer.url, REPO, {"repository": "acme/training"})
        yield hub


@pytest.fixture
def forge() -> Iterator[GitHub]:
    with github.running() as running:
        yield running


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A checkout with a release."""
    folder = tmp_path / "checkout"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "model.safetensors").write_bytes(b"\x02\x00\x00\x00\x00\x00\x00\x00{}")
    (folder / "data" / "config.json").write_text('{"classes": 10}')
    (folder / "hub.yaml").write_text(MANIFEST)
    return folder


@pytest.fixture
def run(tmp_path: Path, workspace: Path, hub: EmbeddedHub, forge: GitHub, issuer: Issuer) -> Run:
    """Run the Action; by default for a pull request, in a job that may request ID tokens and has no secret."""
    temp = tmp_path / "temp"
    installed(temp)
    # A self-hosted runner on which a person has logged in.
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "token").write_text(LONG_LIVED)
    forge.id_token = issuer.token
    given = {
        **CLIENT_SETTINGS,
        **GIT_ALONE,
        "HF_ENDPOINT": hub.endpoint,
        "HF_HOME": str(tmp_path / "home"),
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{forge.url}/token?api-version=2",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "token-of-the-job",
        # In the job by mistake, and never used.
        "HF_TOKEN": LONG_LIVED,
    }
    uses = {
        "actions/setup-python": lambda _: {"python-path": "python3"},
        "actions/upload-artifact": lambda _: {"artifact-url": "https://github.example/artifacts/1"},
    }

    def run_once(event: str = "pull_request", environ: Mapping[str, str | None] | None = None, **inputs: str) -> Ran:
        details: dict[str, Any] = {"pull_request": PULL_REQUEST} if event.startswith("pull_request") else {}
        kept = {name: value for name, value in {**given, **(environ or {})}.items() if value is not None}
        names = {
            "repository": "acme/training",
            "graphql_url": f"{forge.url}/graphql",
            "ref_type": "tag" if event == "push" else "branch",
            "ref_name": "v1$(touch pwned)",
            "head_ref": "$(touch pwned)",
        }
        job = Job(workspace, temp, event, details, kept, names)
        given_inputs = {key.replace("_", "-"): value for key, value in inputs.items()}
        return run_action(ACTION, job, given_inputs, uses, ["Install hublish"])

    return run_once
