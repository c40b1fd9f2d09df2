"""Bills of materials: valid for other tools, complete, the same for the same release, and bounded for hostile cards."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hublish
from hublish.attestation.bill_of_materials import bill_of_materials
from hublish.attestation.released_parts import Parts, required_packages
from hublish.base.content import InMemory
from hublish.base.values import Release, ReleaseFile, Target
from hublish.base.values.sealed_release import Origin
from hublish.cards.released_facts import with_facts
from tests.faults.projects import rounds

VALIDATOR = JsonStrictValidator(SchemaVersion.V1_6)
MODEL: dict[str, Any] = {
    "repo": {"repo_id": "acme/digits", "tag": "v1.0.0", "endpoint": "https://huggingface.co"},
    "artifacts": [
        {"source": "runs/weights.npz", "path_in_repo": "model.safetensors", "serializer": "safetensors"},
        {"source": "runs/*.json"},
        {"source": "requirements.txt"},
    ],
    "card": {
        "metadata": {
            "license": "other",
            "license_name": "acme-research",
            "license_link": "https://acme.example/license",
            "base_model": ["acme/base", "gpt2"],
            "datasets": ["acme/rows"],
            "language": ["en", "de"],
            "pipeline_tag": "image-classification",
            "co2_eq_emissions": {"emissions": 12.5, "source": "codecarbon"},
            "model-index": [
                {
                    "name": "digits",
                    "results": [
                        {
                            "task": {"type": "image-classification"},
                            "dataset": {"type": "acme/rows", "name": "Rows", "split": "test"},
                            "metrics": [{"type": "accuracy", "value": 0.9722}, {"type": "f1", "value": 0.97}],
                        }
                    ],
                }
            ],
        },
        "data": {"x": "runs/config.json"},
        "variables": {
            "intended_use": "Reads digits.",
            "limitations": ["Reads no letters.", "It is an {{ data.x.model_type }}."],
            "bias_recommendations": "None known.",
        },
    },
}
FILES = {
    "runs/config.json": '{"model_type": "mlp", "architectures": ["DigitsMLP"], "transformers_version": "4.57.0"}',
    "requirements.txt": "numpy==2.3.1\ntorch >= 2.8, <3  # weights\n-r other.txt\ngit+https://x.example/y\nrequests\n",
}
Build = Callable[..., Release]


def bom_of(release: Release) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(bill_of_materials(release, release.project.target))
    return found


def built(folder: Path, manifest: Mapping[str, Any], files: Mapping[str, str] = FILES) -> Release:
    (folder / "runs").mkdir(parents=True, exist_ok=True)
    np.savez(folder / "runs/weights.npz", weight=np.arange(6, dtype=np.float32), half=np.zeros(2, np.float16))
    for name, text in files.items():
        (folder / name).write_text(text)
    (folder / "hub.yaml").write_text(yaml.safe_dump(dict(manifest)))
    return hublish.build(folder, folder.parent / f"out-{len(list(folder.parent.iterdir()))}")


@pytest.fixture
def model(tmp_path: Path) -> Release:
    return built(tmp_path / "project", MODEL)


def by_ref(bom: Mapping[str, Any]) -> dict[str, Any]:
    return {one["bom-ref"]: one for one in bom["components"]}


def values(component: Mapping[str, Any]) -> dict[str, str]:
    return {one["name"].removeprefix("hublish:"): one["value"] for one in component["properties"]}


def test_other_tools_accept_it(model: Release) -> None:
    assert VALIDATOR.validate_str(bill_of_materials(model, model.project.target).decode()) is None


def test_every_file_is_listed_with_its_digest(model: Release) -> None:
    found = [one for one in bom_of(model)["components"] if one["type"] == "file"]
    assert [(one["name"], one["hashes"][0]["content"]) for one in found] == [
        (file.path_in_repo, file.sha256) for file in model.files
    ]
    weights = next(one for one in found if one["name"] == "model.safetensors")
    assert values(weights)["serializer"] == "safetensors"
    assert values(weights)["serializer_version"]


def test_the_files_that_are_about_the_release_are_not_listed(model: Release) -> None:
    before = bill_of_materials(model, model.project.target)
    about = [
        ReleaseFile(name, 1, "ab" * 32, "cd" * 20, InMemory(b"x"), Origin(None, "", "signature"))
        for name in ("model.sig", "claims.jsonl", "bom.cdx.json")
    ]
    assert bill_of_materials(model.with_files(*about), model.project.target) == before


def test_the_component_describes_the_model(model: Release) -> None:
    component = bom_of(model)["metadata"]["component"]
    assert (component["type"], component["group"], component["name"], component["version"]) == (
        "machine-learning-model",
        "acme",
        "digits",
        "v1.0.0",
    )
    assert component["purl"] == "pkg:huggingface/acme/digits"
    assert component["licenses"] == [{"license": {"name": "acme-research", "url": "https://acme.example/license"}}]
    assert [one["purl"] for one in component["pedigree"]["ancestors"]] == [
        "pkg:huggingface/acme/base",
        "pkg:huggingface/gpt2",
    ]
    described = values(component)
    assert (described["model.parameters"], described["model.dtypes.F32"], described["model.dtypes.F16"]) == (
        "8",
        "6",
        "2",
    )
    assert described["languages"] == "en, de"


def test_the_model_card_has_architecture_results_and_considerations(model: Release) -> None:
    card = bom_of(model)["metadata"]["component"]["modelCard"]
    assert card == {
        "modelParameters": {
            "task": "image-classification",
            "architectureFamily": "mlp",
            "modelArchitecture": "DigitsMLP",
            "datasets": [{"ref": "upstream:datasets/acme/rows"}],
        },
        "quantitativeAnalysis": {
            "performanceMetrics": [
                {"type": "accuracy", "value": "0.9722", "slice": "acme/rows, split test"},
                {"type": "f1", "value": "0.97", "slice": "acme/rows, split test"},
            ]
        },
        "considerations": {
            "useCases": ["Reads digits."],
            "technicalLimitations": ["Reads no letters."],
            "ethicalConsiderations": [{"name": "None known."}],
            "environmentalConsiderations": {
                "properties": [
                    {"name": "co2_eq_emissions.emissions", "value": "12.5"},
                    {"name": "co2_eq_emissions.source", "value": "codecarbon"},
                ]
            },
        },
    }


def test_the_environment_has_the_required_packages_and_the_writers(model: Release) -> None:
    found = by_ref(bom_of(model))
    assert (found["requirement:numpy"]["version"], found["requirement:numpy"]["purl"]) == (
        "2.3.1",
        "pkg:pypi/numpy@2.3.1",
    )
    assert "version" not in found["requirement:torch"]
    assert values(found["requirement:torch"]) == {"role": "requirement", "specifier": ">=2.8,<3"}
    assert "requirement:requests" in found
    assert found["writer:transformers"]["version"] == "4.57.0"
    assert len([ref for ref in found if ref.startswith("requirement:")]) == 3


def test_every_reference_leads_to_a_component(model: Release) -> None:
    bom = bom_of(model)
    known = {*by_ref(bom), bom["metadata"]["component"]["bom-ref"]}
    assert len(known) == len(bom["components"]) + 1
    named = {ref for one in bom["dependencies"] for ref in (one["ref"], *one.get("dependsOn", ()))}
    assert named <= known
    assert {"upstream:acme/base", "upstream:gpt2", "upstream:datasets/acme/rows", "requirement:numpy"} <= named


def test_the_same_release_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = (built(tmp_path / name / "project", MODEL) for name in ("one", "two"))
    target = first.project.target
    assert bill_of_materials(first, target) == bill_of_materials(second, target)
    other = bill_of_materials(first, replace(target, tag="v2"))
    serials = [json.loads(one)["serialNumber"] for one in (bill_of_materials(first, target), other)]
    assert len(set(serials)) == 2


def test_facts_of_the_card_are_those_that_the_files_give(model: Release) -> None:
    forgotten = replace(model, facts=None)
    assert model.facts
    assert bill_of_materials(forgotten, model.project.target) == bill_of_materials(model, model.project.target)


class Unread(InMemory):
    """Content that must not be read any more."""

    def open(self) -> Any:
        raise AssertionError

    def read(self) -> bytes:
        raise AssertionError

    def read_at(self, offset: int, length: int) -> bytes:
        raise AssertionError((offset, length))


def test_no_weights_and_no_configuration_are_read_again(model: Release) -> None:
    files = tuple(
        file if file.path_in_repo in ("README.md", "requirements.txt") else file._replace(content=Unread(b""))
        for file in model.files
    )
    bill_of_materials(replace(model, files=files), model.project.target)


REQUIREMENTS = [
    ("numpy", {"numpy": ""}),
    ("numpy==2.3.1", {"numpy": "==2.3.1"}),
    ("  torch [cuda] >= 2.8 , != 2.9.1,<3 ; python_version > '3' # x", {"torch": ">=2.8,!=2.9.1,<3"}),
    ("a (>=1)", {"a": ">=1"}),
    ("a==1!2.0", {"a": "==1!2.0"}),
    ("# comment", {}),
    ("-e .", {}),
    ("./local", {}),
    ("x @ https://example.com/x.whl", {}),
    ("a b", {}),
    ("a=1" + " , =1" * 5_000, {}),
    ("a" + "=1 " * 600, {}),
    ("a" + " " * 1_900 + "!", {}),
    ("é==1", {}),
]


@pytest.mark.parametrize(("line", "packages"), REQUIREMENTS)
def test_a_requirement_is_a_name_with_versions(plain: Release, line: str, packages: dict[str, str]) -> None:
    data = line.encode()
    sealed = ReleaseFile(
        "requirements.txt", len(data), hashlib.sha256(data).hexdigest(), "", InMemory(data), Origin(0, "", "copy")
    )
    release = replace(plain, files=(sealed,))
    assert required_packages(Parts(release, plain.project.target, {}, {})) == packages


SPDX = [
    ("apache-2.0", {"id": "Apache-2.0"}),
    (["mit", "cc-by-4.0"], {"id": "MIT"}),
    ("llama3", {"name": "llama3"}),
    ("other", {"name": "other"}),
]


@pytest.mark.parametrize(("license_", "first"), SPDX)
def test_licenses_have_their_ids_in_spdx(tmp_path: Path, license_: Any, first: dict[str, str]) -> None:
    manifest = {**MODEL, "card": {"metadata": {"license": license_}}}
    release = built(tmp_path / "project", manifest)
    component = bom_of(release)["metadata"]["component"]
    assert component["licenses"][0] == {"license": first}
    assert VALIDATOR.validate_str(bill_of_materials(release, release.project.target).decode()) is None


OTHERS: dict[str, dict[str, Any]] = {
    "dataset": {
        "repo": {"repo_id": "acme/rows", "repo_type": "dataset"},
        "artifacts": [{"source": "rows.csv", "path_in_repo": "data/train.csv"}],
        "card": {"metadata": {"license": "cc-by-4.0"}},
    },
    "space": {
        "repo": {"repo_id": "acme/demo", "repo_type": "space"},
        "artifacts": [{"source": "app.py"}, {"source": "requirements.txt"}],
        "card": {
            "metadata": {
                "license": "mit",
                "title": "Demo",
                "sdk": "gradio",
                "sdk_version": "5.49.0",
                "models": ["acme/digits"],
                "datasets": ["acme/rows"],
            }
        },
    },
    "no card": {"repo": {"repo_id": "plain"}, "artifacts": [{"source": "app.py"}]},
}


@pytest.mark.parametrize("kind", OTHERS)
def test_other_repos_have_a_valid_one_as_well(tmp_path: Path, kind: str) -> None:
    files = {"rows.csv": "a,b\n1,2\n3,4\n", "app.py": "print(1)\n", "requirements.txt": "gradio\n"}
    release = built(tmp_path / "project", OTHERS[kind], files)
    assert VALIDATOR.validate_str(bill_of_materials(release, release.project.target).decode()) is None
    bom = bom_of(release)
    component, parts = bom["metadata"]["component"], by_ref(bom)
    if kind == "dataset":
        assert (component["type"], component["bom-ref"]) == ("data", "datasets/acme/rows")
        assert values(component)["data.rows"] == "2"
    if kind == "space":
        assert component["type"] == "application"
        assert parts["sdk:gradio"]["version"] == "5.49.0"
        assert {"upstream:acme/digits", "upstream:datasets/acme/rows"} <= set(parts)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return built(tmp_path_factory.mktemp("plain") / "project", {**MODEL, "card": {"metadata": {"license": "mit"}}})


KEYS = st.sampled_from(
    [
        *("license", "license_name", "license_link", "base_model", "models", "datasets", "language", "pipeline_tag"),
        *("co2_eq_emissions", "model-index", "sdk", "sdk_version", "tags"),
    ]
)
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["other", "mit", "a/b"]),
    lambda children: (
        st.lists(children, max_size=4)
        | st.dictionaries(st.text() | st.sampled_from(["results", "metrics", "dataset", "type", "value"]), children)
    ),
    max_leaves=12,
)


@settings(max_examples=rounds(30), suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(metadata=st.dictionaries(KEYS, ANY, max_size=6), facts=st.dictionaries(st.text(), ANY, max_size=4))
def test_any_card_gives_a_valid_one(plain: Release, metadata: dict[str, Any], facts: dict[str, Any]) -> None:
    # With the card of someone else, which nobody checked.
    card = f"---\n{yaml.safe_dump(metadata, allow_unicode=True)}---\n\n# x\n".encode("utf-8", "surrogatepass")
    known = {name: value for name, value in (with_facts(plain, {}).facts or {}).items() if name != "base_models"}
    text = bill_of_materials(_with_card(plain, card, {**known, **facts}), plain.project.target).decode()
    assert VALIDATOR.validate_str(text) is None


def _with_card(release: Release, card: bytes, facts: Mapping[str, Any] | None = None) -> Release:
    sealed = ReleaseFile(
        "README.md", len(card), hashlib.sha256(card).hexdigest(), "", InMemory(card), Origin(0, "README.md", "copy")
    )
    files = tuple(sealed if file.path_in_repo == "README.md" else file for file in release.files)
    return replace(release, files=files, facts=facts or release.facts)


@pytest.mark.parametrize(
    "metadata",
    [
        {"license": ["mit"] * 100_000},
        {"datasets": [f"acme/rows-{number}" for number in range(50_000)]},
        {"license": "x" * 1_000_000},
        {"model-index": [{"name": "a", "results": [{"metrics": [{"type": "a", "value": 1}] * 50_000}]}]},
        {"co2_eq_emissions": {str(number): number for number in range(50_000)}},
    ],
    ids=["licenses", "datasets", "a long license", "metrics", "emissions"],
)
def test_a_card_of_any_size_gives_a_small_one(plain: Release, metadata: dict[str, Any]) -> None:
    card = f"---\n{json.dumps(metadata)}\n---\n".encode()
    text = bill_of_materials(_with_card(plain, card), plain.project.target)
    assert len(text) < 1_000_000


def test_credentials_and_paths_of_the_machine_are_not_repeated(plain: Release) -> None:
    token = "hf_" + "aBcD1234" * 5
    card = f"---\n{json.dumps({'license': token, 'pipeline_tag': '/home/ada/x', 'language': [token]})}\n---\n".encode()
    text = bill_of_materials(_with_card(plain, card), plain.project.target).decode()
    assert token not in text
    assert "/home/ada" not in text


@pytest.mark.parametrize(
    ("endpoint", "purl"),
    [
        ("https://huggingface.co", "pkg:huggingface/acme/digits"),
        ("https://hub.acme.example", "pkg:huggingface/acme/digits?repository_url=https://hub.acme.example"),
        ("embedded", None),
    ],
)
def test_the_address_is_that_of_the_hub(plain: Release, endpoint: str, purl: str | None) -> None:
    target = Target("acme/digits", endpoint=endpoint)
    component = json.loads(bill_of_materials(plain, target))["metadata"]["component"]
    assert component.get("purl") == purl
    assert ("externalReferences" in component) is (purl is not None)
