from typing import Any

import pytest
import yaml

from hublish.hub.server.card_checks import rules, validate
from hublish.schemas.vocabulary import vocabulary

RESULT = {
    "task": {"type": "image-classification"},
    "dataset": {"type": "digits", "name": "Digits"},
    "metrics": [{"type": "accuracy", "value": 0.9}],
}


def card(**metadata: Any) -> str:
    return f"---\n{yaml.safe_dump(metadata)}---\n# Title\n"


def index(**changes: Any) -> str:
    result = {**RESULT, **changes}
    return card(**{"model-index": [{"name": "m", "results": [{k: v for k, v in result.items() if v is not None}]}]})


@pytest.mark.parametrize(
    "readme",
    [
        card(license="mit"),
        card(license=["mit", "apache-2.0"]),
        card(license="other", license_name="mine", license_link="LICENSE"),
        card(datasets=["acme/digits", "mnist"], base_model="acme/base"),
        card(language="no", tags=["a", "b"], pipeline_tag="no-such-task", library_name="no-such-library"),
        "---\nlanguage: no\ntags: [on, yes]\n---",
        index(),
        index(dataset={"type": "d", "name": "D", "config": "c", "split": "test"}),
    ],
)
def test_good_cards_pass(readme: str) -> None:
    report = validate("model", readme)
    assert (report.errors, report.warnings) == ((), ())


@pytest.mark.parametrize(
    ("readme", "message"),
    [
        (card(license="free-for-all"), '"license" must be one of [apache-2.0, mit'),
        (card(license=None), '"license" must be one of'),
        (card(license=["mit", "nope"]), '"license" must be one of'),
        (card(datasets=["/var/hf/images/"]), '"datasets[0]" with value "/var/hf/images/" is not valid'),
        (card(datasets=[None]), '"datasets[0]" must be a string'),
        (card(base_model="./runs/best/checkpoint"), '"base_model" with value'),
        (card(base_model=["ok/ok", "C:\\x"]), '"base_model[1]" with value'),
        (card(tags=[1]), '"tags[0]" must be a string'),
        (card(language=[False]), '"language[0]" must be a string'),
        (card(**{"model-index": {"name": "m"}}), '"model-index" must be an array'),
        (card(**{"model-index": [{"results": []}]}), '"model-index[0].name" is required'),
        (card(**{"model-index": [{"name": "m"}]}), '"model-index[0].results" must be an array'),
        (index(task={}), '"model-index[0].results[0].task.type" is required'),
        (index(task=None), '"model-index[0].results[0].task" is required'),
        (index(dataset={"type": "d"}), '"model-index[0].results[0].dataset.name" is required'),
        (
            index(dataset={"type": "d", "name": "D", "config": 3}),
            '"model-index[0].results[0].dataset.config" must be a string',
        ),
        (index(metrics=[{"type": "acc"}]), '"model-index[0].results[0].metrics[0].value" is required'),
        (index(metrics="acc"), '"model-index[0].results[0].metrics" must be an array'),
        ("---\na: [\n---\n", "not valid YAML"),
        ("---\n- a\n---\n", "must be a mapping"),
        ("---\na: &x 1\nb: *x\n---\n", "aliases"),
        ("---\na: !!python/name:os.system x\n---\n", "not valid YAML"),
        ("---\n" + "[" * 1500 + "\n---\n", "not valid YAML"),
        ("---\na: " + "x" * 300_000 + "\n---\n", "larger than"),
    ],
)
def test_errors_name_the_field_and_the_problem(readme: str, message: str) -> None:
    (error,) = validate("model", readme).errors
    assert message in error


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"colorFrom": "black"}, '"colorFrom" must be one of [red, yellow, green'),
        ({"colorTo": 3}, '"colorTo" must be one of'),
        ({"sdk": "flask"}, '"sdk" must be one of [gradio'),
        ({"short_description": "x" * 61}, "less than or equal to 60 characters"),
    ],
)
def test_spaces_have_their_own_rules(metadata: dict[str, Any], message: str) -> None:
    (error,) = validate("space", card(**metadata)).errors
    assert message in error
    assert validate("model", card(**metadata)).errors == ()


@pytest.mark.parametrize("readme", ["", "# Title", "---\n---\n", "---\n\n---\ntext", "text\n---\nlicense: x\n---\n"])
def test_missing_metadata_is_a_warning(readme: str) -> None:
    report = validate("model", readme)
    assert report.errors == ()
    assert report.warnings == ("empty or missing yaml metadata in repo card",)


def test_the_licenses_agree_with_the_vocabulary_of_the_schemas() -> None:
    # Kept in the order of the real Hub's messages, so as a second list.
    assert set(rules()["license"]) == vocabulary("licenses").ids
