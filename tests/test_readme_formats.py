"""The formats in the README and in the documentation: all of them, with the versions that their tests install."""

import re
from pathlib import Path

from docs.generate.format_parts import formats, pinned_versions
from hublish.formats.catalogue import FORMATS

ROOT = Path(__file__).parents[1]
SECTION = (ROOT / "README.md").read_text().split("## Formats")[1].split("\n## ")[0]


def test_the_readme_names_every_format() -> None:
    assert set(re.findall(r"`([a-z]+)`", SECTION.split("Publishing from files")[0])) >= set(FORMATS)


def test_the_documentation_has_a_section_for_every_format() -> None:
    assert re.findall(r"^## `([a-z]+)`", formats(), re.MULTILINE) == list(FORMATS)


def test_required_packages_are_shown_with_the_tested_versions() -> None:
    shown = re.findall(r"^Needs `.+`; tested with (.+)\.$", formats(), re.MULTILINE)
    versions = dict(pair.split(" ") for line in shown for pair in line.split(", "))
    assert {"torch", "keras", "scikit-learn", "skops", "fastai", "onnx", "onnxruntime", "jax"} <= set(versions)
    assert versions.items() <= pinned_versions().items()


def test_every_format_that_requires_a_package_has_a_model_for_the_round_trip() -> None:
    models = {path.stem.removeprefix("with_") for path in (ROOT / "tests" / "frameworks" / "models").glob("with_*.py")}
    assert {name for name, entry in FORMATS.items() if entry.requires} <= models | {"safetensors"}
