"""Which library a model is for, and what its files say for the card: each fact with the file that says it."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hublish.formats.catalogue import FORMATS, suffixes_of
from hublish.pipeline.draft.fields import Field
from hublish.pipeline.draft.tasks import task_of_adapter, task_of_class, task_of_pipeline
from hublish.pipeline.draft.tree import Tree, joined, name_of
from hublish.schemas.documents.references import check_repo_id
from hublish.schemas.secrets.masking import holds_token

_LONGEST: Final = 80
"""Characters of a value that is shown; what a configuration holds is anybody's."""


@dataclass(frozen=True, slots=True)
class Library:
    """What a model was recognised as."""

    what: str
    evidence: str
    fields: tuple[Field, ...]
    """For `card.metadata`."""


def library_of(tree: Tree, root: str, files: Iterable[str]) -> Library | None:
    """Return what the files of a model say; None when they name no library."""
    files = tuple(files)
    asked = (_diffusers, _sentence_transformers, _adapter, _timm, _transformers)
    found = (ask(tree, root) for ask in asked)
    return next((library for library in found if library is not None), None) or _by_format(files)


def _diffusers(tree: Tree, root: str) -> Library | None:
    name = _text(tree.table(joined(root, "model_index.json")), "_class_name")
    if name is None:
        return None
    return _library("diffusers", f"model_index.json: _class_name {name}", task_of_pipeline(name))


def _sentence_transformers(tree: Tree, root: str) -> Library | None:
    modules = tree.json(joined(root, "modules.json"))
    if not isinstance(modules, list) or not any("sentence_transformers" in str(_get(one, "type")) for one in modules):
        return None
    return _library("sentence-transformers", "modules.json", "sentence-similarity")


def _adapter(tree: Tree, root: str) -> Library | None:
    config = tree.table(joined(root, "adapter_config.json"))
    kind = _text(config, "peft_type")
    if kind is None:
        return None
    base = _text(config, "base_model_name_or_path")
    named = base is not None and is_on_hub(base)
    why = "adapter_config.json: base_model_name_or_path"
    extra = [Field("base_model", base, why) if named else Field("base_model", "owner/name", NO_BASE, True, True)]
    extra += [Field("tags", ["lora"], f"adapter_config.json: peft_type {kind}")] if kind.upper() == "LORA" else []
    task = task_of_adapter(_text(config, "task_type") or "")
    return _library("peft", f"adapter_config.json: peft_type {kind}", task, extra)


NO_BASE: Final = "fill in: the model it adapts, as the Hub names it; adapter_config.json names a path"


def _timm(tree: Tree, root: str) -> Library | None:
    config = tree.table(joined(root, "config.json"))
    name = _text(config, "architecture")
    if name is None or not isinstance(config.get("pretrained_cfg"), dict):
        return None
    classes = config.get("num_classes")
    task = "image-feature-extraction" if classes == 0 else "image-classification"
    return _library("timm", f"config.json: architecture {name}", task)


def _transformers(tree: Tree, root: str) -> Library | None:
    config = tree.table(joined(root, "config.json"))
    names, kind = config.get("architectures"), _text(config, "model_type")
    name = names[0] if isinstance(names, list) and names and isinstance(names[0], str) else ""
    if not kind or len(name) > _LONGEST:
        return None
    evidence = f"config.json: architectures {name}, model_type {kind}" if name else f"config.json: model_type {kind}"
    base = _text(config, "_name_or_path")
    extra = []
    if base and is_on_hub(base):
        extra.append(Field("base_model", base, "config.json: _name_or_path; keep it if this was fine-tuned", hint=True))
    return _library("transformers", evidence, task_of_class(name, kind), extra)


_FORMATS: Final[tuple[tuple[str, Callable[[str], bool], str | None], ...]] = (
    ("keras", lambda name: name.endswith(suffixes_of("keras")), "keras"),
    ("scikit-learn", lambda name: name.endswith(suffixes_of("sklearn")), "sklearn"),
    ("diffusers LoRA", lambda name: name.startswith("pytorch_lora_weights."), "diffusers"),
    ("GGUF", lambda name: name.endswith(FORMATS["gguf"].suffixes), None),
    ("ONNX", lambda name: name.endswith(FORMATS["onnx"].suffixes), None),
    ("LiteRT", lambda name: name.endswith(suffixes_of("litert")), "litert"),
)


def _by_format(files: Iterable[str]) -> Library | None:
    for what, tells, library in _FORMATS:
        evidence = next((name for path in files if tells((name := name_of(path)).lower())), None)
        if evidence is not None:
            fields = (Field("library_name", library, f"from {evidence}"),) if library else ()
            tags = (Field("tags", [what.lower()], f"from {evidence}"),) if library is None else ()
            return Library(what, evidence, (*fields, *((_TABULAR,) if library == "sklearn" else ()), *tags))
    return None


def _library(name: str, evidence: str, task: str | None, extra: Iterable[Field] = ()) -> Library:
    tagged = Field("pipeline_tag", task, f"from {evidence.partition(':')[0]}") if task else NO_TASK
    return Library(name, evidence, (Field("library_name", name, f"from {evidence}"), tagged, *extra))


_TABULAR: Final = Field("pipeline_tag", "tabular-classification", "or tabular-regression", hint=True)
NO_TASK: Final = Field("pipeline_tag", "text-generation", "the task, as the Hub names it", hint=True)


def is_on_hub(name: str) -> bool:
    """Whether a text can be the id of somebody's repo, rather than a path on a machine."""
    try:
        return check_repo_id(name).count("/") == 1 and not re.match(r"(?:models?|output|checkpoints?|data|runs)/", name)
    except ValueError:
        return False


def _text(table: Mapping[str, Any], key: str) -> str | None:
    value = table.get(key)
    fits = isinstance(value, str) and 0 < len(value) <= _LONGEST and not holds_token(value)
    return value if fits else None


def _get(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None
