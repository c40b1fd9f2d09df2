"""Push adapters with peft as their authors do, and load them on a base model that is on the Hub as well."""

from typing import Any

import torch
from huggingface_hub import create_tag
from peft import (
    AutoPeftModelForSequenceClassification,
    LoraConfig,
    PeftConfig,
    PeftModel,
    TaskType,
    get_peft_model,
    get_peft_model_state_dict,
)
from transformers import AutoModelForSequenceClassification, BertConfig, BertForSequenceClassification

from tests.frameworks.libraries.steps import tensors

BASE = "acme/base"
WORDS = torch.tensor([[2, 3, 4]])


def _adapted(seed: int) -> PeftModel:
    """Return the base model of the Hub with an adapter of random weights."""
    base = AutoModelForSequenceClassification.from_pretrained(BASE)
    adapter = LoraConfig(task_type=TaskType.SEQ_CLS, r=2, target_modules=["query", "value"])
    model = get_peft_model(base, adapter)
    torch.manual_seed(seed)
    for name, weight in model.named_parameters():
        if "lora_B" in name:  # zero at first: without effect
            torch.nn.init.normal_(weight)
    return model.eval()


def _answers(model: Any) -> list[Any]:
    with torch.no_grad():
        return [tensors(model), model(input_ids=WORDS).logits.tolist()]


def base_model() -> Any:
    """The model without any adapter."""
    torch.manual_seed(7)
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}
    model = BertForSequenceClassification(BertConfig(vocab_size=8, max_position_embeddings=16, **sizes, num_labels=3))
    model.push_to_hub(BASE)
    return {"pushed": tensors(model), "loaded": tensors(AutoModelForSequenceClassification.from_pretrained(BASE))}


def adapter() -> Any:
    """A private adapter, loaded on its base model by three ways."""
    repo_id, model = "acme/adapter", _adapted(8)
    model.push_to_hub(repo_id, private=True, commit_message="Add adapter")
    on_base = PeftModel.from_pretrained(AutoModelForSequenceClassification.from_pretrained(BASE), repo_id).eval()
    alone = AutoPeftModelForSequenceClassification.from_pretrained(repo_id).eval()
    by_transformers = AutoModelForSequenceClassification.from_pretrained(repo_id).eval()
    with torch.no_grad():
        return {
            "pushed": [_answers(model), _answers(model)],
            "loaded": [_answers(on_base), _answers(alone)],
            "by_transformers": torch.equal(by_transformers(input_ids=WORDS).logits, model(input_ids=WORDS).logits),
            "base": PeftConfig.from_pretrained(repo_id).base_model_name_or_path,
        }


def revisions() -> Any:
    """Other adapters before a tag, on main, and in a pull request."""
    repo_id = "acme/adapters"
    adapted = {name: _adapted(seed) for seed, name in enumerate(("v1", "main", "refs/pr/1"))}
    adapted["v1"].push_to_hub(repo_id)
    create_tag(repo_id, tag="v1")
    adapted["main"].push_to_hub(repo_id)
    adapted["refs/pr/1"].push_to_hub(repo_id, create_pr=True)
    return {
        "pushed": {name: _answers(model) for name, model in adapted.items()},
        "loaded": {
            name: _answers(
                PeftModel.from_pretrained(
                    AutoModelForSequenceClassification.from_pretrained(BASE), repo_id, revision=name
                ).eval()
            )
            for name in adapted
        },
    }


def several() -> Any:
    """Two adapters in folders of one repo, which a user switches between."""
    repo_id, model = "acme/several", _adapted(8)
    model.add_adapter("other", LoraConfig(task_type=TaskType.SEQ_CLS, r=4, target_modules=["key"]))
    model.push_to_hub(repo_id)
    base = AutoModelForSequenceClassification.from_pretrained(BASE)
    loaded = PeftModel.from_pretrained(base, repo_id)
    loaded.load_adapter(repo_id, adapter_name="other", subfolder="other")
    return {
        "pushed": [_adapter_of(model, name) for name in ("default", "other")],
        "loaded": [_adapter_of(loaded, name) for name in ("default", "other")],
    }


def _adapter_of(model: PeftModel, name: str) -> dict[str, Any]:
    return {key: weight.tolist() for key, weight in get_peft_model_state_dict(model, adapter_name=name).items()}


def merged() -> Any:
    """A base model with its adapter merged into its weights."""
    model = _adapted(8).merge_and_unload()
    model.push_to_hub("acme/merged")
    return {
        "pushed": tensors(model),
        "loaded": tensors(AutoModelForSequenceClassification.from_pretrained("acme/merged")),
    }
