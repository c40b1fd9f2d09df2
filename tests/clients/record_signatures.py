"""Record keyless signatures, which tests verify without node: `make` has the packages in .venv-clients, and

    .venv-clients/bin/python -m tests.clients.record_signatures

replaces those of tests/hublish/attestation. They stay valid: the time that counts is that of the log.
"""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.clients import sigstore_server
from tests.clients.sigstore_server import Sigstore
from tests.hublish.attestation.recorded import RECORDED, WORKFLOW
from tests.hublish.hub.server import oidc_issuer
from tests.hublish.hub.server.oidc_issuer import Issuer

SUBJECT = {"name": "model.safetensors", "digest": {"sha256": "11" * 32}}
STATEMENT = {
    "_type": "https://in-toto.io/Statement/v1",
    "subject": [SUBJECT],
    "predicateType": "https://example.com/predicate/v1",
    "predicate": {},
}


def main() -> None:
    statement = json.dumps(STATEMENT).encode()
    with oidc_issuer.running() as issuer, TemporaryDirectory() as folder:
        recorded: dict[str, Any] = {"issuer": issuer.url}
        # A certificate is valid for ten minutes.
        for name, minutes in (("valid", 0), ("late", 11)):
            with sigstore_server.running(Path(folder, name), {issuer.url: "sigstore"}, minutes) as instance:
                signed = _signed(instance, issuer, statement)
                recorded[name] = {"trust_config": json.loads(instance.trust_config), "bundle": signed}
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


if __name__ == "__main__":
    main()
