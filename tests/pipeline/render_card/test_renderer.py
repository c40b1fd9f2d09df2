"""A template prints plain data, has access to nothing else, and is stopped at its limits."""

import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import jinja2
import pytest

from hublish.base.errors import CardError
from hublish.pipeline.render_card import renderer
from hublish.pipeline.render_card.card_template import CardTemplate, find_template
from hublish.pipeline.render_card.renderer import (
    ON_DEMAND,
    Child,
    OnDemand,
    Prestarted,
    current_renderer,
    prestarted,
    render,
)
from hublish.schemas.diagnose.problems import Location
from tests.pipeline.render_card.built_in import everything
from tests.pipeline.staging import project_in


def rendered(text: str, **context: Any) -> str:
    return render(CardTemplate("card.md.j2", text), context)


def refused(text: str, **context: Any) -> CardError:
    with pytest.raises(CardError) as caught:
        rendered(text, **context)
    return caught.value


def test_values_are_printed_and_never_interpreted() -> None:
    hostile = ["{{ 7 * 7 }}", "{% include 'x' %}", "{# gone #}", "{{ config }}", "${7*7}", "#{7*7}"]
    text = rendered("{% for value in values %}{{ value }}\n{% endfor %}", values=hostile)
    assert text.replace("\\", "").splitlines() == hostile


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{{ value }}", "&lt;script&gt;x&lt;/script&gt;"),
        ("{{ value | markdown }}", "&lt;script>x&lt;/script>"),
        ("{{ value | code }}", "<script>x</script>"),
        ("{{ missing | default('none') }}", "none"),
        ("{{ number }} {{ nothing }} {{ negative }} {{ real }}", "3  -3 0.5"),
        ("{% macro row(a) %}| {{ a }} |{% endmacro %}{{ row('x|y') }}", "| x\\|y |"),
        ("{% set both %}<b>{{ value }}</b>{% endset %}{{ both }}", "<b>&lt;script&gt;x&lt;/script&gt;</b>"),
        ("{{ ['a_', value, 1] | join(', ') }}", "a\\_, &lt;script&gt;x&lt;/script&gt;, 1"),
        ("{{ [{'a': '[x](y)'}] | join(', ', 'a') }}", "\\[x\\](y)"),
        ("{{ '[x](y)' | e }}", "\\[x\\](y)"),
    ],
)
def test_a_template_prints(template: str, expected: str) -> None:
    assert rendered(template, value="<script>x</script>", number=3, nothing=None, negative=-3, real=0.5) == expected


ESCAPES = [
    "{{ ''.__class__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ lipsum.__globals__ }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ joiner.__init__.__globals__ }}",
    "{{ namespace.__init__.__globals__ }}",
    "{{ self.__init__.__globals__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ ''|attr('__class__') }}",
    "{{ '{0.__class__}'.format('') }}",
    "{{ '{x.__class__}'.format_map({'x': ''}) }}",
    "{{ values.append(1) }}",
    "{{ values.__class__ }}",
    "{{ (1).__class__.__base__ }}",
    "{{ range.__self__ }}",
    "{{ dict.mro() }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}{{ os }}",
    "{% extends 'base' %}",
    "{{ request }}",
    "{{ environment }}",
    "{{ render.__globals__ }}",
]


@pytest.mark.parametrize("template", ESCAPES)
def test_an_escape_from_the_sandbox_is_an_error(template: str) -> None:
    error = refused(template, values=["a"])
    places = [str(problem.location) for problem in error.problems]
    assert "card.md.j2" in error.message or places[0].startswith("card.md.j2:1:")


def test_an_unsafe_construct_is_reported_with_its_line() -> None:
    (problem,) = refused("fine\n\n{{ ''.__class__ }}\n").problems
    assert (problem.code, problem.message) == ("card.unsafe", "unsafe template construct")
    assert problem.location == Location("card.md.j2", 3, 1)


def test_an_undefined_variable_is_reported_with_its_place() -> None:
    (problem,) = refused("one\n  {{ two }}\n").problems
    assert str(problem).startswith("card.md.j2:2:6: 'two' is undefined\n  hint: set `two` under card.variables")
    assert problem.location is not None
    assert problem.location.text == "  {{ two }}"
    assert [related.path for related in problem.related] == ["card.template"]


def test_a_syntax_error_is_reported_with_its_line() -> None:
    (problem,) = refused("one\ntwo\n{% if %}\n").problems
    assert problem.location == Location("card.md.j2", 3, 1)


BOMBS = [
    "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
    "{{ 'a' * 10**9 }}",
    "{{ 'a' * 10**7 }}",
    "{% for a in range(99999) %}aaaaaaaaaaaaaaaaaaaaaaaa{% endfor %}",
    "{{ [0] * 10**9 }}",
    "{% set n = 10 ** (10 ** 8) %}{{ n }}",
    "{{ '%0999999999d' % 1 }}",
]


@pytest.mark.parametrize("template", BOMBS)
def test_a_template_that_exceeds_a_limit_is_stopped(template: str) -> None:
    with pytest.raises(CardError) as caught:
        render(CardTemplate("card.md.j2", template), {}, seconds=1)
    assert "exceeded 1 s, 512 MiB of memory or 1 MiB of output" in caught.value.message


def test_a_child_that_computes_for_too_long_is_killed() -> None:
    with Child() as child, pytest.raises(CardError, match="exceeded 1 s"):
        # Without a limit, these loops would take hours.
        child.render(CardTemplate("t", BOMBS[0]), {}, seconds=1)
    assert child._process.returncode in (-signal.SIGXCPU, -signal.SIGKILL)


def test_the_child_gets_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    from hublish.base import isolated_python

    monkeypatch.setenv("HF_TOKEN", "canary")
    boot = "import json, os; print(json.dumps({'text': ' '.join(os.environ)}))"
    monkeypatch.setattr(isolated_python, "_BOOT", boot)
    assert "HF_TOKEN" in os.environ
    assert "HF_TOKEN" not in rendered("")


def test_a_renderer_that_stops_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    from hublish.base import isolated_python

    monkeypatch.setattr(isolated_python, "_BOOT", "raise SystemExit('broken installation')")
    assert refused("text").message == "card.md.j2: the renderer stopped: broken installation"


def test_line_separators_and_astral_characters_are_kept() -> None:
    assert rendered("{{ value | markdown }}", value="é 漢 🎉 \u00a0") == "é 漢 🎉 \u00a0"


def test_a_child_started_early_renders_and_an_unused_one_is_stopped() -> None:
    with Child() as child:
        assert child.render(CardTemplate("t", "{{ value }}"), {"value": 1}) == "1"
    with Child() as unused:
        process = unused._process
        assert process.poll() is None
    assert process.returncode is not None


@pytest.mark.parametrize("likely", [(), ("model",), ("space", "model")])
def test_a_template_that_a_child_has_compiled_renders_the_same(likely: tuple[str, ...], tmp_path: Path) -> None:
    template, own = find_template("model", project_in(tmp_path)), CardTemplate("model", "{{ value }}")
    context = everything("model")
    with Child(*likely) as child:
        assert child.render(template, context) == ON_DEMAND.render(template, context)
    with Child(*likely) as child:
        assert child.render(own, {"value": 1}) == "1", "by its text, and not only by its name"


def test_a_process_compiles_a_built_in_template_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = project_in(tmp_path)
    template, context = find_template("model", project), everything("model")
    tracked = replace(template, tracked=("metadata",))
    first = ON_DEMAND.render(template, context), ON_DEMAND.render(tracked, context).printed
    monkeypatch.delattr(jinja2.Environment, "compile")
    assert (ON_DEMAND.render(template, context), ON_DEMAND.render(tracked, context).printed) == first
    assert first[1]


def test_a_child_is_stopped_when_its_parent_fails() -> None:
    with pytest.raises(KeyboardInterrupt), Child() as child:
        raise KeyboardInterrupt
    assert child._process.returncode is not None


def test_a_child_whose_parent_was_killed_ends() -> None:
    script = (
        "import os, signal; from hublish.pipeline.render_card.renderer import Child; Child(); os.kill(os.getpid(), 9)"
    )
    # The pipe that the child inherits is closed once it has ended too.
    done = subprocess.run([sys.executable, "-c", script], stderr=subprocess.PIPE, timeout=60)
    assert done.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    "text",
    [
        "card:\n  template: card.md.j2\n",
        "card:\r\n    template : 'templates/card.md.j2'\r\n",
        'card:\n  template: "model.md.j2" # own\n',
    ],
)
def test_a_template_of_the_users_own_starts_a_child_early(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renderer, "available_cores", lambda: 1)
    (tmp_path / "hub.yaml").write_bytes(text.encode())
    with prestarted(str(tmp_path / "hub.yaml")):
        early = current_renderer()
        assert isinstance(early, Prestarted)
        child = early._child
        assert child is not None
        assert early.render(CardTemplate("t", "{{ a }}"), {"a": "text"}) == "text"
    assert current_renderer() is ON_DEMAND
    assert child._process.returncode is not None


WITHOUT_A_TEMPLATE = [
    "card: {}\n",
    "card:\n  template: model\n",
    "card:\n  template: 'dataset' # built in\n",
    'card:\r\n  template: "space"\r\n',
    "card:\n  template:\n",
]


@pytest.mark.parametrize("text", ["", "template: x\n", "# card:\n", "repo:\n  card: x\n"])
@pytest.mark.parametrize("cores", [1, 2])
def test_a_manifest_without_a_card_starts_no_child(
    text: str, cores: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renderer, "available_cores", lambda: cores)
    (tmp_path / "hub.yaml").write_text(text)
    with prestarted(str(tmp_path / "hub.yaml")):
        assert current_renderer() is ON_DEMAND


@pytest.mark.parametrize("text", WITHOUT_A_TEMPLATE)
def test_a_built_in_template_starts_a_child_early_where_another_core_runs_it(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hub.yaml").write_text(text)
    for cores, kind in ((1, OnDemand), (2, Prestarted)):
        monkeypatch.setattr(renderer, "available_cores", lambda cores=cores: cores)
        with prestarted(str(tmp_path / "hub.yaml")):
            assert type(current_renderer()) is kind


def test_a_child_renders_the_first_template_and_the_next_ones_are_rendered_on_demand() -> None:
    with Child() as child:
        early = Prestarted(child)
        with pytest.raises(CardError, match="cannot be rendered"):
            early.render(CardTemplate("own.md.j2", "{{ missing }}"), {})
        assert early.render(CardTemplate("own.md.j2", "{{ a }}"), {"a": "text"}) == "text"


@pytest.mark.parametrize("value", ["text", 1.5, None, {2: "a", None: 1}, [{"a": {2: 3}}]])
@pytest.mark.parametrize("killed", [False, True])
def test_a_built_in_template_renders_the_same_whatever_its_child_does(value: Any, killed: bool) -> None:
    template, context = CardTemplate("model", "{{ value }}", built_in=True), {"value": value}
    with Child() as child:
        if killed:
            child._process.kill()
        assert Prestarted(child).render(template, context) == ON_DEMAND.render(template, context)


@pytest.mark.parametrize("name", ["missing.yaml", ".", "-", "\0"])
def test_a_path_that_is_not_a_file_starts_no_child(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with prestarted(name):
        assert current_renderer() is ON_DEMAND


def test_a_pipe_is_not_read(tmp_path: Path) -> None:
    pipe = tmp_path / "hub.yaml"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b" template: x\n",))
    writer.start()
    with prestarted(str(pipe)):
        assert current_renderer() is ON_DEMAND
    assert pipe.read_bytes() == b" template: x\n"
    writer.join()
