"""The card of a class that publishes itself."""

from pathlib import Path
from typing import Any

from hublish.base.values import Project
from hublish.pipeline.render_card.render_card import render_card
from hublish.schemas.documents.hub_names import check_repo_id
from hublish.schemas.documents.manifest import Artifact, Card, Manifest, Repo

_LINKS = {"repo_url": "Code", "paper_url": "Paper", "docs_url": "Docs"}


def render(kind: type, info: Any, *, repo_id: str = "", **variables: Any) -> str:
    """Return the README.

    Args:
        kind: the class.
        info: what its class keywords said: huggingface_hub's `MixinInfo`.
        repo_id: where it goes; without one that the Hub would take, the card is called after the class.
        variables: values for the template.

    Raises:
        CardError: the Hub would refuse the metadata.
    """
    name = _named(repo_id, kind)
    links = [f"* {title}: {url}" for field, title in _LINKS.items() if (url := getattr(info, field))]
    said = {"usage": _usage(kind, name), **({"description": "\n".join(links)} if links else {})}
    card = Card(metadata=info.model_card_data.to_dict(), variables={**said, **variables})
    manifest = Manifest(repo=Repo(repo_id=name), artifacts=(Artifact(source="."),), card=card)
    return render_card(Project(manifest, b"", Path.cwd()), card, ()).text


def _named(repo_id: str, kind: type) -> str:
    try:
        return check_repo_id(repo_id)
    except ValueError:
        return kind.__name__.strip("_") or "model"


def _usage(kind: type, repo_id: str) -> str:
    imported = "" if kind.__module__ == "__main__" else f"from {kind.__module__} import {kind.__name__}\n\n"
    return f'```python\n{imported}model = {kind.__name__}.from_pretrained("{repo_id}")\n```'
