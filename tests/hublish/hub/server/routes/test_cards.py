from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi, ModelCard

GOOD = "---\nlicense: mit\n---\n# Title\n"
BAD = "---\nlicense: free-for-all\ndatasets: [/data/local]\n---\n"


def test_a_good_card_passes_and_an_empty_one_warns(call: Callable[..., Any]) -> None:
    good = call("POST", "/api/validate-yaml", {"content": GOOD, "repoType": "model"})
    assert (good.status, good.json()) == (200, {"errors": [], "warnings": []})
    empty = call("POST", "/api/validate-yaml", {"content": "# Title", "repoType": "model"})
    assert (empty.status, len(empty.json()["warnings"])) == (200, 1)
    assert call("POST", "/api/validate-yaml", {"repoType": "model"}).status == 400


def test_the_client_reports_every_error(api: HfApi, repo: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"(?s)license.*datasets"):
        api.upload_file(repo_id=repo, path_in_repo="README.md", path_or_fileobj=BAD.encode())
    (tmp_path / "README.md").write_text(BAD)
    with pytest.raises(ValueError, match=r"Invalid metadata in README\.md"):
        api.upload_folder(repo_id=repo, folder_path=tmp_path, allow_patterns="README.md")
    with pytest.warns(UserWarning, match="empty or missing yaml metadata"):
        api.upload_file(repo_id=repo, path_in_repo="README.md", path_or_fileobj=b"# Title\n")
    api.upload_file(repo_id=repo, path_in_repo="README.md", path_or_fileobj=GOOD.encode())
    assert ModelCard.load(api.hf_hub_download(repo, "README.md")).data.license == "mit"
