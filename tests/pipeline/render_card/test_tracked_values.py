"""Where a template prints which values: found by a second rendering, of which only the places count."""

import json
from typing import Any

import pytest

from hublish.pipeline.render_card.template_sandbox import new_environment, respond

CONTEXT: dict[str, Any] = {
    "facts": {
        "n": 1234567,
        "f": 0.9312,
        "name": "a_b",
        "list": ["x", "y"],
        "files": [{"path": "a.bin", "size": 5}, {"path": "b.bin", "size": 7}],
        "types": {"F32": 9},
        "yes": True,
        "none": None,
    },
    "title": "1234567 and a_b",
}


def printed(template: str, **context: Any) -> list[tuple[str, str]]:
    """Return the texts of printed facts, each with the names of its values."""
    request = {
        "name": "t",
        "template": template,
        "context": {**CONTEXT, **context},
        "output": 1 << 20,
        "tracked": ["facts"],
        "marked": {},
    }
    response = json.loads(json.dumps(respond(new_environment(), request)))
    plain = respond(new_environment(), {key: request[key] for key in ("name", "template", "context", "output")})
    assert response["text"] == plain["text"]
    text = response["text"]
    return [(text[start:end], " ".join(names).replace("facts.", "")) for start, end, names in response["printed"]]


PLACES: list[tuple[str, list[tuple[str, str]]]] = [
    ("{{ facts.n }} {{ title }} {{ facts.name }}", [("1234567", "n"), ("a_b", "name")]),
    ("{{ facts['n'] }}{{ facts.yes }}{{ facts.none }}", [("1234567", "n")]),
    (
        "{{ facts.f * 100 }} {{ -facts.f }} {{ facts.n // 2 + facts.f }}",
        [("93.12", "f"), ("-0.9312", "f"), ("617283.9312", "n f")],
    ),
    ("{{ '%.1f' | format(facts.f * 100) }} %", [("93.1", "f")]),
    (
        "{{ (facts.f * 100) | round(1) }} {{ facts.n | digits }} {{ facts.n | short }}",
        [("93.1", "f"), ("1,234,567", "n"), ("1.2M", "n")],
    ),
    ("{{ 'x' ~ facts.f ~ 'y' }}", [("0.9312", "f")]),
    (
        "{{ facts.name | upper }} {{ facts.name.replace('a', 'c') }} `{{ facts.name | code }}`",
        [("A_B", "name"), ("c_b", "name"), ("a_b", "name")],
    ),
    ("{{ facts.name | code | replace('b', 'c') }} {{ facts.name | markdown }}", [("a_c", "name"), ("a_b", "name")]),
    ("{{ facts.list | join(', ') }}", [("x", "list[0]"), ("x, y", "list"), ("y", "list[1]")]),
    ("{{ facts.list | map('upper') | join('/') }}", [("X", "list[0]"), ("Y", "list[1]")]),
    (
        "{% for f in facts.files %}{{ f.path }}={{ f.size }};{% endfor %}",
        [
            ("a.bin", 'files["a.bin"].path'),
            ("5", 'files["a.bin"].size'),
            ("b.bin", 'files["b.bin"].path'),
            ("7", 'files["b.bin"].size'),
        ],
    ),
    ("{{ facts.files | length }} {{ facts.files | sum(attribute='size') }}", [("2", "files"), ("12", "files")]),
    ("{% for k, v in facts.types.items() %}{{ k }}: {{ v }}{% endfor %}", [("F32", "types{F32}"), ("9", "types.F32")]),
    ("{% set p = facts.f %}{{ p }} {% set q = p * 100 %}{{ q | round(1) }}", [("0.9312", "f"), ("93.1", "f")]),
    ("{% macro m(v) %}<{{ v }}>{% endmacro %}{{ m(facts.n) }}", [("1234567", "n")]),
    ("{% filter upper %}q {{ facts.name }}{% endfilter %}", [("A_B", "name")]),
    ("{% set t %}{{ facts.n }} x{% endset %}{{ t }}", [("1234567", "n")]),
    ("{{ missing | default(facts.f) }} {{ facts.f if facts.n > 5 else 'no' }}", [("0.9312", "f"), ("0.9312", "f")]),
    ("{% if facts.n > 5 %}large{% endif %}", []),
    ("{{ 'constant' }} {{ 1 + 1 }} {{ title | upper }}", []),
    ("{{ facts.list[5] is defined }} {{ facts.n is number }}", []),
]


@pytest.mark.parametrize(("template", "places"), PLACES)
def test_a_printed_value_is_found_with_its_names(template: str, places: list[tuple[str, str]]) -> None:
    assert printed(template) == places


HOSTILE = [
    "{{ facts.n._names }}",
    "{{ facts.n.__class__ }}",
    "{{ facts.name | length }}{{ '\x0e0\x0f' }}{{ facts.n }}",
    "{{ facts.n }}\x0e7\x0f{{ facts.n }}\x0e\x0f",
    "{% set t %}{{ facts.n }}{% endset %}{{ t | length }} {{ t | truncate(3) }}",
    "{{ namespace }} {{ facts }}",
]


@pytest.mark.parametrize("template", HOSTILE)
def test_no_template_gets_other_text_because_values_are_tracked(template: str) -> None:
    request = {"name": "t", "template": template, "context": CONTEXT, "output": 1 << 20}
    plain = respond(new_environment(), request)
    tracked = respond(new_environment(), {**request, "tracked": ["facts"], "marked": {}})
    for start, end, _ in tracked.pop("printed", ()):
        assert tracked["text"][start:end].strip()
    assert tracked == plain


def test_a_line_that_differs_in_the_second_rendering_has_no_places() -> None:
    # The second rendering measures the marks as well.
    template = "{% set t %}{{ facts.n }}{% endset %}{{ t | length }} {{ facts.f }}\n{{ facts.n }}"
    assert printed(template) == [("1234567", "n")]
