"""Every code in the source is explained in `hublish/codes`, and every explained code is in the source."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import hublish
from hublish.codes.explained import EXPLAINED, FAMILIES
from hublish.pipeline.compare import content_surprises, stale
from hublish.pipeline.render_card import template_sandbox
from hublish.schemas.diagnose.problems import parse_path
from hublish.schemas.diagnose.suggestions import field_at
from hublish.schemas.documents.manifest import Manifest

PACKAGE = Path(hublish.__file__).parent
FORM = re.compile(r"[a-z]+(?:\.[a-z_0-9]+)+")

DOCUMENTS = ("manifest", "trust", "plan", "lock", "receipt")
COMPUTED: dict[str, tuple[str, ...]] = {
    "f'surprise.{setting.name}'": ("surprise.visibility", "surprise.gated"),
    "f'surprise.{key}'": tuple(f"surprise.{key}" for key in content_surprises._TERMS),
    "f'plan.stale.{name}'": tuple(f"plan.stale.{name}" for name in {*stale._TARGET, *stale._REMOTE}),
    "f'card.{kind}'": tuple(f"card.{kind}" for kind in ("syntax", "missing", "unsafe", "undefined", "failed")),
    "f'{self.family}.{code}'": tuple(
        f"{family}.{kind}" for family in DOCUMENTS for kind in ("unknown_key", "missing", "type", "value")
    ),
    "f'{family}.version'": tuple(f"{family}.version" for family in DOCUMENTS[2:]),
    "f'{family}.syntax'": tuple(f"{family}.syntax" for family in (*DOCUMENTS[2:], "card", "config")),
}
"""The codes that the source computes, by the expression."""

OTHERS = (
    *("card.html", "card.html.j2", "card.md.j2", "hublish.is_file", "hublish.endpoint", "hublish.serializers"),
    *("repo.content.read", "repo.write"),
    *("card.metadata.co2_eq_emissions", "card.metadata.datasets", "repo.git"),
    # Renamed where it arises.
    "serializer.unknown_key",
)
"""Strings in the form of a code that are none: templates, keys of objects, places in the metadata."""


def nodes() -> Iterator[ast.AST]:
    # `rglob` does not follow the links that two of the folders are in a checkout.
    folders = (PACKAGE, PACKAGE / "pipeline", PACKAGE / "schemas")
    for path in sorted({path for folder in folders for path in folder.rglob("*.py")}):
        if path.parent != PACKAGE / "codes":
            yield from ast.walk(ast.parse(path.read_text()))


def in_source() -> tuple[frozenset[str], frozenset[str]]:
    """Return the strings in the source that have the form of a code, and the expressions that compute one."""
    texts, expressions = set(), set()
    for node in nodes():
        match node:
            case ast.Constant(value=str(text)) if FORM.fullmatch(text) and text.partition(".")[0] in FAMILIES:
                texts.add(text)
            case (
                ast.Call(func=ast.Name(id="Problem" | "Surprise"), args=[ast.JoinedStr() as code, *_])
                | ast.Assign(targets=[ast.Name(id="code")], value=ast.JoinedStr() as code)
            ):
                if not re.search(r"\s", text := ast.unparse(code)):
                    expressions.add(text)
    return frozenset(texts), frozenset(expressions)


def is_something_else(text: str) -> bool:
    """Return whether a string with the form of a code is a field of the manifest or the name of a module or file."""
    module = PACKAGE.parent / Path(*text.split("."))
    return (
        text in OTHERS
        or text.endswith((".json", ".lock", ".yaml", ".md"))
        or field_at(Manifest, parse_path(text)) is not None
        or module.is_dir()
        or module.with_suffix(".py").exists()
    )


TEXTS, EXPRESSIONS = in_source()
CODES = {*TEXTS, *(code for codes in COMPUTED.values() for code in codes)}


def test_every_code_in_the_source_is_explained() -> None:
    assert {"policy.pickle", "card.template", "plan.stale", "verify.different"} <= TEXTS, "the search finds the codes"
    missing = [code for code in sorted(CODES) if code not in EXPLAINED and not is_something_else(code)]
    assert missing == [], "write the cause and the fix in hublish/codes/"


def test_every_explained_code_is_in_the_source() -> None:
    assert sorted(EXPLAINED.keys() - CODES) == [], "remove them from hublish/codes/"


def test_every_computed_code_is_resolved() -> None:
    assert COMPUTED.keys() == EXPRESSIONS


def test_the_kinds_of_failures_of_a_template_are_those_of_the_sandbox() -> None:
    source = ast.parse(Path(template_sandbox.__file__).read_text())
    kinds = set[str]()
    for node in ast.walk(source):
        match node:
            case ast.Dict(keys=[ast.Constant(value="kind"), *_], values=[ast.Constant(value=str(kind)), *_]):
                kinds.add(kind)
    # A template that exceeds its limits fails as a whole, without a problem.
    assert {f"card.{kind}" for kind in kinds - {"bounds"}} == set(COMPUTED["f'card.{kind}'"])
