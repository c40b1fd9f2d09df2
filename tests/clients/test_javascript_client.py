"""The official JavaScript client, `@huggingface/hub`, unmodified: node's own test runner runs every file of js/."""

import json
import os
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from hublish.hub.server import EmbeddedHub, Limits

ROOT = Path(__file__).parents[2]
SOURCES = Path(__file__).parent / "js"
INSTALLED = ROOT / ".venv-clients"

# Steps of each file. A file that stops halfway, or that the runner does not find, has fewer.
STEPS = {
    "accounts": 5,
    "branches": 14,
    "browsing": 15,
    "buckets": 10,
    "caches": 7,
    "collections": 8,
    "command": 5,
    "commits": 22,
    "downloads": 14,
    "information": 12,
    "large-files": 16,
    "lists": 16,
    "repositories": 23,
    "safetensors": 5,
    "settings": 9,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the exercise, beside the packages that it imports."""
    folder = tmp_path_factory.mktemp("js")
    for source in SOURCES.glob("*.mjs"):
        shutil.copy(source, folder)
    (folder / "node_modules").symlink_to(INSTALLED / "js" / "node_modules")
    return folder


def test_the_client_is_that_of_the_lock_file() -> None:
    lock = json.loads((SOURCES / "package-lock.json").read_text())["packages"]
    installed = json.loads((INSTALLED / "js/node_modules/.package-lock.json").read_text())["packages"]
    assert lock["node_modules/@huggingface/hub"]["version"] == "2.17.5"
    for name, package in installed.items():
        assert (package["version"], package["integrity"]) == (lock[name]["version"], lock[name]["integrity"])


def test_the_lock_file_names_no_server() -> None:
    # With an address, an installation by a mirror would go past it.
    lock = (SOURCES / "package-lock.json").read_text()
    assert "resolved" not in lock
    assert "http" not in lock


def test_there_is_a_number_of_steps_for_each_file() -> None:
    assert sorted(STEPS) == sorted(path.name.removesuffix(".test.mjs") for path in SOURCES.glob("*.test.mjs"))


def test_every_step_of_the_client_passes(folder: Path) -> None:
    # Small limits: an upload in parts needs no gigabyte.
    with EmbeddedHub(folder / "hub", user="acme", limits=Limits(multipart=4 << 20, part=1 << 20)) as hub:
        callers = {
            "HF_ENDPOINT": hub.endpoint,
            "HF_TOKEN": hub.token,
            "EVE_TOKEN": hub.add_user("eve", orgs=("garden",)),
            "READER_TOKEN": hub.add_user("reader", role="read"),
        }
        reports = ["--test-reporter=spec", "--test-reporter-destination=stdout"]
        reports += ["--test-reporter=junit", "--test-reporter-destination=report.xml"]
        ran = subprocess.run(
            # The client leaves timers and connections behind when it stops reading a file: node would wait for them.
            [
                INSTALLED / "bin" / "node",
                "--test",
                "--test-force-exit",
                *reports,
                *(f"{name}.test.mjs" for name in STEPS),
            ],
            env={**os.environ, **callers},
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=600,
        )
    print(ran.stdout)
    steps = list(ET.parse(folder / "report.xml").iter("testcase"))
    failed = [step.attrib["name"] for step in steps if len(step)]  # its child is the failure, or why it was skipped
    assert (failed, ran.returncode) == ([], 0), ran.stdout[-20_000:] + ran.stderr[-2_000:]
    assert len(steps) == sum(STEPS.values())
