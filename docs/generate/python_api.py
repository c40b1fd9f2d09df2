"""The reference of the Python API: the sections in which mkdocstrings shows each public name."""

from collections.abc import Mapping
from typing import Final

import hublish
from docs.generate.page import heading, page

SECTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "Publish": (
        *("plan", "publish", "verify", "status", "diff", "plan_with_diffs", "review", "show"),
        *("releases", "rollback", "plan_rollback", "sign", "attest", "deprecate"),
    ),
    "Load": ("pull", "load", "Trust"),
    "Objects in memory": ("push_to_hub", "from_hub", "HubMixin"),
    "Check and inspect": (
        *("init", "check", "read_project", "files", "build", "explain", "explain_code", "rehearse", "doctor"),
        *("audit_folder", "audit_release"),
    ),
    "Cards": ("card", "card_diff", "card_facts", "card_page", "card_template", "missing_sections"),
    "The embedded Hub": ("EmbeddedHub",),
    "Values": (
        *("Manifest", "Policy", "Project", "Draft", "Release", "Plan", "Receipt", "Review", "Status", "Verification"),
        *("Rehearsal", "ReleaseDiff", "FileDiff", "LocalRelease", "Loaded", "Audited", "Explained", "Finding"),
        *("Releases", "PublishedRelease", "SignedRelease", "Deprecation"),
    ),
    "Errors": ("HublishError",),
}
"""The public names by what they are for."""


def python_api() -> str:
    """Return a section for every public name."""
    listed = {name for names in SECTIONS.values() for name in names}
    # A new name without a section is shown at the end.
    rest = tuple(name for name in hublish.__all__ if name not in listed and name != "__version__")
    sections = {**SECTIONS, "Others": rest} if rest else SECTIONS
    return page(*(page(heading(2, title), *map(_place, names)) for title, names in sections.items()))


def _place(name: str) -> str:
    """Return the place where mkdocstrings shows a name, which it finds in the module of its definition."""
    module = getattr(hublish, name).__module__
    return f"::: {module}.{name}\n    options:\n      heading: hublish.{name}\n      toc_label: {name}"
