"""A folder with the files of a release, signed as hublish signs, and the ways to tamper with it."""

import hashlib
import itertools
import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from pathlib import Path

from hublish.attestation.interface import InvalidSignatureError, Signer, Verifier
from hublish.attestation.keys import KeySigner
from hublish.attestation.model_signature import (
    SignedFiles,
    read_signature_statement,
    signature_statement,
)
from hublish.schemas.documents.file_names import UNSIGNED_FILES
from tests.signing_keys import key

FILES = {
    "README.md": b"---\nlicense: mit\n---\n# digits\n",
    "bom.cdx.json": b'{"bomFormat":"CycloneDX"}',
    "config.json": b'{"hidden_size": 64}',
    "empty.bin": b"",
    "model.safetensors": bytes(range(256)) * 64,
    "tokenizer/merges.txt": b"a b\n",
    "tokenizer/vocab.txt": b"a\nb\n",
    "tokenizer.json": b"{}",
    "vues/\u00e9t\u00e9 \u65e5\u672c.txt": b"caf\xc3\xa9\n",
}
UNSIGNED = {".gitattributes": b"*.safetensors filter=lfs\n", "claims.jsonl": b"{}\n"}
REPO = "acme/digits"


def written(folder: Path, files: dict[str, bytes]) -> Path:
    """Write files into a new folder, and those that no signature is over."""
    for path, data in {**files, **UNSIGNED}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def paths_in(folder: Path) -> Iterator[str]:
    """Yield the paths of all files in a folder."""
    return (path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if not path.is_dir())


def digests_in(folder: Path) -> dict[str, str]:
    """Return the digests of a folder's files."""
    return {path: hashlib.sha256((folder / path).read_bytes()).hexdigest() for path in paths_in(folder)}


def signed(folder: Path, signer: Signer, repo: str = REPO) -> Path:
    """Sign a folder as a release."""
    files = [(path, digest) for path, digest in digests_in(folder).items() if path not in UNSIGNED_FILES]
    (folder / "model.sig").write_bytes(signer.sign(signature_statement(repo, files)))
    return folder


def read_by_hublish(folder: Path, verifier: Verifier) -> SignedFiles:
    """Return the verified signature of a folder."""
    return read_signature_statement(verifier.verify((folder / "model.sig").read_bytes()).statement)


def is_what_was_signed(folder: Path, verifier: Verifier) -> bool:
    """Return whether a folder has the files of its signature and no others, as hublish decides."""
    try:
        found = read_by_hublish(folder, verifier)
    except (InvalidSignatureError, OSError):
        return False
    digests = digests_in(folder)
    return not found.unsigned_among(digests) and all(digests.get(path) == sha for path, sha in found.files.items())


def change(path: str, edit: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    """Return a change of the content of a file."""

    def apply(folder: Path) -> None:
        (folder / path).write_bytes(edit((folder / path).read_bytes()))

    return apply


def rename(path: str, to: str) -> Callable[[Path], None]:
    """Return a renaming of a file."""

    def apply(folder: Path) -> None:
        (folder / to).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).rename(folder / to)

    return apply


def swap(one: str, other: str) -> Callable[[Path], None]:
    """Return an exchange of the contents of two files."""

    def apply(folder: Path) -> None:
        first, second = (folder / one).read_bytes(), (folder / other).read_bytes()
        (folder / one).write_bytes(second)
        (folder / other).write_bytes(first)

    return apply


def add(path: str, data: bytes = b"x") -> Callable[[Path], None]:
    """Return an addition of a file."""

    def apply(folder: Path) -> None:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)

    return apply


def remove(path: str) -> Callable[[Path], None]:
    """Return a removal of a file."""
    return lambda folder: (folder / path).unlink()


def resign(signer: Callable[[], Signer], edit: Callable[[Path], None]) -> Callable[[Path], None]:
    """Return a change that is followed by another signature."""

    def apply(folder: Path) -> None:
        edit(folder)
        signed(folder, signer())

    return apply


def in_envelope(edit: Callable[[dict[str, object]], None]) -> Callable[[Path], None]:
    """Return a change of the fields of the bundle's envelope."""

    def apply(folder: Path) -> None:
        bundle = json.loads((folder / "model.sig").read_bytes())
        edit(bundle["dsseEnvelope"])
        (folder / "model.sig").write_text(json.dumps(bundle))

    return apply


def in_statement(old: bytes, new: bytes) -> Callable[[Path], None]:
    """Return a change of the statement, under the same signature."""

    def edit(envelope: dict[str, object]) -> None:
        payload = b64decode(str(envelope["payload"]))
        assert old in payload
        envelope["payload"] = b64encode(payload.replace(old, new)).decode()

    return in_envelope(edit)


def forge_file(folder: Path) -> None:
    """Change a file and its digest in the statement."""
    digest = hashlib.sha256((folder / "config.json").read_bytes()).hexdigest()
    change("config.json", lambda _: b"{}")(folder)
    in_statement(digest.encode(), hashlib.sha256(b"{}").hexdigest().encode())(folder)


def mallory() -> Signer:
    """Return a signer whom nobody trusts."""
    return KeySigner.from_pem(key("mallory").private)


def nothing(_folder: Path) -> None:
    """Change nothing."""


NOT_EMPTY = tuple(path for path, data in FILES.items() if data)
TAMPERINGS: dict[str, Callable[[Path], None]] = {
    **{f"first bit of {path}": change(path, lambda data: bytes([data[0] ^ 1]) + data[1:]) for path in NOT_EMPTY},
    **{f"last bit of {path}": change(path, lambda data: data[:-1] + bytes([data[-1] ^ 128])) for path in NOT_EMPTY},
    **{f"{path} a byte shorter": change(path, lambda data: data[:-1]) for path in NOT_EMPTY},
    **{f"{path} a byte longer": change(path, lambda data: data + b"\0") for path in FILES},
    **{f"{path} removed": remove(path) for path in FILES},
    **{f"{path} renamed": rename(path, f"{path}.bak") for path in FILES},
    **{f"{path} moved": rename(path, f"moved/{path}") for path in FILES},
    **{f"{one} and {other} swapped": swap(one, other) for one, other in itertools.pairwise(FILES)},
    "another case": rename("README.md", "Readme.md"),
    "another normal form": rename("vues/\u00e9t\u00e9 \u65e5\u672c.txt", "vues/e\u0301te\u0301 \u65e5\u672c.txt"),
    "a file more": add("pytorch_model.bin"),
    "a file more in a folder": add("tokenizer/added_tokens.json"),
    "a folder more": add("custom/modeling.py", b"import os\n"),
    "a hidden file more": add(".cache"),
    "an empty file more": add("py.typed", b""),
    "a copy": add("copy.json", FILES["config.json"]),
    "a signature in a folder": add("tokenizer/model.sig"),
    "claims in a folder": add("tokenizer/claims.jsonl"),
    "attributes in a folder": add("tokenizer/.gitattributes"),
    "a name that begins as an unsigned one": add("claims.jsonl.py"),
    "no signature": remove("model.sig"),
    "an empty signature": change("model.sig", lambda _: b""),
    "a truncated signature": change("model.sig", lambda data: data[: len(data) // 2]),
    "two signatures": change("model.sig", lambda data: data + data),
    "the signature of mallory": resign(mallory, nothing),
    "a file and the signature of mallory": resign(mallory, change("config.json", lambda _: b"{}")),
    "a digest in the statement": forge_file,
    "a name in the statement": in_statement(b'"config.json"', b'"config.jsom"'),
    "an ignored path in the statement": in_statement(b'"model.sig"]', b'"model.sig","config.json"]'),
    "the repo in the statement": in_statement(b"acme/digits", b"acme/others"),
    "the method in the statement": in_statement(b'"files"', b'"shards"'),
    "a space in the statement": in_statement(b'"method"', b' "method"'),
    "another payload type": in_envelope(lambda envelope: envelope.update(payloadType="application/json")),
    "no signatures": in_envelope(lambda envelope: envelope.update(signatures=[])),
    "a signature of nothing": in_envelope(lambda envelope: envelope.update(signatures=[{"sig": "AAAA", "keyid": ""}])),
}
