"""All snippets of a release: those of its library first."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from hublish.cards.usage import library_use
from hublish.cards.usage.subject import Snippet, Subject
from hublish.cards.usage.transformers_use import transformers_snippets

_Maker = Callable[[Subject], Iterator[Snippet]]

_LIBRARIES: Final[Mapping[str, _Maker]] = {
    "transformers": transformers_snippets,
    "sentence-transformers": library_use.sentence_transformers_snippets,
    "diffusers": library_use.diffusers_snippets,
    "timm": library_use.timm_snippets,
    "peft": library_use.peft_snippets,
    "sklearn": library_use.sklearn_snippets,
    "skops": library_use.sklearn_snippets,
    "scikit-learn": library_use.sklearn_snippets,
    "keras": library_use.keras_snippets,
    "onnx": library_use.onnx_snippets,
    "onnxruntime": library_use.onnx_snippets,
    "gguf": library_use.gguf_snippets,
    "llama.cpp": library_use.gguf_snippets,
}
_REPOS: Final[Mapping[str, _Maker]] = {
    "dataset": library_use.dataset_snippets,
    "space": library_use.space_snippets,
    "kernel": library_use.kernel_snippets,
}
# Files that only one library writes; the first that a release has. A sentence-transformers model is one of
# transformers as well, and an adapter may come with the configuration of its base model.
_FILES: Final[Mapping[str, str]] = {
    "modules.json": "sentence-transformers",
    "model_index.json": "diffusers",
    "adapter_config.json": "peft",
}
# Formats of one library each, where the weights are enough to choose the snippet.
_FORMATS: Final = (library_use.gguf_snippets, library_use.keras_snippets, library_use.onnx_snippets)


def usage_snippets(subject: Subject) -> tuple[Snippet, ...]:
    """Return the snippets of a release; empty if no library that hublish knows loads it."""
    if subject.repo_type != "model":
        maker = _REPOS.get(subject.repo_type)
        return tuple(maker(subject)) if maker else ()
    if subject.target:
        return (*library_use.mixin_snippets(subject), *library_use.array_snippets(subject))
    maker = _LIBRARIES.get(subject.library.lower()) or _by_files(subject)
    found = tuple(maker(subject)) if maker else ()
    return found or tuple(library_use.array_snippets(subject))


def _by_files(subject: Subject) -> _Maker | None:
    found = next((library for name, library in _FILES.items() if subject.has(name)), "")
    if not found and subject.model_fact("model_type") and subject.has("config.json"):
        found = "transformers"
    if found or subject.with_suffix(".skops"):  # other files of scikit-learn are pickles, which anybody writes
        return _LIBRARIES.get(found or "sklearn")
    return next((maker for maker in _FORMATS if any(maker(subject))), None)
