"""Pictures are safe and valid SVG, the same bytes everywhere, and their texts do not overlap."""

import os
import re
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.cards.charts.bar_chart import Bar, Group, bar_chart
from hublish.cards.charts.drawing import Drawing
from hublish.cards.charts.line_chart import Panel, Series, line_chart
from tests.hublish.cards.charts.sample_charts import HOSTILE, SAMPLES
from tests.hublish.cards.charts.text_boxes import faults

GOLDEN = Path(__file__).parent / "golden"
ROOT = Path(__file__).parents[4]
# Each as a whole, to be read and looked at; the digests of the others are in one file.
SHOWN = ("3 points", "30 points", "3 bars", "gaps", "bars below zero")
ELEMENTS = {"svg", "title", "desc", "style", "g", "rect", "path", "circle", "text"}
ATTRIBUTES = {"class", "d", "display", "font-size", "role", "text-anchor", "transform", "viewBox"}
NUMBERS = {"x", "y", "cx", "cy", "r", "rx", "width", "height"}

label = st.text(max_size=40) | st.sampled_from(HOSTILE)
value = st.floats() | st.integers(-(10**18), 10**18)
points = st.lists(st.tuples(value, value), max_size=40)


def digests() -> str:
    drawings = {name: sample() for name, sample in SAMPLES.items()}
    return "".join(
        f"{sha256((drawing.light + drawing.dark).encode()).hexdigest()}  {name}\n" for name, drawing in drawings.items()
    )


@pytest.mark.parametrize("name", SHOWN)
def test_a_picture_is_its_golden_file(name: str, request: pytest.FixtureRequest) -> None:
    golden = GOLDEN / f"{name.replace(' ', '-')}.svg"
    if request.config.getoption("--update-goldens"):
        golden.write_text(SAMPLES[name]().light)
    assert SAMPLES[name]().light == golden.read_text(), f"{golden.name} differs; --update-goldens rewrites it"


def test_every_picture_has_its_golden_digest(request: pytest.FixtureRequest) -> None:
    golden = GOLDEN / "digests.txt"
    if request.config.getoption("--update-goldens"):
        golden.write_text(digests())
    assert digests() == golden.read_text(), "--update-goldens rewrites it"


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14"])
def test_another_python_draws_the_same_bytes(version: str) -> None:
    python = shutil.which(f"python{version}")
    # A shim of pyenv exists for versions that are not active as well.
    if python is None or subprocess.run([python, "-V"], capture_output=True).returncode:
        pytest.skip("not installed")
    # Another hash seed, locale and decimal context must not matter either.
    code = (
        "import decimal; decimal.getcontext().prec = 3\n"
        "import sys\n"
        f"sys.path[:0] = [{str(ROOT)!r}]\n"
        "from tests.hublish.cards.charts.sample_charts import SAMPLES\n"
        "from hashlib import sha256\n"
        "for name, sample in SAMPLES.items():\n"
        "    drawing = sample()\n"
        "    print(sha256((drawing.light + drawing.dark).encode()).hexdigest(), '', name)\n"
    )
    environment = {**os.environ, "LC_ALL": "C", "PYTHONHASHSEED": "7", "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run([python, "-c", code], capture_output=True, text=True, env=environment, timeout=120)
    assert (ran.stdout, ran.stderr) == (digests(), "")


@pytest.mark.parametrize("name", SAMPLES)
def test_a_picture_is_valid_small_and_has_no_overlapping_texts(name: str) -> None:
    check(SAMPLES[name]())


@given(st.text(max_size=80), st.lists(st.tuples(label, points), max_size=8), label)
def test_any_curves_make_a_valid_picture(title: str, series: list[Any], x_name: str) -> None:
    panels = [Panel(label, (Series(label, points),)) for label, points in series]
    panels.append(Panel("all", tuple(Series(*each) for each in series)))
    drawing = line_chart(title, panels[-3:], x_name, "".join(HOSTILE))
    if drawing is not None:
        check(drawing)


@given(label, st.lists(st.tuples(label, st.lists(st.tuples(label, value, label), max_size=6)), max_size=8))
def test_any_bars_make_a_valid_picture(title: str, groups: list[Any]) -> None:
    drawing = bar_chart(title, [Group(name, tuple(Bar(*each) for each in bars)) for name, bars in groups], title)
    if drawing is not None:
        check(drawing)


def test_an_empty_chart_is_no_picture() -> None:
    assert line_chart("t", [], "step", "") is None
    assert (
        line_chart("t", [Panel("p", (Series("s", [[1, float("nan")], [float("inf"), 2], [None, 1]]),))], "s", "")
        is None
    )
    assert bar_chart("t", [Group("g", ())], "") is None


def test_the_checker_finds_texts_that_overlap() -> None:
    text = '<text x="{}" y="{}" font-size="13">{}</text>'
    body = text.format(10, 20, "one") + text.format(12, 22, "two") + text.format(1e3, 20, "three")
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="640" height="100"><g>{body}</g></svg>'
    assert faults(svg) == ["'one' and 'two'", "'three' leaves the picture"]


def check(drawing: Drawing) -> None:
    for svg in (drawing.light, drawing.dark):
        assert len(svg.encode()) <= 60_000
        root = ElementTree.fromstring(svg)
        for element in root.iter():
            name = element.tag.rpartition("}")[2]
            assert name in ELEMENTS
            assert set(element.keys()) <= ATTRIBUTES | NUMBERS
            for attribute in NUMBERS & set(element.keys()):
                assert re.fullmatch(r"-?\d+(\.\d+)?", element.attrib[attribute]), (attribute, element.attrib)
        assert root.get("role") == "img"
        assert [child.tag.rpartition("}")[2] for child in root][:3] == ["title", "desc", "style"]
        # A style sheet that imports or an address of any kind would be a request by the reader's browser.
        assert not re.search(
            r"@import|url\(|href|http(?!://www\.w3\.org/2000/svg\")", svg.partition("</style>")[0][-1500:]
        )
        assert faults(svg) == []
