"""A card reads inside its folder, whatever a manifest that was built in Python says."""

from pathlib import Path

import pytest

from hublish.base.errors import CardError
from hublish.pipeline.render_card.reading import read_inside


@pytest.mark.parametrize(
    ("name", "said"), [("../outside.json", "'..' segment not allowed"), ("/etc/passwd", "absolute path not allowed")]
)
def test_nothing_outside_is_read(name: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "outside.json").write_text("{}")
    (tmp_path / "inside").mkdir()
    with pytest.raises(CardError) as caught:
        read_inside(tmp_path / "inside", name, "card.template", 100)
    (problem,) = caught.value.problems
    assert said in problem.message
    assert (problem.path, problem.hint) == ("card.template", "give a path inside the manifest's folder")
