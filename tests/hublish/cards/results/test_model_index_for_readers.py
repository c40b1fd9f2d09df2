"""Values as readers see them, and results as templates get them."""

from typing import Any

import pytest

from hublish.cards.results.model_index import shown_number, shown_results
from hublish.cards.results.result import Result, Score

SHOWN: dict[Any, str] = {
    0.93: "0.93",
    0.9722: "0.9722",
    0.8921568627450981: "0.8922",
    0.5: "0.5",
    0.99999: "1.0",
    0.0: "0.0",
    -0.25: "-0.25",
    93.25: "93.25",
    12.345678: "12.3457",
    12.0: "12.0",
    100.0: "100.0",
    1234567.123456: "1234567.1235",
    3: "3",
    10**30: str(10**30),
    0.0049372: "0.0049",
    0.00037199: "0.000372",
    1.5e-9: "1.5e-09",
    2.5e20: "2.5e+20",
    "20.0 ± 1.2": "20.0 ± 1.2",
}


@pytest.mark.parametrize(("value", "text"), SHOWN.items(), ids=map(repr, SHOWN))
def test_a_value_prints_as_in_the_file_and_rounded(value: Any, text: str) -> None:
    assert shown_number(value) == text


def test_a_result_for_templates_has_more_than_the_model_index() -> None:
    score = Score("acc,none", 0.57239, "x", "accuracy", "acc", stderr=0.0049372)
    dataset = {"type": "Rowan/hellaswag", "name": "hellaswag"}
    (shown,) = shown_results(
        [Result("lm.json", (score,), task={"type": "t"}, dataset=dataset, shots=0, date="2026-01-31")]
    )
    assert shown == {
        "task": {"type": "t"},
        "dataset": dataset,
        "metrics": [
            {
                "type": "accuracy",
                "value": 0.57239,
                "name": "acc",
                "text": "0.5724",
                "stderr": 0.0049372,
                "stderr_text": "0.0049",
            }
        ],
        "file": "lm.json",
        "shots": 0,
        "date": "2026-01-31",
    }


def test_an_entry_of_a_model_index_keeps_its_keys() -> None:
    written = {
        "task": {"type": "t"},
        "dataset": {"type": "d"},
        "metrics": [{"type": "f1", "value": 1, "verified": True}],
    }
    score = Score("f1", 1, "x", "f1", written={"type": "f1", "value": 1, "verified": True})
    (shown,) = shown_results([Result("m.json", (score,), written=written)])
    assert shown["dataset"] == {"type": "d"}
    assert shown["metrics"] == [{"type": "f1", "value": 1, "verified": True, "text": "1"}]
