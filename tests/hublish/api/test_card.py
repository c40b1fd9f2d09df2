"""The README as it would be published."""

from pathlib import Path

import pytest

import hublish
from hublish.base.errors import UsageError


def test_a_card_is_rendered_when_the_manifest_declares_one(manifest: Path) -> None:
    with pytest.raises(UsageError, match="declares no card"):
        hublish.card(manifest)
    manifest.write_text(manifest.read_text() + "card: {metadata: {license: mit}}\n")
    text = hublish.card(manifest)
    assert text.startswith("---\n")
    assert "license: mit" in text
