"""Keyless releases of a CI job: the real client, an embedded Hub with a trusted publisher, and a private Sigstore."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi

from hublish.attestation.keyless import KeylessVerifier
from hublish.attestation.statements import read_claims
from hublish.hub.server import EmbeddedHub
from tests.action.github import GitHub
from tests.action.releases import LONG_LIVED, MANIFEST, REPO, Run, commits
from tests.action.test_recipes import recipe
from tests.clients import sigstore_server
from tests.clients.sigstore_server import Sigstore
from tests.clients.test_signed_downloads import succeeds
from tests.hublish.attestation.recorded import IDENTITY, WORKFLOW
from tests.hublish.hub.server.oidc_issuer import Issuer

# The fake GitHub, the Hub, and the Action in a checkout.
pytest_plugins = ("tests.action.conftest",)

ATTESTED = {"model.sig", "claims.jsonl", "bom.cdx.json"}
DEADLINE = 300


@pytest.fixture(scope="module")
def sigstore(tmp_path_factory: pytest.TempPathFactory, issuer: Issuer) -> Iterator[Sigstore]:
    with sigstore_server.running(tmp_path_factory.mktemp("node") / "sigstore", {issuer.url: "sigstore"}) as running:
        yield running


@dataclass
class Job:
    """A job of a workflow on GitHub, which may request ID tokens; a token of the account is there by mistake."""

    folder: Path
    environ: dict[str, str]
    hub: EmbeddedHub
    sigstore: Sigstore

    def hublish(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a command of hublish."""
        command = [sys.executable, "-m", "hublish", *words]
        given = {**self.environ, **environ}
        return subprocess.run(command, cwd=self.folder, env=given, capture_output=True, text=True, timeout=DEADLINE)

    def state(self) -> tuple[list[str], Mapping[str, int]]:
        """Return the commits on the Hub, and what Sigstore has made."""
        return commits(self.hub), self.sigstore.made

    def files(self) -> dict[str, bytes]:
        """Return the files of the repo."""
        api = HfApi(endpoint=self.hub.endpoint, token=self.hub.token)
        names = api.list_repo_files(REPO)
        return {name: Path(api.hf_hub_download(REPO, name)).read_bytes() for name in names}


def signed_manifest(issuer: Issuer, **changes: str) -> str:
    sign = {
        "method": "sigstore",
        "identity": IDENTITY.replace("/v1", "/v*"),
        "identity_provider": issuer.url,
        "trust_config": "../sigstore.json",
        **changes,
    }
    return f"{MANIFEST}sign: {json.dumps(sign)}\n"


@pytest.fixture
def signed(workspace: Path, issuer: Issuer, sigstore: Sigstore, forge: GitHub) -> Path:
    """The checkout, with a release that is signed."""
    (workspace.parent / "sigstore.json").write_bytes(sigstore.trust_config)
    (workspace / "hub.yaml").write_text(signed_manifest(issuer))
    forge.id_token = lambda audience: issuer.token(audience, job_workflow_ref=WORKFLOW)
    return workspace


@pytest.fixture
def job(signed: Path, hub: EmbeddedHub, forge: GitHub, sigstore: Sigstore, tmp_path: Path) -> Job:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("HF_", "GITHUB_", "ACTIONS_", "SIGSTORE_"))
    }
    environ = {
        "HF_ENDPOINT": hub.endpoint,
        "HF_HOME": str(tmp_path / "hf"),
        "HF_OIDC_RESOURCE": REPO,
        "HF_TOKEN": LONG_LIVED,
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "acme/training",
        "GITHUB_WORKFLOW_REF": WORKFLOW,
        "GITHUB_REF": "refs/tags/v1",
        "GITHUB_SHA": "c0ffee" + "0" * 34,
        "GITHUB_RUN_ID": "7",
        "GITHUB_RUN_ATTEMPT": "1",
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{forge.url}/token?api-version=2",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "token-of-the-job",
    }
    return Job(signed, {**kept, **environ}, hub, sigstore)


def trusted(issuer: Issuer, sigstore: Sigstore) -> KeylessVerifier:
    return KeylessVerifier(IDENTITY, issuer.url, sigstore.trust_config)


def test_a_job_signs_and_publishes_in_one_commit_and_then_has_nothing_to_do(
    job: Job, forge: GitHub, issuer: Issuer, sigstore: Sigstore
) -> None:
    before = job.state()[1]
    ended = job.hublish("plan", "--out", "plan.json", "--json")
    assert ended.returncode == 0, ended.stderr
    planned = {file["path_in_repo"]: file for file in json.loads((job.folder / "plan.json").read_text())["files"]}
    assert {path for path, file in planned.items() if file.get("made_at_publish")} == {"model.sig", "claims.jsonl"}
    # A plan needs no identity, and makes no entry in the log.
    assert forge.audiences == [job.hub.endpoint]
    assert sigstore.made == before

    ended = job.hublish("publish", "plan.json", "-y")
    assert ended.returncode == 0, ended.stderr
    assert len(commits(job.hub)) == 2
    # A process for each command: one exchange, and one ID token for the signatures.
    assert forge.audiences == [job.hub.endpoint] * 2 + ["sigstore"]
    after = sigstore.made
    assert (after["certificates"] - before["certificates"], after["entries"] - before["entries"]) == (1, 3)
    files = job.files()
    assert files.keys() >= ATTESTED
    verifier = trusted(issuer, sigstore)
    bundles = [files["model.sig"], *read_claims(files["claims.jsonl"])]
    found = [verifier.verify(bundle) for bundle in bundles]
    assert {each.signed_by.name for each in found} == {IDENTITY}
    assert len({each.signed_by.log_index for each in found}) == 3
    names = {subject["name"] for each in found[1:] for subject in json.loads(each.statement)["subject"]}
    assert names == files.keys() - {"model.sig", "claims.jsonl", ".gitattributes"}
    builder = json.loads(found[1].statement)["predicate"]["runDetails"]["builder"]["id"]
    assert builder == IDENTITY
    locked = json.loads((job.folder / "hub.lock").read_text())["signature"]
    assert (locked["signer"], locked["provider"]) == (IDENTITY, issuer.url)
    assert locked["log_index"] == found[0].signed_by.log_index

    ended = job.hublish("publish", "-y")
    assert ended.returncode == 0, ended.stderr
    assert len(commits(job.hub)) == 2
    assert sigstore.made == after
    assert forge.audiences.count("sigstore") == 1


def test_a_reader_verifies_with_hublish_and_with_the_stock_command(
    job: Job, issuer: Issuer, sigstore: Sigstore, tmp_path: Path
) -> None:
    assert job.hublish("publish", "-y").returncode == 0
    reader = tmp_path / "reader"
    reader.mkdir()
    (reader / "sigstore.json").write_bytes(sigstore.trust_config)
    trusted = {
        "identity": IDENTITY.replace("/v1", "/v*"),
        "identity_provider": issuer.url,
        "trust_config": "sigstore.json",
    }
    rule = {"repos": ["acme/*"], "signers": ["ci"], "require": ["signature", "provenance"]}
    (reader / "trust.yaml").write_text(json.dumps({"signers": {"ci": trusted}, "rules": [rule]}))
    job.folder = reader
    ended = job.hublish("pull", REPO, "--local-dir", "digits")
    assert ended.returncode == 0, ended.stderr
    ended = job.hublish("verify", "--attestations", "digits", "--json")
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert found["ok"]
    assert succeeds(found["command"], reader)
    config = reader / "digits" / "config.json"
    config.write_text('{"classes": 11}')
    assert job.hublish("verify", "--attestations", "digits").returncode == 1
    assert not succeeds(found["command"], reader)
    config.write_text('{"classes": 10}')
    assert succeeds(found["command"], reader)
    other = found["command"].replace(IDENTITY, IDENTITY.replace("/v1", "/v2"))
    assert not succeeds(other, reader)


@pytest.mark.parametrize("tampering", ["another identity", "another issuer"])
def test_a_job_that_is_not_the_declared_one_creates_nothing(
    job: Job, issuer: Issuer, sigstore: Sigstore, tampering: str
) -> None:
    changes = {
        "another identity": {"identity": IDENTITY.replace("training", "other")},
        "another issuer": {"identity_provider": "https://gitlab.com"},
    }[tampering]
    (job.folder / "hub.yaml").write_text(signed_manifest(issuer, **changes))
    before = job.state()
    ended = job.hublish("publish", "-y")
    assert ended.returncode == 1
    assert "error[sign.failed]" in ended.stderr
    _nothing_happened(job, before, ended)


def _nothing_happened(
    job: Job, before: tuple[list[str], Mapping[str, int]], ended: subprocess.CompletedProcess[str]
) -> None:
    listed, made = job.state()
    assert listed == before[0] == ["initial commit"]
    assert made["entries"] == before[1]["entries"]
    assert not (job.folder / "hub.lock").exists()
    assert LONG_LIVED not in ended.stdout + ended.stderr
    assert "token-of-the-job" not in ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("change", "code", "reason"),
    [
        # The claims of the ID token for one service, by its audience.
        ({"sigstore": {"exp": 1}}, "sign.failed", "expired"),
        ({"sigstore": {"job_workflow_ref": "evil/fork/.github/workflows/x.yml@refs/tags/v1"}}, "sign.failed", "evil"),
        ({"sigstore": {"iss": "https://evil.example"}}, "sign.failed", "evil.example"),
        ({"hub": {"repository": "evil/fork"}}, "remote.exchange", "no trusted publisher"),
        ({"hub": {"exp": 1}}, "remote.exchange", "expired"),
        # GitHub refuses.
        ({"sigstore": None}, "sign.failed", "GitHub gave no ID token"),
        ({"hub": None}, "remote.exchange", ""),
    ],
)
def test_a_failure_is_an_error_and_no_other_token_takes_its_place(
    job: Job, forge: GitHub, issuer: Issuer, change: dict[str, Any], code: str, reason: str
) -> None:
    def id_token(audience: str) -> Any:
        claims = change.get("sigstore" if audience == "sigstore" else "hub", {})
        return None if claims is None else issuer.token(audience, **{"job_workflow_ref": WORKFLOW, **claims})

    forge.id_token = id_token
    before = job.state()
    ended = job.hublish("publish", "-y")
    assert ended.returncode == 1
    assert f"error[{code}]" in ended.stderr
    assert reason in ended.stderr
    _nothing_happened(job, before, ended)


def test_without_the_permission_for_id_tokens_nothing_is_published(job: Job) -> None:
    before = job.state()
    del job.environ["ACTIONS_ID_TOKEN_REQUEST_URL"]
    ended = job.hublish("publish", "-y")
    assert ended.returncode == 1
    _nothing_happened(job, before, ended)
    # A token for the Hub alone signs nothing.
    del job.environ["HF_OIDC_RESOURCE"]
    ended = job.hublish("publish", "-y")
    assert "error[sign.failed]" in ended.stderr
    assert "needs an ID token of this job" in ended.stderr
    _nothing_happened(job, before, ended)


def _exchanged(hub: EmbeddedHub) -> int:
    return len(list(Path(hub.root, "id-tokens").iterdir()))


def test_one_id_token_serves_a_hub_that_accepts_the_audience_of_sigstore(
    job: Job, hub: EmbeddedHub, issuer: Issuer, forge: GitHub
) -> None:
    hub.trust_issuer(issuer.url, REPO, {"repository": "acme/training"}, audience="sigstore")
    token = issuer.token("sigstore", job_workflow_ref=WORKFLOW)
    ended = job.hublish("publish", "-y", HF_OIDC_ID_TOKEN=token)
    assert ended.returncode == 0, ended.stderr
    assert len(commits(hub)) == 2
    assert (forge.audiences, _exchanged(hub)) == ([], 1)
    assert token not in ended.stdout + ended.stderr


def test_one_id_token_serves_a_sigstore_that_accepts_the_audience_of_the_hub(
    job: Job, hub: EmbeddedHub, issuer: Issuer, forge: GitHub, tmp_path: Path
) -> None:
    token = issuer.token(hub.endpoint, job_workflow_ref=WORKFLOW)
    with sigstore_server.running(tmp_path / "node", {issuer.url: hub.endpoint}) as instance:
        (tmp_path / "sigstore.json").write_bytes(instance.trust_config)
        ended = job.hublish("publish", "-y", HF_OIDC_ID_TOKEN=token, SIGSTORE_ID_TOKEN=token)
        assert instance.made == {"certificates": 1, "entries": 3}
    assert ended.returncode == 0, ended.stderr
    assert (len(commits(hub)), forge.audiences, _exchanged(hub)) == (2, [], 1)


def test_the_workflow_for_github_signs_and_publishes(
    run: Run, signed: Path, hub: EmbeddedHub, forge: GitHub, issuer: Issuer, sigstore: Sigstore
) -> None:
    (job,) = recipe("github-signed-release.yml")["jobs"].values()
    _, action = job["steps"]
    ran = run("push", **action.get("with", {}))
    assert ran.succeeded, ran.log
    assert len(commits(hub)) == 2
    assert forge.audiences == [hub.endpoint] * 2 + ["sigstore"]
    assert LONG_LIVED not in ran.log + ran.summary


def test_a_pull_request_is_planned_and_reviewed_without_an_identity(
    run: Run, signed: Path, hub: EmbeddedHub, forge: GitHub, sigstore: Sigstore
) -> None:
    before = sigstore.made
    ran = run(environ={"ACTIONS_ID_TOKEN_REQUEST_URL": None, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": None})
    assert ran.succeeded, ran.log
    (comment,) = forge.comments
    assert "model.sig" in comment.body
    assert (commits(hub), forge.audiences, sigstore.made) == (["initial commit"], [], before)


def test_the_pipeline_for_gitlab_signs_and_publishes(
    job: Job, hub: EmbeddedHub, issuer: Issuer, forge: GitHub, sigstore: Sigstore, tmp_path: Path
) -> None:
    pipeline = recipe("gitlab-signed-ci.yml")["publish"]
    reference = "gitlab.com/acme/training//.gitlab-ci.yml@refs/tags/v1"
    (job.folder / "hub.yaml").write_text(signed_manifest(issuer, identity=f"https://{reference}".replace("v1", "v*")))
    audiences = {name: each["aud"] for name, each in pipeline["id_tokens"].items()}
    assert audiences.pop("HF_OIDC_ID_TOKEN") == "https://huggingface.co"
    tokens = {name: issuer.token(audience, ci_config_ref_uri=reference) for name, audience in audiences.items()}
    tokens["HF_OIDC_ID_TOKEN"] = issuer.token(hub.endpoint)
    pip = tmp_path / "bin" / "pip"
    pip.parent.mkdir()
    pip.write_text('#!/bin/bash\n[ "$*" = "install hublish[sign]" ]\n')
    pip.chmod(0o755)
    (pip.parent / "hublish").write_text(f'#!/bin/bash\nexec {shlex.quote(sys.executable)} -m hublish "$@"\n')
    (pip.parent / "hublish").chmod(0o755)
    environ = {name: value for name, value in job.environ.items() if not name.startswith(("GITHUB_", "ACTIONS_"))}
    environ |= {"PATH": f"{pip.parent}{os.pathsep}{environ['PATH']}", "GITLAB_CI": "true", **tokens}
    script = ["bash", "-eo", "pipefail", "-c", "\n".join(pipeline["script"])]
    ended = subprocess.run(script, cwd=job.folder, env=environ, capture_output=True, text=True, timeout=DEADLINE)
    assert ended.returncode == 0, ended.stderr
    assert len(commits(hub)) == 2
    found = KeylessVerifier(f"https://{reference}", issuer.url, sigstore.trust_config).verify(job.files()["model.sig"])
    assert found.signed_by.name == f"https://{reference}"
    assert all((job.folder / path).is_file() for path in pipeline["artifacts"]["paths"])


@pytest.mark.parametrize("verb", ["sign", "attest"])
def test_a_job_signs_a_release_that_is_on_the_hub_once(job: Job, issuer: Issuer, sigstore: Sigstore, verb: str) -> None:
    manifest = (job.folder / "hub.yaml").read_text()
    (job.folder / "hub.yaml").write_text(MANIFEST)
    assert job.hublish("publish", "-y").returncode == 0
    (job.folder / "hub.yaml").write_text(manifest)
    before = sigstore.made["entries"]
    ended = job.hublish(verb, "-y", "--json")
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout)
    assert sigstore.made["entries"] - before == (3 if verb == "attest" else 1)
    api = HfApi(endpoint=job.hub.endpoint, token=job.hub.token)
    signature = Path(api.hf_hub_download(REPO, "model.sig", revision=found["commit"])).read_bytes()
    assert trusted(issuer, sigstore).verify(signature).signed_by.name == IDENTITY
    assert f"--identity {IDENTITY}" in found["verify_with"][-1]
    # Another run knows its own signature by the identity: no second entry in the log.
    again = json.loads(job.hublish(verb, "-y", "--json").stdout)
    assert (again["created"], again["commit"]) == (False, found["commit"])
    assert sigstore.made["entries"] - before == (3 if verb == "attest" else 1)
