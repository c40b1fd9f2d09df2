"""However a manifest is mangled, it is read, or refused at a place that is in it."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.faults.projects import rounds
from tests.schemas.yaml.mistakes.telling import problems_of

WHOLE = """\
repo: {repo_id: acme/x, tag: "v{{ version }}"}
artifacts:
  - source: 'runs/best'  # the best
    options: {sizes: [1, 2], name: "a\\tb"}
  - source: "*.json"
card:
  variables:
    summary: |
      Notes: these
"""
SIGNS = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    ": ",
    "- ",
    "\n",
    "\n  ",
    "\r\n",
    "\t",
    "'",
    '"',
    "*",
    "&",
    "!",
    "|",
    ">",
    "@",
    "%",
]
SIGNS += [" #", "{{ x }}", "\\", "<<<<<<< ", "...", "---", "\u201c", "\u00a0", "x y"]
changes = st.lists(st.tuples(st.integers(0, len(WHOLE)), st.integers(0, 4), st.sampled_from(["", *SIGNS])), max_size=4)


def mangled(text: str, done: list[tuple[int, int, str]]) -> str:
    for place, gone, added in done:
        text = f"{text[:place]}{added}{text[place + gone :]}"
    return text


@pytest.mark.usefixtures("parser")
@settings(max_examples=rounds(150))
@given(changes.map(lambda done: mangled(WHOLE, done)))
@example("a: {[b: 1 c: 2}\n")
@example("a: [b ")
@example(r"""a: "b\mc": """)
@example("""a: "C:\\Us"b: c""")
@example("- [a: b]: *\n -")
def test_every_problem_of_it_has_a_place_in_it(text: str) -> None:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for problem in problems_of(text):
        place = problem.location
        assert problem.message
        assert place
        assert place.text == lines[place.line - 1]
        assert place.end_line
        assert place.end_column
        assert 1 <= place.column <= len(lines[place.line - 1]) + 1
        assert (place.line, place.column) <= (place.end_line, place.end_column) <= (len(lines), len(lines[-1]) + 1)
