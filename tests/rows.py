"""Check all rows of a large table in one test: a test of its own takes longer than a small check."""

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any

import pytest


def every(
    name: str, table: Iterable[Any] | Callable[[], Iterable[Any]]
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Run a test once for all rows, passed as the parameter `name`; each row that fails is shown with its traceback.

    A table that is a function is made when the test runs, and not in every worker.

    pytest and its workers take about 3 ms of a processor for a test. For fewer than 100 rows, and for tests with
    fixtures that a row changes, use `pytest.mark.parametrize`.
    """

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(function)
        def test(**fixtures: Any) -> None:
            rows = list(table() if callable(table) else table)
            assert rows
            failures = []
            for row in rows:
                try:
                    function(**{name: row}, **fixtures)
                except (Exception, pytest.fail.Exception) as error:
                    error.add_note(f"{name}: {row!r}")
                    failures.append(error)
            if failures:
                raise BaseExceptionGroup(f"{len(failures)} of {len(rows)} rows failed", failures)

        signature = inspect.signature(function)
        rest = [parameter for parameter in signature.parameters.values() if parameter.name != name]
        vars(test)["__signature__"] = signature.replace(parameters=rest)
        return test

    return decorate
