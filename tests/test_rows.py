"""A table checked in one test names each row that fails."""

from pathlib import Path

import pytest

from tests.rows import every


@every("number", [1, 2, 3])
def one_passes_and_two_fail(number: int, tmp_path: Path) -> None:
    assert tmp_path.is_dir()
    if number == 3:
        with pytest.raises(ValueError, match="never"):
            int("3")
    assert number != 2


def test_all_rows_are_checked_and_those_that_fail_are_named(tmp_path: Path) -> None:
    with pytest.raises(BaseExceptionGroup, match="2 of 3 rows failed") as caught:
        one_passes_and_two_fail(tmp_path=tmp_path)
    assert [error.__notes__ for error in caught.value.exceptions] == [["number: 2"], ["number: 3"]]


def test_a_table_without_rows_fails() -> None:
    with pytest.raises(AssertionError):
        every("number", [])(one_passes_and_two_fail)()
