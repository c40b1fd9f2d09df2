"""HubMixin repeats the call that made an instance, or refuses before a byte is written."""

import copy
import json
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest
from huggingface_hub import HfApi, ModelCard, constants, hf_hub_download

import hublish
from hublish.base.errors import CardError, UsageError
from hublish.hub.client.hub import Hub
from hublish.pipeline.restore.recorded_call import ConfigError


class Arrays(hublish.HubMixin):
    weight = np.ones(2)

    def state_dict(self) -> Mapping[str, Any]:
        return {"w": self.weight}

    def load_state_dict(self, arrays: Mapping[str, Any]) -> None:
        self.weight = arrays["w"]


@dataclass
class Inner:
    x: int = 1
    size: tuple[int, int] = (1, 1)


@dataclass(eq=False)
class AsDataclass(Arrays):
    width: int = 4
    act: str = "relu"
    inner: Inner = field(default_factory=Inner)


@dataclass(frozen=True, kw_only=True)
class Frozen(Arrays):
    width: int = 4

    def load_state_dict(self, arrays: Mapping[str, Any]) -> None: ...


@dataclass(slots=True)
class Slotted(Arrays):
    width: tuple[int, ...] = (4,)


class Parent(Arrays):
    def __init__(self, width: int, *sizes: int) -> None:
        self.seen: Any = (width, sizes)


class Child(Parent):
    def __init__(self, depth: int = 1) -> None:
        super().__init__(depth * 2, 5, 6)
        self.depth = depth


class Mutating(Arrays):
    def __init__(self, layers: list[int], inner: Inner) -> None:
        self.seen = (list(layers), copy.copy(inner))
        layers.append(9)
        inner.x = 9


class Names(Arrays):
    def __init__(
        self, revision: str, token: int, strict: bool, map_location: str, config: str, **model_id: int
    ) -> None:
        self.seen = revision, token, strict, map_location, config, model_id

    @property
    def width(self) -> int:
        return 1


class PassesOn(Arrays):
    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        return super().__new__(cls, *args, **kwargs)

    def __init__(self, width: int = 1) -> None:
        self.seen = width


class Series(hublish.HubMixin, tuple[int, ...]):
    """The mixin first; the other base has arguments of its own in `__new__`."""

    def state_dict(self) -> Mapping[str, Any]:
        return {"w": np.ones(1)}

    def load_state_dict(self, arrays: Mapping[str, Any]) -> None: ...

    def __init__(self, items: tuple[int, ...]) -> None:
        self.seen = tuple(self)


def seen(model: Any) -> Any:
    kept = getattr(model, "seen", None)
    return kept if kept is not None else [getattr(model, name, None) for name in ("width", "act", "inner", "depth")]


@pytest.mark.parametrize(
    "make",
    [
        lambda: AsDataclass(3, "gelu", Inner(2, (3, 4))),
        lambda: Frozen(width=7),
        lambda: Slotted((1, 2)),
        lambda: Parent(1, 2, 3),
        lambda: Child(3),
        lambda: Mutating([1], Inner(2)),
        lambda: Names("main", 1, True, "cuda", "small", model_id=4),
        lambda: PassesOn(3),
        lambda: Series((1, 2)),
        lambda: copy.deepcopy(Parent(1, 2)),
        lambda: pickle.loads(pickle.dumps(Parent(1, 2))),
    ],
)
def test_a_folder_gives_back_the_arguments(make: Any, tmp_path: Path) -> None:
    model = make()
    model.save_pretrained(tmp_path)
    again = type(model).from_pretrained(tmp_path)
    assert seen(again) == seen(model)
    # And the next save writes the same.
    again.save_pretrained(tmp_path / "again")
    assert (tmp_path / "again" / "config.json").read_bytes() == (tmp_path / "config.json").read_bytes()


class Silent(Arrays):
    def __new__(cls, *_: Any) -> Self:
        return object.__new__(cls)

    def __init__(self, width: int) -> None: ...


class Loads(Parent):
    @classmethod
    def _from_pretrained(cls, **options: Any) -> "Loads":
        return cls(options["width"])


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: Parent(np.int64(1)), "width"),  # type: ignore[arg-type]
        (lambda: Parent(1, len), r"sizes\[0\]"),  # type: ignore[arg-type]
        (lambda: Child(depth=1j), "depth"),  # type: ignore[arg-type]
        (lambda: AsDataclass(inner=Inner(1, [1, 1])), "inner.size"),  # type: ignore[arg-type]
        (lambda: Silent(3), "width"),
        (lambda: Loads(1, 2), "sizes"),
    ],
)
def test_nothing_is_written_when_an_argument_would_change(
    make: Any, name: str, tmp_path: Path, hub: Hub, api: HfApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = make()
    monkeypatch.setattr(constants, "ENDPOINT", hub.endpoint)
    monkeypatch.setenv("HF_TOKEN", str(hub.token))
    with pytest.raises(ConfigError, match=f"'{name}"):
        model.save_pretrained(tmp_path / "new")
    with pytest.raises(ConfigError, match=f"'{name}"):
        model.push_to_hub("acme/refused")
    assert not (tmp_path / "new").exists()
    assert not api.repo_exists("acme/refused")


def test_the_configuration_of_the_caller_replaces_arguments_that_would_change(tmp_path: Path) -> None:
    Parent(np.int64(1)).save_pretrained(tmp_path, config={"width": 1})  # type: ignore[arg-type]
    assert Parent.from_pretrained(tmp_path).seen == (1, ())
    with pytest.raises(UsageError, match="'width' is of type int64"):
        Parent(1).save_pretrained(tmp_path, config={"width": np.int64(1)})


def test_a_configuration_that_the_class_replaced_is_saved(tmp_path: Path) -> None:
    model = Parent(1)
    model._hub_mixin_config = {"width": 5}
    model.save_pretrained(tmp_path)
    assert json.loads((tmp_path / "config.json").read_text()) == {"width": 5}


def test_any_value_of_json_may_be_the_configuration(tmp_path: Path) -> None:
    class Plain(Arrays): ...

    Plain().save_pretrained(tmp_path, config="text")
    assert Plain.from_pretrained(tmp_path)._hub_mixin_config == "text"  # type: ignore[comparison-overlap]


@pytest.fixture
def there(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Hub of the test is the Hub."""
    monkeypatch.setattr(constants, "ENDPOINT", hub.endpoint)
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", hub.endpoint + "/{repo_id}/resolve/{revision}/{filename}"
    )
    monkeypatch.setenv("HF_TOKEN", str(hub.token))


def readme(repo_id: str) -> str:
    """Return the card byte for byte: `ModelCard` writes its metadata anew."""
    return Path(hf_hub_download(repo_id, "README.md")).read_text()


@pytest.mark.usefixtures("there")
@pytest.mark.parametrize("by_helper", [True, False])
def test_a_card_written_on_the_hub_outlives_the_next_push(by_helper: bool, api: HfApi) -> None:
    def push(**facts: Any) -> str:
        if by_helper:
            return hublish.push_to_hub(model, "acme/card", card_variables=facts).url
        return model.push_to_hub("acme/card", model_card_kwargs=facts)

    model = Parent(1)
    push()
    first = readme("acme/card")
    edited = first.replace("---\n", "---\nlicense: mit # mine\n", 1) + "\n## By hand\n\nA note.\n"
    api.upload_file(path_or_fileobj=edited.encode(), path_in_repo="README.md", repo_id="acme/card")
    model.weight = np.zeros(2)
    url = push()
    assert readme("acme/card") == edited
    assert Parent.from_pretrained("acme/card").weight.tolist() == [0, 0]
    assert push() == url
    # The third card comes with new facts, and the fourth with others.
    for facts in ("Facts.", "Other facts."):
        push(summary=facts)
        card = readme("acme/card")
        assert facts in card
        assert "license: mit # mine\n" in card
        assert card.endswith("\n## By hand\n\nA note.\n")
        assert facts == "Facts." or "\nFacts." not in card


@pytest.mark.usefixtures("there")
def test_a_conflict_with_a_card_on_the_hub_is_decided_by_an_argument(api: HfApi) -> None:
    model = Parent(1)
    model.push_to_hub("acme/decided", model_card_kwargs={"summary": "First."})
    edited = ModelCard.load("acme/decided").content.replace("First.", "By hand.")
    api.upload_file(path_or_fileobj=edited.encode(), path_in_repo="README.md", repo_id="acme/decided")
    with pytest.raises(CardError, match="conflicts with the one on the Hub"):
        model.push_to_hub("acme/decided", model_card_kwargs={"summary": "Second."})
    model.push_to_hub("acme/decided", model_card_kwargs={"summary": "Second."}, card="theirs")
    assert "By hand." in ModelCard.load("acme/decided").text
    model.push_to_hub("acme/decided", model_card_kwargs={"summary": "Third."}, card="ours")
    assert "Third." in ModelCard.load("acme/decided").text


def test_an_invalid_name_is_refused_before_a_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")  # where no request gets an answer
    for verb in (hublish.pull, hublish.load, hublish.from_hub):
        with pytest.raises(UsageError, match=r"of huggingface\.co, and the Hub in use is 127\.0\.0\.1:9"):
            verb("https://huggingface.co/acme/x")
