"""What the Hub documents for a card's front matter: every key with its meaning, for editors.

The Hub takes any other key as well, so only what it is known to refuse is ruled out, by the kind of repo. The meanings
are those of the Hub's documentation of model, dataset and Space cards.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Literal

from hublish.schemas.documents.manifest import RepoType
from hublish.schemas.documents.references import REPO_ID_PATTERN
from hublish.schemas.vocabulary import vocabulary

Schema = dict[str, Any]

COLORS = ("red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray")
SDKS = ("gradio", "docker", "static")
RELATIONS = ("adapter", "merge", "quantized", "finetune")
SIZE_CATEGORIES = (
    *("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M", "100M<n<1B"),
    *("1B<n<10B", "10B<n<100B", "100B<n<1T", "n>1T"),
)
SHORT_DESCRIPTION = 60
"""The longest short_description of a Space, in characters."""

_COMMON = {
    "license": "What readers may do with it: an id of the Hub's list, or `other` with license_name and license_link.",
    "license_name": "The name of a license that is not on the Hub's list; goes with `license: other`.",
    "license_link": "Where that license can be read: a URL, or `LICENSE` in the repo.",
    "language": "The languages it speaks or holds, as ISO 639 codes (`en`, `fr`), `code` or `multilingual`.",
    "tags": "Free words that readers search by.",
    "datasets": "What it was trained on or shows: ids of datasets on the Hub.",
    "thumbnail": "The URL of a picture that is shown when a link to it is shared.",
}
_GATING = {
    "extra_gated_prompt": "The text that readers of a gated repo agree to.",
    "extra_gated_fields": "What readers of a gated repo fill in, and of which kind.",
}
_TEXTS: Mapping[RepoType, Mapping[str, str]] = {
    "model": {
        **_COMMON,
        "library_name": "The library it is loaded with.",
        "pipeline_tag": "The task it solves: decides the widget and where readers find it.",
        "metrics": "The metrics it was judged by.",
        "base_model": "What it was made from: the id of a model on the Hub, or several for a merge.",
        "base_model_relation": "How it was made from the base model.",
        "new_version": "The id of the model that replaces this one.",
        "widget": "Examples for the widget.",
        "model-index": "Evaluation results; `card.evaluation` writes them from a file.",
        "co2_eq_emissions": "Grams of CO2 that training gave off, and how that is known.",
        "inference": "Whether the widget may run it; of old.",
        **_GATING,
    },
    "dataset": {
        **_COMMON,
        "pretty_name": "Its name as people say it.",
        "size_categories": "How many rows it has.",
        "task_categories": "What models trained on it can do.",
        "task_ids": "The same, in more detail.",
        "source_datasets": "What it was made from: `original`, or ids of datasets.",
        "multilinguality": "Whether it holds one language, several, or translations.",
        "annotations_creators": "Who made the annotations.",
        "language_creators": "Who wrote the texts.",
        "language_details": "The languages as BCP 47 codes: `en-US`.",
        "paperswithcode_id": "Its id on Papers with Code.",
        "configs": "Its subsets, and which files are in each split.",
        "dataset_info": "Features, splits and sizes.",
        "viewer": "false switches the viewer off.",
        "train-eval-index": "How models are trained and judged on it automatically; of old.",
        "license_details": "More about the license; of old.",
        **_GATING,
    },
    "space": {
        **_COMMON,
        "title": "The name that is shown.",
        "emoji": "The sign on its card.",
        "colorFrom": "Where the colours of its card begin.",
        "colorTo": "Where they end.",
        "sdk": "What runs it.",
        "sdk_version": "The version of Gradio, quoted.",
        "python_version": "The version of Python, quoted.",
        "app_file": "The file that is run, or shown.",
        "app_port": "The port a Docker Space listens on.",
        "app_build_command": "What builds a static Space.",
        "base_path": "The page it opens with; begins with `/`.",
        "suggested_hardware": "What those who duplicate it are advised to run it on.",
        "fullWidth": "Whether it takes the whole width of the page.",
        "header": "How much of the Hub's header is shown.",
        "short_description": "What it does, in at most 60 characters.",
        "models": "Ids of the models it uses.",
        "pinned": "Whether it stands first on its owner's page.",
        "hf_oauth": "Whether visitors can sign in with their account.",
        "disable_embedding": "Whether other pages are kept from embedding it.",
        "custom_headers": "Its COEP, COOP and CORP headers.",
        "preload_from_hub": "What is downloaded while it is built: `repo file1,file2 commit`.",
    },
    "kernel": _COMMON,
}
_EXAMPLES: Mapping[str, Any] = {
    "license": "apache-2.0",
    "license_name": "acme-research",
    "license_link": "LICENSE",
    "language": ["en", "fr"],
    "tags": ["digits", "vision"],
    "datasets": ["acme/street-signs"],
    "thumbnail": "https://acme.example/digits.png",
    "library_name": "transformers",
    "pipeline_tag": "image-classification",
    "task_categories": ["image-classification"],
    "task_ids": ["multi-class-classification"],
    "metrics": ["accuracy"],
    "base_model": "acme/digits-base",
    "base_model_relation": "finetune",
    "new_version": "acme/digits-v2",
    "widget": [{"src": "seven.png", "example_title": "A seven"}],
    "model-index": [{"name": "digits-mlp", "results": []}],
    "co2_eq_emissions": {"emissions": 12.5, "source": "codecarbon"},
    "inference": False,
    "extra_gated_prompt": "You agree not to identify people.",
    "extra_gated_fields": {"Affiliation": "text", "I agree": "checkbox"},
    "pretty_name": "Street signs",
    "size_categories": "1K<n<10K",
    "source_datasets": ["original"],
    "multilinguality": "monolingual",
    "annotations_creators": ["expert-generated"],
    "language_creators": ["found"],
    "language_details": "en-US",
    "paperswithcode_id": "mnist",
    "configs": [{"config_name": "default", "data_files": "data/*.parquet"}],
    "dataset_info": {"features": [{"name": "image", "dtype": "image"}]},
    "viewer": False,
    "train-eval-index": [{"config": "default", "task": "image-classification"}],
    "license_details": "For research only.",
    "title": "Digits",
    "emoji": "🔢",
    "colorFrom": "blue",
    "colorTo": "indigo",
    "sdk": "gradio",
    "sdk_version": "5.9.1",
    "python_version": "3.12",
    "app_file": "app.py",
    "app_port": 7860,
    "app_build_command": "npm run build",
    "base_path": "/docs",
    "suggested_hardware": "cpu-basic",
    "fullWidth": True,
    "header": "mini",
    "short_description": "Draw a digit and see what the model reads.",
    "models": ["acme/digits-mlp"],
    "pinned": True,
    "hf_oauth": True,
    "disable_embedding": True,
    "custom_headers": {"cross-origin-embedder-policy": "require-corp"},
    "preload_from_hub": ["acme/digits-mlp model.safetensors"],
}
_LISTS: tuple[Literal["tasks", "libraries", "licenses"], ...] = ("tasks", "libraries", "licenses")
KEYS: Mapping[RepoType, tuple[str, ...]] = MappingProxyType({kind: tuple(texts) for kind, texts in _TEXTS.items()})
"""What is documented for each kind of repo."""


def metadata_fields() -> dict[str, Schema]:
    """Return every documented key with its meaning and what it usually holds; nothing is ruled out."""
    words = _suggestions()
    texts = {key: text for kind in _TEXTS.values() for key, text in kind.items()}
    return {
        key: {"description": text, "examples": [_EXAMPLES[key]], **words.get(key, {})} for key, text in texts.items()
    }


def refused_values() -> Mapping[RepoType, Mapping[str, Schema]]:
    """Return what the Hub demands of some keys, for each kind of repo; of kernels' cards it checks none."""
    licenses = _one_or_many({"enum": sorted(vocabulary("licenses").ids)})
    repo_ids = _one_or_many({"type": "string", "pattern": REPO_ID_PATTERN})
    color = {"enum": [*COLORS, None]}
    return {
        "model": {"license": licenses, "datasets": repo_ids, "base_model": repo_ids, "model-index": _MODEL_INDEX},
        "dataset": {"license": licenses},
        "space": {
            "colorFrom": color,
            "colorTo": color,
            "short_description": {"maxLength": SHORT_DESCRIPTION},
            "datasets": repo_ids,
            "models": repo_ids,
        },
        "kernel": {},
    }


def _suggestions() -> Mapping[str, Schema]:
    tasks, libraries, licenses = (_suggested(sorted(each.ids)) for each in map(vocabulary, _LISTS))
    colors = _suggested(COLORS)
    return {
        "license": licenses,
        "library_name": libraries,
        "pipeline_tag": tasks,
        "base_model_relation": _suggested(RELATIONS),
        "size_categories": _suggested(SIZE_CATEGORIES),
        "colorFrom": colors,
        "colorTo": colors,
        "sdk": _suggested(SDKS),
        "header": _suggested(("default", "mini")),
    }


def _suggested(words: Iterable[str]) -> Schema:
    """Return a schema that completes to `words` and takes anything."""
    return {"anyOf": [{"enum": list(words)}, {}]}


def _one_or_many(item: Schema) -> Schema:
    return {"anyOf": [item, {"type": "array", "items": item}, {"type": "null"}]}


def _with(required: Mapping[str, Schema], **optional: Schema) -> Schema:
    return {"type": "object", "required": list(required), "properties": {**required, **optional}}


_TEXT: Schema = {"type": "string"}
_RESULT = _with(
    {
        "task": _with({"type": _TEXT}),
        "dataset": _with({"type": _TEXT, "name": _TEXT}, config=_TEXT, split=_TEXT, revision=_TEXT),
        "metrics": {"type": "array", "items": _with({"type": _TEXT, "value": {"not": {"type": "null"}}})},
    },
    source=_with({"url": _TEXT}),
)
_MODEL_INDEX: Schema = {
    "type": "array",
    "items": _with({"name": _TEXT, "results": {"type": "array", "items": _RESULT}}),
}
