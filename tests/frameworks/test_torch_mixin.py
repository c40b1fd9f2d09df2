"""HubMixin beside PyTorchModelHubMixin: the same class on either base, and each loads what the other published."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from huggingface_hub import HfApi, ModelCard
from torch import nn

import hublish
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


def test_both_bases_write_the_same_weights(tmp_path: Path) -> None:
    for kind in (Ours, Theirs):
        trained(kind).save_pretrained(tmp_path / kind.__name__)
    written = [(tmp_path / kind / "model.safetensors").read_bytes() for kind in ("Ours", "Theirs")]
    assert written[0] == written[1]


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


@dataclass(eq=False)
class Wide(nn.Module, hublish.HubMixin):
    """A module that is a dataclass, with arguments that have the names of the options of loading."""

    width: int = 4
    act: str = "relu"
    strict: bool = False
    map_location: str = "nowhere"
    dtype: torch.dtype = torch.float32
    shape: torch.Size | None = None

    def __post_init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(2, self.width)


class Drop(nn.Module, hublish.HubMixin):
    """A module without any tensor."""

    def __init__(self, p: float = 0.1) -> None:
        super().__init__()
        self.p = p


def test_a_module_that_is_a_dataclass_gets_its_arguments_back(tmp_path: Path) -> None:
    given = (3, "gelu", True, "here", torch.bfloat16, torch.Size((2, 3)))
    Wide(*given).save_pretrained(tmp_path)
    again = Wide.from_pretrained(tmp_path, strict=True, map_location="cpu")
    assert (again.width, again.act, again.strict, again.map_location, again.dtype, again.shape) == given
    assert type(again.shape) is torch.Size


@pytest.mark.parametrize("by_helper", [True, False])
def test_a_module_without_tensors_is_published_and_loaded(by_helper: bool, hub: EmbeddedHub) -> None:
    repo_id = f"acme/drop-{by_helper}"
    model = Drop(0.7)
    _ = hublish.push_to_hub(model, repo_id) if by_helper else model.push_to_hub(repo_id)
    assert Drop.from_pretrained(repo_id).p == 0.7
    assert hublish.load(repo_id, into=Drop).p == 0.7


def test_a_repo_of_a_checkpoint_alone_is_loaded_as_its_own_mixin_loads_it(hub: EmbeddedHub, tmp_path: Path) -> None:
    api = HfApi(endpoint=hub.endpoint, token=hub.token)
    model = trained(Ours)
    torch.save(model.state_dict(), tmp_path / "x.bin")
    api.create_repo("acme/old")
    api.upload_file(path_or_fileobj=tmp_path / "x.bin", path_in_repo="pytorch_model.bin", repo_id="acme/old")
    config = json.dumps(model._hub_mixin_config).encode()
    api.upload_file(path_or_fileobj=config, path_in_repo="config.json", repo_id="acme/old")
    for kind in (Ours, Theirs):
        assert torch.equal(kind.from_pretrained("acme/old")(INPUT), model(INPUT))
    assert torch.equal(hublish.load("acme/old", into=Ours)(INPUT), model(INPUT))
