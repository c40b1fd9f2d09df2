"""The signature over the files of a release, as the stock command reads it."""

import hashlib
import json
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.attestation.interface import InvalidSignatureError
from hublish.attestation.model_signature import SignedFiles, read_signature_statement, signature_statement
from tests.hublish.attestation.test_statements import DIGESTS, NAMES

FILES = {"README.md": "0" * 64, "a.txt": "2" * 64, "a/b.txt": "1" * 64}
REPO = "datasets/acme/digits"
VALID = signature_statement(REPO, FILES.items())
STOCK_IGNORES = ["model.sig", ".gitattributes", ".gitignore", ".github", ".git"]


def root(*digests: str) -> str:
    """Return the digest of digests."""
    return hashlib.sha256(b"".join(map(bytes.fromhex, digests))).hexdigest()


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    """Return the valid statement with a change in place."""
    fields = json.loads(VALID)
    change(fields)
    return json.dumps(fields).encode()


def serialization(**fields: Any) -> bytes:
    """Return the valid statement with other fields of its serialization."""
    return changed(lambda statement: statement["predicate"]["serialization"].update(fields))


def resources(*entries: Any) -> bytes:
    """Return the valid statement over other files, with the digest of the subject that belongs to them."""

    def change(statement: dict[str, Any]) -> None:
        statement["predicate"]["resources"] = list(entries)
        known = [each["digest"] for each in entries if isinstance(each, dict) and len(str(each.get("digest"))) == 64]
        statement["subject"][0]["digest"]["sha256"] = root(*known)

    return changed(change)


def one(name: Any, digest: Any = "0" * 64, algorithm: Any = "sha256", **more: Any) -> dict[str, Any]:
    """Return a resource."""
    return {"name": name, "digest": digest, "algorithm": algorithm, **more}


REFUSED: dict[str, tuple[bytes, str]] = {
    "another predicate": (changed(lambda s: s.update(predicateType="https://slsa.dev/provenance/v1")), "about 'https"),
    "the predicate of version 0.2": (
        changed(lambda s: s.update(predicateType="https://model_signing/Digests/v0.1")),
        "about 'https://model_signing/Digests/v0.1'",
    ),
    "two subjects": (
        changed(lambda s: s["subject"].append({"name": "x", "digest": {"sha256": "0" * 64}})),
        "covers one repo, and this one 2",
    ),
    "another root": (changed(lambda s: s["subject"][0]["digest"].update(sha256="0" * 64)), "not that of the listed"),
    "a file less": (changed(lambda s: s["predicate"]["resources"].pop()), "not that of the listed files"),
    "a file more": (changed(lambda s: s["predicate"]["resources"].append(one("x"))), "not that of the listed files"),
    "files in another order": (changed(lambda s: s["predicate"]["resources"].reverse()), "not that of the listed"),
    "no resources": (changed(lambda s: s["predicate"].pop("resources")), "resources is not a list"),
    "no serialization": (changed(lambda s: s["predicate"].pop("serialization")), "serialization is not an object"),
    "shards": (serialization(method="shards"), "a signature over 'shards'"),
    "shards of a size": (serialization(shard_size=1), "unknown field 'shard_size'"),
    "blake3": (serialization(hash_type="blake3"), "digests of 'blake3'"),
    "a method that is a list": (serialization(method=["files"]), "a signature over "),
    "links that are text": (serialization(allow_symlinks="false"), "allow_symlinks is not true or false"),
    "an unknown parameter": (serialization(follow="all"), "unknown field 'follow'"),
    "everything ignored": (serialization(ignore_paths=["."]), "leaves out '.'"),
    "a file ignored": (serialization(ignore_paths=["model.sig", "config.json"]), "leaves out 'config.json'"),
    "a folder ignored": (serialization(ignore_paths=["weights"]), "leaves out 'weights'"),
    "a path above ignored": (serialization(ignore_paths=["../x"]), "leaves out '../x'"),
    "the same in another form": (serialization(ignore_paths=["./model.sig"]), "leaves out './model.sig'"),
    "a number ignored": (serialization(ignore_paths=[1]), "leaves out '1'"),
    "a list ignored": (serialization(ignore_paths=[["model.sig"]]), "leaves out "),
    "ignored paths that are text": (serialization(ignore_paths="model.sig"), "ignore_paths is not a list"),
    "a file signed and ignored": (resources(one("model.sig")), "'model.sig' is signed and ignored at once"),
    "attributes signed and ignored": (resources(one(".gitattributes")), "signed and ignored at once"),
    "another algorithm": (resources(one("a", algorithm="blake3")), "a digest of 'blake3'"),
    "no algorithm": (resources({"name": "a", "digest": "0" * 64}), "a resource lacks algorithm"),
    "a resource that is text": (resources("a"), "a resource is not an object"),
    "an unknown field of a resource": (resources(one("a", size=1)), "unknown field 'size'"),
    "a digest in capitals": (resources(one("a", "A" * 64)), r"resources\[0\] is not a name with a sha256"),
    "a digest with spaces": (resources(one("a", "00 " * 32)), r"resources\[0\] is not a name with a sha256"),
    "a name twice": (resources(one("a"), one("a")), "resources has a name twice"),
    "a name above": (resources(one("../a")), "'..' segment"),
    "an absolute name": (resources(one("/a")), "absolute path"),
    "a name that is not normalized": (resources(one("./a")), "not a normalized"),
    "a repo that is not one": (changed(lambda s: s["subject"][0].update(name="../digits")), "'..' segment"),
}


@given(st.dictionaries(NAMES, DIGESTS))
def test_a_signature_is_read_as_it_was_written(files: dict[str, str]) -> None:
    assert read_signature_statement(signature_statement(REPO, files.items())) == SignedFiles(REPO, files)


@given(st.lists(NAMES, unique=True))
def test_files_are_in_the_order_of_the_stock_command(names: list[str]) -> None:
    statement = json.loads(signature_statement(REPO, [(name, "0" * 64) for name in names]))
    listed = [each["name"] for each in statement["predicate"]["resources"]]
    assert listed == [str(path) for path in sorted(map(PurePosixPath, names))]


def test_the_statement_is_that_of_the_format() -> None:
    assert json.loads(VALID) == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": REPO, "digest": {"sha256": root("0" * 64, "1" * 64, "2" * 64)}}],
        "predicateType": "https://model_signing/signature/v1.0",
        "predicate": {
            "resources": [one("README.md"), one("a/b.txt", "1" * 64), one("a.txt", "2" * 64)],
            "serialization": {
                "method": "files",
                "hash_type": "sha256",
                "allow_symlinks": False,
                "ignore_paths": [".gitattributes", "claims.jsonl", "model.sig"],
            },
        },
    }
    assert json.dumps(json.loads(VALID), separators=(",", ":"), sort_keys=True).encode() == VALID


@pytest.mark.parametrize("name", REFUSED)
def test_a_signature_that_covers_less_than_it_seems_to_is_refused(name: str) -> None:
    data, reason = REFUSED[name]
    with pytest.raises(InvalidSignatureError, match=reason):
        read_signature_statement(data)


def test_the_changes_of_the_table_are_the_reason_of_the_refusals() -> None:
    assert read_signature_statement(changed(lambda _: None)).files == FILES
    assert read_signature_statement(serialization(ignore_paths=["model.sig"])).files == FILES
    assert read_signature_statement(resources(one("a"), one("b"))).files == {"a": "0" * 64, "b": "0" * 64}


def test_a_signature_of_the_stock_command_is_read() -> None:
    signed = read_signature_statement(serialization(ignore_paths=STOCK_IGNORES))
    assert signed.files == FILES
    no_list = changed(lambda statement: statement["predicate"]["serialization"].pop("ignore_paths"))
    assert read_signature_statement(no_list).files == FILES


def test_facts_of_a_later_version_are_passed_over() -> None:
    later = changed(lambda statement: statement["predicate"].update(model_card={"license": "mit"}))
    assert read_signature_statement(later).files == FILES


def test_a_file_that_the_stock_command_ignores_is_an_unsigned_file() -> None:
    signed = read_signature_statement(serialization(ignore_paths=STOCK_IGNORES))
    known = [*FILES, "model.sig", "claims.jsonl", ".gitattributes"]
    others = [".github/workflows/x.yml", ".gitignore", "claims.jsonl/x", "model.sig/x", "sub/model.sig", "x"]
    assert signed.unsigned_among(known) == ()
    assert signed.unsigned_among([*others, *known]) == tuple(sorted(others))


@given(st.binary())
def test_any_bytes_are_a_signature_or_refused(data: bytes) -> None:
    with pytest.raises(InvalidSignatureError):
        read_signature_statement(data)


@given(position=st.integers(0, len(VALID) - 1), other=st.binary(min_size=1, max_size=1))
def test_a_changed_signature_never_covers_other_files(position: int, other: bytes) -> None:
    mutated = VALID[:position] + other + VALID[position + 1 :]
    try:
        read = read_signature_statement(mutated)
    except InvalidSignatureError:
        return
    # The names are not in the root, which is why the statement itself is signed.
    assert list(read.files.values()) == ["0" * 64, "1" * 64, "2" * 64]
