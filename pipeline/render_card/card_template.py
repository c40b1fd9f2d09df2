"""Find the template of a card, and assemble the data that it is rendered with.

A template gets plain data under these names:

| name | value |
|---|---|
| `repo` | `repo_id`, `repo_type`, `name`, `namespace` (or None), `revision`, `tag` (or None) |
| `metadata` | the front matter, with `model-index` if there are evaluation results |
| `evaluation` | the results, a list of `task`, `dataset`, `metrics` and `file`; empty without any |
| `files` | every other file of the release: `path`, `suffix` such as `.json`, `size` in bytes |
| `facts` | what hublish computes from the release, as far as it is known: `facts.model.parameters` |
| `data` | the values of the files under `card.data`, by their names |
| `pictures` | pictures with data, by name: `markup` shows one, `alt` is its data in words, `light`, `dark` are paths |
| `snippets` | code that loads the release: `library`, `language`, `code`, `install`, `note` |
| any other | a variable of `card.variables` |

A name that is not set is an error; `{{ name | default('') }}` and `{% if name is defined %}` make it optional.
Values print as one line of plain text. `{{ name | markdown }}` keeps Markdown formatting, but removes HTML and unsafe
links; `{{ name | code }}` is for code spans, `{{ name | code_block }}` for fenced code blocks. `markup` prints as HTML.

A template may extend or include the built-in ones, as `model` or `model.md.j2`. templates/README.md lists the variables
that they print, the facts and the filters.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final

from hublish.base.errors import CardError
from hublish.base.values import Project, StagedFile, Target
from hublish.cards.usage.snippets import usage_snippets
from hublish.cards.usage.subject import Subject
from hublish.pipeline.render_card.built_in_templates import BUILT_IN, built_in_text, shared_by
from hublish.pipeline.render_card.card_files import read_inside
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.diagnose.suggestions import nearest

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
    shown: str = ""
    """The name of its file in diagnostics."""
    shared: Mapping[str, str] = field(default_factory=dict)
    """The templates that it may extend or include, by name."""
    prints_markdown: bool = False
    """Whether its expressions print Markdown instead of one line of plain text."""
    tracked: tuple[str, ...] = ()
    """The names of the values whose printed places are wanted."""
    marked: Mapping[str, Any] = field(default_factory=dict)
    """Variables with values in them, in pieces; see `card_texts`."""

    @property
    def texts(self) -> tuple[str, ...]:
        """Its own text, and those that it may extend or include."""
        return (self.text, *self.shared.values())

    @property
    def sha256(self) -> str:
        """The digest of the text in UTF-8, which the lock records so that a card can be rendered again."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def find_template(name: str, project: Project) -> CardTemplate:
    """Return a template.

    Args:
        name: `model`, `dataset`, `space`, or a path relative to the manifest's folder.
        project: the manifest and its folder.

    Raises:
        CardError: when the template does not exist, is not UTF-8, or is outside the folder.
    """
    if name in BUILT_IN:
        text = built_in_text(name)
        return CardTemplate(name, text, built_in=True, shown=name, shared=shared_by(text))
    near = nearest(name, BUILT_IN)
    known = f"name a Jinja2 file, or a built-in template: {', '.join(BUILT_IN)}"
    hint = f"did you mean '{near}'?" if near else known
    data = read_inside(project.folder, name, "card.template", _TEMPLATE_LIMIT, hint)
    # Editors on Windows write a byte order mark, which must not become text of the card.
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"{name} is not UTF-8 at byte {error.start}"
        problem = Problem("card.template", message, "save it as UTF-8", "card.template")
        msg = "the card's template cannot be read"
        raise CardError(msg, problems=[problem]) from None
    return CardTemplate(name, text, shown=project.shown(name), shared=shared_by(text))


def template_context(
    target: Target,
    variables: Mapping[str, Any],
    metadata: Mapping[str, Any],
    evaluation: Sequence[Mapping[str, Any]],
    files: Iterable[StagedFile],
    computed: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the data for a template; a variable never replaces a reserved name.

    Args:
        target: where the release goes.
        variables: those of the manifest's card, under all their names.
        metadata: the front matter.
        evaluation: the results.
        files: all other files of the release.
        computed: the values of further reserved names, such as `facts`.
    """
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
        **variables,
        "repo": repo,
        "metadata": dict(metadata),
        "evaluation": [*evaluation],
        "files": [_file(file) for file in files],
        "facts": {},
        "data": {},
        "pictures": {},
        "snippets": [],
        **computed,
    }


def _file(file: StagedFile) -> dict[str, Any]:
    path = file.path_in_repo
    return {"path": path, "suffix": PurePosixPath(path).suffix, "size": file.content.size}


def release_snippets(
    project: Project, metadata: Mapping[str, Any], facts: Mapping[str, Any], files: Iterable[StagedFile]
) -> list[dict[str, str]]:
    """Return the snippets of a release, pinned to its tag.

    Args:
        project: the manifest.
        metadata: the front matter of the card.
        facts: the facts of the release, by the names that templates use.
        files: all other files of the release.
    """
    target, load = project.target, project.manifest.load
    # A branch moves, but main is what its users expect without a revision.
    branch = target.revision if target.revision != "main" else ""
    subject = Subject(
        repo_id=target.repo_id,
        repo_type=target.repo_type,
        revision=target.tag or branch,
        metadata=metadata,
        facts=facts,
        paths=tuple(file.path_in_repo for file in files),
        target=load.target or "",
    )
    return [asdict(snippet) for snippet in usage_snippets(subject)]
