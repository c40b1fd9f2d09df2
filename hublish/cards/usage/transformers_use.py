"""Snippets for transformers 5: a pipeline for the tasks that have one, and the class that loads the model."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hublish.cards.usage.subject import Snippet, Subject, literal

INSTALL: Final = "pip install transformers torch"

_WORDS: Final = (
    *("tokenizer.json", "tokenizer_config.json", "tokenizer.model", "vocab.txt", "vocab.json", "spiece.model"),
    *("sentencepiece.bpe.model", "spm.model"),
)
_PROCESSOR: Final = ("preprocessor_config.json", "processor_config.json")
_IMAGES: Final = (".jpg", ".jpeg", ".png", ".webp")
_SOUNDS: Final = (".flac", ".mp3", ".wav", ".ogg")
# Small files on the Hub that its documentation uses as examples.
_IMAGE: Final = ("huggingface/documentation-images", "pipeline-cat-chonk.jpeg")
_SOUND: Final = ("Narsil/asr_dummy", "mlk.flac")


@dataclass(frozen=True, slots=True)
class _Task:
    """A task of a pipeline."""

    variable: str
    """The name of the pipeline in the snippet."""
    model: str
    """The class that loads a model for the task."""
    call: str = ""
    """The arguments of a call, with `{text}` for a sample; without any, the pipeline is only created."""
    text: str = ""
    needs: str = "words"
    """The kind of files it reads besides weights: words, image or sound."""


_LIKE: Final = "I like this."
_TASKS: Final = {
    "text-classification": _Task("classify", "SequenceClassification", "{text}", _LIKE),
    "text-ranking": _Task("", "SequenceClassification"),
    "token-classification": _Task("tag", "TokenClassification", "{text}", "My name is Ada and I live in London."),
    "zero-shot-classification": _Task(
        "classify",
        "SequenceClassification",
        '{text}, candidate_labels=["technology", "sports"]',
        "The new chip is twice as fast.",
    ),
    "fill-mask": _Task("fill", "MaskedLM", "{text}", ""),
    "text-generation": _Task("generate", "CausalLM", "{text}, max_new_tokens=50", "Once upon a time"),
    "feature-extraction": _Task("extract", "", "{text}", _LIKE),
    "text-to-speech": _Task("speak", "TextToWaveform"),
    "text-to-audio": _Task("speak", "TextToWaveform"),
    "question-answering": _Task("", "QuestionAnswering"),
    "table-question-answering": _Task("", "TableQuestionAnswering"),
    "summarization": _Task("", "Seq2SeqLM"),
    "translation": _Task("", "Seq2SeqLM"),
    "text2text-generation": _Task("", "Seq2SeqLM"),
    "image-classification": _Task("classify", "ImageClassification", "image", needs="image"),
    "image-segmentation": _Task("segment", "ImageSegmentation", "image", needs="image"),
    "image-feature-extraction": _Task("extract", "", "image", needs="image"),
    "object-detection": _Task("detect", "ObjectDetection", "image", needs="image"),
    "depth-estimation": _Task("estimate", "DepthEstimation", "image", needs="image"),
    "zero-shot-image-classification": _Task(
        "classify", "ZeroShotImageClassification", 'image, candidate_labels=["a cat", "a dog"]', needs="image"
    ),
    "image-text-to-text": _Task("describe", "ImageTextToText", needs="image"),
    "video-classification": _Task("classify", "VideoClassification", needs="image"),
    "audio-classification": _Task("classify", "AudioClassification", "sound", needs="sound"),
    "automatic-speech-recognition": _Task("transcribe", "SpeechSeq2Seq", "sound", needs="sound"),
}
# Tasks of the Hub that pipelines know by another name.
_SAME: Final = {"sentence-similarity": "feature-extraction"}

# By the end of an architecture's name; the first that fits.
_CLASSES: Final = {
    **{
        f"For{name}": name
        for name in (
            *("SequenceClassification", "TokenClassification", "QuestionAnswering", "MultipleChoice", "MaskedLM"),
            *("CausalLM", "ImageClassification", "ObjectDetection", "DepthEstimation", "SemanticSegmentation"),
            *("ImageSegmentation", "AudioClassification", "CTC", "SpeechSeq2Seq", "VideoClassification"),
            *("UniversalSegmentation", "InstanceSegmentation", "MaskedImageModeling", "PreTraining"),
        )
    },
    "LMHeadModel": "CausalLM",
    "MarianMTModel": "Seq2SeqLM",
}


def transformers_snippets(subject: Subject) -> Iterator[Snippet]:
    """Yield the pipeline of a model, if its task has one and its files suffice, and the code that loads the model."""
    name = _SAME.get(subject.task, subject.task)
    task = _TASKS.get(name)
    first = None
    if task is not None and task.variable and _is_complete(subject, task):
        first = _pipeline(subject, name, task)
        yield first
    note = "Or load the model itself:" if first else ""
    yield Snippet("transformers", "python", _model(subject, task), "" if first else INSTALL, note)


def auto_class(subject: Subject) -> str:
    """Return the class of transformers that loads a model: `AutoModelForCausalLM`."""
    task = _TASKS.get(_SAME.get(subject.task, subject.task))
    architecture = subject.model_fact("architecture")
    found = next((name for ending, name in _CLASSES.items() if architecture.endswith(ending)), "")
    found = found or (task.model if task and not architecture.endswith("Model") else "")
    return f"AutoModelFor{found}" if found else "AutoModel"


def trusts_code(subject: Subject) -> str:
    """Return the keyword without which transformers refuses a model with code of its own; empty for other models."""
    return ", trust_remote_code=True" if "custom_code" in subject.tags else ""


def _is_complete(subject: Subject, task: _Task) -> bool:
    if task.needs == "words":
        return subject.has(*_WORDS)
    # Speech recognition writes text.
    return subject.has(*_PROCESSOR) and (task.model != "SpeechSeq2Seq" or subject.has(*_WORDS))


def _pipeline(subject: Subject, name: str, task: _Task) -> Snippet:
    imports, lines = ["from transformers import pipeline"], []
    given = f"{subject.quoted}{subject.pinned}{trusts_code(subject)}"
    lines.append(f"{task.variable} = pipeline({literal(name)}, model={given})")
    if task.call.startswith(("image", "sound")):
        imports.insert(0, "from huggingface_hub import hf_hub_download")
        lines.append(_example_file(subject, task.needs))
    call = task.call.replace("{text}", subject.sample(task.text))
    if name == "fill-mask" and subject.sample("") == '""':
        call = f'f"Paris is the {{{task.variable}.tokenizer.mask_token}} of France."'
    if name == "text-generation" and _chats(subject):
        question = subject.sample("What is the capital of France?")
        lines.append(f'messages = [{{"role": "user", "content": {question}}}]')
        lines.append(f'print({task.variable}(messages, max_new_tokens=50)[0]["generated_text"][-1]["content"])')
    elif call:
        lines.append(f"print({task.variable}({call}))")
    install = f"{INSTALL} pillow" if task.needs == "image" else INSTALL
    return Snippet("transformers", "python", "\n".join([*imports, "", *lines]), install)


def _chats(subject: Subject) -> bool:
    return "conversational" in subject.tags or subject.has("chat_template.jinja", "chat_template.json")


def _example_file(subject: Subject, kind: str) -> str:
    suffixes, (repo_id, name) = (_IMAGES, _IMAGE) if kind == "image" else (_SOUNDS, _SOUND)
    if own := subject.sample_file(suffixes):
        return f"{kind} = {subject.download(own)}"
    return f'{kind} = hf_hub_download({literal(repo_id)}, {literal(name)}, repo_type="dataset")'


def _model(subject: Subject, task: _Task | None) -> str:
    kind = auto_class(subject)
    needs_words = subject.has(*_WORDS)
    loaders = [("model", kind)]
    if needs_words and (task is None or task.needs == "words"):
        loaders.insert(0, ("tokenizer", "AutoTokenizer"))
    elif subject.has(*_PROCESSOR):
        loaders.insert(0, ("processor", "AutoProcessor" if needs_words else _feature_loader(task)))
    imports = ", ".join(sorted(loader for _, loader in loaders))
    given = f"{subject.quoted}{subject.pinned}{trusts_code(subject)}"
    lines = [f"{name} = {loader}.from_pretrained({given})" for name, loader in loaders]
    return "\n".join([f"from transformers import {imports}", "", *lines])


def _feature_loader(task: _Task | None) -> str:
    return "AutoFeatureExtractor" if task is not None and task.needs == "sound" else "AutoImageProcessor"
