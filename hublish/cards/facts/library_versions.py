"""Facts on the versions of the libraries that wrote a model, from its configuration files."""

import re
from collections.abc import Iterator
from typing import Final

from hublish.cards.facts.fact import Fact
from hublish.cards.facts.source_files import SourceFiles

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
