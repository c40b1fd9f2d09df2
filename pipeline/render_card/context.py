"""What a card's template gets: plain data, under these names.

| name | holds |
|---|---|
| `repo` | `repo_id`, `repo_type`, `name`, `namespace` (or None), `revision`, `tag` (or None) |
| `metadata` | the front matter, with `model-index` when there are evaluation results |
| `evaluation` | the results: a list of `task`, `dataset`, `metrics`; empty without any |
| `files` | every other file of the release: `path`, `suffix` such as `.json`, `size` in bytes |
| anything else | `card.variables`, each under its own name |

A name that is not set is an error; `{{ name | default('') }}` and `{% if name is defined %}` make it optional.
Values print as one line of plain text; `{{ name | markdown }}` keeps Markdown formatting, but neither HTML nor
unsafe links; `{{ name | code }}` fits into a code span, `{{ name | code_block }}` between code fences.

The built-in templates use these variables, every one optional, in Markdown except for the title:
`title`, `summary`, `description`, `intended_use`, `usage`, `training`, `limitations`, `citation` (BibTeX), `contact`;
`dataset` also `structure` and `collection`.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from hublish.base.values import StagedFile, Target
from hublish.pipeline.render_card.evaluation import Results
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.manifest import TEMPLATE_NAMES, Card


def variable_problems(card: Card) -> Iterator[Problem]:
    """Yield the variables that have the name of something else."""
    for name in card.variables:
        if name in TEMPLATE_NAMES:
            message = f"'{name}' is a name templates use already"
            yield Problem("card.variable", message, "rename it", f"card.variables.{name}", of_key=True)


def template_context(
    target: Target, card: Card, metadata: Mapping[str, Any], evaluation: Results, files: Iterable[StagedFile]
) -> dict[str, Any]:
    """Return the data for one rendering; a variable never stands in for what has the same name."""
    return {
        **card.variables,
        "repo": _repo(target),
        "metadata": dict(metadata),
        "evaluation": evaluation,
        "files": [_file(file) for file in files],
    }


def _repo(target: Target) -> dict[str, Any]:
    namespace, _, name = target.repo_id.rpartition("/")
    return {
        "repo_id": target.repo_id,
        "repo_type": target.repo_type,
        "name": name,
        "namespace": namespace or None,
        "revision": target.revision,
        "tag": target.tag,
    }


def _file(file: StagedFile) -> dict[str, Any]:
    path = file.path_in_repo
    return {"path": path, "suffix": PurePosixPath(path).suffix, "size": file.content.size}
