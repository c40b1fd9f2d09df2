"""The ids of metrics on the Hub, for the names that evaluation tools give them."""

import re
from collections.abc import Mapping
from typing import Final

# The ids are the names of the `evaluate` library, which the Hub documents at https://hf.co/metrics. A name is mapped
# only where both mean the same computation: `acc_norm` of lm-evaluation-harness, for one, is not the accuracy.
_IDS: Final[Mapping[str, str]] = {
    "acc": "accuracy",
    "accuracy_score": "accuracy",
    "f1_score": "f1",
    "precision_score": "precision",
    "recall_score": "recall",
    "em": "exact_match",
    "mcc": "matthews_correlation",
    "matthews_corrcoef": "matthews_correlation",
    "pearson": "pearsonr",
    "spearman": "spearmanr",
    "mean_squared_error": "mse",
    "mean_absolute_error": "mae",
    "r2": "r_squared",
    "r2_score": "r_squared",
    "auroc": "roc_auc",
    "roc_auc_score": "roc_auc",
    "word_error_rate": "wer",
    "char_error_rate": "cer",
    "character_error_rate": "cer",
    "ppl": "perplexity",
    "miou": "mean_iou",
    "rouge1": "rouge",
    "rouge2": "rouge",
    "rougel": "rouge",
    "rougelsum": "rouge",
}

# Numbers that evaluation tools write beside metrics: settings, counts and running times.
_NOT_A_METRIC: Final = re.compile(
    r"(?:.*[_/.])?(?:runtime|samples|(?:samples|steps|tokens)_per_second|epochs?|(?:global_)?steps?|seed|time|seconds|"
    r"timestamp|duration|total_flos|lr|learning_rate|batch_size|model_preparation_time|jit_compilation_time|support|"
    r"mem_\w+|num_\w+|n_\w+|\w+_(?:count|time|seconds))|train(?:ing)?[_/.].*",
    re.IGNORECASE,
)


_LONGEST: Final = 100


def metric_id(name: str) -> str:
    """Return the id of a metric on the Hub, or the name itself."""
    plain = name.casefold().replace("-", "_").replace(" ", "_")
    likely = _IDS.get(plain, plain)
    return likely if is_known(likely) else name


def is_known(kind: str) -> bool:
    """Return whether a name is the id of a metric on the Hub."""
    return kind in _OTHER_IDS or kind in _IDS.values()


def measures_quality(name: str) -> bool:
    """Return whether a number with this name is likely a metric, rather than a setting, a count or a running time."""
    # The expression takes quadratic time, and no setting has a longer name.
    return len(name) > _LONGEST or _NOT_A_METRIC.fullmatch(name) is None


_OTHER_IDS: Final = frozenset(
    [
        *("bertscore", "bleu", "bleurt", "brier_score", "charcut_mt", "chrf", "code_eval", "comet", "google_bleu"),
        *("mape", "mase", "mauve", "meteor", "nist_mt", "rouge", "sacrebleu", "sari", "seqeval", "smape", "squad"),
        *("squad_v2", "ter"),
    ]
)
