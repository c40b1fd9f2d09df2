"""Signatures and claims that somebody with a key has made, and that a reader must not accept."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from hublish.attestation.bundles import CertificateChain, write_bundle
from hublish.attestation.keys import private_key, signature_of
from hublish.attestation.model_signature import PREDICATE_TYPE as SIGNATURE
from hublish.attestation.provenance import PREDICATE_TYPE as PROVENANCE
from hublish.attestation.statements import BOM_TYPE, claims_text
from hublish.schemas.documents.file_names import CLAIMS_FILE, SIGNATURE_FILE
from tests.attested_release import (
    FILES,
    REPO,
    attested,
    bom,
    certificate_signer,
    claim,
    claims,
    digests,
    provenance,
    sha256,
    signature,
    with_bom,
)
from tests.pipeline.authenticate.changes import (
    CLAIM,
    DAMAGED,
    FILES_CHANGED,
    OTHER_SIGNER,
    Change,
    Files,
    Method,
    another,
    put,
    release,
    signer,
    statements,
)
from tests.signing_keys import EXPIRED, NOT_YET_VALID, WRONG_USAGES, Profile, leaf


def signed_anew(method: Method) -> Iterator[tuple[str, Change, tuple[str, ...]]]:
    """Yield signatures of the right signer for something else, and of another signer for these files."""
    own, other = signer(method), another(method)

    def signing(text: bytes) -> Change:
        return put(SIGNATURE_FILE, own.sign(text))

    complete = with_bom(FILES)
    yield "the signature of another signer", put(SIGNATURE_FILE, signature(other, complete)), OTHER_SIGNER
    yield "a release of another signer", lambda _: attested(other), OTHER_SIGNER
    for name in (
        "acme/other",
        "datasets/acme/digits",
        "digits",
        "acme",
        "acme/digits/x",
        "mallory/digits",
        "acme/digit",
    ):
        copied = put(SIGNATURE_FILE, signature(own, complete, name))
        yield f"the signature of {name}", copied, ("trust.repo", *DAMAGED)
    yield "a release of acme/other", lambda _: attested(own, repo="acme/other"), ("trust.repo",)
    former = {**complete, "README.md": b"# Digits, version 0\n"}
    yield "the signature of an earlier release", put(SIGNATURE_FILE, signature(own, former)), (*FILES_CHANGED, *CLAIM)
    yield "a signature over more files", put(SIGNATURE_FILE, signature(own, {**complete, "x": b""})), FILES_CHANGED
    less = {path: content for path, content in complete.items() if path != "config.json"}
    yield "a signature over fewer files", put(SIGNATURE_FILE, signature(own, less)), FILES_CHANGED
    yield "the signature of another method", put(SIGNATURE_FILE, release("sigstore")[SIGNATURE_FILE]), OTHER_SIGNER
    payload = base64.b64decode(json.loads(release(method)[SIGNATURE_FILE])["dsseEnvelope"]["payload"])
    for name, text in statements(payload):
        if name not in ("other spaces", "another repo"):
            yield f"a signature over {name}", signing(text), DAMAGED
    for name, text in _other_forms(payload):
        yield f"a signature {name}", signing(text), DAMAGED


def _other_forms(payload: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield statements of other forms, which a signer could have made with another tool."""
    statement = json.loads(payload)
    (subject,) = statement["subject"]

    def serialized(**changed: Any) -> bytes:
        predicate = statement["predicate"]
        predicate = {**predicate, "serialization": {**predicate["serialization"], **changed}}
        return json.dumps({**statement, "predicate": predicate}).encode()

    def about(*subjects: Any) -> bytes:
        return json.dumps({**statement, "subject": subjects}).encode()

    yield "over shards", serialized(method="shards", shard_size=1000)
    yield "over digests of blake2b", serialized(hash_type="blake2b")
    yield "with an unknown way to serialize", serialized(salt="1")
    yield "over two repos", about(subject, {**subject, "name": "acme/other"})
    yield "over no repo", about()
    yield "with another digest of all", about({**subject, "digest": {"sha256": "0" * 64}})
    yield "of an earlier format", payload.replace(b"model_signing/signature/v1.0", b"model_signing/Digests/v0.1")
    yield "over names that lead out", payload.replace(b'"config.json"', b'"../config.json"')


def claimed_anew(method: Method) -> Iterator[tuple[str, Change, tuple[str, ...]]]:
    """Yield claims of the right signer about something else, and of another signer about these files."""
    own, other = signer(method), another(method)
    complete = with_bom(FILES)
    files = digests(complete)
    stated = (PROVENANCE, provenance()), (BOM_TYPE, bom())

    def claiming(*bundles: bytes) -> Change:
        return put(CLAIMS_FILE, claims_text(bundles))

    build, parts = (claim(own, kind, predicate, files) for kind, predicate in stated)
    ambiguous = ("trust.provenance",)
    yield "claims of another signer", put(CLAIMS_FILE, claims(other, complete, stated)), CLAIM
    yield "the provenance of another signer", claiming(claim(other, *stated[0], files), parts), CLAIM
    foreign = claim(other, "https://example.com", {}, files)
    yield "one more claim of another signer", claiming(build, parts, foreign), CLAIM
    former = {**files, "README.md": sha256(b"# Digits, version 0\n")}
    yield "the provenance of an earlier release", claiming(claim(own, *stated[0], former), parts), CLAIM
    yield "claims about an earlier release", claiming(*(claim(own, *one, former) for one in stated)), CLAIM
    fewer = {path: digest for path, digest in files.items() if path != "model.safetensors"}
    yield "a provenance of fewer files", claiming(claim(own, *stated[0], fewer), parts), CLAIM
    yield "a provenance of more files", claiming(claim(own, *stated[0], {**files, "x": "0" * 64}), parts), CLAIM
    renamed = {**fewer, "model.bin": files["model.safetensors"]}
    yield "a provenance of a renamed file", claiming(claim(own, *stated[0], renamed), parts), CLAIM
    signed = {**files, SIGNATURE_FILE: sha256(release(method)[SIGNATURE_FILE])}
    yield "a provenance of the signature", claiming(claim(own, *stated[0], signed), parts), CLAIM
    for name, predicate in _other_provenances():
        yield f"the provenance {name}", claiming(claim(own, PROVENANCE, predicate, files), parts), ambiguous
    second = claim(own, PROVENANCE, provenance(builder="https://example.com/b"), files)
    yield "two provenances", claiming(build, second, parts), ambiguous
    yield "two provenances in the other order", claiming(second, build, parts), ambiguous
    contents: dict[str, Any] = {"of another model": bom("acme/other"), "without content": {}, "of a list": {"a": [1]}}
    for name, content in contents.items():
        claimed = claim(own, BOM_TYPE, content, files)
        yield f"the bill of materials {name}", claiming(build, claimed), ("trust.bom",)
        yield f"one more bill of materials {name}", claiming(build, parts, claimed), ("trust.bom",)
    yield "no provenance", claiming(parts), ambiguous
    yield "a signature in the place of a claim", claiming(build, claim(own, SIGNATURE, {}, {REPO: "0" * 64})), CLAIM


def _other_provenances() -> Iterator[tuple[str, Any]]:
    yield "of another repo", provenance("acme/other")
    yield "of the dataset of this name", provenance(repo_type="dataset")
    yield "without a builder", {**provenance(), "runDetails": {}}
    yield "with an unknown field", {**provenance(), "comment": ""}
    yield "of another tool", {"buildDefinition": {"buildType": "https://example.com"}, "runDetails": {}}
    yield "without content", {}


def of_certificates() -> Iterator[tuple[str, Change]]:
    """Yield releases of certificates that may not sign, or not any more."""
    profiles: dict[str, Profile] = {
        "that has expired": EXPIRED,
        "that is not yet valid": NOT_YET_VALID,
        **WRONG_USAGES,
        "of another identity": replace(Profile(), emails=("mallory@acme.example",)),
        "of an identity in another case": replace(Profile(), emails=("Release@acme.example",)),
        "of a longer identity": replace(Profile(), emails=("release@acme.example.mallory.example",)),
        "of the identity as a URI": replace(Profile(), emails=(), uris=("mailto:release@acme.example",)),
        "without an identity": replace(Profile(), emails=()),
    }
    for name, profile in profiles.items():
        yield f"a certificate {name}", _signed_by(profile)
    yield "a certificate of another authority", lambda _: attested(certificate_signer(leaf("mallory")))


def _signed_by(profile: Profile) -> Change:
    """Return a release with the signature of a certificate, made past the checks of those who sign with hublish."""

    def signed(_: Files) -> Files:
        one = leaf("acme", profile)
        return attested(Unchecked(one.private, (one.certificate, *one.chain)))

    return signed


@dataclass(frozen=True)
class Unchecked:
    """Signs with any certificate."""

    private: bytes
    chain: tuple[bytes, ...]
    method: Literal["certificate"] = "certificate"

    def sign(self, statement: bytes) -> bytes:
        chain = [x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER) for pem in self.chain]
        return write_bundle(
            CertificateChain(tuple(chain)), statement, signature_of(private_key(self.private, None), statement)
        )
