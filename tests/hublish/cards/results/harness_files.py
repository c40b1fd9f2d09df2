"""Results as lm-evaluation-harness 0.4.13, lighteval 0.13.0 and inspect-ai 0.3.285 write them, shortened."""

import struct
import sys
import zlib
from typing import Any

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LM_EVAL: dict[str, Any] = {
    "results": {
        "hellaswag": {
            "name": "hellaswag",
            "alias": "hellaswag",
            "sample_len": 10042,
            "acc,none": 0.5723959370643298,
            "acc_stderr,none": 0.004937199759947679,
            "acc_norm,none": 0.7508464449312886,
            "acc_norm_stderr,none": "N/A",
        },
        "gsm8k": {
            "alias": "gsm8k",
            "exact_match,strict-match": 0.36,
            "exact_match_stderr,strict-match": 0.0132,
            "exact_match,flexible-extract": 0.37,
            "exact_match_stderr,flexible-extract": 0.0133,
        },
        "mmlu": {"name": "mmlu", "alias": "mmlu", "sample_len": 14042, "acc,none": 0.59, "acc_stderr,none": 0.0039},
        "mmlu_humanities": {"alias": " - humanities", "acc,none": 0.54, "acc_stderr,none": 0.0068},
        "mmlu_philosophy": {"alias": "  - philosophy", "acc,none": 0.66, "acc_stderr,none": 0.0269},
        "leaderboard": {"name": "leaderboard", "alias": "leaderboard"},
        "leaderboard_bbh": {"alias": " - leaderboard_bbh", "acc_norm,none": 0.4},
        "wikitext": {"alias": "wikitext", "word_perplexity,none": 12.3, "word_perplexity_stderr,none": "N/A"},
    },
    "groups": {"mmlu": {"alias": "mmlu", "acc,none": 0.59, "acc_stderr,none": 0.0039}},
    "group_subtasks": {
        "mmlu": ["mmlu_humanities"],
        "mmlu_humanities": ["mmlu_philosophy"],
        "leaderboard": ["leaderboard_bbh"],
        "hellaswag": [],
        "gsm8k": [],
        "wikitext": [],
    },
    "configs": {
        "hellaswag": {"task": "hellaswag", "dataset_path": "Rowan/hellaswag", "validation_split": "validation"},
        "gsm8k": {"dataset_path": "openai/gsm8k", "dataset_name": "main", "test_split": "test", "num_fewshot": 5},
        "wikitext": {"dataset_path": "json", "dataset_kwargs": {"data_files": "/home/me/w.json"}},
    },
    "versions": {"hellaswag": 1.0, "gsm8k": 3.0, "mmlu": 2, "wikitext": 2.0},
    "n-shot": {"hellaswag": 10, "gsm8k": 5, "mmlu": 0, "wikitext": 0},
    "higher_is_better": {"hellaswag": {"acc": True}},
    "n-samples": {"hellaswag": {"original": 10042, "effective": 10042}, "gsm8k": {"original": 1319, "effective": 50}},
    "config": {"model": "hf", "model_args": "pretrained=acme/lm", "limit": None},
    "git_hash": "1b2c3d4",
    "date": 1767225600.123,
    "pretty_env_info": "PyTorch version: 2.9",
}
# Versions before 0.4.
OLD_LM_EVAL: dict[str, Any] = {
    "results": {"hellaswag": {"acc": 0.5, "acc_stderr": 0.005, "acc_norm": 0.7, "acc_norm_stderr": 0.004}},
    "versions": {"hellaswag": 0},
    "config": {"model": "hf-causal", "num_fewshot": 10},
}
LIGHTEVAL: dict[str, Any] = {
    "config_general": {
        "lighteval_sha": "203045a",
        "max_samples": None,
        "model_name": "acme/lm",
        "start_time": 620979.8,
    },
    "results": {
        "lighteval:gsm8k:5": {"extractive_match": 0.3, "extractive_match_stderr": 0.01},
        "leaderboard:arc:challenge:25": {"acc": 0.5, "acc_stderr": float("nan"), "acc_norm": 0.52},
        "mmlu:abstract_algebra:0": {"acc": 0.3},
        "mmlu:anatomy:0": {"acc": 0.5},
        "mmlu:_average:0": {"acc": 0.4},
        "all": {"acc": 0.425, "acc_norm": 0.52, "extractive_match": 0.3},
    },
    "versions": {"lighteval:gsm8k:5": 0},
    "config_tasks": {
        "lighteval:gsm8k": {"hf_repo": "openai/gsm8k", "hf_subset": "main", "evaluation_splits": ["test"]},
        "leaderboard:arc:challenge:25": {
            "hf_repo": "ai2_arc",
            "hf_subset": "ARC-Challenge",
            "evaluation_splits": ["test"],
        },
        "mmlu:abstract_algebra:0": {
            "hf_repo": "cais/mmlu",
            "hf_subset": "abstract_algebra",
            "evaluation_splits": ["test"],
        },
    },
    "summary_tasks": {},
    "summary_general": {"padded": 0},
}
# As its documentation shows it, with the separator of tasks in memory.
PLAIN_LIGHTEVAL: dict[str, Any] = {
    "config_general": {"max_samples": 1},
    "results": {"gsm8k|0": {"em": 0.0, "em_stderr": 0.0, "maj@8": 0.0, "maj@8_stderr": 0.0}, "all": {"em": 0.0}},
    "versions": {"gsm8k|0": 0},
    "config_tasks": {"lighteval|gsm8k": {"hf_repo": "gsm8k", "hf_subset": "main", "evaluation_splits": ["test"]}},
}


def inspect_scorer(name: str, value: Any, error: Any = 0.02) -> dict[str, Any]:
    metrics = {
        "accuracy": {"name": "accuracy", "value": value, "params": {}},
        "stderr": {"name": "stderr", "value": error, "params": {}},
    }
    return {"name": name, "scorer": name, "scored_samples": 200, "params": {}, "metrics": metrics}


INSPECT: dict[str, Any] = {
    "version": 2,
    "status": "success",
    "eval": {
        "created": "2026-11-27T08:20:27+00:00",
        "task": "inspect_evals/gpqa_diamond",
        "task_id": "iuV5HbVfVsDqrKPcNvEhMu",
        "dataset": {"name": "gpqa_diamond", "location": "Idavidrein/gpqa", "samples": 198, "shuffled": True},
        "model": "hf/acme/lm",
        "config": {"epochs": 1, "log_samples": True},
    },
    "plan": {"name": "plan", "steps": []},
    "results": {
        "total_samples": 198,
        "completed_samples": 198,
        "scores": [inspect_scorer("choice", 0.4), inspect_scorer("includes", 0.45, None)],
        "headline": {"scorer": "includes", "score": "includes", "metric": "accuracy"},
    },
    "stats": {"started_at": "2026-11-27T08:20:27+00:00"},
    "samples": [{"id": 1, "input": "x"}],
}


def zstd_compressed(content: bytes) -> bytes:
    return zstd.compress(content)


_LOCAL, _CENTRAL, _END = struct.Struct("<4s5H3L2H"), struct.Struct("<4s6H3L5H2L"), struct.Struct("<4s4H2LH")


def zip_of(name: str, content: bytes, method: int, stored: bytes, crc: int | None = None) -> bytes:
    """Return a zip with one member, compressed by a method that Python's zipfile may not know."""
    raw, crc = name.encode(), zlib.crc32(content) if crc is None else crc
    sizes = (crc, len(stored), len(content), len(raw))
    local = _LOCAL.pack(b"PK\x03\x04", 45, 0, method, 0, 33, *sizes, 0) + raw + stored
    central = _CENTRAL.pack(b"PK\x01\x02", 45, 45, 0, method, 0, 33, *sizes, 0, 0, 0, 0, 0, 0) + raw
    return local + central + _END.pack(b"PK\x05\x06", 0, 0, 1, 1, len(central), len(local), 0)
