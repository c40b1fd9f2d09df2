"""Every command line and every snippet of the documentation runs as it is written."""

import sys
from pathlib import Path

import pytest

from hublish.hub.server import EmbeddedHub
from tests.docs.snippets import begin, tell
from tests.pages import blocks, run

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(path for path in DOCS.rglob("*.md") if blocks(path.read_text()))


def name(path: Path) -> str:
    return path.relative_to(DOCS).as_posix()


TORCH = {
    f"{name(path)}:{block.line}": block.text
    for path in PAGES
    for block in blocks(path.read_text())
    if "import torch" in block.text
}


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_its_code_runs_from_top_to_bottom(path: Path, tmp_path: Path) -> None:
    page = path.read_text()
    with EmbeddedHub(tmp_path / "hub") as hub:
        tell(begin(page, tmp_path / "project", hub), page)


@pytest.mark.frameworks
@pytest.mark.parametrize("text", TORCH.values(), ids=TORCH)
def test_its_code_for_torch_runs(text: str, tmp_path: Path, own_hub: EmbeddedHub) -> None:
    (tmp_path / "snippet.py").write_text(text)
    to_hub = {"HF_ENDPOINT": own_hub.endpoint, "HF_TOKEN": own_hub.token}
    ran = run([sys.executable, "snippet.py"], tmp_path, to_hub)
    assert ran.returncode == 0, ran.stdout + ran.stderr
