import pytest
import yaml

from hublish.schemas.yaml import composing


@pytest.fixture(params=[yaml.CSafeLoader, yaml.SafeLoader], ids=["libyaml", "pure"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both parsers, which put their complaints in different words."""
    monkeypatch.setattr(composing, "EVENT_PARSER", request.param)
