"""HubMixin beside PyTorchModelHubMixin: the same class on either base, and each loads what the other published."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub import ModelCard

from hublish.base.errors import LoadError
from hublish.hub.server import EmbeddedHub
from tests.frameworks.torch_nets import INPUT, Configured, Keywords, Ours, Size, Theirs


def trained(kind: type[Any]) -> Any:
    torch.manual_seed(1)
    model = kind(Size(4), bias=False, extra=[1, "a"])
    model(INPUT)  # moves the running statistics
    return model.eval()


@pytest.mark.parametrize("publisher", [Ours, Theirs])
@pytest.mark.parametrize("loader", [Ours, Theirs])
def test_each_base_loads_the_release_of_the_other(publisher: type[Any], loader: type[Any], hub: EmbeddedHub) -> None:
    repo_id = f"acme/{publisher.__name__}-{loader.__name__}"
    model = trained(publisher)
    model.push_to_hub(repo_id)
    again = loader.from_pretrained(repo_id)
    assert torch.equal(again(INPUT), model(INPUT))
    assert (again.size, again.rest, again.training) == (Size(4), {"extra": [1, "a"]}, False)
    assert again._hub_mixin_config == model._hub_mixin_config


def test_both_bases_write_the_same_configuration_and_metadata(hub: EmbeddedHub, tmp_path: Path) -> None:
    for kind in (Ours, Theirs):
        trained(kind).save_pretrained(tmp_path / kind.__name__)
    written = [(tmp_path / kind / "config.json").read_bytes() for kind in ("Ours", "Theirs")]
    assert written[0] == written[1]
    cards = [ModelCard.load(tmp_path / kind / "README.md").data.to_dict() for kind in ("Ours", "Theirs")]
    assert cards[0] == cards[1]
    assert cards[0]["tags"] == ["model_hub_mixin", "pytorch_model_hub_mixin", "small"]


def test_both_bases_store_the_same_tensors(tmp_path: Path) -> None:
    from safetensors import safe_open

    found = []
    for kind in (Ours, Theirs):
        trained(kind).save_pretrained(tmp_path / kind.__name__)
        with safe_open(tmp_path / kind.__name__ / "model.safetensors", "pt") as file:
            metadata = {name: value for name, value in file.metadata().items() if name != "format"}  # hublish writes pt
            found.append((metadata, {name: file.get_tensor(name).tolist() for name in file.keys()}))  # noqa: SIM118
    assert found[0] == found[1]


@pytest.mark.parametrize("base", [Ours, Theirs])
def test_a_folder_of_either_base_loads_like_a_repo(base: type[Any], tmp_path: Path) -> None:
    model = trained(base)
    model.save_pretrained(tmp_path)
    again = Ours.from_pretrained(tmp_path, map_location="cpu", strict=True)
    assert torch.equal(again(INPUT), model(INPUT))


def test_a_class_can_take_the_whole_configuration(hub: EmbeddedHub) -> None:
    Configured(Size(7)).push_to_hub("acme/configured")
    assert Configured.from_pretrained("acme/configured").config == Size(7)


def test_strict_has_the_clients_default_and_can_be_set(hub: EmbeddedHub, tmp_path: Path) -> None:
    trained(Ours).save_pretrained(tmp_path)
    assert Ours.from_pretrained(tmp_path, bias=True).linear.bias is not None
    with pytest.raises(LoadError, match=r"no tensor 'linear\.bias'"):
        Ours.from_pretrained(tmp_path, bias=True, strict=True)


def test_an_argument_of_the_caller_overrides_the_stored_one(hub: EmbeddedHub) -> None:
    trained(Ours).push_to_hub("acme/argument")
    assert Ours.from_pretrained("acme/argument", extra="mine").rest == {"extra": "mine"}


def test_a_wrapped_module_is_saved_without_its_wrapper(tmp_path: Path) -> None:
    class Parallel(Ours):
        @property
        def module(self) -> Keywords:
            return inner

    inner = trained(Ours)
    Parallel(Size(4), bias=False).save_pretrained(tmp_path)
    assert json.loads((tmp_path / "config.json").read_text())["size"] == {"hidden": 4, "rate": 0.25}
    assert torch.equal(Ours.from_pretrained(tmp_path)(INPUT), inner(INPUT))
