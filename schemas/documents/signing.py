"""The `sign` section of hub.yaml: who signs a release, and where the key is."""

import re
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo, field_validator, model_validator
from pydantic.config import JsonDict

from hublish.schemas.diagnose.problems import InvalidValueError
from hublish.schemas.documents.field_types import Line
from hublish.schemas.documents.manifest_part import ManifestPart
from hublish.schemas.documents.path_rules import character_problems

SigningMethod = Literal["key", "certificate", "sigstore"]

# The fields of each method, as the command line of model_signing names them.
_KEY: Final = ("private_key", "private_key_env", "password_env")
_CERTIFICATE: Final = ("signing_certificate", "certificate_chain")
_SIGSTORE: Final = ("identity_provider", "trust_config")
_METHODS_OF: Final[dict[str, tuple[SigningMethod, ...]]] = {
    **dict.fromkeys(_KEY, ("key", "certificate")),
    **dict.fromkeys(_CERTIFICATE, ("certificate",)),
    **dict.fromkeys(_SIGSTORE, ("sigstore",)),
    "identity": ("certificate", "sigstore"),
}

# In the JSON Schema, too.
_PATH_PATTERN: Final = r"^(?!\$)(?![^\n\r]*-----BEGIN)(?!(?:M[A-J][A-Za-z0-9]|b3BlbnNz)[A-Za-z0-9+/=]{32,}$)[^\n\r]+$"
# A wildcard comes after the host and the owner in a URI, or before the domain of an address.
_IDENTITY_PATTERN: Final = (
    r"^(?=[^\n\r]*[^*?@./: \n\r])"
    r"(?:[^*\n\r]+|[A-Za-z][A-Za-z0-9+.-]*://[^/*?#@\s]+/[^/*\s]+/[^\n\r]*|[^/\n\r]*@[^*@/\s]+)$"
)
_PROVIDER_PATTERN: Final = r"^https?://[^\s*?]+$"
_ENVIRONMENT_NAME: Final = "^[A-Za-z_][A-Za-z0-9_]*$"
# No path of a key is longer; the base64 of the shortest key is.
_LONGEST_PATH: Final = 1024
# PEM, the base64 of DER, or of a key of OpenSSH: `MIG`, `MC4`, `b3BlbnNz`.
_KEY_CONTENT: Final = re.compile(r"-----BEGIN|^(?:M[A-J][A-Za-z0-9]|b3BlbnNz)[A-Za-z0-9+/=\s]{32,}$")
_NAMES_FILE: Final = "write the path of the file that contains it, or name an environment variable in private_key_env"
_ISSUERS: Final = "https://token.actions.githubusercontent.com for GitHub Actions, https://gitlab.com for GitLab"


def _no_content(value: Any) -> Any:
    # Before any other rule: their messages, and those of pydantic, are about a value that may be a key.
    if isinstance(value, str) and (_KEY_CONTENT.search(value) or len(value) > _LONGEST_PATH):
        raise InvalidValueError("the content of a key does not belong in hub.yaml, which is published", _NAMES_FILE)
    return value


def _check_key_path(path: str) -> str:
    if path.startswith("$"):
        raise InvalidValueError("shell variables are not expanded", "name the variable in private_key_env, without $")
    if found := character_problems(path):
        raise InvalidValueError("; ".join(found), "delete the character; it is invisible in most editors")
    return path


def _check_name(name: str) -> str:
    if not re.fullmatch(_ENVIRONMENT_NAME, name):
        msg = "expected the name of an environment variable, not its value"
        raise InvalidValueError(msg, "write a name such as SIGNING_KEY, and set the variable where you publish")
    return name


def _check_identity(identity: str) -> str:
    # Without an owner or a domain, an attacker can create a repo or an address that matches.
    if not re.fullmatch(_IDENTITY_PATTERN, identity):
        hint = "write the host and the owner before the first `*`: https://github.com/acme/*"
        raise InvalidValueError("an identity that anybody can have", hint)
    return identity


def _check_provider(provider: str) -> str:
    if not re.fullmatch(_PROVIDER_PATTERN, provider):
        raise InvalidValueError("expected the URL of an OpenID Connect issuer, without wildcards", _ISSUERS)
    return provider


KeyPath = Annotated[
    Line,
    AfterValidator(_check_key_path),
    Field(max_length=_LONGEST_PATH, json_schema_extra={"pattern": _PATH_PATTERN}),
]
Identity = Annotated[Line, AfterValidator(_check_identity), Field(json_schema_extra={"pattern": _IDENTITY_PATTERN})]
Provider = Annotated[Line, AfterValidator(_check_provider), Field(json_schema_extra={"pattern": _PROVIDER_PATTERN})]
SecretName = Annotated[Line, AfterValidator(_check_name), Field(json_schema_extra={"pattern": _ENVIRONMENT_NAME})]


def _given(field: str) -> JsonDict:
    return {"properties": {field: {"not": {"enum": [None, []]}}}, "required": [field]}


def _rules() -> list[JsonDict]:
    """Return the rules of the validators for the JSON Schema."""
    of_method: list[JsonDict] = []
    for method in ("key", "certificate", "sigstore"):
        foreign = [field for field, methods in _METHODS_OF.items() if method not in methods]
        needed = ["identity", "identity_provider"] if method == "sigstore" else []
        needed += ["signing_certificate"] if method == "certificate" else []
        then: list[Any] = [*({"not": _given(field)} for field in foreign), *map(_given, needed)]
        if method != "sigstore":
            places: list[Any] = [_given("private_key"), _given("private_key_env")]
            then += [{"anyOf": places}, {"not": {"allOf": places}}]
        when: JsonDict = {"properties": {"method": {"const": method}}, "required": ["method"]}
        of_method.append({"if": when, "then": {"allOf": [*then]}})
    return of_method


class Sign(ManifestPart):
    """How a release is signed. A key is named by its file or by an environment variable; its content is never here."""

    model_config = ConfigDict(json_schema_extra={"allOf": [*_rules()]})

    method: SigningMethod = Field(examples=["sigstore"])
    """`key`: a private key; `certificate`: a private key with a certificate; `sigstore`: the identity of a CI job,
    without a key."""
    private_key: KeyPath | None = Field(default=None, examples=["~/keys/acme.pem"])
    """For `key` and `certificate`: the file of the private key, PEM; relative to hub.yaml. It must not be among the
    released files. This or `private_key_env`."""
    private_key_env: SecretName | None = Field(default=None, examples=["SIGNING_KEY"])
    """The environment variable that contains the private key, PEM."""
    password_env: SecretName | None = Field(default=None, examples=["SIGNING_KEY_PASSWORD"])
    """The environment variable that contains the password of the private key. null: the key has none."""
    signing_certificate: KeyPath | None = Field(default=None, examples=["keys/acme.crt"])
    """For `certificate`: the file of the certificate of the key, PEM."""
    certificate_chain: tuple[KeyPath, ...] = Field(default=(), max_length=10, examples=[["keys/acme-ca.crt"]])
    """The files of the certificates that vouch for it, PEM: intermediate ones and the root."""
    identity: Identity | None = Field(
        default=None, examples=["https://github.com/acme/digits/.github/workflows/release.yml@refs/tags/v*"]
    )
    """For `sigstore`: the identity that signs, a workflow or an email address; `*` is any text without an `@`. Another
    one is refused. For `certificate`: the name in the certificate. null: whatever is there."""
    identity_provider: Provider | None = Field(default=None, examples=["https://token.actions.githubusercontent.com"])
    """For `sigstore`: the OpenID Connect issuer that vouches for the identity."""
    trust_config: KeyPath | None = Field(default=None, examples=["sigstore/trust-config.json"])
    """For `sigstore`: the file that describes a private instance. null: the public one."""

    @field_validator(*_METHODS_OF, mode="before")
    @classmethod
    def _without_content(cls, value: Any) -> Any:
        return [_no_content(each) for each in value] if isinstance(value, list | tuple) else _no_content(value)

    @field_validator(*_METHODS_OF)
    @classmethod
    def _of_this_method(cls, value: Any, info: ValidationInfo) -> Any:
        method, methods = info.data.get("method"), _METHODS_OF[info.field_name or ""]
        if value and method is not None and method not in methods:
            msg = f"'{info.field_name}' is not for the method {method}"
            hint = f"remove it, or write {' or '.join(f'`method: {each}`' for each in methods)}"
            raise InvalidValueError(msg, hint, conflict="method")
        return value

    @field_validator("private_key_env")
    @classmethod
    def _one_place(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("private_key") is not None:
            msg = "private_key and private_key_env name two keys"
            raise InvalidValueError(msg, "remove one of the two lines", conflict="private_key")
        return value

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.method == "sigstore":
            needed = {"identity": "the workflow that signs", "identity_provider": _ISSUERS}
            if missing := [name for name in needed if getattr(self, name) is None]:
                # Any signature would do.
                hint = "; ".join(f"add `{name}`: {needed[name]}" for name in missing)
                raise InvalidValueError(f"the method sigstore needs {' and '.join(missing)}", hint)
            return self
        if self.private_key is None and self.private_key_env is None:
            raise InvalidValueError(f"the method {self.method} needs a private key", _NAMES_FILE)
        if self.method == "certificate" and self.signing_certificate is None:
            msg = "the method certificate needs signing_certificate"
            raise InvalidValueError(msg, "add the path of the certificate of the key")
        return self
