"""A renderer is started early for a manifest that seems to have a template of its own, and for no other."""

import os
import threading
from pathlib import Path

import pytest

from hublish.cli.ahead import renderer_for
from hublish.pipeline.render_card.rendering import ON_DEMAND, Child
from hublish.pipeline.render_card.templates import CardTemplate


@pytest.mark.parametrize(
    "text",
    [
        "card:\n  template: card.md.j2\n",
        "card:\r\n    template : 'templates/card.md.j2'\r\n",
        'card:\n  template: "model.md.j2" # own\n',
    ],
)
def test_a_template_of_one_s_own_starts_one(text: str, tmp_path: Path) -> None:
    (tmp_path / "hub.yaml").write_bytes(text.encode())
    with renderer_for(str(tmp_path / "hub.yaml")) as renderer:
        assert isinstance(renderer, Child)
        assert renderer.render(CardTemplate("t", "{{ a }}"), {"a": "text"}) == "text"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "card: {}\n",
        "card:\n  template: model\n",
        "card:\n  template: 'dataset' # built in\n",
        'card:\r\n  template: "space"\r\n',
        "card:\n  template:\n",
        "template: x\n",
    ],
)
def test_nothing_else_does(text: str, tmp_path: Path) -> None:
    (tmp_path / "hub.yaml").write_text(text)
    with renderer_for(str(tmp_path / "hub.yaml")) as renderer:
        assert renderer is ON_DEMAND


@pytest.mark.parametrize("name", ["missing.yaml", ".", "-", "\0"])
def test_what_is_no_file_is_left_to_who_reads_it(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with renderer_for(name) as renderer:
        assert renderer is ON_DEMAND


def test_what_can_be_read_only_once_is_not_read(tmp_path: Path) -> None:
    pipe = tmp_path / "hub.yaml"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b" template: x\n",))
    writer.start()
    with renderer_for(str(pipe)) as renderer:
        assert renderer is ON_DEMAND
    assert pipe.read_bytes() == b" template: x\n"
    writer.join()
