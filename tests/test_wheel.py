"""What is shipped: the wheel, and the wheel that is built from the sdist."""

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from hublish import __version__
from hublish.cli.exit_codes import as_error
from hublish.codes.entry import DOCUMENTATION

ROOT = Path(__file__).parents[1]
NOT_SHIPPED = ("__pycache__", ".mypy_cache")


def run(*command: str, cwd: Path, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, env=os.environ | (environment or {}), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist, the wheel made of it, and in `direct/` the wheel made of the checkout."""
    folder = tmp_path_factory.mktemp("dist")
    build = (sys.executable, "-m", "build", "--no-isolation", str(ROOT), "--outdir")
    run(*build, str(folder), cwd=folder)
    run(*build, str(folder / "direct"), "--wheel", cwd=folder)
    return folder


@pytest.fixture(params=["from the checkout", "from the sdist"])
def wheel(request: pytest.FixtureRequest, dist: Path) -> Path:
    (found,) = (dist / "direct" if request.param == "from the checkout" else dist).glob("*.whl")
    return found


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def checkout() -> Iterator[str]:
    """Every file of the package as a checkout shows it, through the links."""
    for folder, subfolders, names in os.walk(ROOT / "hublish", followlinks=True):
        subfolders[:] = [name for name in subfolders if name not in NOT_SHIPPED]
        yield from ((Path(folder) / name).relative_to(ROOT).as_posix() for name in names)


def metadata(wheel: Path) -> Message:
    (found,) = (data for name, data in contents(wheel).items() if name.endswith(".dist-info/METADATA"))
    return message_from_bytes(found)


def test_a_wheel_holds_the_package_as_it_is_and_nothing_else(wheel: Path) -> None:
    shipped = {name: data for name, data in contents(wheel).items() if ".dist-info/" not in name}
    assert shipped == {name: (ROOT / name).read_bytes() for name in checkout()}


@pytest.mark.parametrize(
    "path",
    [
        "py.typed",
        "cli/__init__.py",
        "pipeline/seal/seal.py",
        "hub/server/server.py",
        "schemas/documents/manifest.py",
        "schemas/json/manifest.schema.json",
        "hub.yaml.example",
        "SKILL.md",
        "templates/model.md.j2",
    ],
)
def test_a_wheel_reaches_through_the_links(wheel: Path, path: str) -> None:
    assert f"hublish/{path}" in contents(wheel)


def test_a_wheel_has_one_top_level_name(wheel: Path) -> None:
    assert {name.split("/")[0] for name in contents(wheel)} == {"hublish", f"hublish-{__version__}.dist-info"}


def test_a_wheel_carries_its_licence_and_its_command(wheel: Path) -> None:
    assert metadata(wheel)["License-Expression"] == "Apache-2.0"
    shipped = contents(wheel)
    assert shipped[f"hublish-{__version__}.dist-info/licenses/LICENSE"] == (ROOT / "LICENSE").read_bytes()
    scripts = shipped[f"hublish-{__version__}.dist-info/entry_points.txt"]
    assert b"\nhublish = hublish.cli:main" in scripts
    assert b"\nhf-hublish = hublish.cli:extension" in scripts


def test_the_page_of_the_package_names_the_project(wheel: Path) -> None:
    urls = dict(str(line).split(", ") for line in metadata(wheel).get_all("Project-URL", []))
    assert list(urls) == ["Homepage", "Documentation", "Repository", "Issues", "Changelog"]
    assert urls["Documentation"] == DOCUMENTATION
    assert all(urls[name].startswith(urls["Repository"]) for name in ("Issues", "Changelog"))
    assert urls["Issues"] in as_error(ValueError()).hint


def test_the_page_of_the_package_has_no_relative_link(wheel: Path) -> None:
    found = metadata(wheel)
    assert found["Description-Content-Type"] == "text/markdown"
    page = MarkdownIt("commonmark", {"html": True}).render(str(found.get_payload()))
    targets = re.findall(r"(?:href|src(?:set)?)\s*=\s*[\"']?([^\"'\s>]+)", page)
    assert targets
    assert [target for target in targets if not target.startswith("https://")] == []


def test_an_installed_wheel_runs_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    run(
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        str(target),
        str(wheel),
        cwd=tmp_path,
    )
    environment = {"PYTHONPATH": str(target)}
    where = run(sys.executable, "-c", "import hublish; print(hublish.__file__)", cwd=tmp_path, environment=environment)
    assert Path(where.strip()).is_relative_to(target)
    command = str(target / "bin" / "hublish")
    assert __version__ in run(command, "--version", cwd=tmp_path, environment=environment)
    example = run(command, "schema", "--example", cwd=tmp_path, environment=environment)
    assert example == (ROOT / "hub.yaml.example").read_text()


def test_the_sdist_holds_what_a_wheel_is_made_of_and_no_tests(dist: Path) -> None:
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        tops = {Path(name).parts[1] for name in archive.getnames()}
    metadata = {"pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "PKG-INFO", ".gitignore"}
    assert tops == {"hublish", "hub.yaml.example", "skills"} | metadata
