"""The facts of a release and the values of named files in its card."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hublish.base.errors import CardError
from hublish.base.values import Project
from hublish.pipeline.render_card.render_card import RenderCard
from hublish.schemas.variables.lookup import NoValueError
from tests.pipeline.staging import project_in, staged

METADATA = {"license": "mit"}


class Machine:
    """Knows a commit and no tag, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def value(self, name: str) -> str:
        self.asked.append(name)
        if name == "git.tag":
            raise NoValueError("there is no tag at HEAD")
        return {"git.commit": "c" * 40, "git.short_commit": "c" * 7, "source_date": "2026-01-31"}[name]


def own_card(folder: Path, template: str, **card: Any) -> Project:
    (folder / "card.md.j2").write_text(template)
    return project_in(folder, card={"template": "card.md.j2", "metadata": METADATA, **card})


def body(project: Project, files: dict[str, Any] | None = None) -> str:
    readme = RenderCard().run(staged(project, files or {})).files[-1]
    return readme.content.read().decode().partition("\n---\n\n")[2].strip()


def problems(project: Project) -> list[tuple[str, str]]:
    with pytest.raises(CardError) as caught:
        body(project)
    return [(problem.path or str(problem.location), problem.message) for problem in caught.value.problems]


def test_a_template_prints_the_values_of_named_files(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text('{"accuracy": 0.93}')
    (tmp_path / "p.yaml").write_text("epochs: 3\n")
    project = own_card(
        tmp_path,
        "{{ data.metrics.accuracy }} after {{ data.params.epochs }}",
        data={"metrics": "m.json", "params": "p.yaml"},
    )
    assert body(project) == "0.93 after 3"


@pytest.mark.parametrize("value", ["{{ env }}", "{% raw %}", "<b>x</b>", "[x](javascript:alert(1))", "a | b", "---"])
def test_a_value_is_printed_as_text_and_never_evaluated(tmp_path: Path, value: str) -> None:
    (tmp_path / "m.json").write_text(json.dumps({"name": value}))
    shown = body(own_card(tmp_path, "Value {{ data.m.name }}.", data={"m": "m.json"}))
    plain = shown.replace("\\", "").replace("&lt;", "<").replace("&gt;", ">")
    assert plain == f"Value {value}."
    assert "<b>" not in shown
    assert not re.search(r"(?<!\\)\]\(", shown)


def test_all_problems_of_all_files_are_reported_with_their_places(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text('{\n"a": }')
    (tmp_path / "x.bin").write_bytes(b"\0")
    (tmp_path / "metrics.json").write_text("{}")
    (tmp_path / "out.json").symlink_to("/etc/hosts")
    data = {"a": "m.json", "b": "x.bin", "c": "metrisc.json", "d": "out.json"}
    assert problems(own_card(tmp_path, "x", data=data)) == [
        ("m.json:2:6", "not JSON: expecting value"),
        ("card.data.b", "x.bin has none of the suffixes .json, .yaml, .yml, .toml, .csv, .tsv, .jsonl"),
        ("card.data.c", "there is no file metrisc.json"),
        ("card.data.d", "out.json cannot be read: Too many levels of symbolic links"),
    ]


def test_a_missing_value_is_an_error_at_the_line_of_the_template(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text('{"accuracy": 0.93}')
    ((place, _),) = problems(own_card(tmp_path, "\n{{ data.m.acuracy }}", data={"m": "m.json"}))
    assert place.startswith("card.md.j2:2:")


def test_git_is_asked_only_for_a_template_that_mentions_it(tmp_path: Path) -> None:
    machine = Machine()
    asking = replace(own_card(tmp_path, "{{ facts.git.short_commit }} of {{ facts.git.date }}"), machine=machine)
    assert body(asking) == "ccccccc of 2026-01-31"
    machine.asked.clear()
    assert body(replace(own_card(tmp_path, "{{ repo.name }}"), machine=machine)) == "digits-mlp"
    assert machine.asked == []


def test_a_value_that_the_manifest_mentions_is_that_of_the_manifest(tmp_path: Path) -> None:
    project = replace(own_card(tmp_path, "{{ facts.git.commit }}"), machine=Machine())
    assert body(replace(project, environment={"git.commit": "d" * 40})) == "d" * 40
    assert body(replace(own_card(tmp_path, "{{ facts.git.tag is defined }}"), machine=Machine())) == "False"


def test_a_template_prints_the_facts_of_the_files(tmp_path: Path) -> None:
    project = own_card(tmp_path, "{{ facts.files.count }} files, {{ facts.files.size }} bytes, {{ facts.license }}")
    assert body(project, {"a.json": b"{}", "b.txt": b"12345"}) == "2 files, 7 bytes, mit"


def test_files_are_hashed_only_for_a_card_that_shows_digests(tmp_path: Path) -> None:
    asked: list[int] = []

    def digests(_: Project, files: Any) -> dict[str, str]:
        asked.append(len(files))
        return {"a.json": "ab" * 32}

    stage = RenderCard(digests)
    shown = own_card(tmp_path, "{{ facts.files.largest[0].sha256 }}")
    assert b"ab" * 32 in stage.run(staged(shown, {"a.json": b"{}"})).files[-1].content.read()
    stage.run(staged(own_card(tmp_path, "{{ facts.files.largest[0].path }}"), {"a.json": b"{}"}))
    assert asked == [1]
