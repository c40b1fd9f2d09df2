"""Every code of the corpus is explained, and the example of an explanation gives its code."""

import re

import pytest

from hublish.codes.entry import Code
from hublish.codes.explained import EXPLAINED
from tests.manifests.corpus import FOLDER, check

EXAMPLES = {code: entry for code, entry in EXPLAINED.items() if entry.example}


def test_every_code_of_the_corpus_is_explained() -> None:
    texts = [path.read_bytes().decode() for path in (FOLDER / "diagnostics").iterdir()]
    codes = {code for text in texts for code in re.findall(r"^(?:error|warning)\[(.+?)\]", text, re.MULTILINE)}
    assert len(codes) > 40
    assert codes <= EXPLAINED.keys()


@pytest.mark.parametrize("entry", EXAMPLES.values(), ids=EXAMPLES)
@pytest.mark.usefixtures("in_tree")
def test_an_example_gives_its_code_and_no_other(entry: Code) -> None:
    checked = check(entry.example.encode(), option="--strict" if entry.level == "warning" else "")
    assert {problem.code for problem in checked.problems} == {entry.code}
