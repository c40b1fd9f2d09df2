"""Metadata that the Hub infers from the files of a repository: tags, task, library, configuration, parameters.

Of weights, only the headers are read, one after the other. Everything comes from files that anybody may have
uploaded: sizes, depths and numbers are limited, and a file that cannot be read counts as absent.
"""

import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import islice
from typing import Any

from hublish.formats.model_library import configured_kinds
from hublish.hub.server.card_checks import card_data
from hublish.hub.server.evaluation_results import results_of
from hublish.hub.server.git.git_trees import Entry
from hublish.hub.server.http import parse_json
from hublish.hub.server.snapshots import Snapshot
from hublish.hub.server.stores import Metadata, strings
from hublish.hub.server.weight_headers import MAX_TEMPLATE, gguf_of, safetensors_of
from hublish.schemas.documents.file_names import CARD_FILE
from hublish.schemas.vocabulary import table, vocabulary

# Files of one repository whose names are read.
MAX_FILES = 20_000

# Bytes of a configuration.
_MAX_JSON = 1 << 20

# Characters of any other string of a configuration, and members of its lists and objects.
_MAX_TEXT = 300
_MAX_ITEMS = 50

_ARXIV = re.compile(rb"arxiv\.org/(?:abs|pdf)/(\d{4}\.\d{4,5})")

# Tags by the names of files: the formats of weights, and logs.
_FORMATS = (
    ("pytorch", re.compile(r"(?:.*/)?pytorch_model[^/]*\.bin")),
    ("tf", re.compile(r"(?:.*/)?(?:tf_model\.h5|saved_model\.pb)")),
    ("jax", re.compile(r"(?:.*/)?flax_model[^/]*\.msgpack")),
    ("coreml", re.compile(r".*\.(?:mlmodel|mlpackage/.*)")),
    ("onnx", re.compile(r".*\.onnx")),
    ("openvino", re.compile(r"(?:.*/)?openvino_model\.xml")),
    ("tflite", re.compile(r".*\.tflite")),
    ("tensorboard", re.compile(r"(?:.*/)?events\.out\.tfevents[^/]*")),
    ("safetensors", re.compile(r".*\.safetensors")),
    ("gguf", re.compile(r".*\.gguf", re.IGNORECASE)),
)
_DATA_FORMATS = (
    ("csv", re.compile(r".*\.(?:csv|tsv)(?:\.gz|\.zst)?")),
    ("json", re.compile(r".*\.jsonl?(?:\.gz|\.zst)?")),
    ("parquet", re.compile(r".*\.parquet")),
    ("arrow", re.compile(r".*\.arrow")),
    ("text", re.compile(r".*\.txt(?:\.gz|\.zst)?")),
    ("webdataset", re.compile(r".*\.tar")),
    ("imagefolder", re.compile(r".*\.(?:png|jpe?g)", re.IGNORECASE)),
    ("audiofolder", re.compile(r".*\.(?:wav|mp3|flac)", re.IGNORECASE)),
)
_OF_MEDIA = {"imagefolder", "audiofolder"}
_ABOUT_MEDIA = re.compile(r"(?:.*/)?metadata\.(?:csv|jsonl|parquet)")

# Libraries that read those formats. A split of several files is read with dask instead of pandas.
_TABLE_READERS = ("datasets", "pandas", "mlcroissant", "polars")
_OTHER_READERS = ("datasets", "mlcroissant")
_READERS = {
    **dict.fromkeys(("csv", "json", "parquet"), _TABLE_READERS),
    "webdataset": ("datasets", "webdataset", "mlcroissant"),
}
_SHARD_OF_SEVERAL = re.compile(r".*-of-(?!00001\b)\d{5}\.\w+")
_MODALITIES = (
    ("audio", re.compile(r"audio|audiofolder")),
    ("image", re.compile(r"image|imagefolder")),
    ("tabular", re.compile(r"u?int\d+|float\d+|decimal\d+.*|bool")),
    ("text", re.compile(r"(?:large_)?string|text")),
    ("video", re.compile(r"video")),
)

# Nested levels of the features in a card that are read.
_MAX_DEPTH = 4

# Keys of a dataset's card whose values become tags such as `language:en`.
_DATA_KEYS = (
    *("annotations_creators", "language_creators", "language", "license", "multilinguality", "size_categories"),
    *("source_datasets", "task_categories", "task_ids"),
)

# Tasks of the models that one talks with, if they have a template for that.
_CHATS = ("text-generation", "image-text-to-text")

_SPECIAL_TOKENS = ("bos_token", "cls_token", "eos_token", "mask_token", "pad_token", "sep_token", "unk_token")


def metadata_of(snapshot: Snapshot) -> Metadata:
    """Return the metadata of a snapshot; its files are read only after a change of them."""
    # The id of a tree determines its content, so a cached value never becomes stale.
    key = (snapshot.repo.kind, snapshot.commit.tree)
    metadata = snapshot.hub.metadata.get(key)
    if metadata is None:
        metadata = _read(snapshot)
        snapshot.hub.metadata.put(key, metadata)
    return metadata


def _read(snapshot: Snapshot) -> Metadata:
    readme = snapshot.read(CARD_FILE)
    card = card_data(readme)
    files = _Files(snapshot)
    if snapshot.repo.kind == "model":
        return _model(files, readme or b"", card)
    by_data = _by_data(files.paths, card or {}) if snapshot.repo.kind == "dataset" else ()
    tags = [*_other_tags(snapshot.repo.kind, card or {}), *by_data, *_arxiv(readme)]
    app = (card or {}).get("app_file", "app.py")
    has_app = any(files.snapshot.find_file(name) for name in (app, "Dockerfile", "index.html") if isinstance(name, str))
    return Metadata(card, _unique(tags), has_app=has_app)


class _Files:
    """The files of one snapshot, as far as metadata is inferred from them."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.root: Mapping[str, Entry] = snapshot.load(snapshot.commit.tree)

    @cached_property
    def paths(self) -> list[str]:
        return [path for path, entry in islice(self.snapshot.walk(), MAX_FILES) if not entry.is_folder]

    def json(self, name: str) -> Any:
        """Return the JSON in a file of the root folder, or None."""
        content = self.snapshot.read(name, _MAX_JSON) if name in self.root else None
        try:
            return None if content is None else parse_json(content)
        except ValueError:
            return None

    def object(self, name: str) -> dict[str, Any]:
        """Return the JSON object in a file of the root folder; an empty one for any other content."""
        found = self.json(name)
        return found if isinstance(found, dict) else {}


def _model(files: _Files, readme: bytes, card: dict[str, Any] | None) -> Metadata:
    given = card or {}
    formats = list(_matching(_FORMATS, files.paths))
    gguf = next((path for path in files.paths if path.lower().endswith(".gguf")), None)
    entry = files.snapshot.find_file(gguf) if gguf else None
    summary = gguf_of(files.snapshot, entry) if entry else None
    library, task = _detected(files, summary)
    config = _config(files)
    library = _text(given.get("library_name")) or library or next(iter(_known("libraries", given)), None)
    pipeline = _text(given.get("pipeline_tag")) or task or next(iter(_known("tasks", given)), None)
    tags = [library, *formats, _text(config.get("model_type")), pipeline, *strings(given.get("tags"))]
    tags += ["conversational"] if _has_template(files, config, summary) and pipeline in _CHATS else []
    tags += ["custom_code"] if config.get("auto_map") else []
    tags += [*strings(given.get("language")), *(f"dataset:{name}" for name in strings(given.get("datasets")))]
    tags += [*_arxiv(readme), *_base_models(given, formats, library), *_prefixed(given, "license")]
    tags += [*_by_config(config), *(["model-index"] if _has_results(given) else [])]
    tags += ["co2_eq_emissions"] if given.get("co2_eq_emissions") else []
    return Metadata(
        card,
        _unique(filter(None, tags)),
        library,
        pipeline,
        config or None,
        _transformers_info(files, config, pipeline) if library == "transformers" and config else None,
        safetensors_of(files.snapshot, files.root),
        summary,
        tuple(results_of(files.snapshot)),
    )


def _has_template(files: _Files, config: Mapping[str, Any], gguf: Mapping[str, Any] | None) -> bool:
    # New versions of transformers write the template to a file of its own.
    known = (config.get("tokenizer_config") or {}, gguf or {})
    return "chat_template.jinja" in files.root or any("chat_template" in part for part in known)


def _has_results(card: Mapping[str, Any]) -> bool:
    models = card.get("model-index")
    return isinstance(models, list) and any(isinstance(model, dict) and model.get("results") for model in models)


def _by_config(config: Mapping[str, Any]) -> Iterator[str | None]:
    """Yield the tags of a pipeline of diffusers, and of quantized weights: `4-bit`, `bitsandbytes`."""
    pipeline = _text((config.get("diffusers") or {}).get("_class_name"))
    yield f"diffusers:{pipeline}" if pipeline else None
    given = config.get("quantization_config")
    how = given if isinstance(given, dict) else {}
    bits = 4 if how.get("load_in_4bit") is True else 8 if how.get("load_in_8bit") is True else how.get("bits")
    yield f"{bits}-bit" if type(bits) is int and 0 < bits <= 16 else None
    yield _text(how.get("quant_method"))


def _known(name: Any, card: Mapping[str, Any]) -> Iterator[str]:
    # Of a card without pipeline_tag or library_name, a tag may name them.
    return (tag for tag in strings(card.get("tags")) if tag in vocabulary(name).ids)


def _detected(files: _Files, gguf: Mapping[str, Any] | None) -> tuple[str | None, str | None]:
    """Return library and task by the files that libraries write; those of specific libraries first."""
    if kind := next(configured_kinds(files.json), None):
        return kind.library, kind.task
    if gguf:
        return "gguf", "text-generation" if gguf.get("architecture") else None
    return ("keras" if any(path.endswith((".keras", "keras_metadata.pb")) for path in files.paths) else None), None


def _config(files: _Files) -> dict[str, Any]:
    """Return the part of the configuration that the Hub shows."""
    config = files.object("config.json")
    names = ("architectures", "model_type", "auto_map", "quantization_config")
    shown: dict[str, Any] = {key: config[key] for key in names if key in config}
    adapter, index = files.object("adapter_config.json"), files.object("model_index.json")
    if adapter:
        shown["peft"] = {key: adapter[key] for key in ("base_model_name_or_path", "task_type") if key in adapter}
    if "_class_name" in index:
        shown["diffusers"] = {"_class_name": index["_class_name"]}
    tokenizer = files.object("tokenizer_config.json")
    special = {key: _content(tokenizer[key]) for key in _SPECIAL_TOKENS if key in tokenizer}
    shown = {key: value for key, value in shown.items() if _is_small(value)}
    shown |= {"tokenizer_config": special} if special and _is_small(special) else {}
    template = tokenizer.get("chat_template")
    if isinstance(template, str) and len(template) <= MAX_TEMPLATE:
        shown.setdefault("tokenizer_config", {})["chat_template"] = template
    return shown


def _content(token: Any) -> Any:
    return token.get("content") if isinstance(token, dict) else token


def _is_small(value: Any, depth: int = 3) -> bool:
    if isinstance(value, (list, dict)):
        keys = list(value) if isinstance(value, dict) else []
        values = list(value.values()) if isinstance(value, dict) else value
        return bool(depth) and len(value) <= _MAX_ITEMS and all(_is_small(item, depth - 1) for item in (*keys, *values))
    if isinstance(value, float):  # Python reads NaN, which JSON does not have
        return math.isfinite(value)
    return not isinstance(value, str) or len(value) <= _MAX_TEXT


def _transformers_info(files: _Files, config: Mapping[str, Any], task: str | None) -> dict[str, Any]:
    classes = list(strings(config.get("architectures")))
    auto_map = config.get("auto_map")
    mapped = auto_map.items() if isinstance(auto_map, dict) else ()
    custom = [(name, path) for name, path in mapped if name.startswith("AutoModel") and isinstance(path, str)]
    info = {"auto_model": custom[0][0] if custom else _auto_model(classes[0] if classes else "", task)}
    info |= {"custom_class": custom[0][1]} if custom else {}
    info |= {"pipeline_tag": task} if task else {}
    tokenizer = any(name in files.root for name in ("tokenizer_config.json", "tokenizer.json", "vocab.txt"))
    prepared = any(name in files.root for name in ("processor_config.json", "preprocessor_config.json"))
    if tokenizer or prepared:
        audio = str(task).startswith(("audio", "automatic-speech"))
        alone = "AutoFeatureExtractor" if audio else "AutoImageProcessor"
        info["processor"] = "AutoTokenizer" if not prepared else "AutoProcessor" if tokenizer else alone
    return info


def _auto_model(name: str, task: str | None) -> str:
    if name.endswith("LMHeadModel"):
        return "AutoModelForCausalLM"
    if name.endswith("ForConditionalGeneration"):
        speech = task == "automatic-speech-recognition"
        seen = "AutoModelForImageTextToText" if task == "image-text-to-text" else "AutoModelForSeq2SeqLM"
        return "AutoModelForSpeechSeq2Seq" if speech else seen
    endings = (ending for ending in table("model_tasks")["class_endings"] if ending.startswith("For"))
    return "AutoModel" + next((ending for ending in endings if name.endswith(ending)), "")


def _by_data(paths: list[str], card: Mapping[str, Any]) -> Iterator[str]:
    """Yield size, formats, modalities and libraries of a dataset, by its files and the `dataset_info` of its card."""
    given = card.get("dataset_info")
    infos = [info for info in (given if isinstance(given, list) else [given]) if isinstance(info, dict)]
    splits = [split for info in infos for split in _dicts(info.get("splits"))]
    rows = [split["num_examples"] for split in splits if type(split.get("num_examples")) is int]
    if rows and not card.get("size_categories"):
        yield f"size_categories:{_size_category(sum(rows))}"
    formats = list(_matching(_DATA_FORMATS, paths))
    if not _OF_MEDIA.isdisjoint(formats):  # a table beside media describes them
        formats = list(_matching(_DATA_FORMATS, [path for path in paths if not _ABOUT_MEDIA.fullmatch(path)]))
    yield from (f"format:{name}" for name in formats)
    types = {*formats, *(dtype for info in infos for dtype in _dtypes(info.get("features")))}
    yield from (f"modality:{name}" for name in _matching(_MODALITIES, types))
    readers = dict.fromkeys(reader for name in formats for reader in _READERS.get(name, _OTHER_READERS))
    several = any(map(_SHARD_OF_SEVERAL.fullmatch, paths))
    yield from (f"library:{'dask' if several and reader == 'pandas' else reader}" for reader in readers)


def _size_category(rows: int) -> str:
    bounds = ("1K", "10K", "100K", "1M", "10M", "100M", "1B", "10B", "100B", "1T")
    number = sum(rows >= 10**power for power in range(3, 13))
    return "n<1K" if not number else "n>1T" if number == len(bounds) else f"{bounds[number - 1]}<n<{bounds[number]}"


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, dict)]


def _dtypes(features: Any, depth: int = _MAX_DEPTH) -> Iterator[str]:
    """Yield the types of all features: those of lists and structures as well."""
    yield from (item for item in [features] if isinstance(item, str))
    for feature in _dicts(features) if depth else ():
        for key in ("dtype", "list", "sequence", "struct"):
            yield from _dtypes(feature.get(key), depth - 1)


def _base_models(card: Mapping[str, Any], formats: list[str], library: str | None) -> Iterator[str]:
    models = list(strings(card.get("base_model")))
    inferred = "adapter" if library == "peft" else "quantized" if "gguf" in formats else "finetune"
    relation = _text(card.get("base_model_relation")) or ("merge" if len(models) > 1 else inferred)
    for model in models:
        yield f"base_model:{model}"
        yield f"base_model:{relation}:{model}"


def _other_tags(kind: str, card: Mapping[str, Any]) -> Iterator[str]:
    yield from strings(card.get("sdk") if kind == "space" else None)
    for key in _DATA_KEYS if kind == "dataset" else ("license",):
        yield from _prefixed(card, key)
    yield from strings(card.get("tags"))


def _prefixed(card: Mapping[str, Any], key: str) -> Iterator[str]:
    return (f"{key}:{value}" for value in strings(card.get(key)))


def _arxiv(readme: bytes | None) -> Iterator[str]:
    found = dict.fromkeys(match.group(1).decode() for match in islice(_ARXIV.finditer(readme or b""), _MAX_ITEMS))
    return (f"arxiv:{number}" for number in found)


def _matching(formats: Iterable[tuple[str, re.Pattern[str]]], paths: Collection[str]) -> Iterator[str]:
    return (name for name, pattern in formats if any(map(pattern.fullmatch, paths)))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= _MAX_TEXT else None


def _unique(tags: Iterable[Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(tag) for tag in tags))
