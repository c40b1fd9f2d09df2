"""The files from which the Hub makes leaderboards, as the real client writes and parses them."""

from typing import Any

import pytest
import yaml
from huggingface_hub import EvalResultEntry, eval_result_entries_to_yaml, parse_eval_result_entries

from hublish.cards.results.leaderboards import leaderboard_path, leaderboard_problems, leaderboard_texts
from hublish.cards.results.result import Result, Score

GPQA = "Idavidrein/gpqa"


def result(task_id: str = "gpqa_diamond", value: Any = 0.412, dataset: str = GPQA, **more: Any) -> Result:
    about = {"type": dataset, "name": dataset, **more.pop("about", {})}
    return Result("m.json", (Score("acc", value, "acc", "accuracy"),), dataset=about, task_id=task_id, **more)


FORMS: dict[str, tuple[Result, EvalResultEntry]] = {
    "only required": (result(), EvalResultEntry(GPQA, "gpqa_diamond", 0.412)),
    "every field": (
        result(
            value=20.9,
            about={"revision": "5503434ddd753f426f4b38109466949a1217c2bb", "split": "test", "config": "main"},
            date="2025-01-15T10:30:00Z",
            source={"url": "https://example.org/x", "name": "CAIS: HLE", "user": "celinah", "org": "cais"},
            notes="no-tools",
        ),
        EvalResultEntry(
            GPQA,
            "gpqa_diamond",
            20.9,
            dataset_revision="5503434ddd753f426f4b38109466949a1217c2bb",
            date="2025-01-15T10:30:00Z",
            source_url="https://example.org/x",
            source_name="CAIS: HLE",
            source_user="celinah",
            source_org="cais",
            notes="no-tools",
        ),
    ),
    "a date": (result(date="2025-01-15"), EvalResultEntry(GPQA, "gpqa_diamond", 0.412, date="2025-01-15")),
    "an odd date": (result(date="yesterday"), EvalResultEntry(GPQA, "gpqa_diamond", 0.412)),
    "shots": (result(shots=5), EvalResultEntry(GPQA, "gpqa_diamond", 0.412, notes="5-shot")),
    "shots and notes": (result(shots=5, notes="tools"), EvalResultEntry(GPQA, "gpqa_diamond", 0.412, notes="tools")),
    "words of YAML": (result("no", 1), EvalResultEntry(GPQA, "no", 1)),
    "a number as an id": (result("2026", 1e-7), EvalResultEntry(GPQA, "2026", 1e-7)),
    "hostile text": (
        result("x: [y]\n--- # {{ z }} <b>", 3, notes="\u202e & *a !!python/object"),
        EvalResultEntry(GPQA, "x: [y]\n--- # {{ z }} <b>", 3, notes="\u202e & *a !!python/object"),
    ),
}


@pytest.mark.parametrize(("given", "entry"), FORMS.values(), ids=FORMS)
def test_the_client_parses_what_is_written(given: Result, entry: EvalResultEntry) -> None:
    (text,) = leaderboard_texts([given]).values()
    assert parse_eval_result_entries(yaml.safe_load(text)) == [entry]
    # The data is that of the client's own writer, which sorts the keys when they are dumped.
    written = eval_result_entries_to_yaml([entry])
    assert yaml.safe_load(text) == written
    assert yaml.dump(yaml.safe_load(text)) == yaml.dump(written)


def test_a_file_has_all_results_on_one_dataset() -> None:
    texts = leaderboard_texts([result(), result("gpqa_main"), result("hle", dataset="cais/hle")])
    assert [*texts] == [".eval_results/Idavidrein_gpqa.yaml", ".eval_results/cais_hle.yaml"]
    parsed = parse_eval_result_entries(yaml.safe_load(texts[leaderboard_path(GPQA)]))
    assert [entry.task_id for entry in parsed] == ["gpqa_diamond", "gpqa_main"]


def test_the_first_metric_is_that_of_the_leaderboard() -> None:
    scores = (Score("f1", 0.5, "f1", "f1"), Score("acc", 0.6, "acc", "accuracy"))
    several = Result("m.json", scores, dataset={"type": GPQA}, task_id="x")
    (text,) = leaderboard_texts([several]).values()
    assert yaml.safe_load(text)[0]["value"] == 0.5


def test_without_the_id_of_a_task_nothing_is_written() -> None:
    assert leaderboard_texts([result("")]) == {}


def test_a_second_value_of_a_task_is_refused() -> None:
    twice = result(place="card.evaluation[0]"), result(place="card.evaluation[1]", value=0.5)
    (problem,) = leaderboard_problems(twice)
    assert problem.path == "card.evaluation[1].dataset.task_id"
    assert "gpqa_diamond" in problem.message
    assert not [*leaderboard_problems([result(), result(notes="tools"), result("gpqa_main")])]
