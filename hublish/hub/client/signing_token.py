"""The ID token that a keyless signature is made with: one that the job has, or a new one from GitHub.

One token can serve the Hub as well, when it has the audience of both. It then is HF_OIDC_ID_TOKEN, and goes to Sigstore
only if its own claims say so: whoever gets a token for the Hub can exchange it there.
"""

import base64
import json
import os
from typing import Any, Final
from urllib.parse import quote

from hublish.base.errors import SigningError
from hublish.hub.client import failures
from hublish.hub.client.retry import RetryBudget
from hublish.schemas.secrets.masking import redact

_OWN: Final = "SIGSTORE_ID_TOKEN"
_OF_THE_HUB: Final = "HF_OIDC_ID_TOKEN"
_URL: Final = "ACTIONS_ID_TOKEN_REQUEST_URL"
_PERMIT: Final = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
_HINT: Final = (
    "GitHub: permissions `id-token: write`. GitLab: id_tokens with SIGSTORE_ID_TOKEN and `aud: sigstore`. Elsewhere: "
    "set SIGSTORE_ID_TOKEN"
)
# Seconds to wait for GitHub in all, and for a response.
_PATIENCE: Final = 60.0
_LONGEST: Final = 300


def signing_token(audience: str) -> str:
    """Return the ID token of this job for Sigstore: SIGSTORE_ID_TOKEN, HF_OIDC_ID_TOKEN, or a new one from GitHub.

    Args:
        audience: The audience of Sigstore, which HF_OIDC_ID_TOKEN may lack and a new one gets. SIGSTORE_ID_TOKEN is for
            Sigstore in any case: a private instance may accept another audience.

    Raises:
        SigningError: there is none, or GitHub gives none. No other token takes its place.
    """
    if given := os.environ.get(_OWN, "").strip():
        return given
    shared = os.environ.get(_OF_THE_HUB, "").strip()
    if audience in _audiences(shared):
        return shared
    if url := os.environ.get(_URL):
        return _requested(url, os.environ.get(_PERMIT, ""), audience)
    other = f": {_OF_THE_HUB} has another audience than {audience}" if shared else ""
    raise SigningError(f"a keyless signature needs an ID token of this job, and there is none{other}", hint=_HINT)


def _audiences(token: str) -> list[str]:
    """Return the audiences of an ID token without checking it, which is the work of those who receive it."""
    try:
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        found = claims["aud"]
    except (ValueError, IndexError, KeyError, TypeError, RecursionError):
        return []
    return found if isinstance(found, list) else [found]


def _requested(url: str, permit: str, audience: str) -> str:
    from huggingface_hub.utils import get_session, hf_raise_for_status

    budget, session = RetryBudget(_PATIENCE, _PATIENCE), get_session()

    def once() -> Any:
        # The URL has a query already, which the `params` of the session would replace.
        response = session.get(f"{url}&audience={quote(audience)}", headers={"Authorization": f"Bearer {permit}"})
        hf_raise_for_status(response)
        return response.json()["value"]

    try:
        with budget.bounding(session):
            token = budget.retrying(once)
        if isinstance(token, str) and token:
            return token
        reason = "the response has no token"
    except Exception as error:
        reason = redact(_reason(error), [permit] if permit else [])[:_LONGEST]
    raise SigningError(f"GitHub gave no ID token for the signature: {reason}", hint=_HINT)


def _reason(error: Exception) -> str:
    response = failures.response_of(error)
    if response is None:
        return f"{type(error).__name__}: {error}"
    return f"it responded with {response.status_code}. {failures.words_of(response)}".rstrip()
