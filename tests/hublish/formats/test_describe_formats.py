"""The committed descriptions of the built-in serializers match the code."""

import json
from pathlib import Path

import pytest

from hublish.formats import describe_formats as describing
from hublish.formats.catalogue import FORMATS
from hublish.schemas.json_schema.editing import SERIALIZERS


def test_the_committed_descriptions_are_fresh() -> None:
    fresh = describing.described()
    assert SERIALIZERS.read_text(encoding="utf-8") == fresh, "run `python -m hublish.formats.describe_formats`"


def test_every_built_in_serializer_and_every_option_is_described() -> None:
    descriptions = json.loads(describing.described())
    assert list(descriptions) == sorted(FORMATS)
    for about in descriptions.values():
        assert about["description"]
        assert about["options"]["additionalProperties"] is False
        assert all(option["description"] for option in about["options"]["properties"].values())
        assert "$ref" not in json.dumps(about), "the schema of the manifest refers to nothing"


def test_the_module_writes_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(describing, "SERIALIZERS", tmp_path / "serializers.json")
    describing.main()
    assert (tmp_path / "serializers.json").read_text(encoding="utf-8") == describing.described()
