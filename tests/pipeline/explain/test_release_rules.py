"""The rule of the load plan for a file agrees with the selection of `Select`."""

from typing import Any

import pytest

from hublish.base.values import Digest, Effect, PromisedFile, Reference, RemoteRelease
from hublish.pipeline.explain.release_rules import load_step
from hublish.pipeline.fetch.select import Select
from hublish.schemas.documents.manifest import Load

PATHS = ("README.md", "config.json", "model.bin", "model.safetensors", "net.py", "x/model.safetensors")


@pytest.mark.parametrize(
    ("fields", "texts"),
    [
        ({}, ["without a load plan, loading reads the weights and config.json", "load.allow_patterns[0]: *"]),
        (
            {"allow_patterns": ["*.json", "*.safetensors"], "ignore_patterns": ["x/*"]},
            [
                "load.allow_patterns: no pattern matches",
                "load.allow_patterns[0]: *.json",
                "load.allow_patterns[1]: *.safetensors",
                "load.ignore_patterns[0]: x/*",
            ],
        ),
        (
            {"allow_patterns": ["*.bin"], "target": "net:Net"},
            [
                "load.allow_patterns: no pattern matches",
                "load.allow_patterns[0]: *.bin",
                "load.target: net:Net, with trust=hublish.Trust(code=True)",
            ],
        ),
    ],
)
def test_every_file_has_the_rule_that_decides(fields: dict[str, Any], texts: list[str]) -> None:
    load = Load.model_validate(fields)
    files = tuple(PromisedFile(path, 1, Digest("sha256", "a" * 64)) for path in PATHS)
    release = RemoteRelease(Reference("acme/x"), "c" * 40, files, load)
    loaded = {file.path_in_repo for file in Select(to_load=True, with_target=True).run(release).files}
    needed = {file.path_in_repo for file in Select(to_load=True).run(release).files}
    steps = {path: load_step((path,), load, needed) for path in PATHS}
    assert {path for path, step in steps.items() if step.effect is Effect.COLLECTS} == loaded
    assert sorted({step.text for step in steps.values()}) == sorted(texts)
