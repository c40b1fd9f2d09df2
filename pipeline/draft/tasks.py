"""Which task a model is for, where its class says so; the names are the Hub's pipeline tags."""

from typing import Final

_HEADS: Final = (
    # The ending of a transformers class and the task of its pipeline.
    ("ForSequenceClassification", "text-classification"),
    ("ForTokenClassification", "token-classification"),
    ("ForQuestionAnswering", "question-answering"),
    ("ForMaskedLM", "fill-mask"),
    ("ForCausalLM", "text-generation"),
    ("LMHeadModel", "text-generation"),
    ("ForMultipleChoice", "multiple-choice"),
    ("ForImageClassification", "image-classification"),
    ("ForObjectDetection", "object-detection"),
    ("ForZeroShotObjectDetection", "zero-shot-object-detection"),
    ("ForSemanticSegmentation", "image-segmentation"),
    ("ForImageSegmentation", "image-segmentation"),
    ("ForInstanceSegmentation", "image-segmentation"),
    ("ForUniversalSegmentation", "image-segmentation"),
    ("ForDepthEstimation", "depth-estimation"),
    ("ForMaskGeneration", "mask-generation"),
    ("ForKeypointDetection", "keypoint-detection"),
    ("ForVideoClassification", "video-classification"),
    ("ForAudioClassification", "audio-classification"),
    ("ForCTC", "automatic-speech-recognition"),
    ("ForSpeechSeq2Seq", "automatic-speech-recognition"),
    ("ForTextToSpeech", "text-to-speech"),
    ("ForTextToWaveform", "text-to-audio"),
    ("ForDocumentQuestionAnswering", "document-question-answering"),
    ("ForTableQuestionAnswering", "table-question-answering"),
    ("ForVisualQuestionAnswering", "visual-question-answering"),
    ("ForTimeSeriesPrediction", "time-series-forecasting"),
    ("ForPrediction", "time-series-forecasting"),
    ("EncoderDecoderModel", ""),
)
_CONDITIONAL: Final = {
    # ForConditionalGeneration means what the kind of model makes of it; T5 and its kin do many things.
    "whisper": "automatic-speech-recognition",
    "speech_to_text": "automatic-speech-recognition",
    "blip": "image-to-text",
    "blip-2": "image-text-to-text",
    "marian": "translation",
    "m2m_100": "translation",
    "nllb-moe": "translation",
    "pegasus": "summarization",
    "musicgen": "text-to-audio",
    "mistral3": "image-text-to-text",
    "gemma3": "image-text-to-text",
    "mllama": "image-text-to-text",
    "paligemma": "image-text-to-text",
}
_WHOLE: Final = {
    "clip": "zero-shot-image-classification",
    "siglip": "zero-shot-image-classification",
    **dict.fromkeys(("vit", "dinov2", "dinov3_vit", "swin", "convnext", "beit", "hiera"), "image-feature-extraction"),
}
_PEFT: Final = {
    "CAUSAL_LM": "text-generation",
    "SEQ_CLS": "text-classification",
    "TOKEN_CLS": "token-classification",
    "QUESTION_ANS": "question-answering",
    "FEATURE_EXTRACTION": "feature-extraction",
}
_PIPELINES: Final = (
    ("Inpaint", "image-to-image"),
    ("Img2Img", "image-to-image"),
    ("InstructPix2Pix", "image-to-image"),
    ("Upscale", "image-to-image"),
    ("ImageToVideo", "image-to-video"),
    ("VideoDiffusion", "image-to-video"),
    ("Video", "text-to-video"),
    ("Audio", "text-to-audio"),
    ("DDPM", "unconditional-image-generation"),
    ("DDIM", "unconditional-image-generation"),
    ("StableDiffusion", "text-to-image"),
    ("Flux", "text-to-image"),
    ("PixArt", "text-to-image"),
    ("Kandinsky", "text-to-image"),
    ("HunyuanDiT", "text-to-image"),
    ("Sana", "text-to-image"),
    ("LatentConsistency", "text-to-image"),
)


def task_of_class(name: str, model_type: str) -> str | None:
    """Return the task of a transformers class; None when the class alone does not tell."""
    for ending, task in _HEADS:
        if name.endswith(ending):
            return task or None
    if name.endswith("ForConditionalGeneration"):
        looks = any(part in model_type for part in ("vl", "llava", "idefics", "vision"))
        return _CONDITIONAL.get(model_type) or ("image-text-to-text" if looks else None)
    if name.endswith("Model"):
        return _WHOLE.get(model_type, "feature-extraction")
    return None


def task_of_adapter(task_type: str) -> str | None:
    """Return the task of a PEFT adapter."""
    return _PEFT.get(task_type)


def task_of_pipeline(name: str) -> str | None:
    """Return the task of a diffusers pipeline."""
    return next((task for part, task in _PIPELINES if part in name), None)
