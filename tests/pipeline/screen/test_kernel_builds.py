"""The builds of a kernel can be chosen and loaded by `kernels`."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from hublish.base.content import Content
from hublish.pipeline.screen.kernel_builds import ScreenKernel, kernel_problems
from tests.pipeline.staging import project_in, staged

BUILD = "build/torch-cpu"
METADATA = f"{BUILD}/metadata.json"
CODE = b"def relu(x): ...\n"
GOOD: dict[str, Any] = {
    "name": "relu",
    "id": "_relu_cpu_8671e59",
    "version": 1,
    "license": "apache-2.0",
    "python-depends": [],
    "backend": {"type": "cpu"},
}
SETTINGS = """[general]
name = "relu"
version = 1
license = "apache-2.0"
backends = ["cpu"]

[general.hub]
repo-id = "acme/relu"
"""


def digest_of(**files: bytes) -> dict[str, Any]:
    hashes = {name: base64.b64encode(hashlib.sha256(data).digest()).decode() for name, data in files.items()}
    return {"algorithm": "sha256", "files": hashes}


def messages(folder: Path, files: dict[str, bytes | Content], revision: str = "v1") -> list[tuple[str, str]]:
    repo = {"repo_type": "kernel", "repo_id": "acme/relu", "revision": revision}
    card = {"template": "kernel", "metadata": {"license": "apache-2.0"}}
    found = list(kernel_problems(staged(project_in(folder, repo=repo, card=card), files)))
    assert all(problem.severity == "warning" and problem.hint for problem in found)
    return [(problem.path, problem.message) for problem in found]


def build(metadata: object = GOOD, **more: bytes) -> dict[str, bytes | Content]:
    return {f"{BUILD}/__init__.py": CODE, METADATA: json.dumps(metadata).encode(), **more}


def test_a_build_as_kernel_builder_writes_it_raises_no_warning(tmp_path: Path) -> None:
    metadata = {**GOOD, "digest": digest_of(**{"__init__.py": CODE}), "provenance": {"kernel-builder": {}}}
    files = build(metadata, **{"build.toml": SETTINGS.encode(), f"{METADATA}.sigstore": b"{}"})
    cuda = {**GOOD, "backend": {"type": "cuda", "archs": ["9.0"]}}
    other = "build/torch212-cxx11-cu128-x86_64-linux"
    files |= {f"{other}/__init__.py": CODE, f"{other}/metadata.json": json.dumps(cuda).encode()}
    assert messages(tmp_path, files) == []
    assert messages(tmp_path, {"build.toml": SETTINGS.encode()}, "main") == []


FIELDS = [
    ({"name": None}, "`name` must be a string"),
    ({"name": "Relu_1"}, "`name` is 'Relu_1': use lowercase letters"),
    ({"id": 5}, "`id` must be a string"),
    ({"version": "1"}, "`version` must be a whole number"),
    ({"version": True}, "`version` must be a whole number"),
    ({"version": -1}, "`version` must be a whole number"),
    ({"license": None}, "`license` must be a string"),
    ({"python-depends": "einops"}, "`python-depends` must be a list of strings"),
    ({"python-depends": [1]}, "`python-depends` must be a list of strings"),
    ({"backend": "cpu"}, "`backend` must be a mapping with `type`"),
    ({"backend": {"type": "gpu"}}, "`backend` has the type 'gpu', which is none of cann, cpu"),
    ({"backend": {"type": "cpu", "archs": "9.0"}}, "`backend` has `archs`, which must be a list"),
    ({"backend": {"type": "cuda"}}, "the backend is 'cuda', and the folder is named for 'cpu'"),
    ({"version": 2}, "`version` is 2, and the release goes to the branch v1"),
    ({"license": "mit"}, "`license` is 'mit', and 'apache-2.0' in card.metadata"),
    ({"digest": "x"}, "`digest` must be a mapping"),
    ({"digest": digest_of()}, "'__init__.py' is not listed in `digest`"),
    ({"digest": digest_of(**{"__init__.py": b"other"})}, "`digest` has another hash for '__init__.py'"),
    ({"digest": digest_of(**{"__init__.py": CODE, "_ops.so": b""})}, "`digest` lists '_ops.so', which is not part"),
]


@pytest.mark.parametrize(("change", "message"), FIELDS)
def test_a_field_that_kernels_cannot_read_is_named(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    ((path, found),) = messages(tmp_path, build({**GOOD, **change}))
    assert path == METADATA
    assert found.startswith(message)


@pytest.mark.parametrize("key", GOOD)
def test_a_missing_field_is_named(tmp_path: Path, key: str) -> None:
    found = messages(tmp_path, build({name: value for name, value in GOOD.items() if name != key}))
    assert found == [(METADATA, f"`{key}` is missing")]


@pytest.mark.parametrize(
    ("files", "path", "message"),
    [
        ({}, "build", "the release has no folder `build/<variant>`"),
        ({f"{BUILD}/__init__.py": CODE}, METADATA, "the build has no metadata.json"),
        ({METADATA: json.dumps(GOOD).encode()}, BUILD, "the build has no __init__.py"),
        (build([]), METADATA, f"{METADATA} is not a JSON object"),
        (build() | {METADATA: b"{"}, "", "is not JSON"),
    ],
)
def test_an_incomplete_build_is_named(
    tmp_path: Path, files: dict[str, bytes | Content], path: str, message: str
) -> None:
    ((where, found),) = messages(tmp_path, files)
    assert path in where
    assert message in found or not path


@pytest.mark.parametrize("variant", ["cpu", "torch", "torch2-cpu-x86_64-linux", "torch212-cu128-linux", "torch-CPU"])
def test_a_folder_that_is_not_a_variant_is_named(tmp_path: Path, variant: str) -> None:
    files: dict[str, bytes | Content] = {
        f"build/{variant}/__init__.py": CODE,
        f"build/{variant}/metadata.json": json.dumps(GOOD).encode(),
    }
    ((_, found),) = messages(tmp_path, files)
    assert found == f"'{variant}' is not the name of a build variant: `kernels` ignores it"


def test_builds_of_different_sources_are_named(tmp_path: Path) -> None:
    other = {**GOOD, "name": "gelu", "backend": {"type": "cuda"}}
    files = build() | {
        "build/torch-cuda/__init__.py": CODE,
        "build/torch-cuda/metadata.json": json.dumps(other).encode(),
    }
    assert messages(tmp_path, files) == [
        ("build/torch-cuda/metadata.json", "`name` is 'gelu', and 'relu' in build/torch-cpu")
    ]


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("[general]", "[general", "build.toml is not TOML"),
        ("[general", "[generals", "build.toml has no table [general]"),
        ('name = "relu"\n', "", "general.name is missing"),
        ('"relu"', '"Relu"', "general.name is 'Relu': use lowercase"),
        ("version = 1", "version = 2", "general.version is '2', and the build has '1'"),
        ("version = 1", 'version = "1"', "general.version must be a whole number"),
        ('["cpu"]', '["cpu", "cudas"]', "general.backends has 'cudas', which is not a backend"),
        ('["cpu"]', '"cpu"', "general.backends must be a list of strings"),
        ("acme/relu", "acme/gelu", "general.hub.repo-id is 'acme/gelu', and the release goes to 'acme/relu'"),
    ],
)
def test_a_mistake_in_the_settings_is_named(tmp_path: Path, before: str, after: str, message: str) -> None:
    assert before in SETTINGS
    settings = SETTINGS.replace(before, after).encode()
    ((path, found),) = messages(tmp_path, build(**{"build.toml": settings}))
    assert path == "build.toml"
    assert found.startswith(message)


def test_only_kernels_are_checked(tmp_path: Path) -> None:
    outline = staged(project_in(tmp_path), {"build/x/metadata.json": b""})
    assert not ScreenKernel().works_on(outline)
    assert list(kernel_problems(outline)) == []
