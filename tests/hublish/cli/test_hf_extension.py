"""`hf hublish`: huggingface_hub's command finds, lists and starts the extension."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from huggingface_hub.cli.extensions import EXTENSIONS_ROOT, MANIFEST_FILENAME, ExtensionManifest

from hublish import __version__

SCRIPTS = Path(sys.executable).parent

Hf = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def hf(tmp_path: Path) -> Hf:
    """Run `hf` in a home in which the extension is installed, as `hf extensions install` records it."""
    installed = ExtensionManifest(
        owner="hublish",
        repo="hf-hublish",
        repo_id="hublish/hf-hublish",
        short_name="hublish",
        executable_path=str(SCRIPTS / "hf-hublish"),
        type="python",
        installed_at=datetime(2026, 1, 31, tzinfo=UTC),
        description="The release tool",
    )
    installed.save(tmp_path / EXTENSIONS_ROOT.relative_to("~") / "hf-hublish")
    quiet = {"HF_HUB_DISABLE_UPDATE_CHECK": "1", "HF_HUB_OFFLINE": "1"}
    environment = {**os.environ, **quiet, "HOME": str(tmp_path), "HF_HOME": str(tmp_path / "hf")}

    def run(*words: str, cwd: Path = tmp_path) -> subprocess.CompletedProcess[str]:
        return subprocess.run([SCRIPTS / "hf", *words], cwd=cwd, env=environment, capture_output=True, text=True)

    return run


def test_hf_starts_the_extension_with_its_arguments_and_its_exit_codes(hf: Hf, project: Path) -> None:
    assert hf("hublish", "--version").stdout == f"hublish {__version__}\n"
    checked = hf("hublish", "check", "--json", cwd=project)
    assert (checked.returncode, checked.stdout[:1]) == (0, "{")
    (project / "hub.yaml").write_text("repo: 1\n")
    assert hf("hublish", "check", cwd=project).returncode == 1
    assert hf("hublish", "check", "--nope", cwd=project).returncode == 2


def test_the_help_pages_show_the_command_as_it_was_typed(hf: Hf) -> None:
    assert "usage: hf hublish COMMAND" in hf("hublish", "--help").stdout
    page = hf("hublish", "plan", "--help").stdout
    assert page.startswith("usage: hf hublish plan ")
    assert "$ hf hublish plan" in page
    assert "$ hublish" not in page
    assert "hf hublish hub serve" in hf("hublish", "hub", "--help").stdout
    assert "see `hf hublish plan --help`" in hf("hublish", "plan", "--nope").stderr


def test_hf_lists_the_extension(hf: Hf) -> None:
    assert "hf hublish" in hf("extensions", "list", "--format", "json").stdout
    assert "[extension hublish/hf-hublish]" in hf("--help").stdout


def test_a_manifest_of_the_client_has_the_documented_name(tmp_path: Path) -> None:
    """README.md names the file, for installations without GitHub."""
    assert (str(EXTENSIONS_ROOT), MANIFEST_FILENAME) == (
        str(Path("~/.local/share/hf/extensions")),
        "manifest.json",
    )
