"""The repository of the extension `hf hublish` installs hublish, whose script the client starts."""

import subprocess
import sys
import zipfile
from email import message_from_bytes
from importlib.metadata import distribution
from pathlib import Path

import hublish.cli

EXAMPLE = Path(__file__).parents[2] / "examples" / "hf-hublish"


def test_the_package_brings_hublish_and_nothing_else(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "build", "--no-isolation", "--wheel", str(EXAMPLE), "--outdir", str(tmp_path)]
    done = subprocess.run(build, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = tmp_path.glob("hf_hublish-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        files = {Path(name).name: archive.read(name) for name in archive.namelist()}
    assert {*files} == {"METADATA", "WHEEL", "RECORD"}
    assert message_from_bytes(files["METADATA"]).get_all("Requires-Dist") == ["hublish"]


def test_hublish_has_the_script_that_the_client_starts() -> None:
    scripts = distribution("hublish").entry_points.select(group="console_scripts", name="hf-hublish")
    assert [script.load() for script in scripts] == [hublish.cli.extension]
