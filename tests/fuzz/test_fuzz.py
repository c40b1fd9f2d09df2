"""A few thousand of the inputs that `make fuzz` makes, always the same ones; and that the fuzz sees what it is for."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.faults.projects import rounds
from tests.fuzz import generating, worker
from tests.fuzz.examining import Answer, BrokenPromiseError
from tests.fuzz.ground import Ground
from tests.fuzz.inputs import Input, Kind
from tests.fuzz.seeds import STANDING, Seeds
from tests.fuzz.strategies import manifests
from tests.fuzz.watchdog import Lane
from tests.fuzz.worker import Bench, Fault, run

NUMBERS = rounds(600)
# What a busy machine decides is for `make fuzz` alone.
OF_THE_MACHINE = ("slow", "memory")


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Ground:
    return Ground.make(tmp_path_factory.mktemp("fuzz"))


@pytest.fixture
def bench(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.chdir(ground.desk)
    bench = Bench(ground)
    yield bench
    assert ground.state() == bench.before


def faults(bench: Bench, given_input: Input) -> list[Fault]:
    found = list(bench.examined(given_input, "", twice=True, look=True))
    return [fault for fault in found if fault.fault not in OF_THE_MACHINE]


@pytest.mark.parametrize("text", STANDING)
def test_the_seeds_that_are_said_to_stand_do(text: bytes, bench: Bench) -> None:
    assert faults(bench, Input(Kind.MANIFEST, text, "")) == []
    assert bench.tally.outcomes == {"manifest stands": 1}


def test_generated_inputs_keep_every_promise(bench: Bench) -> None:
    seeds = Seeds.collect()
    found = [fault for number in range(NUMBERS) for fault in run(bench, seeds, 0, number)]
    assert [fault for fault in found if fault.fault not in OF_THE_MACHINE] == []
    assert bench.tally.manifests == NUMBERS
    # Else the mutations break so much that nothing is ever checked.
    assert bench.tally.outcomes["manifest stands"] > NUMBERS / 20
    assert bench.tally.outcomes["manifest refused when checked"] > NUMBERS / 50


@settings(max_examples=rounds(12), deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(text=manifests())
def test_manifests_of_the_schema_with_wrong_values_keep_every_promise(text: bytes, bench: Bench) -> None:
    assert faults(bench, Input(Kind.MANIFEST, text, "")) == []


def test_an_input_can_be_made_again() -> None:
    seeds = Seeds.collect()
    for number in range(50):
        assert generating.manifest(seeds, 1, number) == generating.manifest(seeds, 1, number)
        assert generating.document(seeds, 1, number) == generating.document(seeds, 1, number)


def _crashes(*given_input: object) -> Answer:
    raise KeyError


def _breaks(*given_input: object) -> Answer:
    raise BrokenPromiseError


def _spins(*given_input: object) -> Answer:
    while True:
        pass


def _varies(*given_input: object) -> Answer:
    return Answer(os.urandom(8).hex(), ())


def _writes(given_input: Input, ground: Ground, *others: object) -> Answer:
    (ground.desk / "left-behind").touch()
    return Answer("", ())


@pytest.mark.parametrize(
    ("defect", "fault"),
    [(_crashes, "crash"), (_breaks, "broken"), (_spins, "hang"), (_varies, "broken"), (_writes, "broken")],
)
def test_a_defect_is_seen(defect: object, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "examine", defect)
    monkeypatch.setattr(worker, "STOP_AFTER", 0.05)
    bench = Bench(Ground.make(tmp_path))
    assert [found.fault for found in faults(bench, Input(Kind.MANIFEST, b"a: 1", ""))] == [fault]


@pytest.mark.parametrize("end", ["import os; os.kill(os.getpid(), 11)", "import time; time.sleep(600)"])
def test_a_worker_that_dies_or_hangs_is_named_by_its_input_and_the_others_follow(end: str) -> None:
    script = f"import sys, json; first = json.loads(sys.argv[1])['first']; print('at', first, flush=True); {end}"
    job = {"seed": 5, "count": 23, "first": 1, "step": 10}
    found: list[Fault] = []
    for silence in (0.3, 6, 120):
        found.clear()
        # On a busy machine, a worker may be killed before it prints its first line.
        with suppress(RuntimeError):
            Lane(job, found.append, worker=(sys.executable, "-S", "-c", script), silence=silence).run()
            break
    seeds = Seeds.collect()
    assert [fault.text for fault in found] == [generating.manifest(seeds, 5, number).text for number in (1, 11, 21)]
    assert {fault.fault for fault in found} == {"dead"}


def test_an_input_is_kept_to_be_replayed(tmp_path: Path) -> None:
    path = Input(Kind.LOCK, b"{", "").save(tmp_path / "kept", "crash")
    assert (Input.load(path).kind, Input.load(path).text) == (Kind.LOCK, b"{")


def test_the_count_is_told_at_the_end_and_a_fault_fails() -> None:
    command = [sys.executable, "-m", "tests.fuzz", "--count", "30", "--seed", "7", "--processes", "1"]
    ran = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert ran.stdout.splitlines()[-1] == "every promise kept", ran.stdout + ran.stderr
    assert "30 manifests and 3 other documents, seed 7" in ran.stdout
    assert ran.returncode == 0
