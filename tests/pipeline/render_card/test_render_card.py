"""The card joins the release once, and a README that is there already is read as the Hub reads it."""

import hashlib
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from hublish.base.content import InMemory
from hublish.base.errors import CardError
from hublish.base.values import Staged
from hublish.pipeline.render_card.render_card import RenderCard
from hublish.schemas.diagnose.problems import Location
from tests.pipeline.staging import project_in, staged


def run(folder: Path, files: dict[str, Any], **fields: Any) -> Staged:
    return RenderCard().run(staged(project_in(folder, **fields), files))


def refused(folder: Path, files: dict[str, Any], **fields: Any) -> CardError:
    with pytest.raises(CardError) as caught:
        run(folder, files, **fields)
    return caught.value


def test_the_card_is_added_with_what_made_it(tmp_path: Path) -> None:
    value = run(tmp_path, {"config.json": b"{}"}, card={"metadata": {"license": "mit"}})
    readme = value.files[-1]
    template = (resources.files("hublish") / "templates" / "model.md.j2").read_bytes()
    assert readme.path_in_repo == "README.md"
    assert isinstance(readme.content, InMemory)
    assert readme.content.data.startswith(b"---\nlicense: mit\n---\n\n# digits-mlp\n")
    assert readme.origin.serializer == "card"
    assert readme.origin.parameters == {"template": "model", "template_sha256": hashlib.sha256(template).hexdigest()}


def test_the_same_input_gives_the_same_card(tmp_path: Path) -> None:
    card = {"metadata": {"tags": ["b", "a"], "license": "mit"}, "variables": {"summary": "x"}}
    assert run(tmp_path, {}, card=card).files == run(tmp_path, {}, card=card).files


def test_without_a_card_the_release_stays_as_it_is(tmp_path: Path) -> None:
    value = staged(project_in(tmp_path), {"config.json": b"{}"})
    assert RenderCard().run(value) == value


def test_two_sources_for_the_readme_are_refused_and_both_named(tmp_path: Path) -> None:
    (problem,) = refused(tmp_path, {"README.md": b"# Mine\n"}, card={}).problems
    assert problem.path == "artifacts[0].source"
    assert problem.message == "'README.md' goes to README.md, and so does the rendered card"


def test_a_readme_of_one_s_own_is_linted_at_its_lines(tmp_path: Path) -> None:
    readme = b"---\nlicense: my-own\ntags: [a]\ndatasets:\n- /var/data\n---\n\n# Mine\n"
    problems = refused(tmp_path, {"README.md": readme}).problems
    assert [(problem.path, problem.location) for problem in problems] == [
        ("license", Location("README.md", 2, 10)),
        ("datasets[0]", Location("README.md", 5, 3)),
    ]


def test_advice_on_a_readme_is_a_warning(tmp_path: Path) -> None:
    value = run(tmp_path, {"README.md": b"---\nlicense: mit\nlicnse: mit\n---\n\n# Mine\n"})
    assert [(problem.path, problem.severity) for problem in value.warnings] == [("licnse", "warning")]
    assert len(value.files) == 1


def test_a_readme_without_metadata_is_a_warning(tmp_path: Path) -> None:
    (warning,) = run(tmp_path, {"README.md": b"# Mine\n"}).warnings
    assert warning.message == "README.md has no metadata"


def test_metadata_that_is_no_yaml_is_refused_at_its_line(tmp_path: Path) -> None:
    error = refused(tmp_path, {"README.md": b"---\nlicense: mit\nlicense: gpl\n---\n\n# Mine\n"})
    assert error.problems[0].location == Location("README.md", 3, 1)


def test_a_readme_in_a_folder_is_no_card(tmp_path: Path) -> None:
    assert run(tmp_path, {"docs/README.md": b"# Docs\n"}).warnings == ()


def test_a_readme_that_is_gone_is_refused(tmp_path: Path) -> None:
    value = staged(project_in(tmp_path), {"README.md": b"# Mine\n"})
    (tmp_path / "README.md").unlink()
    with pytest.raises(CardError, match=r"README\.md cannot be read"):
        RenderCard().run(value)
