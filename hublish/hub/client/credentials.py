"""The token of requests: a given one, the saved one, or in keyless CI one that an ID token is exchanged for.

With HF_OIDC_RESOURCE, the client exchanges the ID token of a CI job at HF_ENDPOINT. A failed exchange is an error. A
token of HF_TOKEN or of `hf auth login` never takes its place: the release would come from another account.
"""

import os
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from hublish.base.errors import ExchangeError
from hublish.hub.client import failures
from hublish.schemas.secrets.masking import redact

_RESOURCE: Final = "HF_OIDC_RESOURCE"
_HINT: Final = "set HF_OIDC_ID_TOKEN to a new ID token of this job, or unset HF_OIDC_RESOURCE to use a saved token"
_PORTS: Final = {"http": 80, "https": 443}


@dataclass
class Credentials:
    """The tokens of one Hub, for one command."""

    _exchanged: str | None = None
    _failure: ExchangeError | None = None

    def of(self, given: str | bool | None, endpoint: str) -> str | bool | None:
        """Return the token for requests to an endpoint, in the client's form: False for none, None for the saved one.

        Raises:
            ExchangeError: the exchange of the ID token failed, now or before.
        """
        if not self.exchanges(given):
            return given
        # An ID token is exchanged once: another try, by each of the next requests, would hide the reason.
        if self._failure is None:
            try:
                # On every call: the client renews a token that expires.
                self._exchanged = _exchanged(endpoint)
            except ExchangeError as error:
                self._failure = error
        if self._failure is not None:
            raise self._failure
        return self._exchanged

    def exchanges(self, given: str | bool | None) -> bool:
        """Return whether the ID token of a CI job is exchanged for the token of requests."""
        return not isinstance(given, str) and given is not False and bool(os.environ.get(_RESOURCE))

    def may_go_to(self, endpoint: str, given: str | bool | None) -> bool:
        """Return whether a file may choose this endpoint for the token: a saved one goes to its own Hub, or stays here.

        A saved token is that of HF_TOKEN or `hf auth login`. It belongs to HF_ENDPOINT, else to the public Hub.
        """
        from huggingface_hub import constants

        # The exchange of an ID token has the same rule, and its own error.
        if isinstance(given, str) or self.exchanges(given) or self.known(given) is None:
            return True
        return given is False or _is_loopback(endpoint) or _origin(endpoint) == _origin(constants.ENDPOINT)

    def known(self, given: str | bool | None) -> str | None:
        """Return the token in use as far as it is known without a request; errors must not repeat it."""
        from huggingface_hub import get_token

        if isinstance(given, str):
            return given
        return self._exchanged if os.environ.get(_RESOURCE) else get_token()


def _exchanged(endpoint: str) -> str | None:
    from huggingface_hub import constants, get_token

    # The ID token names HF_ENDPOINT as its audience. Another Hub could pass it on.
    if _origin(endpoint) != _origin(constants.ENDPOINT):
        msg = f"{_RESOURCE} gives a token of {constants.ENDPOINT} alone, and the Hub in use is {endpoint}"
        raise ExchangeError(msg, hint=f"set HF_ENDPOINT to {endpoint}, or unset {_RESOURCE}")
    try:
        return get_token()
    except Exception as error:
        failure = _failure_of(error)
    # Without the cause: its status would make a retry look useful.
    raise failure


def _failure_of(error: Exception) -> ExchangeError:
    action, secret = f"exchanging the ID token for {_RESOURCE}", os.environ.get("HF_OIDC_ID_TOKEN")
    # The client's own class, for a job without an ID token, has no response.
    if type(error).__name__ == "OIDCError" or isinstance(error, NotImplementedError):
        return ExchangeError(redact(f"{action}: {error}", [secret] if secret else []))
    return ExchangeError(failures.translate(error, action, secret).message, hint=_HINT)


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
