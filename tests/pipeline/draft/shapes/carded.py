"""Folders with results, logs, parameters and figures, of which a card is made."""

import json
from pathlib import Path

from tests.pipeline.draft.shapes.making import Shape, mit, png, safetensors, skops, write
from tests.pipeline.draft.shapes.models import NO_LICENSE, transformers


def trainer(folder: Path) -> None:
    """What an example script of transformers leaves, with the author's figures and a screenshot."""
    transformers(folder)
    measured = {"epoch": 3.0, "eval_accuracy": 0.91, "eval_f1": 0.9, "eval_loss": 0.31, "eval_runtime": 1.25}
    write(folder / "eval_results.json", measured)
    write(folder / "all_results.json", {**measured, "train_loss": 0.4, "train_runtime": 99.5})
    history = [{"epoch": n, "step": 10 * n, "loss": 1 / n, "eval_loss": 1.1 / n} for n in (1, 2, 3, 4)]
    write(folder / "trainer_state.json", {"global_step": 40, "epoch": 4.0, "log_history": history})
    write(folder / "params.yaml", "dataset_name: nyu-mll/glue\ndataset_config_name: sst2\nlearning_rate: 0.00002\n")
    for name in ("plots/confusion_matrix.png", "plots/loss_curve.png", "plots/Screenshot_3.png", "team.png"):
        png(folder / name)


def harness(folder: Path) -> None:
    """Two runs of lm-evaluation-harness beside the model, and the log of its training in another folder."""
    safetensors(folder / "model.safetensors")
    write(folder / "config.json", {"architectures": ["LlamaForCausalLM"], "model_type": "llama"})
    for time, value in (("2026-01-30", 0.4), ("2026-01-31", 0.5)):
        measured = {"hellaswag": {"alias": "hellaswag", "acc,none": value, "acc_stderr,none": 0.01}}
        configs = {"hellaswag": {"dataset_path": "Rowan/hellaswag", "validation_split": "validation"}}
        found = {"results": measured, "configs": configs, "versions": {"hellaswag": 1}, "n-shot": {"hellaswag": 0}}
        write(folder / "results" / "digits" / f"results_{time}T10-00-00.000000.json", found)
    lines = (json.dumps({"step": step, "loss": 1 / step}) for step in range(1, 6))
    write(folder / "logs" / "training_log.jsonl", "\n".join(lines) + "\n")


def report(folder: Path) -> None:
    """A report of scikit-learn whose dataset no file names, and a log as text."""
    skops(folder / "model.skops")
    mean = {"precision": 0.9, "recall": 0.8, "f1-score": 0.85, "support": 30}
    write(folder / "classification_report.json", {"accuracy": 0.875, "macro avg": mean, "weighted avg": mean})
    write(folder / "training_log.csv", "epoch,loss\n1,0.9\n2,0.5\n3,0.25\n")
    write(folder / "hparams.json", {"model": {"C": 0.5}, "note": "x"})
    png(folder / "roc-curve.png")
    mit(folder)


SHAPES = {
    "trainer": Shape(
        trainer,
        (
            *("LICENSE", "README.md", "config.json", "eval_results.json", "hub.yaml", "model.safetensors"),
            *("plots/confusion_matrix.png", "plots/loss_curve.png", "special_tokens_map.json"),
            *("tokenizer.json", "tokenizer_config.json", "vocab.txt"),
        ),
        drawn=("training", "evaluation"),
    ),
    "harness": Shape(
        harness,
        ("README.md", "config.json", "hub.yaml", "model.safetensors"),
        warned=(NO_LICENSE,),
        drawn=("training",),
    ),
    "report": Shape(
        report,
        (
            *("LICENSE", "README.md", "classification_report.json", "hparams.json", "hub.yaml", "model.skops"),
            *("roc-curve.png", "training_log.csv"),
        ),
        drawn=("training",),
    ),
}
