"""A few hundred files of `make fuzz-audit`, always the same ones; and the fuzz detects an audit that misses a rule."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hublish.audit import fingerprint
from hublish.audit.containers import inspected
from hublish.formats.blob import Blob
from tests.faults.projects import rounds
from tests.fuzz.audit import comparing, forked
from tests.fuzz.audit.comparing import Comparison
from tests.fuzz.audit.forked import run_loaders
from tests.fuzz.audit.loaders import run_everything
from tests.fuzz.audit.tries import KINDS, Try, make
from tests.fuzz.inputs import Fault, Kind
from tests.hublish.audit.payloads import CLEAN, call, zipped

NUMBERS = rounds(200)
MARKED = b"cstring\ncapwords\n(S'a'\ntR."


def faults(comparison: Comparison, count: int) -> Iterator[Fault]:
    for number in range(count):
        yield from comparison.run(number)


def first_fault(count: int) -> str | None:
    return next((fault.fault for fault in faults(Comparison(job(count)), count)), None)


def job(count: int) -> dict[str, Any]:
    return {"seed": 0, "count": count, "step": 1}


def test_the_audit_refuses_every_generated_file_that_a_loader_runs() -> None:
    comparison = Comparison(job(NUMBERS))
    tally = comparison.tally
    assert [fault.message for fault in faults(comparison, NUMBERS)] == []
    assert tally.tries.total() == NUMBERS
    assert set(tally.tries) == set(KINDS)
    # Otherwise the mutations would break so much that hardly anything is compared.
    assert tally.ran.total() > NUMBERS / 2
    assert tally.clean > NUMBERS / 20


def ignoring(blind: Callable[[Blob], bool]) -> Callable[[Blob], tuple[str | None, bool]]:
    def partly(blob: Blob) -> tuple[str | None, bool]:
        return (None, True) if blind(blob) else inspected(blob)

    return partly


RULES: dict[str, Callable[[Blob], bool]] = {
    "pickles": lambda blob: blob.read_at(0, 1) == b"\x80",
    "gzip": lambda blob: blob.read_at(0, 2) == b"\x1f\x8b",
    "zip": lambda blob: blob.read_at(0, 2) == b"PK",
    "arrays": lambda blob: blob.read_at(0, 6) == b"\x93NUMPY",
}


@pytest.mark.parametrize("blind", RULES.values(), ids=RULES)
def test_an_audit_without_one_rule_is_found(blind: Callable[[Blob], bool], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprint, "inspected", ignoring(blind))
    assert first_fault(150) == "passed"


def test_a_false_refusal_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fingerprint, "inspected", lambda _: ("a pickle", True))
    assert first_fault(40) == "refused"


def test_an_audit_that_fails_or_does_not_end_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(blob: Blob) -> None:
        raise KeyError

    def spins(blob: Blob) -> None:
        while True:
            pass

    monkeypatch.setattr(fingerprint, "inspected", fails)
    assert first_fault(3) == "crash"
    # Only now: on a busy machine, a crash may take as long.
    monkeypatch.setattr(comparing, "SECONDS", 0.05)
    monkeypatch.setattr(fingerprint, "inspected", spins)
    assert first_fault(3) == "hang"


def test_only_loaders_that_import_the_marker_are_reported() -> None:
    harmless = [read() for name, read in CLEAN.items() if name not in ("random bytes",)]
    assert run_loaders(harmless) == [[]] * len(harmless)
    # A pickle that calls something else is stopped before it imports.
    assert run_loaders([call(), zipped({"a": call()})]) == [[], []]
    found = run_loaders([MARKED, zipped({"a": MARKED}), b""])
    assert all("pickle.load" in name for name in (found[0] or [""])[:3])
    assert (found[1] or [""])[0] == "zipfile > pickle.load"
    assert found[2] == []


def test_a_loader_that_dies_does_not_end_the_run(monkeypatch: pytest.MonkeyPatch) -> None:

    def dies(data: bytes, *others: object) -> None:
        if data == b"deadly":
            os.kill(os.getpid(), signal.SIGKILL)
        run_everything(data, *others)  # type: ignore[arg-type]

    monkeypatch.setattr(forked, "run_everything", dies)
    found = run_loaders([MARKED, b"deadly", MARKED])
    assert [bool(each) for each in found] == [True, False, True]
    assert found[1] is None


def test_a_try_is_the_same_whenever_it_is_made() -> None:
    assert [make(3, number) for number in range(30)] == [make(3, number) for number in range(30)]
    assert Try("pickle", b"", "", clean=True).input.kind is Kind.CLEAN_FILE


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (["--count", "30", "--seed", "7", "--processes", "1"], 0, "no invariant violated"),
        (["--replay", "{marked}"], 0, "the content is a pickle"),
    ],
)
def test_the_command_prints_its_result(arguments: list[str], code: int, line: str, tmp_path: Path) -> None:
    marked = tmp_path / "model.bin"
    marked.write_bytes(MARKED)
    command = [sys.executable, "-m", "tests.fuzz", "audit", *(each.format(marked=marked) for each in arguments)]
    ran = subprocess.run(command, cwd=Path(__file__).parents[3], capture_output=True, text=True)
    assert line in ran.stdout, ran.stdout + ran.stderr
    assert ran.returncode == code
