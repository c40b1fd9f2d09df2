"""The search for a similar name has a bounded cost."""

from collections.abc import Iterable

import pytest

from hublish.schemas.diagnose.suggestions import nearest
from hublish.schemas.variables import lookup
from hublish.schemas.variables.lookup import NO_ENVIRONMENT, NoValueError, Values


def test_thousands_of_unknown_names_are_compared_with_a_limited_number_of_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared = 0

    def counted(word: str, known: Iterable[str]) -> str | None:
        nonlocal compared
        names = list(known)
        compared += len(names)
        return nearest(word, names)

    monkeypatch.setattr(lookup, "nearest", counted)
    values = Values({"variables": {f"name_{number}": "x" for number in range(3_000)}}, {}, NO_ENVIRONMENT)
    for number in range(3_000):
        with pytest.raises(NoValueError, match="unknown variable") as caught:
            values.of(f"nmae_{number}")
        assert number or "did you mean" in caught.value.message_for("nmae_0")
    assert compared <= 10_000
