"""A few hundred inputs of `make fuzz`, always the same ones; and the fuzz detects defects of each kind."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.faults.projects import rounds
from tests.fuzz import generate, worker
from tests.fuzz.examine import InvariantError, Result
from tests.fuzz.inputs import Fault, Input, Kind
from tests.fuzz.sample_tree import SampleTree
from tests.fuzz.seeds import VALID, Seeds
from tests.fuzz.strategies import manifests
from tests.fuzz.watchdog import Shard
from tests.fuzz.worker import Examiner, run

NUMBERS = rounds(400)
# Faults that a busy machine can cause; only `make fuzz` reports them.
OF_THE_MACHINE = ("slow", "memory")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> SampleTree:
    return SampleTree.make(tmp_path_factory.mktemp("fuzz"))


@pytest.fixture
def examiner(sample: SampleTree, monkeypatch: pytest.MonkeyPatch) -> Iterator[Examiner]:
    monkeypatch.chdir(sample.cwd)
    examiner = Examiner(sample)
    yield examiner
    assert sample.state() == examiner.before


def faults(examiner: Examiner, given_input: Input) -> list[Fault]:
    found = list(examiner.examine(given_input, "", twice=True, check_files=True))
    return [fault for fault in found if fault.fault not in OF_THE_MACHINE]


@pytest.mark.parametrize("text", VALID)
def test_the_valid_seeds_are_valid(text: bytes, examiner: Examiner) -> None:
    assert faults(examiner, Input(Kind.MANIFEST, text, "")) == []
    assert examiner.tally.outcomes == {"manifest valid": 1}


def test_generated_inputs_violate_no_invariant(examiner: Examiner) -> None:
    seeds = Seeds.collect()
    found = [fault for number in range(NUMBERS) for fault in run(examiner, seeds, 0, number)]
    assert [fault for fault in found if fault.fault not in OF_THE_MACHINE] == []
    assert examiner.tally.manifests == NUMBERS
    # Otherwise the mutations would break so much that hardly anything is checked.
    assert examiner.tally.outcomes["manifest valid"] > NUMBERS / 20
    assert examiner.tally.outcomes["manifest rejected by check"] > NUMBERS / 50


@settings(max_examples=rounds(12), deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(text=manifests())
def test_manifests_from_the_schema_violate_no_invariant(text: bytes, examiner: Examiner) -> None:
    assert faults(examiner, Input(Kind.MANIFEST, text, "")) == []


def test_an_input_can_be_reproduced() -> None:
    seeds = Seeds.collect()
    for number in range(50):
        assert generate.manifest(seeds, 1, number) == generate.manifest(seeds, 1, number)
        assert generate.document(seeds, 1, number) == generate.document(seeds, 1, number)


def _crashes(*given_input: object) -> Result:
    raise KeyError


def _breaks(*given_input: object) -> Result:
    raise InvariantError


def _spins(*given_input: object) -> Result:
    while True:
        pass


def _varies(*given_input: object) -> Result:
    return Result(os.urandom(8).hex(), ())


def _writes(given_input: Input, sample: SampleTree, *others: object) -> Result:
    (sample.cwd / "left-over").touch()
    return Result("", ())


@pytest.mark.parametrize(
    ("defect", "fault"),
    [(_crashes, "crash"), (_breaks, "invariant"), (_spins, "hang"), (_varies, "invariant"), (_writes, "invariant")],
)
def test_a_defect_is_detected(defect: object, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "examine", defect)
    monkeypatch.setattr(worker, "STOP_AFTER", 0.05)
    examiner = Examiner(SampleTree.make(tmp_path))
    assert [found.fault for found in faults(examiner, Input(Kind.MANIFEST, b"a: 1", ""))] == [fault]


@pytest.mark.parametrize("end", ["import os; os.kill(os.getpid(), 11)", "import time; time.sleep(600)"])
def test_a_worker_that_dies_or_hangs_is_reported_with_its_input(end: str) -> None:
    script = f"import sys, json; first = json.loads(sys.argv[1])['first']; print('at', first, flush=True); {end}"
    job = {"target": "manifests", "seed": 5, "count": 23, "first": 1, "step": 10}
    found: list[Fault] = []
    for silence in (0.3, 6, 120):
        found.clear()
        # On a busy machine, a worker may be killed before it prints its first line.
        with suppress(RuntimeError):
            Shard(job, found.append, worker=(sys.executable, "-S", "-c", script), silence=silence).run()
            break
    seeds = Seeds.collect()
    assert [fault.text for fault in found] == [generate.manifest(seeds, 5, number).text for number in (1, 11, 21)]
    assert {fault.fault for fault in found} == {"dead"}


def test_an_input_is_saved_for_a_replay(tmp_path: Path) -> None:
    path = Input(Kind.LOCK, b"{", "").save(tmp_path / "kept", "crash")
    assert (Input.load(path).kind, Input.load(path).text) == (Kind.LOCK, b"{")


def test_the_fuzz_prints_counts_and_succeeds_without_faults() -> None:
    command = [sys.executable, "-m", "tests.fuzz", "--count", "30", "--seed", "7", "--processes", "1"]
    ran = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert ran.stdout.splitlines()[-1] == "no invariant violated", ran.stdout + ran.stderr
    assert "30 manifests and 3 other documents, seed 7" in ran.stdout
    assert ran.returncode == 0
