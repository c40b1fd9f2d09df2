"""A hub in a process of its own answers clean requests, in little memory, during attacks."""

from collections.abc import Iterator

import pytest

from tests.hublish.hub.server.attacks import ATTACKS, Attack, Target, run, target


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with target(tmp_path_factory.mktemp("attacked")) as hub:
        yield hub


@pytest.mark.parametrize("function", ATTACKS, ids=lambda function: function.__name__)
def test_an_attack_takes_little_memory_and_lets_others_work(hub: Target, function: Attack) -> None:
    # `make bench-attacks` prints the times; here, the bound only excludes that others wait for the attacker's timeouts.
    growth, slowest = run(hub, function)
    assert growth < 300
    assert slowest < 30
