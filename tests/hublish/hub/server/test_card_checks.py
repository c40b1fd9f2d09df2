import contextlib
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hublish.hub.server.card_checks import FrontMatterError, read_metadata, rules, validate
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
        (card(widget="Hello"), '"widget" must be an array'),
        (card(widget={"text": "Hello"}), '"widget" must be an array'),
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


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("null", None),
        ("12", 12),
        ("-3", -3),
        ("007", 7.0),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        (".5", 0.5),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("1e999", "1e999"),
        ("0x10", "0x10"),
        ("12:30:45", "12:30:45"),
        ("2024-05-01", "2024-05-01"),
        ("1_000", "1_000"),
        ("9" * 5000, "9" * 5000),
        ("'1'", "1"),
        ("[a, 1]", ["a", 1]),
    ],
)
def test_scalars_are_read_as_yaml_1_2(text: str, value: object) -> None:
    found = read_metadata(f"---\nkey: {text}\n---\n")
    assert found is not None
    assert found["key"] == value
    assert isinstance(found["key"], type(value))


@pytest.mark.parametrize(
    "text", ["---\na: 1\n---\nbody", "---\na: 1\n---", "---\r\na: 1\r\n---\r\n", "\n---\na: 1\n---\n---\nb: 2\n---\n"]
)
def test_the_metadata_is_at_the_top(text: str) -> None:
    assert read_metadata(text) == {"a": 1}


@pytest.mark.parametrize("text", ["", "body", "---\na: 1\n", "x\n---\na: 1\n---\n", "----\na: 1\n----\n"])
def test_a_readme_without_a_block_has_no_metadata(text: str) -> None:
    assert read_metadata(text) is None


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(max_size=5), values, min_size=1, max_size=4))
def test_dumped_metadata_is_read_back(metadata: dict[str, Any]) -> None:
    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    text = yaml.dump(metadata, Dumper=Dumper, default_style='"', allow_unicode=False)
    quoted = read_metadata(f"---\n{text}---\n")
    assert quoted is not None


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(FrontMatterError):
        read_metadata(f"---\n{text}\n---\n")


@pytest.mark.parametrize("end", ["", "x", "\n---\n"])
def test_a_readme_of_blank_lines_is_searched_once(end: str) -> None:
    # A search from every line to every other would take days for a hundred thousand lines.
    assert not read_metadata("---\n" + "\n" * 100_000 + end)
