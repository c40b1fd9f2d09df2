"""diffusers pushes to the Hub and loads from it."""

from functools import partial

import pytest
from huggingface_hub import HfApi

from tests.frameworks.libraries.on_hub import Repo, published, pull_requests
from tests.frameworks.libraries.steps import Found

SCRIPT = "with_diffusers"
WEIGHTS = "diffusion_pytorch_model.safetensors"
HALF = "diffusion_pytorch_model.fp16.safetensors"
PART = partial(Repo, library="diffusers", tags="diffusers safetensors arxiv:1910.09700")
PUBLISHED = {
    "acme/pictures": Repo(
        files=f"model_index.json scheduler/scheduler_config.json unet/config.json unet/{WEIGHTS}",
        commits=("Add pictures",),
        private=True,
        library="diffusers",
        task="unconditional-image-generation",
        tags="diffusers safetensors unconditional-image-generation arxiv:1910.09700 diffusers:DDPMPipeline",
    ),
    "acme/text-to-image": Repo(
        files="model_index.json scheduler/scheduler_config.json text_encoder/config.json"
        " text_encoder/model.fp16.safetensors text_encoder/model.safetensors tokenizer/tokenizer.json"
        f" tokenizer/tokenizer_config.json unet/config.json unet/{HALF} unet/{WEIGHTS} vae/config.json vae/{HALF}"
        f" vae/{WEIGHTS}",
        commits=("Add half the bits", "Upload StableDiffusionPipeline"),
        library="diffusers",
        task="text-to-image",
        tags="diffusers safetensors text-to-image arxiv:1910.09700 diffusers:StableDiffusionPipeline",
    ),
    "acme/network": PART(files=f"config.json {WEIGHTS}", commits=("Add network",)),
    "acme/pickled": Repo(
        files="config.json diffusion_pytorch_model.bin",
        commits=("Upload model",),
        library="diffusers",
        tags="diffusers arxiv:1910.09700",
    ),
    "acme/scheduler": Repo(
        files="scheduler_config.json",
        commits=("Upload scheduler",),
        library="diffusers",
        tags="diffusers arxiv:1910.09700",
    ),
    "acme/lora": Repo(files="pytorch_lora_weights.safetensors", commits=("Add LoRA",), tags="safetensors"),
    "acme/unet-revisions": PART(files=f"config.json {WEIGHTS}", commits=("Upload model", "Upload model")),
}


@pytest.mark.parametrize("step", ["unconditional", "parts", "text_to_image", "lora", "revisions"])
def test_what_is_loaded_is_what_was_pushed(step: str, found: Found) -> None:
    assert found[step]["pushed"]
    assert found[step]["loaded"] == found[step]["pushed"]


@pytest.mark.parametrize("repo_id", PUBLISHED)
def test_the_hub_has_the_repo(repo_id: str, found: Found, api: HfApi) -> None:
    assert published(api, repo_id) == PUBLISHED[repo_id]


def test_the_class_of_a_pipeline_is_found_in_the_repo(found: Found) -> None:
    assert (found["unconditional"]["class"], found["unconditional"]["steps"]) == ("DDPMPipeline", 10)


def test_a_part_of_a_pipeline_is_loaded_alone(found: Found) -> None:
    assert found["text_to_image"]["vae"]


def test_a_variant_has_half_the_bits(found: Found) -> None:
    *_, half = found["text_to_image"]["loaded"]
    assert {text.split()[0] for part in half for text in part.values()} == {"torch.float16"}


def test_a_lora_changes_the_picture(found: Found) -> None:
    assert found["lora"]["changed"]


def test_every_revision_has_other_weights(found: Found, api: HfApi) -> None:
    assert len({str(weights) for weights in found["revisions"]["loaded"].values()}) == 3
    # The client opens the pull request of a folder as a draft.
    assert pull_requests(api, "acme/unet-revisions") == [(1, "draft", "Upload model")]
