"""The files under `card.evaluation`: read inside the manifest's folder, with every problem of every file."""

import json
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import ModelCard, ModelCardData
from markdown_it import MarkdownIt

from hublish.base.errors import CardError
from hublish.cards.results.result import Selected
from hublish.formats.front_matter import body_start
from hublish.pipeline.render_card.evaluation import read_evaluation
from hublish.pipeline.render_card.render_card import render_card
from hublish.schemas.documents.card_evaluation import EvaluationFile
from tests.hublish.cards.results.harness_files import INSPECT, LM_EVAL, zip_of, zstd_compressed
from tests.pipeline.staging import project_in

MNIST: dict[str, Any] = {"task": "image-classification", "dataset": {"type": "mnist", "split": "test"}}


def read(folder: Path, *entries: dict[str, Any]) -> Selected:
    return read_evaluation(tuple(EvaluationFile.model_validate(entry) for entry in entries), folder)


def written(folder: Path, **files: Any) -> Path:
    for name, content in files.items():
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        (folder / name).write_bytes(data)
    return folder


def test_several_entries_name_one_file(tmp_path: Path) -> None:
    written(tmp_path, lm=LM_EVAL)
    found = read(tmp_path, {"file": "lm", "benchmarks": ["hellaswag"]}, {"file": "lm", "benchmarks": ["mmlu"]})
    assert [(result.benchmark, result.place) for result in found.results] == [
        ("hellaswag", "card.evaluation[0]"),
        ("mmlu", "card.evaluation[1]"),
    ]


def test_of_a_log_with_gigabytes_of_samples_only_the_header_is_read(tmp_path: Path) -> None:
    log = json.dumps(INSPECT).encode()
    written(tmp_path, log=zip_of("header.json", log, 93, zstd_compressed(log)))
    (result,) = read(tmp_path, {"file": "log"}).results
    assert result.benchmark == "inspect_evals/gpqa_diamond"


def test_all_problems_of_all_files_are_reported_at_once(tmp_path: Path) -> None:
    written(tmp_path, a={"f1": float("nan")}, b=b"{", c={"acc": 1}, d={"acc": 2}, e=b"[]" * (5 << 20), f=[1, 2])
    entries = [{"file": name, **MNIST} for name in ("a", "b", "c", "d", "e", "f", "missing")]
    with pytest.raises(CardError) as caught:
        read(tmp_path, *entries)
    assert [(problem.path, problem.message) for problem in caught.value.problems] == [
        ("card.evaluation[0].file", "a: f1 is NaN, and a metric needs a number"),
        ("", "not JSON: expecting property name enclosed in double quotes"),
        ("card.evaluation[4].file", "e is larger than 8192 KiB"),
        ("card.evaluation[5].file", "f contains no results"),
        ("card.evaluation[6].file", "there is no file missing"),
        ("card.evaluation[3].file", "d: acc is the same metric of the same dataset as c: acc"),
    ]
    assert str(caught.value.problems[1].location) == "b:1:2"


def test_a_path_alone_may_name_the_file_of_a_harness(tmp_path: Path) -> None:
    written(tmp_path, lm=LM_EVAL)
    assert len(read_evaluation("lm", tmp_path).results) == 5


@pytest.mark.parametrize("content", [{"accuracy": 0.9}, b"metric,value\naccuracy,0.9\n", b"accuracy: 0.9\n"])
def test_a_path_alone_needs_a_file_that_names_the_task(tmp_path: Path, content: Any) -> None:
    written(tmp_path, m=content)
    with pytest.raises(CardError, match="contains no list of results") as caught:
        read_evaluation("m", tmp_path)
    assert "evaluation: [{file: ..., task: ..., dataset: {type: ...}}]" in caught.value.problems[0].hint


# Each changes Markdown, YAML or a template, unless it is escaped.
HOSTILE = [
    *(
        "--- license: evil ---",
        "---",
        "...",
        "- a",
        "a: b",
        "# heading",
        "{a}",
        "no",
        "1e3",
        "null",
        "'",
        '"',
        "&x",
        "*x",
    ),
    *("{{ 7 * 7 }}", "{% raw %}", "{# x", "<script>alert(1)</script>", "<!--", "</td></table>", "&lt;b&gt; &#106;"),
    *("[x](javascript:alert(1))", "![a](x/y.png)", "<https://x.y>", "https://example.org", "| a | b |", "a|b", "\\|"),
    *(
        "`code` *bold* ~~no~~",
        "```",
        "_a_ __b__",
        "x" * 200,
        "\u00a0",
        "\u3000x",
        "=cmd()",
        "%s %(x)s",
        "$HOME",
        "hf.co",
    ),
]


def blocks(folder: Path, names: list[str]) -> list[str]:
    """Return the kinds of Markdown in a card with one benchmark for each name, which must not have any of these."""
    results = {"results": {name: {"alias": name, "acc,none": 0.5} for name in names}, "versions": {}}
    written(folder, lm=results)
    card = {"metadata": {"license": "mit"}, "evaluation": [{"file": "lm"}], "pictures": False}
    project = project_in(folder, card=card)
    assert project.manifest.card is not None
    text = render_card(project, project.manifest.card, []).text
    data = ModelCard(text).data
    assert isinstance(data, ModelCardData)
    assert (data.license, data.model_name, len(data.eval_results or ())) == ("mit", "digits-mlp", len(names))
    assert [result.dataset_type for result in data.eval_results or ()] == names
    tokens = MarkdownIt("commonmark").enable("table").parse(text[body_start(text) :])
    inline = {inner.type for token in tokens for inner in token.children or ()}
    assert inline.isdisjoint({"html_inline", "image", "link_open", "em_open", "code_inline"})
    return [token.type for token in tokens]


def test_a_hostile_name_changes_nothing_but_its_own_place(tmp_path: Path) -> None:
    assert blocks(tmp_path, HOSTILE) == blocks(tmp_path, [f"benchmark {number}" for number in range(len(HOSTILE))])


@pytest.mark.parametrize(
    "name", ["a\nb", "---\nlicense: evil\n---", "\u202eevil", "a\u2028b", "a\x1b[31m", "\u0000", "x" * 201]
)
def test_an_unreadable_name_is_refused(tmp_path: Path, name: str) -> None:
    written(tmp_path, lm={"results": {name: {"acc,none": 0.5}}, "versions": {}})
    with pytest.raises(CardError) as caught:
        read(tmp_path, {"file": "lm"})
    (problem,) = caught.value.problems
    assert problem.path == "card.evaluation[0].file"
    assert "benchmarks" in problem.hint
