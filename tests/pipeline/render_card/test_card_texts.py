"""Values of named files and facts in the texts of a card: its variables and its metadata."""

import json
from pathlib import Path
from typing import Any

import pytest

from hublish.base.errors import CardError
from hublish.base.values import Project, Staged, StagedFile
from hublish.pipeline.render_card.render_card import RenderCard
from hublish.schemas.diagnose.problems import InvalidDocumentError, Problem
from hublish.schemas.documents.manifest_yaml import dump_manifest, read_manifest
from tests.pipeline.staging import staged

HEAD = "repo: {repo_id: acme/digits}\nartifacts: [{source: '*'}]\ncard:\n  template: card.md.j2\n  data: {m: m.json}\n"
DATA = {"acc": 0.9312, "n": 7241732096, "name": "a_b <x> {{ env }}", "per": [0.5, 0.25], "by": {"x": 1}, "none": None}


def project_of(folder: Path, card: str, template: str = "{{ text }}") -> Project:
    (folder / "card.md.j2").write_text(template)
    (folder / "m.json").write_text(json.dumps(DATA))
    text = (HEAD + card).encode()
    return Project(read_manifest(text), text, folder)


def rendered(project: Project, *, recorded: bool = False, **files: Any) -> StagedFile:
    found = RenderCard(recorded=recorded).run(staged(project, {"a.json": b"{}", **files}))
    return found.files[-1]


def wrong_values(project: Project) -> list[Problem]:
    with pytest.raises(CardError) as caught:
        body(project)
    return [problem for problem in caught.value.problems if problem.code == "card.value"]


def body(project: Project) -> str:
    return rendered(project).content.read().decode().partition("\n---\n\n")[2].rstrip("\n")


TEXTS = [
    ("Accuracy {{ data.m.acc }}.", "Accuracy 0.9312."),
    ("Accuracy {{data.m.acc|score}} of {{ data.m.n | short }}", "Accuracy 0.9312 of 7.2B"),
    ("{{ data.m.acc }}", "0.9312"),
    ("{{ data.m.per }}; {{ data.m.per[1] }}", "0.5, 0.25; 0.25"),
    ("{{ data.m.by.x }} and {{ data.m['none'] }}", "1 and {{ data.m\\['none'\\] }}"),
    ('{{ data.m["by"].x }}', "1"),
    ("None: {{ data.m.none }}.", "None: ."),
    ("{{ facts.files.count }} file, {{ facts.files.size | size }}", "1 file, 2 B"),
    ("{{ '{{' }} data.m.acc }}", "{{ data.m.acc }}"),
    ("{{ data.m.name }}", "a_b &lt;x&gt; {{ env }}"),
    ("{{ messages | tojson }} {% if x %}", "{{ messages \\| tojson }} {% if x %}"),
]


@pytest.mark.parametrize(("text", "shown"), TEXTS)
def test_a_text_has_the_values_that_it_names(tmp_path: Path, text: str, shown: str) -> None:
    assert body(project_of(tmp_path, f"  variables:\n    text: |-\n      {text}\n")) == shown


def test_a_text_that_is_one_value_keeps_its_type(tmp_path: Path) -> None:
    card = "  variables: {text: '{{ data.m.acc }}', all: ['{{ data.m.by }}', '{{ data.m.per }}']}\n"
    template = "{{ (text * 100) | round(1) }} {{ all[1][0] }}"
    assert [problem.message for problem in wrong_values(project_of(tmp_path, card, template))] == [
        "'data.m.by' has several values"
    ]
    assert body(project_of(tmp_path, card.replace("by", "per"), template)) == "93.1 0.5"


@pytest.mark.parametrize("value", ["x\n# heading", "x\r\n---\n", "x\u2028- item", "\n\n```\ncode"])
def test_a_value_inside_a_text_opens_no_block(tmp_path: Path, value: str) -> None:
    project = project_of(tmp_path, "  variables: {text: 'Trained as {{ data.m.name }}.'}\n", "{{ text | prose }}")
    (tmp_path / "m.json").write_text(json.dumps({"name": value}))
    (line,) = body(project).splitlines()
    assert line.startswith("Trained as ")


def test_metadata_has_values_of_their_types(tmp_path: Path) -> None:
    card = "  metadata: {license: mit, co2_eq_emissions: {emissions: '{{ data.m.acc }}'}, tags: ['{{ data.m.n }} b']}\n"
    text = rendered(project_of(tmp_path, card, "x")).content.read().decode()
    assert "emissions: 0.9312\n" in text
    assert "- 7241732096 b\n" in text


WRONG = [
    ("data.m.acuracy", "unknown value 'data.m.acuracy', did you mean 'data.m.acc'?"),
    ("data.x.acc", "unknown value 'data.x.acc', did you mean 'data.m.acc'?"),
    ("data.m.per[7]", "unknown value 'data.m.per[7]', did you mean 'data.m.per[1]'?"),
    ("data.m.by", "'data.m.by' has several values"),
    ("facts.files.cuont", "unknown value 'facts.files.cuont', did you mean 'facts.files.count'?"),
    ("data.m.acc | scroe", "unknown filter 'scroe', did you mean 'score'?"),
    ("data.m.acc | tojson", "unknown filter 'tojson'"),
]


@pytest.mark.parametrize(("name", "message"), WRONG)
def test_an_unknown_value_is_an_error_at_its_place(tmp_path: Path, name: str, message: str) -> None:
    card = f"  variables:\n    text: |-\n      Line.\n      The {{{{ {name} }}}} here.\n"
    (problem,) = wrong_values(project_of(tmp_path, card))
    assert (problem.message, problem.path) == (message, "card.variables.text")
    assert str(problem.location) == "hub.yaml:9:11"


def test_all_unknown_values_are_reported_at_once(tmp_path: Path) -> None:
    card = "  metadata: {license: '{{ data.m.licence }}'}\n  variables: {text: '{{ data.y }} {{ facts.z }}'}\n"
    found = [problem.path for problem in wrong_values(project_of(tmp_path, card))]
    assert found == ["card.metadata.license", "card.variables.text", "card.variables.text"]


@pytest.mark.parametrize("content", ["{", '{"acc": 1, "acc": 2}'])
def test_values_of_a_file_that_cannot_be_read_are_no_second_error(tmp_path: Path, content: str) -> None:
    project = project_of(tmp_path, "  variables: {text: '{{ data.m.acc }} and {{ facts.z }}'}\n")
    (tmp_path / "m.json").write_text(content)
    assert [problem.message for problem in wrong_values(project)] == ["unknown value 'facts.z'"]


@pytest.mark.parametrize(
    "place", ["repo: {repo_id: 'acme/{{ data.m.x }}'}", "variables: {v: x}\nload: {target: '{{ facts.x }}'}"]
)
def test_other_strings_of_the_manifest_have_no_such_values(place: str) -> None:
    head = place if place.startswith("repo") else f"repo: {{repo_id: acme/x}}\n{place}"
    with pytest.raises(InvalidDocumentError) as caught:
        read_manifest(f"{head}\nartifacts: [{{source: a}}]\n".encode())
    assert "unknown variable" in caught.value.problems[0].message


def test_a_value_that_a_variable_inserts_is_text(tmp_path: Path) -> None:
    text = ("variables: {v: '{{ data.m.acc }}'}\n" + HEAD + "  variables: {text: 'x {{ v }}'}\n").encode()
    project = project_of(tmp_path, "")
    assert body(Project(read_manifest(text), text, project.folder)) == "x {{ data.m.acc }}"


def test_a_manifest_that_is_written_again_keeps_its_values(tmp_path: Path) -> None:
    card = "  variables: {text: \"{{ '{{' }} data.m.acc }} {{ data.m.acc | score }}\"}\n"
    manifest = project_of(tmp_path, card).manifest
    text = dump_manifest(manifest)
    again = Project(read_manifest(text), text, tmp_path)
    assert body(again) == "{{ data.m.acc }} 0.9312"


def test_the_record_names_the_values_in_texts(tmp_path: Path) -> None:
    card = (
        "  metadata: {license: mit, tags: ['acc-{{ data.m.acc }}'],"
        " co2_eq_emissions: {emissions: '{{ data.m.acc }}'}}\n"
        "  variables: {text: 'It has {{ data.m.n | short }} parameters.', acc: '{{ data.m.acc }}'}\n"
    )
    project = project_of(tmp_path, card, "{{ text | markdown }} Accuracy {{ acc * 100 }} %.")
    record = rendered(project, recorded=True).origin.facts
    assert record is not None
    ((statement),) = record.statements
    shown = [(fact.name, statement.text[fact.start : fact.end]) for fact in statement.facts]
    assert shown == [("data.m.n", "7.2B"), ("data.m.acc", "93.12 %")]
    assert {(fact.path, fact.name, fact.value, fact.released) for fact in record.metadata} == {
        ("license", "facts.license", "mit", True),
        ("tags[0]", "data.m.acc", "acc-0.9312", False),
        ("co2_eq_emissions.emissions", "data.m.acc", 0.9312, False),
    }


def converted(folder: Path, card: str) -> Staged:
    """Return the outline of a release whose weights are not converted yet."""
    project = project_of(folder, "  metadata: {license: mit}\n" + card, "{{ facts.model.parameters }} {{ text }}")
    artifact = project.manifest.artifacts[0].model_copy(update={"serializer": "safetensors"})
    manifest = project.manifest.model_copy(update={"artifacts": (artifact,)})
    return staged(Project(manifest, project.text, folder), {"model.safetensors": b"an unconverted file"})


def test_a_fact_of_files_that_are_not_converted_is_not_an_error(tmp_path: Path) -> None:
    found = RenderCard().run(converted(tmp_path, "  variables: {text: '{{ facts.model.parameters }}'}\n"))
    assert {problem.severity for problem in found.warnings} == {"warning"}
    assert any("once they are converted" in problem.hint for problem in found.warnings)


def test_other_errors_of_such_a_card_are_reported(tmp_path: Path) -> None:
    with pytest.raises(CardError, match="cannot be rendered"):
        RenderCard().run(converted(tmp_path, "  variables: {text: '{{ data.m.nothing }}'}\n"))
