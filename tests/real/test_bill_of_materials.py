"""The bill of materials of a real model: other tools accept it, and it states what its files contain."""

import json
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

import hublish
from hublish.attestation.bill_of_materials import bill_of_materials

MANIFEST = """\
repo: {repo_id: acme/minilm, tag: v1.0.0, endpoint: "https://huggingface.co"}
artifacts: [{source: model/}]
"""


def test_a_real_model_has_a_valid_bill_of_materials(folder: Path, tmp_path: Path) -> None:
    (folder / "bom.yaml").write_text(MANIFEST)
    release = hublish.build(folder / "bom.yaml", tmp_path / "out")
    text = bill_of_materials(release, release.project.target).decode()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bom: dict[str, Any] = json.loads(text)
    component = bom["metadata"]["component"]
    described = {one["name"]: one["value"] for one in component["properties"]}
    assert described["hublish:model.parameters"] == "22713728"
    assert component["licenses"] == [{"license": {"id": "Apache-2.0"}}]
    card = component["modelCard"]["modelParameters"]
    assert (card["architectureFamily"], card["modelArchitecture"]) == ("bert", "BertModel")
    datasets = {one["ref"] for one in card["datasets"]}
    # Also those from before the Hub had namespaces.
    assert {"upstream:datasets/s2orc", "upstream:datasets/embedding-data/QQP"} <= datasets
    names = {one["name"] for one in bom["components"]}
    assert {"model.safetensors", "transformers", "torch", "sentence-transformers"} <= names
