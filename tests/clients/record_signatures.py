"""Record keyless signatures, which tests verify without node: `make` has the packages in .venv-clients, and

    .venv-clients/bin/python -m tests.clients.record_signatures

replaces those of tests/hublish/attestation. They stay valid: the time that counts is that of the log.
"""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from huggingface_hub import HfApi

from hublish.hub.server import EmbeddedHub
from tests.clients import sigstore_server
from tests.clients.sigstore_server import Sigstore
from tests.hublish.attestation.recorded import IDENTITY, RECORDED, REPO, WORKFLOW
from tests.hublish.hub.server import oidc_issuer
from tests.hublish.hub.server.oidc_issuer import Issuer

SUBJECT = {"name": "model.safetensors", "digest": {"sha256": "11" * 32}}
STATEMENT = {
    "_type": "https://in-toto.io/Statement/v1",
    "subject": [SUBJECT],
    "predicateType": "https://example.com/predicate/v1",
    "predicate": {},
}
MANIFEST = """\
schema_version: 1
repo: {{repo_id: {repo}}}
artifacts: [{{source: model.safetensors}}, {{source: config.json}}]
card: {{metadata: {{license: mit, pipeline_tag: tabular-classification}}}}
sign: {{method: sigstore, identity: {identity}, identity_provider: {issuer}, trust_config: ../sigstore.json}}
"""


def main() -> None:
    statement = json.dumps(STATEMENT).encode()
    with oidc_issuer.running() as issuer, TemporaryDirectory() as folder:
        recorded: dict[str, Any] = {"issuer": issuer.url}
        # A certificate is valid for ten minutes.
        for name, minutes in (("valid", 0), ("late", 11)):
            with sigstore_server.running(Path(folder, name), {issuer.url: "sigstore"}, minutes) as instance:
                signed = _signed(instance, issuer, statement)
                recorded[name] = {"trust_config": json.loads(instance.trust_config), "bundle": signed}
                if name == "valid":
                    recorded["release"] = _released(instance, issuer, Path(folder))
    RECORDED.write_text(json.dumps(recorded, indent=1) + "\n")


def _signed(instance: Sigstore, issuer: Issuer, statement: bytes) -> Any:
    # By the library: ours refuses to return a signature that is not valid.
    from sigstore.dsse import Statement
    from sigstore.models import ClientTrustConfig
    from sigstore.oidc import IdentityToken
    from sigstore.sign import SigningContext

    context = SigningContext.from_trust_config(ClientTrustConfig.from_json(instance.trust_config.decode()))
    token = IdentityToken(issuer.token("sigstore", job_workflow_ref=WORKFLOW))
    with context.signer(token) as signer:
        return json.loads(signer.sign_dsse(Statement(statement)).to_json())


def _released(instance: Sigstore, issuer: Issuer, folder: Path) -> dict[str, str]:
    """Publish a release in a job, and return its files in base64."""
    (folder / "sigstore.json").write_bytes(instance.trust_config)
    project = folder / "project"
    project.mkdir()
    (project / "hub.yaml").write_text(MANIFEST.format(repo=REPO, identity=IDENTITY, issuer=issuer.url))
    (project / "model.safetensors").write_bytes(b"\x02\x00\x00\x00\x00\x00\x00\x00{}")
    (project / "config.json").write_text('{"classes": 10}\n')
    with EmbeddedHub(folder / "hub") as hub:
        job = {
            "HF_ENDPOINT": hub.endpoint,
            "HF_TOKEN": hub.token,
            "SIGSTORE_ID_TOKEN": issuer.token("sigstore", job_workflow_ref=WORKFLOW),
            "GITHUB_ACTIONS": "true",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_REPOSITORY": "acme/training",
            "GITHUB_WORKFLOW_REF": WORKFLOW,
            "GITHUB_SHA": "c0ffee" + "0" * 34,
            "GITHUB_RUN_ID": "7",
            "GITHUB_RUN_ATTEMPT": "1",
        }
        command = [sys.executable, "-m", "hublish", "publish", "-y"]
        subprocess.run(command, cwd=project, env={**os.environ, **job}, check=True, stdout=subprocess.DEVNULL)
        api = HfApi(endpoint=hub.endpoint, token=hub.token)
        names = [name for name in api.list_repo_files(REPO) if name != ".gitattributes"]
        contents = {
            name: Path(api.hf_hub_download(REPO, name, cache_dir=folder / "cache")).read_bytes() for name in names
        }
    return {name: base64.b64encode(content).decode() for name, content in contents.items()}


if __name__ == "__main__":
    main()
