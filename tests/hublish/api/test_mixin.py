"""HubMixin on objects with numpy arrays; torch modules are tested where torch is installed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from huggingface_hub import HfApi, ModelCard, constants, hf_hub_download

import hublish
from hublish.base.errors import CardError, LoadError, PolicyError, SerializationError
from hublish.hub.client.hub import Hub


@dataclass
class Size:
    hidden: int
    rate: float = 0.5


class Colour:
    """A type that JSON does not know."""

    def __init__(self, name: str) -> None:
        self.name = name


class Scaler(hublish.HubMixin, license="mit", repo_url="https://example.org/scaler", tags=["numpy"]):
    def __init__(self, size: Size, names: list[str] | None = None, **rest: Any) -> None:
        self.size, self.names, self.rest = size, names, rest
        self.arrays: Mapping[str, Any] = {"w": np.full(size.hidden, size.rate, np.float32)}

    def state_dict(self) -> Mapping[str, Any]:
        return self.arrays

    def load_state_dict(self, arrays: Mapping[str, Any]) -> None:
        self.arrays = {name: array.copy() for name, array in arrays.items()}


class Coloured(Scaler, coders={Colour: (lambda colour: colour.name, Colour)}, library_name="acme", tags=["colour"]):
    def __init__(self, colour: Colour) -> None:
        super().__init__(Size(2))
        self.colour = colour


class Own(hublish.HubMixin, model_card_template="---\n{{ card_data }}\n---\n\n# Mine at {{ repo_url }}"):
    """A class with a format of its own, written as the Hub's guide shows."""

    def __init__(self, word: str = "") -> None:
        self.word = word

    def _save_pretrained(self, save_directory: Path) -> None:
        (save_directory / "word.txt").write_text(self.word.upper())

    @classmethod
    def _from_pretrained(cls, *, model_id: str, **options: Any) -> "Own":
        path = Path(model_id) / "word.txt"
        if not path.exists():
            found = {name: options[name] for name in ("revision", "cache_dir", "token", "local_files_only")}
            path = Path(hf_hub_download(model_id, "word.txt", **found))
        return cls(path.read_text())


@pytest.fixture(autouse=True)
def there(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Hub of the test is the Hub, as it is for users of a mixin."""
    monkeypatch.setattr(constants, "ENDPOINT", hub.endpoint)
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", hub.endpoint + "/{repo_id}/resolve/{revision}/{filename}"
    )
    monkeypatch.setenv("HF_TOKEN", str(hub.token))


def trained() -> Scaler:
    model = Scaler(Size(3), names=["a"], extra=1)
    model.arrays = {"w": np.array([1, 2, 3], np.float32)}
    return model


def weights(model: Scaler) -> dict[str, list[float]]:
    return {name: array.tolist() for name, array in model.arrays.items()}


def test_a_published_model_is_loaded_with_its_configuration(api: HfApi) -> None:
    model = trained()
    url = model.push_to_hub("acme/scaler", private=True, commit_message="First")
    assert url.endswith(api.list_repo_commits("acme/scaler")[0].commit_id)
    assert api.repo_info("acme/scaler").private
    again = Scaler.from_pretrained("acme/scaler")
    assert (again.size, again.names, again.rest) == (Size(3), ["a"], {"extra": 1})
    assert weights(again) == weights(model)
    assert again._hub_mixin_config == model._hub_mixin_config
    assert sorted(api.list_repo_files("acme/scaler")) == sorted(
        [".gitattributes", "README.md", "config.json", "hub.yaml", "model.safetensors"]
    )


def test_it_is_one_commit_and_none_when_nothing_changed(api: HfApi) -> None:
    first = trained().push_to_hub("acme/once")
    assert trained().push_to_hub("acme/once") == first
    assert len(api.list_repo_commits("acme/once")) == 2  # and the one that the Hub makes a repo with


def test_a_folder_is_as_good_as_a_repo(tmp_path: Path) -> None:
    model = trained()
    assert model.save_pretrained(tmp_path / "saved") is None
    assert sorted(path.name for path in (tmp_path / "saved").iterdir()) == [
        "README.md",
        "config.json",
        "model.safetensors",
    ]
    config = {"extra": 1, "names": ["a"], "size": {"hidden": 3, "rate": 0.5}}
    assert (tmp_path / "saved" / "config.json").read_text() == json.dumps(config, sort_keys=True, indent=2)
    again = Scaler.from_pretrained(tmp_path / "saved", names=["b"])
    assert (again.names, again.size, weights(again)) == (["b"], Size(3), weights(model))


def test_a_second_save_keeps_the_readme_and_replaces_the_rest(tmp_path: Path) -> None:
    model = trained()
    model.save_pretrained(tmp_path)
    (tmp_path / "README.md").write_text("mine")
    model.arrays = {"w": np.zeros(3, np.float32)}
    model.save_pretrained(tmp_path, config={"size": {"hidden": 9}})
    assert (tmp_path / "README.md").read_text() == "mine"
    assert json.loads((tmp_path / "config.json").read_text()) == {"size": {"hidden": 9}}
    assert weights(Scaler.from_pretrained(tmp_path)) == {"w": [0, 0, 0]}
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_saving_may_publish_at_once(tmp_path: Path, api: HfApi) -> None:
    url = trained().save_pretrained(tmp_path / "x", repo_id="acme/saved", push_to_hub=True, commit_message="Saved")
    assert url
    assert api.list_repo_commits("acme/saved")[0].title == "Saved"


def test_the_card_contains_the_class_keywords() -> None:
    trained().push_to_hub("acme/card", model_card_kwargs={"summary": "Scales."})
    card = ModelCard.load("acme/card")
    assert card.data.to_dict() == {"license": "mit", "tags": ["model_hub_mixin", "numpy"]}
    for part in ("# card", "Scales.", "Code: https://example.org/scaler", 'Scaler.from_pretrained("acme/card")'):
        assert part in card.text


def test_metadata_that_the_hub_would_refuse_is_refused_before_it() -> None:
    class Unlicensed(Scaler, license="my-own"): ...

    with pytest.raises(CardError, match="the Hub would reject"):
        Unlicensed(Size(1)).push_to_hub("acme/refused")


def test_types_with_coders_are_kept_and_given_back() -> None:
    Coloured(Colour("red")).push_to_hub("acme/coloured")
    again = Coloured.from_pretrained("acme/coloured")
    assert isinstance(again.colour, Colour)
    assert again.colour.name == "red"
    loaded = hublish.load("acme/coloured", into=Coloured)
    assert (loaded.colour.name, weights(loaded)) == ("red", weights(again))


@pytest.mark.parametrize("local", [True, False])
def test_a_class_with_its_own_format_is_published_and_loaded_by_its_own_methods(local: bool, tmp_path: Path) -> None:
    Own("hello").push_to_hub("acme/own")
    Own("hello").save_pretrained(tmp_path / "own")
    assert Own.from_pretrained(tmp_path / "own" if local else "acme/own").word == "HELLO"
    assert "# Mine at" in ModelCard.load("acme/own").text


def test_a_class_may_extend_how_it_is_loaded() -> None:
    class Louder(Scaler):
        @classmethod
        def _from_pretrained(cls, **options: Any) -> "Louder":
            made = super()._from_pretrained(**options)
            made.arrays = {name: array * 2 for name, array in made.arrays.items()}
            return made

    trained().push_to_hub("acme/louder")
    assert weights(Louder.from_pretrained("acme/louder")) == {"w": [2, 4, 6]}


def test_a_pickle_of_a_classs_own_is_held_back_by_the_policy(api: HfApi) -> None:
    class Pickling(hublish.HubMixin):
        def _save_pretrained(self, save_directory: Path) -> None:
            import pickle

            (save_directory / "model.pkl").write_bytes(pickle.dumps({"a": {1, 2}}))

    with pytest.raises(PolicyError):
        Pickling().push_to_hub("acme/pickling")
    assert not api.repo_exists("acme/pickling")


def test_a_class_with_a_manifest_is_published_by_it(folder: Path, api: HfApi) -> None:
    class Declared(Scaler, manifest=folder / "hub.yaml"): ...

    model = Declared(Size(3))
    model.push_to_hub()
    assert api.file_exists("acme/digits", "data/big.bin")
    assert (folder / "hub.lock").exists()
    # The manifest brings a config.json of its own.
    assert Path(api.hf_hub_download("acme/digits", "config.json")).read_text() == '{"hidden": 3}'
    assert weights(Declared.from_pretrained("acme/digits", size=Size(1))) == {"w": [0.5, 0.5, 0.5]}


@pytest.mark.filterwarnings("default")
def test_deprecated_arguments_get_the_warning_of_the_client() -> None:
    trained().push_to_hub("acme/old")
    with (
        pytest.warns(UserWarning, match="The `proxies` argument is ignored"),
        pytest.warns(UserWarning, match="`resume_download` argument is deprecated"),
    ):
        Scaler.from_pretrained("acme/old", resume_download=True, proxies={"https": "x"})


def test_an_object_without_weights_cannot_be_saved(tmp_path: Path) -> None:
    class Empty(hublish.HubMixin): ...

    with pytest.raises(SerializationError, match="no serializer is known"):
        Empty().save_pretrained(tmp_path / "empty")


def test_a_bad_byte_in_the_cache_is_not_loaded(hub: Hub, api: HfApi) -> None:
    trained().push_to_hub("acme/bad")
    cached = Path(api.hf_hub_download("acme/bad", "config.json")).resolve()
    cached.write_text(cached.read_text().replace("1", "2"))
    with pytest.raises(hublish.HublishError, match="other bytes than expected"):
        Scaler.from_pretrained("acme/bad")
    assert Scaler.from_pretrained("acme/bad").rest == {"extra": 1}


def test_a_folder_without_weights_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    with pytest.raises(LoadError, match="no weights"):
        Scaler.from_pretrained(tmp_path / "none", size=Size(1))
