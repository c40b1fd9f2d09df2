"""Push an image classifier with timm as its author does, and load it as its users do."""

from typing import Any

import timm
import torch
from huggingface_hub import create_tag
from PIL import Image
from timm.data import create_transform, resolve_model_data_config
from timm.models import load_model_config_from_hf, load_state_dict_from_hf, push_to_hf_hub

from tests.frameworks.libraries.steps import tensors

LABELS = ["cat", "dog", "fish"]
CARD = {
    "license": "mit",
    "tags": ["image-classification", "timm", "tiny"],
    "description": "Three animals.",
    "details": {"Dataset": "acme/animals"},
}


def _model(seed: int = 7, **more: Any) -> torch.nn.Module:
    torch.manual_seed(seed)
    return timm.create_model("test_resnet", num_classes=len(LABELS), **more).eval()


def classifier() -> Any:
    """A private classifier with the names of its classes."""
    repo_id, model = "acme/animals", _model()
    names = {"label_names": LABELS, "label_descriptions": {name: f"a {name}" for name in LABELS}}
    commit = push_to_hf_hub(
        model, repo_id, commit_message="Add animals", private=True, model_config=names, model_card=CARD
    )
    loaded = timm.create_model(f"hf-hub:{repo_id}", pretrained=True).eval()
    config, name, arguments = load_model_config_from_hf(repo_id)
    picture = Image.new("RGB", (200, 100), "red")
    shown = create_transform(**resolve_model_data_config(loaded))(picture)[None]
    with torch.no_grad():
        return {
            "pushed": [tensors(model), LABELS, model(shown).tolist()],
            "loaded": [tensors(loaded), loaded.pretrained_cfg["label_names"], loaded(shown).tolist()],
            "config": [name, arguments.get("num_classes"), config["num_classes"], config["label_descriptions"]],
            "commit": commit.oid,
        }


def other_head() -> Any:
    """A user replaces the classes by others, and keeps the other weights."""
    loaded = timm.create_model("hf-hub:acme/animals", pretrained=True, num_classes=5)
    kept = {name: text for name, text in tensors(loaded).items() if not name.startswith("fc.")}
    return {
        "pushed": {name: text for name, text in tensors(_model()).items() if not name.startswith("fc.")},
        "loaded": kept,
        "classes": loaded.get_classifier().out_features,
    }


def features() -> Any:
    """A model without classes."""
    torch.manual_seed(7)
    model = timm.create_model("test_vit", num_classes=0)
    push_to_hf_hub(model, "acme/features", task_name="image-feature-extraction", safe_serialization=True)
    return {
        "pushed": tensors(model),
        "loaded": tensors(timm.create_model("hf_hub:acme/features", pretrained=True)),
    }


def revisions() -> Any:
    """Other weights before a tag, on main, and in a pull request; a checkpoint as a pickle."""
    repo_id = "acme/resnet-revisions"
    models = {name: _model(seed) for seed, name in enumerate(("v1", "main", "refs/pr/1"))}
    push_to_hf_hub(models["v1"], repo_id, safe_serialization=False)
    create_tag(repo_id, tag="v1")
    push_to_hf_hub(models["main"], repo_id, commit_message="Better weights", safe_serialization=False)
    opened = push_to_hf_hub(models["refs/pr/1"], repo_id, create_pr=True, safe_serialization=True)
    names = {name: f"hf-hub:{repo_id}@{name}" for name in ("v1", "refs/pr/1")} | {"main": f"hf-hub:{repo_id}"}
    return {
        "pushed": {name: tensors(model) for name, model in models.items()},
        "loaded": {name: tensors(timm.create_model(given, pretrained=True)) for name, given in names.items()},
        "pickled": sorted(load_state_dict_from_hf(f"{repo_id}@v1")) == sorted(models["v1"].state_dict()),
        "opened": opened.pr_revision,
    }
