"""Two readers of one signature: whatever hublish accepts, the stock library accepts, and finds the same files in it.

The signer here is trusted and writes anything: forms of a statement that readers may read differently.
"""

import hashlib
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hublish.attestation.interface import InvalidSignatureError
from hublish.attestation.keys import KeySigner, KeyVerifier
from hublish.attestation.model_signature import read_signature_statement, signature_statement
from tests.clients.model_signing_command import run_python
from tests.faults.projects import rounds
from tests.signing_keys import key

# The name or the digest of one file, in forms that a reader may normalize.
NAMES = (
    *("a", "a/b", "a//b", "a/", "/a", "./a", "a/.", "a/..", "../a", "a/../b", ".", "", " a", "a ", "a.", "a\\b", "A"),
    *(
        "\u00e9",
        "e\u0301",
        "\ufeffa",
        "a\u200b",
        "a\n",
        "a\0",
        "a\tb",
        "c:a",
        "a:0:1",
        "\ud800",
        "model.sig",
        "-a",
        "~",
    ),
    *(".git/config", ".gitignore", ".github/x", "claims.jsonl", "claims.jsonl/x", "sub/model.sig"),
)
DIGESTS: tuple[Any, ...] = (
    *("0" * 64, "f" * 64, "F" * 64, "0" * 63, "0" * 65, "0" * 66, "", "00 " * 32, " " + "0" * 64, "0" * 64 + "\n"),
    *("g" * 64, "0x" + "0" * 62, "\u0660" * 64, 0, None, True, ["0" * 64], {"sha256": "0" * 64}),
)
ALGORITHMS: tuple[Any, ...] = ("sha256", "SHA256", "sha-256", "sha512", "blake3", "", None, 256)
IGNORED: tuple[Any, ...] = (
    *([], ["model.sig"], ["a"], ["."], [""], ["/"], [".."], ["./model.sig"], ["model.sig", "model.sig"]),
    *([".git", ".github", ".gitignore", ".gitattributes"], "model.sig", None, 0, [None], {"a": 1}, ["claims.jsonl"]),
)
TYPES: tuple[Any, ...] = ("https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1", "", None, ["x"])
PREDICATES: tuple[Any, ...] = (
    *(
        "https://model_signing/signature/v1.0",
        "https://model_signing/Digests/v0.1",
        "https://model_signing/signature/v1",
    ),
    *("HTTPS://model_signing/signature/v1.0", "https://model_signing/signature/v1.0 ", None),
)
METHODS: tuple[Any, ...] = ("files", "shards", "Files", "", None)

READ = """
import json, pathlib, sys
from model_signing._signing import sign_ec_key, sign_sigstore_pb
verifier = sign_ec_key.Verifier(pathlib.Path(sys.argv[2]))
for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
    try:
        manifest = verifier.verify(sign_sigstore_pb.Signature.read(path))
        found = {item.identifier: item.digest.digest_hex for item in manifest.resource_descriptors()}
        print(json.dumps([manifest.model_name, found]))
    except Exception as error:
        print(json.dumps(repr(error)))
"""


def resources(statement: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the list of files of a statement."""
    found: list[dict[str, Any]] = statement["predicate"]["resources"]
    return found


def one_of(values: tuple[Any, ...], place: Callable[[dict[str, Any]], dict[str, Any]], name: str) -> Any:
    """Return an edit that sets a field to one of some values."""

    def edit(statement: dict[str, Any], chance: random.Random) -> None:
        place(statement)[name] = chance.choice(values)

    return edit


def repeated(statement: dict[str, Any], chance: random.Random) -> None:
    resources(statement).append({**chance.choice(resources(statement))})


def shuffled(statement: dict[str, Any], chance: random.Random) -> None:
    chance.shuffle(resources(statement))


def added(statement: dict[str, Any], chance: random.Random) -> None:
    place = chance.choice([statement, statement["predicate"], resources(statement)[0], statement["subject"][0]])
    place[chance.choice(["x", "annotations", "Name", "name "])] = chance.choice([1, None, "x", {}])


def dropped(statement: dict[str, Any], chance: random.Random) -> None:
    place = chance.choice([statement, statement["predicate"], resources(statement)[0], statement["subject"][0]])
    place.pop(chance.choice(sorted(place)))


EDITS = (
    one_of(NAMES, lambda s: resources(s)[1], "name"),
    one_of(NAMES, lambda s: resources(s)[0], "name"),
    one_of(DIGESTS, lambda s: resources(s)[0], "digest"),
    one_of(ALGORITHMS, lambda s: resources(s)[0], "algorithm"),
    one_of(IGNORED, lambda s: s["predicate"]["serialization"], "ignore_paths"),
    one_of(METHODS, lambda s: s["predicate"]["serialization"], "method"),
    one_of(ALGORITHMS, lambda s: s["predicate"]["serialization"], "hash_type"),
    one_of((True, False, None, "false", 0), lambda s: s["predicate"]["serialization"], "allow_symlinks"),
    one_of(NAMES, lambda s: s["subject"][0], "name"),
    one_of(DIGESTS, lambda s: s["subject"][0]["digest"], "sha256"),
    one_of(TYPES, lambda s: s, "_type"),
    one_of(PREDICATES, lambda s: s, "predicateType"),
    repeated,
    shuffled,
    added,
    dropped,
)


def statement_bytes(chance: random.Random) -> bytes:
    """Return a statement with up to two edits, as one of the texts that JSON has for it."""
    files = [(f"file-{number}.bin", f"{number}" * 64) for number in range(chance.choice([2, 2, 3]))]
    statement = json.loads(signature_statement("acme/digits", files))
    for edit in chance.sample(EDITS, chance.choice([0, 1, 1, 2])):
        try:
            edit(statement, chance)
        except (KeyError, TypeError, IndexError):  # what it edits is gone
            continue
    # Mostly with the root that belongs to the files: other rules are then what refuses.
    if chance.random() < 0.8:
        try:
            root = hashlib.sha256(b"".join(bytes.fromhex(each["digest"]) for each in resources(statement)))
            statement["subject"][0]["digest"]["sha256"] = root.hexdigest()
        except (KeyError, TypeError, ValueError):
            pass
    text = json.dumps(statement, indent=chance.choice([None, 2]), ensure_ascii=chance.random() < 0.5)
    if chance.random() < 0.1:
        doubled = chance.choice(['"name": "b"', '"digest": "' + "1" * 64 + '"', '"predicate": {}', '"_type": "x"'])
        text = text.replace("{", "{" + doubled + ",", chance.choice([1, 2, 3]))
    return text.encode("utf-8", "surrogatepass")


def written(folder: Path, chance: random.Random) -> Iterator[bytes]:
    """Write signed statements into a folder, and yield each bundle in the order of the names."""
    signer = KeySigner.from_pem(key().private)
    for number in range(rounds(600)):
        bundle = signer.sign(statement_bytes(chance))
        (folder / f"{number:06}.sig").write_bytes(bundle)
        yield bundle


def test_what_hublish_accepts_the_library_reads_in_the_same_way(tmp_path: Path) -> None:
    (tmp_path / "signed").mkdir()
    (tmp_path / "key.pub").write_bytes(key().public)
    bundles = list(written(tmp_path / "signed", random.Random(15)))
    theirs = [json.loads(line) for line in run_python(READ, tmp_path / "signed", tmp_path / "key.pub").splitlines()]
    assert len(theirs) == len(bundles)
    verifier = KeyVerifier.from_pem(key().public)
    accepted = refused_here = 0
    for bundle, found in zip(bundles, theirs, strict=True):
        statement = verifier.verify(bundle).statement
        try:
            read = read_signature_statement(statement)
        except InvalidSignatureError:
            refused_here += not isinstance(found, str)
            continue
        accepted += 1
        assert found == [read.repo, {**read.files}], statement
    # Both happen often, so that the loop above compares something.
    assert accepted > len(bundles) / 8
    assert refused_here > len(bundles) / 8
