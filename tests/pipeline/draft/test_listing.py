"""Files and folders that are never released."""

import pytest

from hublish.pipeline.draft.listing import file_reason, folder_reason


@pytest.mark.parametrize(
    "path",
    [
        *("checkpoint-500", "out/checkpoint-1", "global_step10", "wandb", "mlruns", "lightning_logs", "__pycache__"),
        *(".ipynb_checkpoints", ".venv", "venv", "node_modules", ".cache", ".vscode", "a.egg-info", "logs"),
    ],
)
def test_a_folder_of_a_tool_or_a_training_run_is_not_entered(path: str) -> None:
    assert folder_reason(path)


@pytest.mark.parametrize("path", ["model", "checkpoint", "checkpoints", "data", "runs", "environment", "onnx", "build"])
def test_any_other_folder_is_entered(path: str) -> None:
    assert folder_reason(path) == ""


@pytest.mark.parametrize(
    "path",
    [
        *("optimizer.pt", "optimizer_state.bin", "scheduler.pt", "rng_state.pth", "rng_state_3.pth", "scaler.pt"),
        *("trainer_state.json", "training_args.bin", "all_results.json", "runs/events.out.tfevents.17.host.1"),
        *("train.log", "nohup.out", "a.tmp", "a~", ".hub.yaml.abcd1234.tmp", "m.pyc", ".gitignore", ".gitattributes"),
        *("hub.yaml", "hub.lock", "hub.schema.json", ".env", "id_rsa", ".DS_Store", "a\nb", "a\\b", "~/x", "a\u202eb"),
    ],
)
def test_a_file_is_never_released(path: str) -> None:
    assert file_reason(path)


@pytest.mark.parametrize(
    "path", ["model.pt", "results.json", "optimizer.json", "log.txt", "schedulers/x.json", "b.lock"]
)
def test_any_other_file_may_be_released(path: str) -> None:
    assert file_reason(path) == ""


def test_a_file_that_was_released_before_is_left_out_only_if_it_cannot_be_uploaded() -> None:
    assert file_reason("trainer_state.json", from_hub=True) == ""
    assert file_reason(".gitattributes", from_hub=True)
    assert file_reason(".env", from_hub=True)
    assert file_reason("hub.yaml", from_hub=True)


def test_a_token_in_a_name_is_not_repeated() -> None:
    token = "hf_" + "aB3dE5gH7jK9mN1pQ3sT5vX7zC2eG4iK6n"
    assert token not in file_reason(f"{token}.json")
