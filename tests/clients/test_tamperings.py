"""The stock command of OpenSSF Model Signing refuses every change of the files of a release that hublish refuses."""

import json
import shlex
from pathlib import Path

import pytest

import hublish
from tests.attested_release import write_folder
from tests.clients.model_signing_command import Outcome, model_signing
from tests.pipeline.authenticate.accepting import accepting
from tests.pipeline.authenticate.changes import METHODS, Files, Method, release
from tests.pipeline.authenticate.tamperings import TAMPERINGS, Tampering

OF_FILES = {name: each for name, each in TAMPERINGS.items() if each.is_of_files}


def stock(folder: Path, method: Method, files: Files) -> Outcome:
    """Run the command that `verify --attestations` prints for the untampered release, on these files."""
    place, policy = folder / "release", accepting(folder, method)
    printed = hublish.verify_attestations(write_folder(place, release(method)), trust_policy=policy).command
    for path in release(method):
        (place / path).unlink()
    write_folder(place, files)
    program, *arguments = shlex.split(printed)
    assert program == "model_signing"
    return model_signing(*arguments)


@pytest.mark.parametrize("method", METHODS)
def test_the_printed_command_accepts_what_was_signed(method: Method, tmp_path: Path) -> None:
    outcome = stock(tmp_path, method, {**release(method), ".gitattributes": b"* text\n"})
    assert outcome.succeeded, outcome.output


@pytest.mark.parametrize("tampering", OF_FILES.values(), ids=OF_FILES)
def test_the_printed_command_refuses_a_tampering(tampering: Tampering, tmp_path: Path) -> None:
    assert not stock(tmp_path, tampering.method, tampering.files).succeeded


def test_there_are_enough_of_them() -> None:
    assert len({json.dumps(sorted(each.files), default=str) for each in OF_FILES.values()}) > 60
    assert len(OF_FILES) > 150
