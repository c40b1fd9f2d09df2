"""Changes of a signed release: of its files, or of the bytes of its signature and claims."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Final, Literal

from hublish.attestation.interface import Signer
from hublish.attestation.provenance import PREDICATE_TYPE as PROVENANCE
from tests.attested_release import REPO, attested, certificate_signer, key_signer
from tests.hublish.attestation.recorded import recorded_release
from tests.signing_keys import leaf

Method = Literal["key", "certificate", "sigstore"]
Files = Mapping[str, bytes]
Change = Callable[[Files], Files]

METHODS: Final[tuple[Method, ...]] = ("key", "certificate", "sigstore")
FILES_CHANGED: Final = ("trust.files",)
DAMAGED: Final = ("trust.signature",)
OTHER_SIGNER: Final = ("trust.signer",)
UNSIGNED: Final = ("trust.unsigned", "trust.lock")
NOT_A_SIGNATURE: Final = (*DAMAGED, *OTHER_SIGNER)
CLAIM: Final = ("trust.claim",)


@cache
def release(method: Method) -> Files:
    """Return a release that is as it was signed."""
    if method == "sigstore":
        return recorded_release()
    return attested(signer(method))


@cache
def signer(method: Method) -> Signer:
    return key_signer() if method == "key" else certificate_signer()


@cache
def another(method: Method) -> Signer:
    """Return a signer whom nobody trusts."""
    return key_signer("mallory") if method == "key" else certificate_signer(leaf("mallory"))


def put(path: str, content: bytes) -> Change:
    return lambda files: {**files, path: content}


def drop(path: str) -> Change:
    return lambda files: {name: content for name, content in files.items() if name != path}


def move(path: str, target: str) -> Change:
    return lambda files: {target if name == path else name: content for name, content in files.items()}


def swap(one: str, two: str) -> Change:
    return lambda files: {**files, one: files[two], two: files[one]}


def flipped(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield a content with one other byte. The names are the same in each run, unlike the lengths of signatures."""
    for name, place in (("first", 0), ("middle", len(content) // 2), ("last", len(content) - 1)):
        yield name, content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


def cut(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the beginnings of a content."""
    yield "one byte", content[:1]
    yield "a quarter", content[: len(content) // 4]
    yield "a half", content[: len(content) // 2]
    yield "all but two bytes", content[:-2]


def statements(payload: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield statements of a signature that were changed after it was made."""
    statement = json.loads(payload)
    resources = statement["predicate"]["resources"]

    def changed(**predicate: Any) -> bytes:
        return json.dumps({**statement, "predicate": {**statement["predicate"], **predicate}}).encode()

    def leaving_out(*paths: str) -> bytes:
        ignored = [*statement["predicate"]["serialization"]["ignore_paths"], *paths]
        kept = [one for one in resources if one["name"] not in paths]
        return changed(
            resources=kept, serialization={**statement["predicate"]["serialization"], "ignore_paths": ignored}
        )

    yield "other spaces", json.dumps(statement, indent=1).encode()
    yield "another repo", payload.replace(REPO.encode(), b"acme/other")
    yield "weights that are left out", leaving_out("model.safetensors")
    yield "everything but the weights left out", leaving_out("README.md", "config.json")
    yield "no files", changed(resources=[])
    yield "one file less", changed(resources=resources[1:])
    yield "another digest", changed(resources=[{**resources[0], "digest": "0" * 64}, *resources[1:]])
    yield "another predicate", json.dumps({**statement, "predicateType": PROVENANCE}).encode()
