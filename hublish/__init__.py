"""hublish: the release tool for the Hugging Face Hub.

    import hublish

    plan = hublish.plan("hub.yaml")                  # what would change, and why
    receipt = hublish.publish("hub.yaml", plan=plan)  # one commit, verified, tagged, locked
    loaded = hublish.load("acme/digits-mlp")         # every byte checked, arrays read when touched

Names are imported when they are first used, so that `import hublish` costs next to nothing.
"""

from typing import TYPE_CHECKING, Any

from hublish._version import __version__

if TYPE_CHECKING:
    from hublish.api import (
        Draft,
        Finding,
        Rehearsal,
        Status,
        Verification,
        build,
        card,
        check,
        doctor,
        explain,
        files,
        from_hub,
        init,
        load,
        plan,
        publish,
        pull,
        push_to_hub,
        read_project,
        rehearse,
        status,
        verify,
    )
    from hublish.mixin import HubMixin
    from hublish.pipeline.errors import HublishError
    from hublish.pipeline.hub.embedded.server import EmbeddedHub
    from hublish.pipeline.serializers.interface import Trust
    from hublish.pipeline.values import Loaded, LocalRelease, Plan, Project, Receipt, Release
    from hublish.pipeline.values.explanation import Explained
    from hublish.schemas.manifest import Manifest, Policy

__all__ = [
    "Draft",
    "EmbeddedHub",
    "Explained",
    "Finding",
    "HubMixin",
    "HublishError",
    "Loaded",
    "LocalRelease",
    "Manifest",
    "Plan",
    "Policy",
    "Project",
    "Receipt",
    "Rehearsal",
    "Release",
    "Status",
    "Trust",
    "Verification",
    "__version__",
    "build",
    "card",
    "check",
    "doctor",
    "explain",
    "files",
    "from_hub",
    "init",
    "load",
    "plan",
    "publish",
    "pull",
    "push_to_hub",
    "read_project",
    "rehearse",
    "status",
    "verify",
]

_HOMES = {
    "EmbeddedHub": "hublish.pipeline.hub.embedded.server",
    "HubMixin": "hublish.mixin",
    "HublishError": "hublish.pipeline.errors",
    **dict.fromkeys(("Manifest", "Policy"), "hublish.schemas.manifest"),
    "Trust": "hublish.pipeline.serializers.interface",
    "Explained": "hublish.pipeline.values.explanation",
    **dict.fromkeys(("Loaded", "LocalRelease", "Plan", "Project", "Receipt", "Release"), "hublish.pipeline.values"),
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        msg = f"module 'hublish' has no attribute {name!r}"
        raise AttributeError(msg)
    from importlib import import_module

    return getattr(import_module(_HOMES.get(name, "hublish.api")), name)


def __dir__() -> list[str]:
    return __all__
