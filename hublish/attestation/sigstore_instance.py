"""An instance of Sigstore, public or private, through its Python library: its keys, its services, and its errors.

Importing the library takes half a second, so that only keyless signatures import it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import quote, urlsplit

from hublish.attestation.extra import signing_extra
from hublish.attestation.interface import InvalidSignatureError
from hublish.base.errors import HublishError, SigningError, chain
from hublish.schemas.secrets.masking import redact

AUDIENCE: Final = "sigstore"
"""The audience of ID tokens for the public instance."""

_PUBLIC: Final = "https://tuf-repo-cdn.sigstore.dev"
# Seconds without a byte of a response. The library itself waits forever.
_PATIENCE: Final = 30
# The beginning of such errors in urllib3, which both HTTP clients of the library use.
_NO_RESPONSE: Final = re.compile(r"HTTPS?ConnectionPool\(host='([^']+)'")
# Characters of the reason that a service or the library gives.
_LONGEST: Final = 300


def require_library() -> None:
    """Raise MissingDependencyError unless the library is installed."""
    with signing_extra():
        import sigstore.models  # noqa: F401


def public_root() -> Any:
    """Return the keys of the public instance, as the installed package has them.

    The library's own way copies them to the home folder and reads them there, where anyone may have changed them.
    """
    from sigstore.models import TrustedRoot

    with as_file(files("sigstore._store") / quote(_PUBLIC, safe="") / "trusted_root.json") as path:
        return TrustedRoot.from_file(str(path))


def configuration(trust_config: bytes | None) -> Any:
    """Return the keys and services of the instance of a ClientTrustConfig; without one, of the public instance.

    The services of the public instance, and the keys that they use now, are downloaded.
    """
    from sigstore.models import ClientTrustConfig

    return (
        ClientTrustConfig.production() if trust_config is None else ClientTrustConfig.from_json(trust_config.decode())
    )


def identity_token(raw: str, audience: str | None) -> Any:
    """Return an ID token in the form of the library.

    Args:
        raw: the token.
        audience: the audience that it must have; None for any, where only the instance itself knows which.

    Raises:
        SigningError: it has expired, is for another service, or is not an ID token.
    """
    import jwt
    from sigstore.oidc import IdentityToken

    try:
        return IdentityToken(raw, audience or _audience(raw))
    except Exception as error:
        cause = error.__cause__
    if isinstance(cause, jwt.ExpiredSignatureError):
        raise SigningError("the ID token has expired", hint="run the job again, and sign at its end")
    if isinstance(cause, jwt.InvalidAudienceError):
        raise SigningError(
            f"the audience (aud) of the ID token is not {audience}",
            hint=f"set SIGSTORE_ID_TOKEN to an ID token of this job with the audience {audience}",
        )
    raise SigningError("the ID token is not a JSON Web Token with the claims aud, sub, iat, exp and iss")


def _audience(raw: str) -> str:
    import jwt

    audience = jwt.decode(raw, options={"verify_signature": False}).get("aud")
    return str(audience[0] if isinstance(audience, list) and audience else audience)


def signing_context(config: Any) -> Any:
    """Return the services of an instance, which must be reached encrypted: Fulcio receives the ID token."""
    from sigstore.sign import SigningContext

    services = config.signing_config
    fulcio, rekor = services.get_fulcio(), services.get_tlogs()[0]
    parts = urlsplit(fulcio.url)
    if parts.scheme != "https" and not _is_loopback(parts.hostname or ""):
        msg = f"the ID token would go to {fulcio.url} unencrypted"
        raise SigningError(msg, hint="use the https:// URL in the file of sign.trust_config")
    for session in (fulcio.session, rekor._session):  # noqa: SLF001 - there is no other place for a timeout
        _limit_waits(session)
    return SigningContext(fulcio=fulcio, rekor=rekor, trusted_root=config.trusted_root, tsa_clients=services.get_tsas())


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _limit_waits(session: Any) -> None:
    send = session.send
    session.send = lambda request, **options: send(request, **{**options, "timeout": _PATIENCE})


@contextmanager
def explained(token: str | None = None) -> Iterator[None]:
    """Translate every error of the library into SigningError, without the token."""
    try:
        yield
    except HublishError:
        raise
    except InvalidSignatureError as error:
        raise SigningError(f"the certificate from Sigstore is not valid: {error}") from None
    # Errors of the library, of requests, and of the code that parses responses.
    except Exception as error:
        reason = reason_of(error, token)
    else:
        return
    raise SigningError(f"Sigstore did not sign: {reason}", hint="nothing was created on the Hub; run it again")


def reason_of(error: BaseException, token: str | None = None) -> str:
    """Return the reason of an error in one line: that of the service where one refused, else those of the library."""
    links = list(chain(error, lambda each: each.__cause__))
    texts = [_refusal(response) for each in links if (response := getattr(each, "response", None)) is not None]
    texts = texts or _wrong_fields(error)
    texts = texts or [text for each in links if (text := " ".join(str(each).split()))]
    reason = ": ".join(dict.fromkeys(texts)) or type(error).__name__
    if host := _NO_RESPONSE.search(reason):
        return f"{host[1]} cannot be reached, or does not respond"
    return redact(reason, [token] if token else [])[:_LONGEST]


def _wrong_fields(error: BaseException) -> list[str]:
    """Return the first field that has no valid value, without the value; nothing if that is not the reason."""
    from pydantic import ValidationError

    # The library raises its own error while it handles that one.
    for each in chain(error, lambda each: each.__cause__ or each.__context__):
        if isinstance(each, ValidationError):
            first = each.errors(include_url=False, include_input=False, include_context=False)[0]
            place = ".".join(map(str, first["loc"]))
            return [place, first["msg"]] if place else [first["msg"]]
    return []


def _refusal(response: Any) -> str:
    try:
        # The services send the status of gRPC as JSON.
        message = response.json()["message"]
    except (ValueError, KeyError, TypeError):
        message = response.reason
    return f"{urlsplit(response.url).netloc} responded with {response.status_code}: {message}"
