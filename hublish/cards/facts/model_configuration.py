"""Facts from the configuration of a model: architecture, sizes, the longest input, and the versions of libraries."""

import re
from collections.abc import Iterable, Iterator, Mapping
from posixpath import basename
from typing import Any, Final

from hublish.cards.facts.fact import Fact
from hublish.cards.facts.source_files import SourceFiles, count, in_folder, plain, text

ADAPTER: Final = "adapter_config.json"
"""The configuration of an adapter, by peft."""
_CONFIG: Final = "config.json"
_PIPELINE: Final = "model_index.json"
# Keys of config.json by fact, the preferred one first; models name the same size differently.
_SIZES: Final = {
    "layers": ("num_hidden_layers", "n_layer", "n_layers", "num_layers", "encoder_layers"),
    "hidden_size": ("hidden_size", "n_embd", "d_model", "dim", "hidden_dim"),
    "vocabulary_size": ("vocab_size",),
}
_LENGTHS: Final = (
    "max_position_embeddings",
    "n_positions",
    "max_sequence_length",
    "max_seq_len",
    "seq_length",
    "n_ctx",
    "model_max_length",
    "max_seq_length",
)
# Sections of a config.json for the text model among models of several modalities.
_TEXT_MODELS: Final = ("text_config", "llm_config", "language_config", "decoder")
# The name of the class, by the key in config.json: transformers, diffusers, timm, Keras.
_CLASSES: Final = ("_class_name", "architecture", "class_name")
_LONGEST_CONTEXT: Final = 1 << 32
# Keys of configurations such as `transformers_version`, and the name of the library on PyPI.
_LIBRARIES: Final = {
    "accelerate": "accelerate",
    "adapters": "adapters",
    "datasets": "datasets",
    "diffusers": "diffusers",
    "flair": "flair",
    "huggingface_hub": "huggingface_hub",
    "keras": "keras",
    "keras_hub": "keras-hub",
    "lerobot": "lerobot",
    "optimum": "optimum",
    "peft": "peft",
    "pytorch": "torch",
    "sentence_transformers": "sentence-transformers",
    "setfit": "setfit",
    "sklearn": "scikit-learn",
    "skops": "skops",
    "spacy": "spacy",
    "span_marker": "span-marker",
    "tensorflow": "tensorflow",
    "timm": "timm",
    "tokenizers": "tokenizers",
    "torch": "torch",
    "transformers": "transformers",
    "trl": "trl",
    "unsloth": "unsloth",
}
_KEY: Final = re.compile(r"_?([a-z][a-z_]*?)_version")
_VERSION: Final = re.compile(r"[=<>~^!]{0,2} ?[0-9][0-9A-Za-z.+!-]{0,60}")
# In the order of preference: the first file that names a library counts.
_FILES: Final = (
    "model_index.json",
    "config_sentence_transformers.json",
    "adapter_config.json",
    "config.json",
    "generation_config.json",
    "metadata.json",
    "meta.json",
    "training_config.json",
)


def find_config(sources: SourceFiles) -> tuple[str, Mapping[str, Any]]:
    """Return the path and content of the model's config.json; an empty mapping if it has none.

    sentence-transformers may keep it in the folder of the first module.
    """
    modules = sources.json("modules.json")
    first = modules[0] if isinstance(modules, list) and modules and isinstance(modules[0], dict) else {}
    folder = first.get("path")
    path = in_folder(folder, _CONFIG) if isinstance(folder, str) else _CONFIG
    return path, sources.mapping(path)


def configuration_facts(sources: SourceFiles) -> Iterator[Fact]:
    """Yield the facts of the configuration files of a model."""
    path, config = find_config(sources)
    yield from _architecture(sources, path, config)
    yield from _fact("model.model_type", text(config.get("model_type")), path, "model_type")
    for name, keys in _SIZES.items():
        yield from _first(f"model.{name}", keys, path, config)
    yield from _context_length(sources, path, config)
    yield from _quantization(path, config)
    yield from _adapter(sources)


def _architecture(sources: SourceFiles, path: str, config: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield the class of the model, from the first file that names one."""
    names = config.get("architectures")
    first = text(names[0]) if isinstance(names, list) and names else None
    candidates = [
        (_PIPELINE, "_class_name", text(sources.mapping(_PIPELINE).get("_class_name"))),
        (path, "architectures[0]", first),
        *((path, key, text(config.get(key))) for key in _CLASSES),
    ]
    found = next((each for each in candidates if each[2] is not None), None)
    if found is not None:
        yield Fact("model.architecture", found[2], found[0], found[1])


def _first(name: str, keys: Iterable[str], path: str, config: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield a whole number from the first of several keys, in the configuration itself or that of its text model."""
    for section, values in _sections(config):
        for key in keys:
            if (value := count(values.get(key))) is not None:
                yield Fact(name, value, path, f"{section}{key}")
                return


def _sections(config: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield "", config
    for name in _TEXT_MODELS:
        if isinstance(section := config.get(name), dict):
            yield f"{name}.", section


def _context_length(sources: SourceFiles, path: str, config: Mapping[str, Any]) -> Iterator[Fact]:
    """Yield the longest input in tokens: each of several files sets a limit of its own, so that the smallest counts."""
    found = list(_first("model.context_length", _LENGTHS, path, config))
    folder = path.removesuffix(_CONFIG)
    others = ((f"{folder}tokenizer_config.json", "model_max_length"), *_sentence_lengths(sources, folder))
    for file, key in others:
        # Tokenizers without a limit write 10**30.
        value = count(sources.mapping(file).get(key))
        if value is not None and value < _LONGEST_CONTEXT:
            found.append(Fact("model.context_length", value, file, key))
    yield from sorted(found, key=lambda fact: int(fact.value))[:1]


def _sentence_lengths(sources: SourceFiles, folder: str) -> Iterator[tuple[str, str]]:
    """Yield the files in which sentence-transformers names the length at which it cuts off texts."""
    for path in sources:
        name = basename(path)
        if path == folder + name and name.startswith("sentence_") and name.endswith("_config.json"):
            yield path, "max_seq_length"


def _quantization(path: str, config: Mapping[str, Any]) -> Iterator[Fact]:
    for section, values in _sections(config):
        declared = values.get("quantization_config")
        if isinstance(declared, dict):
            key = f"{section}quantization_config"
            yield from _fact("model.quantization", text(declared.get("quant_method")), path, f"{key}.quant_method")
            bits = _bits(declared)
            yield from _fact("model.quantization_bits", bits, path, key)
            return


def _bits(declared: Mapping[str, Any]) -> int | None:
    """Return the bits of a weight, as each method names them."""
    if declared.get("load_in_4bit") is True or declared.get("load_in_8bit") is True:
        return 4 if declared.get("load_in_4bit") is True else 8
    groups = declared.get("config_groups")
    weights = (
        [one.get("weights") for one in groups.values() if isinstance(one, dict)] if isinstance(groups, dict) else []
    )
    found = {count(one.get("num_bits")) for one in weights if isinstance(one, dict)}
    bits = count(declared.get("bits")) or (found.pop() if len(found) == 1 else None)
    return bits if bits is not None and bits <= 64 else None


def _adapter(sources: SourceFiles) -> Iterator[Fact]:
    """Yield the adapter of peft: its method, rank and modules."""
    config = sources.mapping(ADAPTER)
    kind = text(config.get("peft_type"))
    if kind is None:
        return
    named = {"type": kind, "rank": count(config.get("r")), "alpha": count(config.get("lora_alpha"))}
    targets = config.get("target_modules")
    # peft writes a set, in an order of its own.
    modules = sorted(filter(None, map(text, targets))) if isinstance(targets, list) else plain(targets)
    adapter = {key: value for key, value in {**named, "target_modules": modules}.items() if value}
    yield Fact("model.adapter", adapter, ADAPTER, "peft_type")


def _fact(name: str, value: Any, file: str, key: str) -> Iterator[Fact]:
    if value is not None:
        yield Fact(name, value, file, key)


def version_facts(sources: SourceFiles) -> Iterator[Fact]:
    """Yield the version of each library that configuration files name."""
    for file in _FILES:
        for path in sources.named(file)[:1]:
            values = sources.mapping(path)
            # sentence-transformers lists several libraries.
            listed = values.get("__version__")
            pairs = (
                [(f"__version__.{key}", key, value) for key, value in listed.items()]
                if isinstance(listed, dict)
                else []
            )
            found = ((key, _KEY.fullmatch(key), value) for key, value in values.items())
            pairs += [(key, match[1], value) for key, match, value in found if match]
            for place, key, value in pairs:
                if key in _LIBRARIES and isinstance(value, str) and _VERSION.fullmatch(value):
                    yield Fact(f"versions.{_LIBRARIES[key]}", value, path, place, sources.released)
