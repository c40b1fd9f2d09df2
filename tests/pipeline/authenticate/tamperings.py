"""Ways to tamper with a signed release, generated from tables: what `pull` and `verify` have to refuse, and why.

A release is a mapping from paths to contents, with its signature and its claims. A tampering returns another mapping.
"""

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

from hublish.attestation.provenance import PREDICATE_TYPE as PROVENANCE
from hublish.attestation.statements import read_statement
from hublish.schemas.documents.file_names import CLAIMS_FILE, SIGNATURE_FILE
from tests.attested_release import claims, key_signer, provenance
from tests.pipeline.authenticate.changes import (
    CLAIM,
    DAMAGED,
    FILES_CHANGED,
    METHODS,
    NOT_A_SIGNATURE,
    OTHER_SIGNER,
    UNSIGNED,
    Change,
    Files,
    Method,
    cut,
    drop,
    flipped,
    move,
    put,
    release,
    statements,
    swap,
)
from tests.pipeline.authenticate.signed_anew import claimed_anew, of_certificates, signed_anew


@dataclass(frozen=True)
class Tampering:
    """A change of a release that its signature was not made for."""

    name: str
    method: Method
    change: Change
    codes: tuple[str, ...]
    """One of these is the code of each problem."""
    is_of_files: bool = False
    """Whether the files of the release change, which the stock command has to refuse as well."""

    @property
    def files(self) -> Files:
        """The release after the change."""
        return self.change(release(self.method))


def tamperings() -> Iterator[Tampering]:
    """Yield every tampering."""
    for method in METHODS:
        for name, change in _of_files(release(method)):
            yield Tampering(f"{method}: {name}", method, change, FILES_CHANGED, is_of_files=True)
        for name, change, codes in (*_of_signature(release(method)), *_of_claims(release(method), method)):
            yield Tampering(f"{method}: {name}", method, change, codes)
    for method in METHODS[:2]:
        for name, change, codes in (*signed_anew(method), *claimed_anew(method)):
            yield Tampering(f"{method}: {name}", method, change, codes)
    for name, change in of_certificates():
        yield Tampering(f"certificate: {name}", "certificate", change, OTHER_SIGNER)


def _of_files(files: Files) -> Iterator[tuple[str, Change]]:
    """Yield changes of the files that the signature is over."""
    released = sorted(path for path in files if path not in (SIGNATURE_FILE, CLAIMS_FILE))
    for path in released:
        content = files[path]
        for name, changed in flipped(content):
            yield f"{path} with another {name} byte", put(path, changed)
        yield f"{path} with one more byte", put(path, content + b"\n")
        yield f"{path} without its last byte", put(path, content[:-1])
        yield f"{path} empty", put(path, b"")
        yield f"{path} removed", drop(path)
        yield f"{path} with another name", move(path, f"{path}.old")
        yield f"{path} with a name in another case", move(path, path.swapcase())
        yield f"{path} in another folder", move(path, f"moved/{path}")
    for one, two in combinations(released, 2):
        yield f"{one} and {two} swapped", swap(one, two)
    yield "the card of an earlier release", put("README.md", b"---\nlicense: apache-2.0\n---\n# Digits, version 0\n")
    for path in ADDED:
        yield f"{path} added", put(path, b"x = 1\n")


ADDED: Final = (
    *("pytorch_model.bin", "modeling_digits.py", "data/extra.csv", "tokenizer.json", "README.md.orig"),
    *("zz/deep/er.txt", "sub/model.sig", "sub/claims.jsonl", "sub/.gitattributes", "model.sig.bak", "Claims.jsonl"),
    *("claims.jsonl.gz", ".gitignore", ".github/workflows/ci.yml", ".hidden", "MODEL.SIG"),
)


def _of_signature(files: Files) -> Iterator[tuple[str, Change, tuple[str, ...]]]:
    """Yield changes of model.sig by somebody who has no key."""
    content = files[SIGNATURE_FILE]
    yield "model.sig removed", drop(SIGNATURE_FILE), UNSIGNED
    yield "model.sig with another name", move(SIGNATURE_FILE, "model.signature"), UNSIGNED
    for name, text in cut(content.rstrip()):
        yield f"{name} of model.sig", put(SIGNATURE_FILE, text), DAMAGED
    others = {"an object": b"{}", "a list": b"[]", "null": b"null", "UTF-16": b"\xff\xfe{\0}\0", "empty": b""}
    longer = {"behind a mark": b"\xef\xbb\xbf" + content, "and an object": content + b"{}", "twice": content * 2}
    for name, text in {**others, **longer}.items():
        yield f"model.sig {name}", put(SIGNATURE_FILE, text), DAMAGED
    first = files[CLAIMS_FILE].splitlines()[0]
    yield "a claim in the place of model.sig", put(SIGNATURE_FILE, first), (*DAMAGED, *FILES_CHANGED)
    yield "all claims in the place of model.sig", put(SIGNATURE_FILE, files[CLAIMS_FILE]), DAMAGED
    for name, changed in _bundles(json.loads(content)):
        yield f"model.sig {name}", put(SIGNATURE_FILE, json.dumps(changed).encode()), NOT_A_SIGNATURE
    twice = content.replace(b'"dsseEnvelope"', b'"dsseEnvelope":{},"dsseEnvelope"', 1)
    yield "model.sig with a key twice", put(SIGNATURE_FILE, twice), DAMAGED


def _bundles(bundle: Any) -> Iterator[tuple[str, Any]]:
    """Yield bundles that differ from a valid one."""

    def envelope(**changed: Any) -> Any:
        return {**bundle, "dsseEnvelope": {**bundle["dsseEnvelope"], **changed}}

    payload = base64.b64decode(bundle["dsseEnvelope"]["payload"])
    (valid,) = bundle["dsseEnvelope"]["signatures"]
    raw = base64.b64decode(valid["sig"])
    yield "without a signature", envelope(signatures=[])
    yield "with its signature twice", envelope(signatures=[valid, valid])
    yield "with a name of its key", envelope(signatures=[{**valid, "keyid": "acme"}])
    yield "with an unknown field", {**bundle, "comment": ""}
    yield "with an unknown field in its envelope", envelope(comment="")
    yield "without its envelope", {name: value for name, value in bundle.items() if name != "dsseEnvelope"}
    yield "without its material", {name: value for name, value in bundle.items() if name != "verificationMaterial"}
    yield "with an empty material", {**bundle, "verificationMaterial": {}}
    yield "of another version", {**bundle, "mediaType": "application/vnd.dev.sigstore.bundle+json;version=0.1"}
    yield "of another kind of payload", envelope(payloadType="text/plain")
    yield "with an empty payload", envelope(payload="")
    yield "with spaces in its payload", envelope(payload=bundle["dsseEnvelope"]["payload"][:-4] + " ====")
    for name, changed in flipped(raw):
        other = base64.b64encode(changed).decode()
        yield f"with another {name} byte of its signature", envelope(signatures=[{**valid, "sig": other}])
    for name, changed in statements(payload):
        yield f"over {name}", envelope(payload=base64.b64encode(changed).decode())


def _of_claims(files: Files, method: Method) -> Iterator[tuple[str, Change, tuple[str, ...]]]:
    """Yield changes of claims.jsonl by somebody who has no key."""
    content = files[CLAIMS_FILE]
    lines = content.splitlines(keepends=True)
    missing = ("trust.provenance",)
    yield "claims.jsonl removed", drop(CLAIMS_FILE), missing
    yield "claims.jsonl with another name", move(CLAIMS_FILE, "claims.json"), FILES_CHANGED
    yield "claims.jsonl without the provenance", put(CLAIMS_FILE, _without(lines, PROVENANCE)), missing
    for name, text in (("nothing", b""), ("a line without its end", lines[0][:-1]), *cut(content)):
        yield f"{name} of claims.jsonl", put(CLAIMS_FILE, text), CLAIM
    unsigned = base64.b64decode(json.loads(lines[0])["dsseEnvelope"]["payload"]) + b"\n"
    more = {
        "a claim that is not signed": unsigned,
        "an empty claim": b"{}\n",
        "an empty line": b"\n",
        "text": b"# claims\n",
        "a claim twice": lines[0],
        "a line without an end": lines[0][:-1],
        "the signature of the files": files[SIGNATURE_FILE].rstrip(b"\n") + b"\n",
        "40 lines": b"{}\n" * 40,
    }
    for name, added in more.items():
        yield f"claims.jsonl and {name}", put(CLAIMS_FILE, content + added), CLAIM
        yield f"{name} before claims.jsonl", put(CLAIMS_FILE, added + content), CLAIM
    for name, changed in _bundles_of_claim(lines[0]):
        yield f"a claim {name}", put(CLAIMS_FILE, changed + b"".join(lines[1:])), CLAIM
    if method == "sigstore":
        foreign = claims(key_signer("mallory"), files, [(PROVENANCE, provenance())])
        yield "claims of another signer", put(CLAIMS_FILE, foreign), CLAIM
        yield "one more claim of another signer", put(CLAIMS_FILE, content + foreign), CLAIM


def _bundles_of_claim(line: bytes) -> Iterator[tuple[str, bytes]]:
    bundle = json.loads(line)
    payload = base64.b64decode(bundle["dsseEnvelope"]["payload"])
    statement = json.loads(payload)
    others = {
        "about one file less": {**statement, "subject": statement["subject"][1:]},
        "about other bytes": {**statement, "subject": [{**statement["subject"][0], "digest": {"sha256": "0" * 64}}]},
        "of another type": {**statement, "predicateType": "https://example.com/v1"},
        "without a predicate": {**statement, "predicate": {}},
    }
    for name, changed in others.items():
        text = base64.b64encode(json.dumps(changed).encode()).decode()
        yield f"{name}, with the signature of the former", _line(bundle, payload=text)
    yield "without a signature", _line(bundle, signatures=[])
    yield "of another kind of payload", _line(bundle, payloadType="text/plain")


def _line(bundle: Any, **envelope: Any) -> bytes:
    return json.dumps({**bundle, "dsseEnvelope": {**bundle["dsseEnvelope"], **envelope}}).encode() + b"\n"


def _without(lines: Sequence[bytes], predicate_type: str) -> bytes:
    kept = []
    for line in lines:
        payload = base64.b64decode(json.loads(line)["dsseEnvelope"]["payload"])
        if read_statement(payload).predicate_type != predicate_type:
            kept.append(line)
    return b"".join(kept)


TAMPERINGS: Final = {each.name: each for each in tamperings()}
