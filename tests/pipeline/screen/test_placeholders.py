"""Values that a template left open are found, and values that only resemble them are not."""

from pathlib import Path
from typing import Any

import pytest

from hublish.pipeline.screen.placeholders import ScreenPlaceholders, placeholder_in, placeholders
from tests.pipeline.staging import project_in, staged


@pytest.mark.parametrize(
    "repo_id",
    [
        *("your-name/x", "your-username/x", "YOUR_USERNAME/x", "your-org/x", "my-org/x", "username/x", "namespace/x"),
        *("acme/your-model", "acme/model-name", "acme/repo_name", "your-hf-username/x", "org-name/x", "acme/TO-DO"),
    ],
)
def test_a_placeholder_in_the_name_of_the_repo(repo_id: str, tmp_path: Path) -> None:
    (found,) = placeholders(project_in(tmp_path, repo={"repo_id": repo_id}))
    assert (found.code, found.path, found.severity) == ("release.placeholder", "repo.repo_id", "warning")


@pytest.mark.parametrize(
    "repo_id", ["acme/my-model", "me/x", "yournamehere-ai/tts", "orgname/a", "todor/b", "acme/names"]
)
def test_a_name_that_resembles_a_placeholder(repo_id: str, tmp_path: Path) -> None:
    assert not [*placeholders(project_in(tmp_path, repo={"repo_id": repo_id}))]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "TO-DO",
            "todo",
            "TBD.",
            "[More Information Needed]",
            "More information needed",
            "<your name>",
            "FIX-ME: later",
        ),
        *("<license name>", "my-license", "One sentence that describes it.", "Lorem ipsum dolor sit amet", "..."),
        *("Trained by {{ author }} in 2024", "See [your paper here].", "load('your-username/model')", "xxx", "???"),
        *("Add a description here", "A model. TO-DO: limitations", "What it shows, in 60 characters"),
    ],
)
def test_a_value_to_be_filled_in(text: str) -> None:
    assert placeholder_in(text)


@pytest.mark.parametrize(
    "text",
    [
        *("Reads digits.", "apache-2.0", "A todo list in Spanish: todo va bien", "<b>", "5 < 6 and 7 > 3", "TODOS"),
        *("Where more information is, see [here](x)", "n<1K", "1K<n<10K", "text-classification", "[MASK]", "<mask>x"),
        *("Insert a coin here to play the game on your machine, and enjoy it for hours and hours with all friends", ""),
        *("Your model of choice for speech recognition in noisy rooms", "See [your options](https://x)", "en"),
    ],
)
def test_an_ordinary_value(text: str) -> None:
    assert placeholder_in(text) is None


def test_values_are_found_at_their_fields(tmp_path: Path) -> None:
    card: dict[str, Any] = {
        "metadata": {"license": "mit", "tags": ["a", "TO-DO"], "model-index": [{"name": "<name>"}]},
        "variables": {"summary": "TBD"},
    }
    found = placeholders(project_in(tmp_path, card=card, repo={"commit_message": "TO-DO"}))
    assert [problem.path for problem in found] == [
        *("repo.commit_message", "card.metadata.tags[1]", "card.metadata.model-index[0].name", "card.variables.summary")
    ]


def test_a_readme_is_reported_once_with_its_line(tmp_path: Path) -> None:
    text = b"---\nlicense: mit\n---\n# x\n\n[More Information Needed]\n\n{{ summary }} TO-DO: more\n"
    (found,) = ScreenPlaceholders().run(staged(project_in(tmp_path), {"README.md": text})).warnings
    assert (str(found.location), found.path) == ("README.md:6:1", "README.md")
    assert found.message == "'[More Information Needed]' is a placeholder, and 2 more"
