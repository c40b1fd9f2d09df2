"""Files that a card names are read inside the manifest's folder only, even if the manifest was built in Python."""

from pathlib import Path

import pytest

from hublish.base.errors import CardError
from hublish.pipeline.render_card.card_files import read_inside


@pytest.mark.parametrize(
    ("name", "message"), [("../outside.json", "'..' segment not allowed"), ("/etc/passwd", "absolute path not allowed")]
)
def test_a_file_outside_the_folder_is_not_read(name: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "outside.json").write_text("{}")
    (tmp_path / "inside").mkdir()
    with pytest.raises(CardError) as caught:
        read_inside(tmp_path / "inside", name, "card.template", 100)
    (problem,) = caught.value.problems
    assert message in problem.message
    assert (problem.path, problem.hint) == ("card.template", "give a path inside the manifest's folder")
