"""Infer the library and the task of a model from the files that its library writes."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from posixpath import basename
from typing import Any, Final

from hublish.formats.catalogue import FORMATS, suffixes_of
from hublish.schemas.vocabulary import table, task_of_class, task_of_pipeline

# Values of a configuration that are longer do not name a class.
_LONGEST: Final = 100
# The name of a format, the library that loads it (None if several do), and the prefixes and suffixes of its files.
_FILE_FORMATS: Final[tuple[tuple[str, str | None, tuple[str, ...], tuple[str, ...]], ...]] = (
    ("keras", "keras", (), suffixes_of("keras")),
    ("scikit-learn", "sklearn", (), suffixes_of("sklearn")),
    ("diffusers LoRA", "diffusers", ("pytorch_lora_weights.",), ()),
    ("NeMo", "nemo", (), (".nemo",)),
    ("GGUF", None, (), FORMATS["gguf"].suffixes),
    ("ONNX", None, (), FORMATS["onnx"].suffixes),
    ("LiteRT", "litert", (), suffixes_of("litert")),
    ("LiteRT-LM", "litert-lm", (), (".litertlm",)),
)

# Libraries with a `model_type` of their own in config.json, and the task of their models.
_TYPES: Final[Mapping[str, tuple[str, str | None]]] = {
    "span-marker": ("span-marker", "token-classification"),
    "model2vec": ("model2vec", None),
}

Read = Callable[[str], Any]
"""Returns the parsed content of a JSON file in the model's folder; None if it is missing or not JSON."""


@dataclass(frozen=True, slots=True)
class ModelKind:
    """A library that wrote files of a model, and the task that they name."""

    library: str
    """By its id on the Hub."""
    task: str | None
    """By its id on the Hub; None if the files do not decide it."""
    file: str
    key: str = ""
    """The key in the file that names the class; empty if the file alone is the evidence."""
    value: str = ""

    @property
    def evidence(self) -> str:
        """The file, and what is written in it: `config.json: architectures BertModel, model_type bert`."""
        return f"{self.file}: {self.key} {self.value}" if self.key else self.file


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A format of weights that names a library by itself."""

    name: str
    library: str | None
    """The library that loads the format; None if several do."""
    file: str


def configured_kinds(read: Read) -> Iterator[ModelKind]:
    """Yield the kinds of a model by its configuration files, the most specific library first.

    Models of sentence-transformers, peft and timm may have a config.json of transformers as well.
    """
    for detect in _DETECTORS:
        yield from detect(read)


def file_format(names: Collection[str]) -> FileFormat | None:
    """Return the first known format among the files of a model without configuration, given by name or path."""
    for name, library, prefixes, suffixes in _FILE_FORMATS:
        for path in names:
            lower = basename(path).lower()
            if lower.startswith(prefixes) or lower.endswith(suffixes):
                return FileFormat(name, library, path)
    return None


def _object(read: Read, name: str) -> Mapping[str, Any]:
    found = read(name)
    return found if isinstance(found, dict) else {}


def _text(config: Mapping[str, Any], key: str) -> str:
    value = config.get(key)
    return value if isinstance(value, str) and len(value) <= _LONGEST else ""


def _diffusers(read: Read) -> Iterator[ModelKind]:
    for file in ("model_index.json", "modular_model_index.json"):
        if name := _text(_object(read, file), "_class_name"):
            yield ModelKind("diffusers", task_of_pipeline(name), file, "_class_name", name)
            return


def _setfit(read: Read) -> Iterator[ModelKind]:
    if _object(read, "config_setfit.json"):
        yield ModelKind("setfit", "text-classification", "config_setfit.json")


def _sentence_transformers(read: Read) -> Iterator[ModelKind]:
    modules = read("modules.json")
    types = [str(each.get("type")) for each in modules if isinstance(each, dict)] if isinstance(modules, list) else []
    if any("sentence_transformers" in name for name in types):
        sparse = any("sparse_encoder" in name for name in types)
        yield ModelKind(
            "sentence-transformers", "feature-extraction" if sparse else "sentence-similarity", "modules.json"
        )
    elif isinstance(_object(read, "config.json").get("sentence_transformers"), dict):
        yield ModelKind("sentence-transformers", "text-ranking", "config.json", "sentence_transformers")


def _adapter(read: Read) -> Iterator[ModelKind]:
    file = "adapter_config.json"
    config = _object(read, file)
    if kind := _text(config, "peft_type"):
        task = table("model_tasks")["adapter_tasks"].get(_text(config, "task_type"))
        yield ModelKind("peft", task, file, "peft_type", kind)
    elif isinstance(config.get("config"), dict) and (name := _text(config, "model_class")):
        yield ModelKind("adapter-transformers", None, file, "model_class", name)


def _clip(read: Read) -> Iterator[ModelKind]:
    if "model_cfg" in _object(read, "open_clip_config.json"):
        yield ModelKind("open_clip", "zero-shot-image-classification", "open_clip_config.json", "model_cfg")
    if _object(read, "gliner_config.json"):
        yield ModelKind("gliner", "token-classification", "gliner_config.json")


def _timm(read: Read) -> Iterator[ModelKind]:
    config = _object(read, "config.json")
    name = _text(config, "architecture")
    if name and isinstance(config.get("pretrained_cfg"), dict):
        # timm drops the classifier of a model with no classes.
        task = "image-feature-extraction" if config.get("num_classes") == 0 else "image-classification"
        yield ModelKind("timm", task, "config.json", "architecture", name)


def _sections(read: Read) -> Iterator[ModelKind]:
    """Yield the libraries that write a key of their own into config.json."""
    config = _object(read, "config.json")
    if isinstance(skops := config.get("sklearn"), dict):
        task = _text(skops, "task")
        yield ModelKind("sklearn", task if task in table("tasks")["entries"] else None, "config.json", "sklearn")
    if name := _text(config, "speechbrain_interface"):
        yield ModelKind("speechbrain", None, "config.json", "speechbrain_interface", name)
    kind = _text(config, "model_type")
    if kind in _TYPES:
        yield ModelKind(*_TYPES[kind], "config.json", "model_type", kind)


def _transformers(read: Read) -> Iterator[ModelKind]:
    config = _object(read, "config.json")
    names, kind = config.get("architectures"), _text(config, "model_type")
    name = names[0] if isinstance(names, list) and names and isinstance(names[0], str) else ""
    if len(name) > _LONGEST or kind in _TYPES:
        return
    task = task_of_class(name, kind) if name else None
    # A class of an own model may be named in the same way, without a `model_type`.
    if not kind and not task:
        return
    value = f"{name}, model_type {kind}" if name and kind else name or kind
    yield ModelKind("transformers", task, "config.json", "architectures" if name else "model_type", value)


_DETECTORS: Final = (_diffusers, _setfit, _sentence_transformers, _adapter, _clip, _timm, _sections, _transformers)
