"""A signed release with its claims, and a trust.yaml that accepts it, as plain bytes: what tests tamper with."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

import hublish
from hublish.api.options import HubOptions
from hublish.attestation.bill_of_materials import PREDICATE_TYPE as BOM
from hublish.attestation.certificates import CertificateSigner
from hublish.attestation.interface import Signer
from hublish.attestation.keys import KeySigner
from hublish.attestation.model_signature import signature_statement
from hublish.attestation.provenance import BUILD_TYPE
from hublish.attestation.provenance import PREDICATE_TYPE as PROVENANCE
from hublish.attestation.statements import Statement, claims_text, statement_bytes
from hublish.base.values.attested import Attestation, SignedBy
from hublish.hub.server import EmbeddedHub
from hublish.pipeline.lock.records import locked_signature
from hublish.schemas.documents.file_names import BOM_FILE, CLAIMS_FILE, SIGNATURE_FILE, UNSIGNED_FILES
from hublish.schemas.documents.lock import Lock, LockedFile
from hublish.schemas.documents.manifest import Load
from tests.signing_keys import Leaf, key, leaf

REPO: Final = "acme/digits"
BUILDER: Final = "https://github.com/acme/training/.github/workflows/release.yml@refs/tags/v1"
COMMIT: Final = "4" * 40

# The safetensors format: the length of its header, the header, and two float32.
_HEADER: Final = b'{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}  '
WEIGHTS: Final = len(_HEADER).to_bytes(8, "little") + _HEADER + b"\0\0\x80?\0\0\0@"
FILES: Final[Mapping[str, bytes]] = {
    "README.md": b"---\nlicense: apache-2.0\n---\n# Digits\n\nIt reads handwritten digits, for tests.\n",
    "config.json": b'{"hidden": 3}\n',
    "model.safetensors": WEIGHTS,
    "data/train.csv": b"a,b\n1,2\n",
    "hub.yaml": b"schema_version: 1\nrepo: {repo_id: acme/digits}\nartifacts: [{source: model.safetensors}]\n",
}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def locked_files(files: Mapping[str, bytes]) -> tuple[LockedFile, ...]:
    """Return the files as a lock records them."""
    return tuple(
        LockedFile(
            path_in_repo=path,
            size=len(content),
            sha256=sha256(content),
            blob_id=hashlib.sha1(b"blob %d\0%b" % (len(content), content)).hexdigest(),
        )
        for path, content in sorted(files.items())
    )


def digests(files: Mapping[str, bytes]) -> dict[str, str]:
    """Return the digests of the files that a signature is over."""
    return {path: sha256(content) for path, content in files.items() if path not in UNSIGNED_FILES}


def bom(name: str = REPO) -> dict[str, Any]:
    component = {"type": "machine-learning-model", "name": name}
    return {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "metadata": {"component": component}}


def provenance(repo_id: str = REPO, repo_type: str = "model", builder: str = BUILDER, **changed: Any) -> dict[str, Any]:
    """Return the predicate of a provenance; other arguments replace its external parameters."""
    repo = {"repo_id": repo_id, "repo_type": repo_type, "endpoint": "https://huggingface.co", "revision": "main"}
    git = {
        "uri": "git+https://github.com/acme/training",
        "digest": {"gitCommit": COMMIT},
        "annotations": {"kind": "git", "dirty": False},
    }
    parameters = {"manifest": {"name": "hub.yaml", "sha256": "1" * 64}, "plan": {"sha256": "2" * 64}, "repo": repo}
    return {
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": {**parameters, **changed},
            "internalParameters": {"hublish": "1.0", "serializers": {}},
            "resolvedDependencies": [git],
        },
        "runDetails": {"builder": {"id": builder}},
    }


def claim(signer: Signer, predicate_type: str, predicate: Any, files: Mapping[str, str]) -> bytes:
    """Return a signed statement about files, by their digests."""
    return signer.sign(statement_bytes(Statement(predicate_type, files, predicate)))


def with_bom(files: Mapping[str, bytes], content: Mapping[str, Any] | None = None) -> dict[str, bytes]:
    return {**files, BOM_FILE: json.dumps(bom() if content is None else content).encode()}


def signature(signer: Signer, files: Mapping[str, bytes], repo: str = REPO) -> bytes:
    return signer.sign(signature_statement(repo, digests(files).items()))


def claims(signer: Signer, files: Mapping[str, bytes], predicates: Sequence[tuple[str, Any]]) -> bytes:
    """Return claims.jsonl about files."""
    return claims_text([claim(signer, kind, predicate, digests(files)) for kind, predicate in predicates])


def attested(signer: Signer, files: Mapping[str, bytes] = FILES, repo: str = REPO) -> dict[str, bytes]:
    """Return the files of a release with its signature, its claims and its bill of materials."""
    complete = with_bom(files)
    predicates = [(PROVENANCE, provenance(repo)), (BOM, json.loads(complete[BOM_FILE]))]
    return {
        **complete,
        SIGNATURE_FILE: signature(signer, complete, repo),
        CLAIMS_FILE: claims(signer, complete, predicates),
    }


def key_signer(name: str = "acme") -> KeySigner:
    return KeySigner.from_pem(key(name).private)


def certificate_signer(one: Leaf | None = None) -> CertificateSigner:
    one = one or leaf()
    return CertificateSigner(one.private, None, one.certificate, one.chain)


RULES: Final = "rules:\n  - {repos: [acme/*, datasets/acme/*], signers: [acme], require: [signature, provenance]}\n"
CERTIFIED: Final = "release@acme.example"


@dataclass(frozen=True)
class Readers:
    """A folder with trust.yaml and the keys it names."""

    folder: Path

    @property
    def policy(self) -> Path:
        return self.folder / "trust.yaml"

    def by_key(self, name: str = "acme", rules: str = RULES, others: Sequence[str] = ()) -> Path:
        """Write a trust.yaml that declares the key of `acme` under that name, and the keys of others under theirs."""
        self.folder.mkdir(parents=True, exist_ok=True)
        text = "signers:\n"
        for each in (name, *others):
            (self.folder / f"{each}.pub").write_bytes(key(each).public)
            text += f"  {'acme' if each == name else each}: {{public_key: {each}.pub}}\n"
        self.policy.write_text(text + rules)
        return self.policy

    def by_certificate(self, root: bytes | None = None, identity: str = CERTIFIED, rules: str = RULES) -> Path:
        """Write a trust.yaml that declares an identity in certificates."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "root.pem").write_bytes(root or leaf().root)
        self.policy.write_text(f"signers:\n  acme: {{certificate_chain: [root.pem], identity: {identity}}}\n{rules}")
        return self.policy


class Repo:
    """A repo on the embedded Hub with the files of a release."""

    _numbers = count(1)

    def __init__(self, hub: EmbeddedHub, repo_id: str) -> None:
        self.api = HfApi(hub.endpoint, token=hub.token)
        self.repo_id, self.endpoint, self.token = repo_id, hub.endpoint, hub.token

    @classmethod
    def new(cls, hub: EmbeddedHub) -> "Repo":
        """Return a repo that does not exist yet."""
        return cls(hub, f"acme/signed-{next(cls._numbers)}")

    def commit(self, files: Mapping[str, bytes], delete: Sequence[str] = ()) -> str:
        """Add and delete files in one commit."""
        self.api.create_repo(self.repo_id, exist_ok=True)
        added = [CommitOperationAdd(path, content) for path, content in files.items()]
        deleted = [CommitOperationDelete(path) for path in delete]
        return str(self.api.create_commit(self.repo_id, [*deleted, *added], commit_message="x").oid)

    def pull(self, policy: Path | None, **options: Any) -> hublish.LocalRelease:
        given = {"endpoint": self.endpoint, "token": self.token, "trust_policy": policy, **options}
        return hublish.pull(None if "lock" in options else self.repo_id, **given)

    def verify(self, policy: Path | None, lock: Lock) -> hublish.Verification:
        given: HubOptions = {"endpoint": self.endpoint, "token": self.token}
        return hublish.verify("none.yaml", lock=lock, trust_policy=policy, **given)

    def lock(self, files: Mapping[str, bytes], signer: SignedBy | None = None, builder: str | None = None) -> Lock:
        """Commit files, and return a lock of them."""
        return self.locked(files, self.commit(files), signer, builder)

    def locked(
        self, files: Mapping[str, bytes], commit: str, signer: SignedBy | None = None, builder: str | None = None
    ) -> Lock:
        """Return a lock of files at a commit."""
        return Lock(
            repo_id=self.repo_id,
            endpoint=self.endpoint,
            revision="main",
            commit=commit,
            manifest_sha256="0" * 64,
            load=Load(),
            signature=locked_signature(Attestation(signer, builder)),
            files=locked_files(files),
        )


def write_folder(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write files below a folder."""
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder
