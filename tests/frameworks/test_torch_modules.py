"""Torch modules to the Hub and back: equal predictions, and tensors of the requested type on the requested device."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from huggingface_hub import HfApi
from torch import nn

import hublish
from hublish.base.errors import LoadError, SerializationError, UsageError
from hublish.hub.server import EmbeddedHub
from hublish.pipeline.restore.torch_modules import fill
from tests.frameworks.torch_nets import INPUT, Net

ROOT = Path(__file__).parents[2]


@pytest.fixture
def net(hub: EmbeddedHub) -> Net:
    """A network on the Hub, as acme/net."""
    torch.manual_seed(0)
    net = Net(5).eval()
    hublish.push_to_hub(net, "acme/net", config={"hidden": 5})
    return net


def equal(one: nn.Module, other: nn.Module) -> bool:
    return torch.equal(one.eval()(INPUT), other.eval()(INPUT))


def test_predictions_are_equal_in_a_new_process(net: Net, tmp_path: Path) -> None:
    script = (
        "import hublish, torch\n"
        "from tests.frameworks.torch_nets import INPUT, Net\n"
        f"torch.save(hublish.from_hub('acme/net', Net)(INPUT), {str(tmp_path / 'out.pt')!r})"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", script], cwd=ROOT, check=True)
    assert torch.equal(torch.load(tmp_path / "out.pt", weights_only=True), net(INPUT))


def test_a_class_is_constructed_and_left_in_evaluation_mode(net: Net) -> None:
    loaded = hublish.load("acme/net", into=Net)
    assert not loaded.training
    assert loaded.third.weight is loaded.second.weight
    assert equal(loaded, net)


@pytest.mark.parametrize("training", [True, False])
def test_an_instance_keeps_its_mode_and_its_memory(training: bool, net: Net) -> None:
    own = Net(5).train(training)
    before = own.first.weight.data_ptr()
    assert hublish.load("acme/net", into=own) is own
    assert own.training is training
    assert own.first.weight.data_ptr() == before
    assert equal(own, net)


def test_every_tensor_equals_the_one_that_torch_loads(net: Net, hub: EmbeddedHub) -> None:
    path = HfApi().hf_hub_download("acme/net", "model.safetensors")
    stored = safetensors.torch.load_file(path)
    state = hublish.from_hub("acme/net")
    assert {name for name in state if name not in stored} == {"third.weight"}
    assert state["third.weight"] is state["second.weight"]
    for name, tensor in stored.items():
        assert (state[name].dtype, state[name].shape) == (tensor.dtype, tensor.shape)
        assert torch.equal(state[name], tensor)


def test_a_loaded_model_can_be_trained_and_the_cache_does_not_change(net: Net) -> None:
    for tensor in hublish.from_hub("acme/net").values():
        tensor.zero_()
    with torch.device("meta"):
        empty = Net(5)
    assigned: Net = hublish.load("acme/net", into=empty)
    with torch.no_grad():
        assigned.first.weight.zero_()
    assert equal(hublish.load("acme/net", into=Net), net)


def test_a_module_on_the_meta_device_takes_the_tensors_themselves(net: Net) -> None:
    with torch.device("meta"):
        empty = Net(5)
    assert equal(hublish.load("acme/net", into=empty), net)


@pytest.mark.parametrize("dropped", ["", "second.weight", "third.weight"])
def test_a_module_on_the_meta_device_keeps_its_ties(dropped: str) -> None:
    with torch.device("meta"):
        empty = Net(5)
    whole = Net(5)
    state = {name: tensor for name, tensor in whole.state_dict().items() if name != dropped}
    fill(empty, state, strict=True, device=None, dtype=None)
    assert empty.second.weight is empty.third.weight
    assert torch.equal(empty.third.weight, whole.third.weight)


class Rotary(nn.Module):
    """A module with a buffer that no state dict has, and with state that is not a tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(2, 2)
        self.register_buffer("frequencies", torch.ones(2), persistent=False)

    def get_extra_state(self) -> object:
        return {"version": 1}

    def set_extra_state(self, state: object) -> None:
        pass


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("dropped", ["", "linear.bias"])
def test_parts_on_the_meta_device_that_no_file_fills_are_named(strict: bool, dropped: str) -> None:
    with torch.device("meta"):
        empty = Rotary()
    state = {name: value for name, value in Rotary().state_dict().items() if name != dropped}
    with pytest.raises(LoadError, match="do not fit Rotary") as caught:
        fill(empty, state, strict=strict, device="cpu", dtype=None)
    named = " ".join(problem.message for problem in caught.value.problems)
    assert "'frequencies' is on the meta device, and no file fills it" in named
    assert ("'linear.bias'" in named) == bool(dropped)


def test_state_that_is_not_a_tensor_is_excluded_or_refused_by_name(hub: EmbeddedHub) -> None:
    with pytest.raises(SerializationError, match="'_extra_state' in the state dict is a dict"):
        hublish.push_to_hub(Rotary(), "acme/rotary")
    hublish.push_to_hub(Rotary(), "acme/rotary", options={"exclude": ["_extra_state"]})
    hublish.load("acme/rotary", into=Rotary(), strict=False)
    with pytest.raises(LoadError, match=r"no tensor '_extra_state'"):
        hublish.load("acme/rotary", into=Rotary())


def test_other_weights_in_the_repo_do_not_interfere(net: Net, tmp_path: Path) -> None:
    safetensors.torch.save_file({"first.weight": torch.zeros(5, 3)}, tmp_path / "other")
    for path in ("model.fp16.safetensors", "original/model.safetensors", "adapter_model.safetensors"):
        HfApi().upload_file(path_or_fileobj=tmp_path / "other", path_in_repo=path, repo_id="acme/net")
    assert equal(hublish.load("acme/net", into=Net), net)
    net.first.weight.data += 1
    hublish.push_to_hub(net, "acme/net", config={"hidden": 5})
    assert equal(hublish.from_hub("acme/net", Net), net)


@pytest.mark.parametrize("dtype", ["float16", torch.float16, "torch.float16"])
def test_only_floating_tensors_are_cast(dtype: Any, hub: EmbeddedHub) -> None:
    counting = nn.BatchNorm1d(2)
    hublish.push_to_hub(counting, "acme/counting")
    loaded = hublish.load("acme/counting", into=nn.BatchNorm1d(2), dtype=dtype)
    assert {str(tensor.dtype) for tensor in loaded.state_dict().values()} == {"torch.float16", "torch.int64"}
    state = hublish.from_hub("acme/counting", dtype=dtype, device="cpu")
    assert {str(tensor.dtype) for tensor in state.values()} == {"torch.float16", "torch.int64"}


def test_tensors_are_moved_to_the_device(net: Net) -> None:
    with torch.device("meta"):
        empty = Net(5)
    assert hublish.load("acme/net", into=empty, device="cpu").first.weight.device.type == "cpu"
    assert hublish.load("acme/net", into=Net(5), device=torch.device("cpu")).first.weight.device.type == "cpu"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"device": "cuda:0"}, "the module cannot be moved"),
        ({"device": "nowhere"}, "the module cannot be moved"),
        ({"dtype": "float17"}, "is not a torch type"),
        ({"dtype": 16}, "is not a torch type"),
    ],
)
def test_a_device_that_this_machine_lacks_is_reported(options: dict[str, Any], message: str, net: Net) -> None:
    with pytest.raises(UsageError, match=message):
        hublish.load("acme/net", into=Net(5), **options)


def test_all_names_that_only_one_side_has_are_reported(net: Net) -> None:
    with pytest.raises(LoadError, match="do not fit Sequential") as caught:
        hublish.load("acme/net", into=nn.Sequential(nn.Linear(3, 5)))
    messages = [problem.message for problem in caught.value.problems]
    assert "the release has no tensor '0.weight'" in messages
    assert "the module has no tensor 'first.weight'" in messages
    assert "strict=False" in caught.value.hint


def test_without_strict_the_matching_tensors_are_loaded(net: Net) -> None:
    part = nn.ModuleDict({"first": nn.Linear(3, 5), "other": nn.Linear(1, 1)})
    hublish.load("acme/net", into=part, strict=False)
    assert torch.equal(part["first"].weight, net.first.weight)


@pytest.mark.parametrize("strict", [True, False])
def test_another_shape_is_always_an_error(strict: bool, net: Net) -> None:
    with pytest.raises(LoadError, match=r"size mismatch for first\.weight"):
        hublish.load("acme/net", into=Net(6), strict=strict)


def test_a_tied_name_that_is_not_stored_is_not_missing(hub: EmbeddedHub, tmp_path: Path) -> None:
    net = Net(4)
    state = {name: tensor for name, tensor in net.state_dict().items() if name != "third.weight"}
    safetensors.torch.save_file(state, tmp_path / "model.safetensors")  # records no tie
    api = HfApi()
    api.create_repo("acme/foreign", exist_ok=True)
    api.upload_file(
        path_or_fileobj=tmp_path / "model.safetensors", path_in_repo="model.safetensors", repo_id="acme/foreign"
    )
    assert equal(hublish.load("acme/foreign", into=Net), net)
    with pytest.raises(LoadError, match=r"no tensor 'third\.weight'"):
        hublish.load("acme/foreign", into=Net(4, tied=False))


def test_shards_and_a_state_dict_load_alike(net: Net) -> None:
    hublish.push_to_hub(net.state_dict(), "acme/sharded", options={"max_shard_size": "100B"}, config={"hidden": 5})
    assert equal(hublish.load("acme/sharded", into=Net), net)


def test_a_module_replaces_the_arrays_of_a_manifest(net: Net, tmp_path: Path) -> None:
    (tmp_path / "hub.yaml").write_text(
        "repo: {repo_id: acme/declared}\nartifacts: [{source: runs/model.npz, serializer: safetensors}]\n"
    )
    receipt = hublish.push_to_hub(net, manifest=tmp_path / "hub.yaml", config={"hidden": 5})
    released = {file.path_in_repo for file in receipt.plan.release.files}
    assert released == {"config.json", "hub.yaml", "model.safetensors"}
    assert equal(hublish.load(lock=tmp_path / "hub.lock", into=Net), net)


def test_arrays_from_npz_are_loaded_into_a_module(hub: EmbeddedHub) -> None:
    linear = nn.Linear(3, 2)
    arrays = {name: tensor.numpy() for name, tensor in linear.state_dict().items()}
    hublish.push_to_hub(arrays, "acme/npz", serializer="numpy")
    assert torch.equal(hublish.load("acme/npz", into=nn.Linear(3, 2)).weight, linear.weight)
