"""Find the template of a card, and assemble the data that it is rendered with.

A template gets plain data under these names:

| name | value |
|---|---|
| `repo` | `repo_id`, `repo_type`, `name`, `namespace` (or None), `revision`, `tag` (or None) |
| `metadata` | the front matter, with `model-index` if there are evaluation results |
| `evaluation` | the results, a list of `task`, `dataset` and `metrics`; empty without any |
| `files` | every other file of the release: `path`, `suffix` such as `.json`, `size` in bytes |
| any other | a variable of `card.variables` |

A name that is not set is an error; `{{ name | default('') }}` and `{% if name is defined %}` make it optional.
Values print as one line of plain text. `{{ name | markdown }}` keeps Markdown formatting, but removes HTML and unsafe
links; `{{ name | code }}` is for code spans, `{{ name | code_block }}` for fenced code blocks.

The built-in templates use these variables, all optional, in Markdown except for the title:
`title`, `summary`, `description`, `intended_use`, `usage`, `training`, `limitations`, `citation` (BibTeX), `contact`;
`dataset` also uses `structure` and `collection`.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import Any, Final

from hublish.base.errors import CardError
from hublish.base.values import StagedFile, Target
from hublish.pipeline.render_card.card_files import read_inside
from hublish.pipeline.render_card.evaluation import Results
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.diagnose.suggestions import nearest
from hublish.schemas.documents.manifest import TEMPLATE_NAMES, Card

# The files templates/<name>.md.j2.
BUILT_IN: Final = ("model", "dataset", "space")

# Bytes of a user's template; the card that it renders has a limit of its own.
_TEMPLATE_LIMIT: Final = 256 << 10


@dataclass(frozen=True, slots=True)
class CardTemplate:
    """The text of a template."""

    name: str
    """Its name in the manifest and in diagnostics."""
    text: str
    built_in: bool = False
    """Whether it is part of hublish."""

    @property
    def sha256(self) -> str:
        """The digest of the text in UTF-8, which the lock records so that a card can be rendered again."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def find_template(name: str, folder: Path) -> CardTemplate:
    """Return a template.

    Args:
        name: `model`, `dataset`, `space`, or a path relative to `folder`.
        folder: the manifest's folder.

    Raises:
        CardError: when the template does not exist, is not UTF-8, or is outside the folder.
    """
    if name in BUILT_IN:
        text = (resources.files("hublish") / "templates" / f"{name}.md.j2").read_text("utf-8")
        return CardTemplate(name, text, built_in=True)
    near = nearest(name, BUILT_IN)
    known = f"name a Jinja2 file, or a built-in template: {', '.join(BUILT_IN)}"
    hint = f"did you mean '{near}'?" if near else known
    data = read_inside(folder, name, "card.template", _TEMPLATE_LIMIT, hint)
    # Editors on Windows write a byte order mark, which must not become text of the card.
    try:
        return CardTemplate(name, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        message = f"{name} is not UTF-8 at byte {error.start}"
        problem = Problem("card.template", message, "save it as UTF-8", "card.template")
        msg = "the card's template cannot be read"
        raise CardError(msg, problems=[problem]) from None


def variable_problems(card: Card) -> Iterator[Problem]:
    """Yield a problem for each variable with a reserved name."""
    for name in card.variables:
        if name in TEMPLATE_NAMES:
            message = f"templates already use the name '{name}'"
            yield Problem("card.variable", message, "rename it", f"card.variables.{name}", of_key=True)


def template_context(
    target: Target, card: Card, metadata: Mapping[str, Any], evaluation: Results, files: Iterable[StagedFile]
) -> dict[str, Any]:
    """Return the data for a template; a variable never replaces a reserved name."""
    namespace, _, name = target.repo_id.rpartition("/")
    repo = {
        "repo_id": target.repo_id,
        "repo_type": target.repo_type,
        "name": name,
        "namespace": namespace or None,
        "revision": target.revision,
        "tag": target.tag,
    }
    # Variables come first, so that the reserved names replace them.
    return {
        **card.variables,
        "repo": repo,
        "metadata": dict(metadata),
        "evaluation": evaluation,
        "files": [_file(file) for file in files],
    }


def _file(file: StagedFile) -> dict[str, Any]:
    path = file.path_in_repo
    return {"path": path, "suffix": PurePosixPath(path).suffix, "size": file.content.size}
