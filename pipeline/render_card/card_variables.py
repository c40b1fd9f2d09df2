"""The variables of a card: their other names, those that a template never prints, and those with a reserved name."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from hublish.pipeline.render_card.card_template import CardTemplate
from hublish.schemas.diagnose.problems import Problem, Severity, format_path
from hublish.schemas.diagnose.suggestions import nearest
from hublish.schemas.documents.manifest import TEMPLATE_NAMES, Card
from hublish.schemas.vocabulary import card_variables, synonyms

_TAG: Final = re.compile(r"\{[{%](.*?)[}%]\}", re.DOTALL)
_STRING_OR_FILTER: Final = re.compile(r"'[^']*'|\"[^\"]*\"|\|\s*\w+")
_NAME: Final = re.compile(r"(?<![\w.])[A-Za-z_]\w*")
_KEYWORDS: Final = re.compile(
    r"(?:end)?(?:if|for|set|block|with|raw|macro|filter|call)|elif|else|in|is|not|and|or|defined|undefined|none|true|"
    r"false|extends|include|import|from|as|without|context|loop|known|super|caller"
)


def reserved_names(card: Card) -> Iterator[Problem]:
    """Yield a problem for each variable with a reserved name."""
    for name in card.variables:
        if name in TEMPLATE_NAMES:
            message = f"templates already use the name '{name}'"
            yield Problem("card.variable", message, "rename it", _path(name), of_key=True)


def with_aliases(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables with every other name of each: templates use either huggingface_hub's names or ours."""
    every = dict(variables)
    for name, value in variables.items():
        # With two of them, a template of the user's own may use both, for different texts.
        if len(_given_names(name, variables)) == 1:
            every |= dict.fromkeys(_all_names(name), value)
    return every


def unused_variables(template: CardTemplate, card: Card, severity: Severity) -> Iterator[Problem]:
    """Yield a problem for each variable that the template never prints: its text would be missing in the card.

    Args:
        template: the template.
        card: the manifest's card.
        severity: of a variable that a built-in template does not print; others may be left for another template.
    """
    used = _names_used(template)
    free = [name for name in _choices(template, used) if not _given_names(name, card.variables)]
    for name in card.variables:
        if name in used or name in TEMPLATE_NAMES:
            continue
        given = _given_names(name, card.variables)
        if not used.intersection(_all_names(name)):
            yield _unused(name, template, free, severity)
        elif len(given) > 1:
            other = next(each for each in given if each != name)
            message = f"'{name}' and '{other}' are two names of one variable"
            yield _problem(name, message, "keep one of them", template, severity)


def _unused(name: str, template: CardTemplate, free: list[str], severity: Severity) -> Problem:
    synonym = synonyms("CardVariables").get(name)
    near = nearest(name, free, cutoff=0.75) or (synonym if synonym in free else None)
    question = f"; did you mean '{near}'?" if near else ""
    others = f"remove it, or use it in a template of your own; this one uses {', '.join(free[:20])}"
    hint = f"rename it to '{near}'" if near else others if free else "remove it, or use it in the template"
    message = f"the template '{template.name}' does not use '{name}'{question}"
    return _problem(name, message, hint, template, severity)


def _problem(name: str, message: str, hint: str, template: CardTemplate, severity: Severity) -> Problem:
    level = severity if template.built_in else "warning"
    return Problem("card.variable", message, hint, _path(name), severity=level, of_key=True)


def _choices(template: CardTemplate, used: set[str]) -> list[str]:
    """Return the variables that a template prints, the documented ones first."""
    documented = [each for name in card_variables() for each in _all_names(name) if used.intersection(_all_names(name))]
    return documented if template.built_in else [*documented, *sorted(used - {*documented, *TEMPLATE_NAMES})]


@cache
def _groups() -> Mapping[str, tuple[str, ...]]:
    groups = [(name, *about.aliases) for name, about in card_variables().items()]
    return {name: group for group in groups for name in group}


def _all_names(name: str) -> tuple[str, ...]:
    """Return every name of a variable."""
    return _groups().get(name, (name,))


def _given_names(name: str, variables: Mapping[str, Any]) -> list[str]:
    return [each for each in _all_names(name) if each in variables]


def _names_used(template: CardTemplate) -> set[str]:
    """Return the names of variables that a template, or one that it extends or includes, prints.

    Jinja2 would find them exactly, but takes longer to import than everything else takes. A name too many, such as
    that of a loop, only hides a warning.
    """
    found = {name for text in (template.text, *template.shared.values()) for name in _names_in(text)}
    # The other names in our own texts are those of loops and macros.
    return found & card_variables().keys() if template.built_in else found


def _names_in(text: str) -> Iterator[str]:
    for tag in _TAG.finditer(text):
        for found in _NAME.finditer(_STRING_OR_FILTER.sub(" ", tag[1])):
            if not _KEYWORDS.fullmatch(found[0]):
                yield found[0]


def _path(name: str) -> str:
    return format_path(("card", "variables", name))
