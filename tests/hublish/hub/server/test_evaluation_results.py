from typing import Any

import pytest
import yaml
from huggingface_hub import CommitOperationAdd, EvalResultEntry, HfApi, eval_result_entries_to_yaml
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

from hublish.hub.server import EmbeddedHub


def results(dataset: str, value: Any, **more: Any) -> bytes:
    entries = [EvalResultEntry(dataset_id=dataset, task_id="default", value=value, **more)]
    return yaml.dump(eval_result_entries_to_yaml(entries)).encode()


def publish(api: HfApi, repo: str, files: dict[str, bytes], **options: Any) -> str:
    api.create_repo(repo, **options)
    adds = [CommitOperationAdd(path, content) for path, content in files.items()]
    api.create_commit(repo, adds, commit_message="results", repo_type=options.get("repo_type"))
    return repo


def test_a_leaderboard_ranks_the_models_with_results(api: HfApi, hub: EmbeddedHub, repo: str) -> None:
    board = publish(api, f"{repo}-board", {"eval.yaml": b"name: Board\n"}, repo_type="dataset")
    source = {"source_url": "https://example.org/x", "source_name": "Logs"}
    publish(api, f"{repo}-good", {".eval_results/a.yaml": results(board, 71.5, notes="no tools", **source)})
    publish(
        api, f"{repo}-best", {".eval_results/a.yaml": results(board, 10), ".eval_results/b.yml": results(board, 80)}
    )
    card = b"---\nbase_model: a/b\n---\n"
    publish(api, f"{repo}-tuned", {"README.md": card, ".eval_results/a.yaml": results(board, 75)})
    publish(api, f"{repo}-other", {".eval_results/a.yaml": results("other/board", 99), "a.yaml": results(board, 98)})
    publish(api, f"{repo}-hidden", {".eval_results/a.yaml": results(board, 97)}, private=True)
    eve = HfApi(endpoint=hub.endpoint, token=hub.add_user("eve-of-boards"))
    shown = eve.get_dataset_leaderboard(board)
    assert [(entry.rank, entry.model_id, entry.value) for entry in shown] == [
        (1, f"{repo}-best", 80),
        (2, f"{repo}-good", 71.5),
    ]
    assert (shown[1].filename, shown[1].notes, shown[1].verified) == (".eval_results/a.yaml", "no tools", False)
    assert shown[1].source == {"url": "https://example.org/x", "name": "Logs"}
    everything = eve.get_dataset_leaderboard(board, base_model_only=False)
    assert [entry.model_id for entry in everything] == [f"{repo}-best", f"{repo}-tuned", f"{repo}-good"]
    assert api.get_dataset_leaderboard(board)[0].model_id == f"{repo}-hidden"


def test_a_dataset_without_a_board_has_none(api: HfApi, hub: EmbeddedHub, repo: str) -> None:
    plain = publish(api, f"{repo}-plain", {"a.txt": b"a"}, repo_type="dataset")
    with pytest.raises(HfHubHTTPError, match="does not have a leaderboard"):
        api.get_dataset_leaderboard(plain)
    hidden = publish(api, f"{repo}-hidden", {"eval.yaml": b"{}"}, repo_type="dataset", private=True)
    eve = HfApi(endpoint=hub.endpoint, token=hub.add_user("eve-of-boards"))
    for missing in (hidden, f"{repo}-missing"):
        with pytest.raises(RepositoryNotFoundError):
            eve.get_dataset_leaderboard(missing)


def test_the_info_of_a_model_has_its_results(api: HfApi, repo: str) -> None:
    assert api.model_info(repo, expand=["evalResults"]).eval_results is None
    content = results("cais/hle", 20.9, date="2025-01-15T10:30:00Z")
    api.upload_file(repo_id=repo, path_in_repo=".eval_results/hle.yaml", path_or_fileobj=content)
    assert api.model_info(repo, expand=["evalResults"]).eval_results == [
        EvalResultEntry(dataset_id="cais/hle", task_id="default", value=20.9, date="2025-01-15T10:30:00Z")
    ]


NO_RESULTS = [
    b"",
    b"{",
    b"a: &a [*a]",
    b"!!python/object/apply:os.system [ls]",
    b"[]" * 200_000,
    b"[" * 5000,
    b"\xff\xfe",
    b"- 7",
    b"- {dataset: x, value: 1}",
    b"- {dataset: {id: a/b}, value: 1}",
    b"- {dataset: {id: a/b, task_id: [c]}, value: 1}",
    *(f"- {{dataset: {{id: a/b, task_id: c}}, value: {value}}}".encode() for value in ("x", "true", "[1]", "null")),
    b"- {dataset: {id: a/b, task_id: c}, value: 1, source: x}",
]


def test_files_without_results_count_for_nothing(api: HfApi, repo: str) -> None:
    board = publish(api, f"{repo}-board", {"eval.yaml": b"{}"}, repo_type="dataset")
    files = {f".eval_results/{at}.yaml": text.replace(b"a/b", board.encode()) for at, text in enumerate(NO_RESULTS)}
    publish(api, f"{repo}-model", files)
    info = api.model_info(f"{repo}-model", expand=["evalResults"])
    assert not info.eval_results
    assert api.get_dataset_leaderboard(board) == []
