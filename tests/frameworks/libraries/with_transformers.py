"""Push tiny models with transformers as their authors do, and load them as their users do."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from huggingface_hub import (
    create_repo,
    create_tag,
    move_repo,
    update_repo_settings,
    upload_file,
    upload_folder,
    whoami,
)
from PIL import Image
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    AutoConfig,
    AutoImageProcessor,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoProcessor,
    AutoTokenizer,
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    CLIPImageProcessor,
    CLIPProcessor,
    GenerationConfig,
    GPT2Config,
    GPT2LMHeadModel,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Trainer,
    TrainingArguments,
    pipeline,
)

from tests.frameworks.libraries.steps import tensors

WORDS = ["[UNK]", "[PAD]", "a", "b", "c", "d", "e", "f"]
SENTENCES = ["a b", "b c d e"]
# The token of another user of the Hub.
EVE = "hf_eve"
LABELS = {0: "bad", 1: "fair", 2: "good"}


def _config(**more: Any) -> BertConfig:
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}
    return BertConfig(vocab_size=8, max_position_embeddings=16, **sizes, **more)


def _classifier(seed: int = 7) -> BertForSequenceClassification:
    torch.manual_seed(seed)
    return BertForSequenceClassification(_config(id2label=LABELS, label2id={v: k for k, v in LABELS.items()})).eval()


def _tokenizer() -> PreTrainedTokenizerFast:
    words = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=words, unk_token="[UNK]", pad_token="[PAD]")


def classifier() -> Any:
    """Three commits in a private repo, loaded by its id."""
    repo_id, model, tokenizer = "acme/classifier", _classifier(), _tokenizer()
    model.config.push_to_hub(repo_id, private=True)
    model.push_to_hub(repo_id, commit_message="Add weights", tags=["tiny", "demo"])
    tokenizer.push_to_hub(repo_id, commit_message="Add words", commit_description="Eight of them.")
    loaded = AutoModelForSequenceClassification.from_pretrained(repo_id)
    return {
        "pushed": [tensors(model), model.config.id2label, tokenizer(SENTENCES)["input_ids"]],
        "loaded": [
            tensors(loaded),
            AutoConfig.from_pretrained(repo_id).id2label,
            AutoTokenizer.from_pretrained(repo_id)(SENTENCES)["input_ids"],
        ],
    }


def answers_of_a_pipeline() -> Any:
    """A whole pipeline is pushed, and found by its id or by its task."""
    repo_id = "acme/pipeline"
    pushed = pipeline("text-classification", model=_classifier(), tokenizer=_tokenizer(), device="cpu")
    pushed.push_to_hub(repo_id)
    return {
        "pushed": pushed(SENTENCES),
        "loaded": pipeline("text-classification", repo_id, device="cpu")(SENTENCES),
        # Without a task, the library asks the Hub for it.
        "by_id": pipeline(model=repo_id, device="cpu")(SENTENCES),
    }


def cached() -> Any:
    """A model is loaded a second time without the Hub."""
    repo_id = "acme/classifier"
    loaded = AutoModelForSequenceClassification.from_pretrained(repo_id, local_files_only=True)
    words = AutoTokenizer.from_pretrained(repo_id, local_files_only=True)
    return [tensors(loaded), words(SENTENCES)["input_ids"]]


def shards() -> Any:
    """Weights in several files with an index."""
    repo_id, model = "acme/shards", _classifier()
    model.push_to_hub(repo_id, max_shard_size="4KB")
    return {
        "pushed": tensors(model),
        "loaded": tensors(AutoModelForSequenceClassification.from_pretrained(repo_id)),
    }


def revisions() -> Any:
    """Other weights on a branch, in a pull request, and before a tag."""
    repo_id = "acme/bert-revisions"
    models_ = {name: _classifier(seed) for seed, name in enumerate(("v1", "main", "experiment", "refs/pr/1", "late"))}
    models_["v1"].push_to_hub(repo_id)
    create_tag(repo_id, tag="v1")
    models_["main"].push_to_hub(repo_id, commit_message="Better weights")
    models_["experiment"].push_to_hub(repo_id, revision="experiment")
    opened = models_["refs/pr/1"].push_to_hub(repo_id, create_pr=True, commit_message="Even better weights")
    commit = models_["late"].push_to_hub(repo_id, revision="refs/pr/1", commit_message="Late weights")
    load = BertForSequenceClassification.from_pretrained
    found = {name: tensors(load(repo_id, revision=name)) for name in ("v1", "main", "experiment")}
    return {
        "pushed": {name: tensors(model) for name, model in models_.items()},
        "loaded": {
            **found,
            "refs/pr/1": tensors(load(repo_id, revision=opened.oid)),
            "late": tensors(load(repo_id, revision="refs/pr/1")),
        },
        "commits": {"first": opened.oid, "second": commit.oid},
    }


def subfolder() -> Any:
    """A model below a folder of a repo."""
    repo_id, model = "acme/subfolder", _classifier()
    model.save_pretrained("below")
    _tokenizer().save_pretrained("below")
    create_repo(repo_id)
    upload_folder(repo_id=repo_id, folder_path="below", path_in_repo="models/first")
    loaded = AutoModelForSequenceClassification.from_pretrained(repo_id, subfolder="models/first")
    words = AutoTokenizer.from_pretrained(repo_id, subfolder="models/first")
    return {
        "pushed": [tensors(model), _tokenizer()(SENTENCES)["input_ids"]],
        "loaded": [tensors(loaded), words(SENTENCES)["input_ids"]],
    }


def language_model() -> Any:
    """A language model with tied weights and a configuration of its generation."""
    repo_id = "acme/language-model"
    torch.manual_seed(7)
    model = GPT2LMHeadModel(GPT2Config(vocab_size=8, n_positions=16, n_embd=16, n_layer=1, n_head=2)).eval()
    model.generation_config = GenerationConfig(max_new_tokens=5, do_sample=False, pad_token_id=1, eos_token_id=7)
    model.push_to_hub(repo_id)
    _tokenizer().push_to_hub(repo_id)
    loaded = AutoModelForCausalLM.from_pretrained(repo_id)
    start = torch.tensor([[2, 3]])
    return {
        "pushed": [tensors(model), model.generate(start).tolist()],
        "loaded": [tensors(loaded), loaded.generate(start).tolist()],
        "generation": GenerationConfig.from_pretrained(repo_id).max_new_tokens,
    }


def processors() -> Any:
    """The processor of a model of images and text, and its half for images."""
    repo_id = "acme/processor"
    sizes = {"size": {"shortest_edge": 8}, "crop_size": {"height": 8, "width": 8}}
    processor = CLIPProcessor(CLIPImageProcessor(**sizes), _tokenizer())
    processor.push_to_hub(repo_id)
    CLIPImageProcessor(**sizes).push_to_hub("acme/image-processor")
    image = Image.fromarray(np.arange(12 * 12 * 3, dtype=np.uint8).reshape(12, 12, 3))
    loaded = AutoProcessor.from_pretrained(repo_id)(text=SENTENCES, images=image)
    alone = AutoImageProcessor.from_pretrained("acme/image-processor")(image)
    pushed = processor(text=SENTENCES, images=image)
    return {
        "pushed": [pushed["input_ids"], np.array(pushed["pixel_values"]).tolist()],
        "loaded": [loaded["input_ids"], np.array(loaded["pixel_values"]).tolist()],
        "alone": np.array(alone["pixel_values"]).tolist(),
    }


class TinyConfig(PretrainedConfig):
    """The configuration of an architecture that transformers does not know."""

    model_type = "tiny"

    def __init__(self, width: int = 3, **more: Any) -> None:
        self.width = width
        super().__init__(**more)


class TinyModel(PreTrainedModel):
    """An architecture that transformers does not know."""

    config_class = TinyConfig

    def __init__(self, config: TinyConfig) -> None:
        super().__init__(config)
        self.out = torch.nn.Linear(config.width, 2)
        self.post_init()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return two numbers."""
        return self.out(x)


def custom_code() -> Any:
    """An architecture whose code is in the repo."""
    repo_id = "acme/custom-code"
    TinyConfig.register_for_auto_class()
    TinyModel.register_for_auto_class("AutoModel")
    torch.manual_seed(7)
    model = TinyModel(TinyConfig(width=5))
    model.push_to_hub(repo_id)
    try:
        AutoModel.from_pretrained(repo_id, trust_remote_code=False)
        refused = ""
    except ValueError as error:
        refused = str(error)
    loaded = AutoModel.from_pretrained(repo_id, trust_remote_code=True)
    return {
        "pushed": [tensors(model), model.config.width],
        "loaded": [tensors(loaded), loaded.config.width],
        "refused": refused,
        "module": type(loaded).__module__,
    }


class Examples(torch.utils.data.Dataset):
    """Eight labelled sentences."""

    def __len__(self) -> int:
        return 8

    def __getitem__(self, number: int) -> dict[str, Any]:
        return {"input_ids": [2 + number % 5, 3, 4], "attention_mask": [1, 1, 1], "labels": number % 3}


def trainer() -> Any:
    """A training pushes its checkpoint while it runs, and its result with a card."""
    arguments = TrainingArguments(
        "trained",
        num_train_epochs=1,
        per_device_train_batch_size=4,
        save_strategy="epoch",
        report_to="none",
        use_cpu=True,
        push_to_hub=True,
        hub_model_id="acme/trained",
        hub_strategy="every_save",
    )
    model = _classifier()
    training = Trainer(
        model, arguments, train_dataset=Examples(), eval_dataset=Examples(), processing_class=_tokenizer()
    )
    training.train()
    training.evaluate()
    training.push_to_hub(dataset="Eight sentences", language="en", license="mit", tasks="text-classification")
    loaded = AutoModelForSequenceClassification.from_pretrained("acme/trained")
    return {"pushed": tensors(model), "loaded": tensors(loaded)}


def checkpoint() -> Any:
    """A repo with a pickled checkpoint alone, as other programs upload it."""
    repo_id, model = "acme/checkpoint", _classifier()
    model.config.push_to_hub(repo_id)
    torch.save(model.state_dict(), "pytorch_model.bin")
    upload_file(path_or_fileobj="pytorch_model.bin", path_in_repo="pytorch_model.bin", repo_id=repo_id)
    return {
        "pushed": tensors(model),
        "loaded": tensors(AutoModelForSequenceClassification.from_pretrained(repo_id)),
    }


def names() -> Any:
    """A model without the name of its author, found in another case, and by its name before it was moved."""
    model = _classifier()
    model.push_to_hub("short")
    author = whoami()["name"]
    move_repo(f"{author}/short", "acme/long")
    load = AutoModelForSequenceClassification.from_pretrained
    return {
        "pushed": [tensors(model)] * 3,
        "loaded": [tensors(load(name)) for name in (f"{author}/short", "acme/long", "Acme/LONG")],
    }


def strangers() -> Any:
    """Another user may not read or write, and proposes a change."""
    model = _classifier()
    model.push_to_hub("acme/gated")
    update_repo_settings("acme/gated", gated="manual")
    model.push_to_hub("acme/open")
    opened = _classifier(8).push_to_hub("acme/open", token=EVE, create_pr=True, commit_message="From Eve")
    attempts: dict[str, Callable[[], Any]] = {
        "gated": lambda: BertModel.from_pretrained("acme/gated", token=EVE),
        "anonymous": lambda: BertModel.from_pretrained("acme/gated", token=False),
        "private": lambda: BertModel.from_pretrained("acme/classifier", token=EVE),
        "push": lambda: model.push_to_hub("acme/open", token=EVE),
    }
    found = {"opened": opened.pr_revision}
    for name, attempt in attempts.items():
        try:
            attempt()
        except OSError as error:
            found[name] = str(error)
    return found


def missing() -> Any:
    """A repo, a revision and a file that do not exist are named as such."""
    attempts: dict[str, tuple[Any, str, dict[str, str]]] = {
        "repo": (BertModel, "acme/nowhere", {}),
        "revision": (BertModel, "acme/shards", {"revision": "v9"}),
        "file": (AutoImageProcessor, "acme/shards", {}),
    }
    found = {}
    for name, (kind, repo_id, options) in attempts.items():
        try:
            kind.from_pretrained(repo_id, **options)
        except OSError as error:
            found[name] = str(error)
    return found
