"""trust.yaml: whose signatures a reader of releases accepts, for which repos, and what a release has to prove."""

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, ValidationError, model_validator

from hublish.schemas.diagnose.problems import (
    MAX_PROBLEMS,
    InvalidDocumentError,
    InvalidValueError,
    Path,
    Problem,
    by_place,
    format_path,
)
from hublish.schemas.documents.field_types import MOST_ENTRIES, Document, Line
from hublish.schemas.documents.hub_names import URL_KINDS
from hublish.schemas.documents.signing import Identity, Provider
from hublish.schemas.yaml.reader import Reading, read_yaml

TRUST_VERSION: Final = 1

Requirement = Literal["signature", "provenance", "same_builder"]

_REPO_CHARACTERS: Final = re.compile(r"[A-Za-z0-9_.*?\[\]!/-]+")
_EXAMPLE: Final = "write `acme/digits`, `acme/*`, `datasets/acme/*`, or `*` for every repo"


def _check_repos(pattern: str) -> str:
    """Return a pattern over repos, unless it can match none."""
    parts = pattern.split("/")
    if not _REPO_CHARACTERS.fullmatch(pattern) or not all(parts):
        raise InvalidValueError("not a pattern over ids of repos", _EXAMPLE)
    # It would apply to no repo, as if there were no rule.
    if len(parts) == 1 and parts[0].lower() in (*URL_KINDS, "models"):
        raise InvalidValueError("a type of repos without a namespace", f"write '{parts[0].lower()}/*', or '*' for all")
    if re.search(r"\[[^\]]*$|^[^\[]*\]|\[!?\]", pattern):
        raise InvalidValueError("brackets that do not match", _EXAMPLE)
    if parts[0].lower() in ("model", "models") and len(parts) == 3:
        raise InvalidValueError("a model has no prefix", f"write '{'/'.join(parts[1:])}'")
    # With a wildcard in the first segment, `*` may span the type as well.
    if len(parts) > 3 or (len(parts) == 3 and parts[0].lower() not in URL_KINDS and parts[0].isalnum()):
        raise InvalidValueError("an id has at most a type, a namespace and a name", _EXAMPLE)
    return pattern


RepoPattern = Annotated[Line, AfterValidator(_check_repos)]
SignerName = Annotated[Line, StringConstraints(max_length=100)]


class TrustedSigner(Document):
    """A signer: a public key, an identity in a certificate of an authority, or an identity that a provider vouches for.

    It has either `public_key`, or `certificate_chain` and `identity`, or `identity` and `identity_provider`.
    """

    public_key: Line | None = Field(None, examples=["keys/acme.pub"])
    """The file of a public key, PEM; relative to trust.yaml."""
    certificate_chain: Annotated[tuple[Line, ...], Field(min_length=1, max_length=10)] | None = Field(
        None, examples=[["keys/acme-root.pem"]]
    )
    """The files of the certificates that the signer's certificate must lead to, PEM: roots and intermediate ones;
    relative to trust.yaml."""
    identity: Identity | None = Field(
        None, examples=["https://github.com/acme/digits/.github/workflows/release.yml@refs/tags/v*"]
    )
    """The identity in the certificate: an email address or a URI. With `identity_provider`, `*` is any text without
    an `@`."""
    identity_provider: Provider | None = Field(None, examples=["https://token.actions.githubusercontent.com"])
    """The OpenID Connect issuer that vouched for the identity."""
    trust_config: Line | None = Field(None, examples=["sigstore/trust-config.json"])
    """The file with the trusted roots of a private instance of Sigstore; relative to trust.yaml. Default: the public
    instance."""

    @model_validator(mode="after")
    def _has_one_form(self) -> Self:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        forms = (
            {"public_key"},
            {"certificate_chain", "identity"},
            {"identity", "identity_provider"},
            {"identity", "identity_provider", "trust_config"},
        )
        if {*given} not in forms:
            hint = "write `public_key`; or `certificate_chain` and `identity`; or `identity` and `identity_provider`"
            # An identity alone proves nothing: another provider may vouch for the same name of another person.
            raise InvalidValueError(f"{' and '.join(given) or 'nothing'} alone does not identify a signer", hint)
        if self.certificate_chain is not None and "*" in (self.identity or ""):
            msg = "the identity in a certificate has no wildcards"
            raise InvalidValueError(msg, "write the whole identity; or a signer for each", "identity")
        return self


class TrustRule(Document):
    """The signers that some repos may have, and what their releases have to prove."""

    repos: Annotated[tuple[RepoPattern, ...], Field(min_length=1, max_length=MOST_ENTRIES)] = Field(
        examples=[["acme/*", "datasets/acme/*"]]
    )
    """Patterns over repos, in any case: `acme/digits`, `acme/*`, `datasets/acme/*`. `*` matches `/` too: `*` alone is
    every repo."""
    signers: Annotated[tuple[Line, ...], Field(max_length=MOST_ENTRIES)] = Field((), examples=[["acme-ci"]])
    """The names of the signers whose signature is accepted."""
    require: tuple[Requirement, ...] = Field((), examples=[["signature", "provenance"]])
    """What a release must have: `signature`; `provenance`, a signed statement of how it was built; `same_builder`, a
    provenance of the builder below, or of the one in hub.lock. `provenance` includes `signature`, and `same_builder`
    both. An empty list requires nothing: a signature is then reported."""
    builder: Identity | None = Field(
        None, examples=["https://github.com/acme/digits/.github/workflows/release.yml@refs/tags/v*"]
    )
    """The builder in the provenance, for `same_builder`. `*` is any text without an `@`. Default: the one in
    hub.lock."""

    @model_validator(mode="after")
    def _means_something(self) -> Self:
        if self.require and not self.signers:
            msg = f"requires a {self.require[0].replace('same_builder', 'builder')} of nobody"
            raise InvalidValueError(msg, "add `signers: [...]` with names from `signers` at the top level")
        if self.builder is not None and "same_builder" not in self.require:
            raise InvalidValueError("`builder` has no effect", "add same_builder to `require`", "builder")
        return self

    def applies_to(self, repo: str) -> bool:
        """Return whether the rule is about a repo: `acme/digits`, `datasets/acme/digits`."""
        return any(fnmatchcase(repo.lower(), pattern.lower()) for pattern in self.repos)

    def requires(self, one: Requirement) -> bool:
        """Return whether a release must have a property; the later ones include the earlier ones."""
        order: tuple[Requirement, ...] = ("signature", "provenance", "same_builder")
        return any(order.index(each) >= order.index(one) for each in self.require)


class TrustPolicy(Document):
    """Whose releases a reader accepts. The first rule that matches a repo decides; without one, nothing is required."""

    schema_version: Literal[1] = 1
    """The version of this format."""
    signers: dict[SignerName, TrustedSigner] = Field(min_length=1, max_length=MOST_ENTRIES)
    """The signers, by names that you choose."""
    rules: Annotated[tuple[TrustRule, ...], Field(min_length=1, max_length=MOST_ENTRIES)]
    """The rules, in the order in which they are tried."""

    def rule_for(self, repo: str) -> tuple[int, TrustRule] | None:
        """Return the first rule that applies to a repo, with its index; None without one."""
        return next(((index, rule) for index, rule in enumerate(self.rules) if rule.applies_to(repo)), None)


def read_trust(text: bytes, source: str = "trust.yaml") -> tuple[TrustPolicy, Reading]:
    """Read and validate trust.yaml; return it with the places of its values.

    Raises:
        InvalidDocumentError: with all problems of the file, in the order of its lines.
    """
    reading = read_yaml(text, source)
    found = [*reading.problems, *_unknown_signers(reading)]
    try:
        policy = TrustPolicy.model_validate(reading.data)
    except ValidationError as error:
        from hublish.schemas.diagnose.diagnosis import diagnose  # only needed when the document is invalid

        refused = {format_path(path) for path in reading.refused}
        diagnosed = diagnose(error, TrustPolicy, reading.data, family="trust", positions=reading.positions)
        found += (problem for problem in diagnosed if problem.path not in refused)
    else:
        if not found:
            return policy, reading
    raise InvalidDocumentError(tuple(sorted(found, key=by_place)[:MAX_PROBLEMS]))


def problem_at(reading: Reading, path: Path, message: str, hint: str) -> Problem:
    """Return a problem of a value in trust.yaml, with its place."""
    return Problem("trust.value", message, hint, format_path(path), reading.positions.value(path))


def _unknown_signers(reading: Reading) -> Iterator[Problem]:
    """Yield the signers of rules that are not declared, also where the document has other problems."""
    signers, rules = reading.data.get("signers"), reading.data.get("rules")
    known = [*signers] if isinstance(signers, Mapping) else []
    for index, rule in enumerate(rules if isinstance(rules, list) else ()):
        names = rule.get("signers") if isinstance(rule, Mapping) else None
        for place, name in enumerate(names if isinstance(names, list) else ()):
            if isinstance(name, str) and name and name not in known:
                yield problem_at(reading, ("rules", index, "signers", place), *_unknown(name, known))


def _unknown(name: str, known: list[Any]) -> tuple[str, str]:
    from hublish.schemas.diagnose.suggestions import nearest  # only needed when the document is invalid

    if likely := nearest(name, known):
        return f"not a name under `signers`, did you mean '{likely}'?", f"write '{likely}'"
    return "not a name under `signers`", f"known signers: {', '.join(known)}" if known else "declare it there"
