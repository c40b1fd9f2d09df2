"""A command's process is brief; one that calls `main` stays as it was."""

import gc
import os
import subprocess
import sys

import pytest

from hublish.cli import main

VARIABLE = "PYDANTIC_DISABLE_PLUGINS"


def test_the_process_of_a_command_collects_no_garbage_of_its_start() -> None:
    script = (
        "import gc, sys; from hublish.cli import main; sys.argv[1:] = ['--version']\n"
        "main(); print(gc.get_threshold()[0], gc.get_freeze_count() > 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[1:] == ["200000 True"]


def test_a_caller_keeps_its_own_settings() -> None:
    before = gc.get_threshold(), gc.get_freeze_count()
    assert main(["--version"]) == 0
    assert (gc.get_threshold(), gc.get_freeze_count()) == before


@pytest.mark.parametrize(("given", "kept"), [({}, "__all__"), ({VARIABLE: "logfire-plugin"}, "logfire-plugin")])
def test_plugins_of_pydantic_are_kept_where_they_are_asked_for(given: dict[str, str], kept: str) -> None:
    script = f"import os; from hublish.cli.lifetime import brief\nwith brief(): print(os.environ[{VARIABLE!r}])"
    environ = {name: value for name, value in os.environ.items() if name != VARIABLE}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env={**environ, **given}
    )
    assert done.stdout.strip() == kept
