"""Push a tiny pipeline of images and its parts with diffusers, and load them as their users do."""

from typing import Any

import numpy as np
import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    DDPMPipeline,
    DDPMScheduler,
    DiffusionPipeline,
    EulerDiscreteScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
    UNet2DModel,
)
from huggingface_hub import create_repo, create_tag, upload_folder
from peft import LoraConfig, get_peft_model_state_dict
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import CLIPTextConfig, CLIPTextModel, PreTrainedTokenizerFast

from tests.frameworks.libraries.steps import tensors

LAYERS = {"block_out_channels": (8, 16), "layers_per_block": 1, "norm_num_groups": 4}
WORDS = ["[PAD]", "[BOS]", "[EOS]", "a", "red", "fox"]


def _unet(seed: int = 7) -> UNet2DModel:
    torch.manual_seed(seed)
    blocks = {"down_block_types": ("DownBlock2D", "AttnDownBlock2D"), "up_block_types": ("AttnUpBlock2D", "UpBlock2D")}
    return UNet2DModel(sample_size=8, attention_head_dim=4, **blocks, **LAYERS)


def _picture(pipeline: Any, *arguments: Any, **options: Any) -> list[Any]:
    pipeline.set_progress_bar_config(disable=True)
    how = {"generator": torch.Generator().manual_seed(1), "num_inference_steps": 2, "output_type": "np"}
    return np.asarray(pipeline(*arguments, **how, **options).images).tolist()


def unconditional() -> Any:
    """A pipeline of a network and a scheduler."""
    repo_id, pushed = "acme/pictures", DDPMPipeline(_unet(), DDPMScheduler(num_train_timesteps=10))
    pushed.push_to_hub(repo_id, private=True, commit_message="Add pictures")
    loaded = DDPMPipeline.from_pretrained(repo_id)
    by_class = DiffusionPipeline.from_pretrained(repo_id)
    return {
        "pushed": [tensors(pushed.unet), _picture(pushed)],
        "loaded": [tensors(loaded.unet), _picture(loaded)],
        "class": type(by_class).__name__,
        "steps": loaded.scheduler.config.num_train_timesteps,
    }


def parts() -> Any:
    """Parts of a pipeline by themselves: a network and a scheduler, from its folders and in repos of their own."""
    unet, scheduler = _unet(), DDPMScheduler(num_train_timesteps=10)
    unet.push_to_hub("acme/network", commit_message="Add network")
    unet.push_to_hub("acme/pickled", safe_serialization=False)
    scheduler.push_to_hub("acme/scheduler")
    return {
        "pushed": [tensors(unet), tensors(unet), tensors(unet), 10, 10],
        "loaded": [
            tensors(UNet2DModel.from_pretrained("acme/network")),
            tensors(UNet2DModel.from_pretrained("acme/pickled")),
            tensors(UNet2DModel.from_pretrained("acme/pictures", subfolder="unet")),
            DDIMScheduler.from_pretrained("acme/scheduler").config.num_train_timesteps,
            EulerDiscreteScheduler.from_pretrained("acme/pictures", subfolder="scheduler").config.num_train_timesteps,
        ],
    }


def _text_to_image() -> StableDiffusionPipeline:
    torch.manual_seed(7)
    unet = UNet2DConditionModel(
        sample_size=8,
        in_channels=4,
        out_channels=4,
        cross_attention_dim=16,
        attention_head_dim=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        **LAYERS,
    )
    encoders = {"down_block_types": ["DownEncoderBlock2D"] * 2, "up_block_types": ["UpDecoderBlock2D"] * 2}
    text = CLIPTextConfig(
        vocab_size=8,
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=8,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
    )
    words = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[PAD]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.post_processor = processors.TemplateProcessing("[BOS] $A [EOS]", None, [("[BOS]", 1), ("[EOS]", 2)])
    special = {"bos_token": "[BOS]", "eos_token": "[EOS]", "pad_token": "[PAD]", "unk_token": "[PAD]"}
    return StableDiffusionPipeline(
        vae=AutoencoderKL(latent_channels=4, **encoders, **LAYERS),
        text_encoder=CLIPTextModel(text),
        tokenizer=PreTrainedTokenizerFast(tokenizer_object=words, model_max_length=8, **special),
        unet=unet,
        scheduler=DDIMScheduler(num_train_timesteps=10, steps_offset=1, clip_sample=False),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def text_to_image() -> Any:
    """A pipeline of five parts of two libraries, with a second variant of its weights."""
    repo_id, pushed, half = "acme/text-to-image", _text_to_image(), _text_to_image().to(torch.float16)
    # In this order, since the configurations of both have the same names, and name the type of the weights.
    half.push_to_hub(repo_id, variant="fp16", commit_message="Add half the bits")
    pushed.push_to_hub(repo_id)
    loaded = StableDiffusionPipeline.from_pretrained(repo_id)
    by_variant = DiffusionPipeline.from_pretrained(repo_id, variant="fp16", torch_dtype=torch.float16)
    names = ("unet", "vae", "text_encoder")
    options = {"height": 8, "width": 8}
    return {
        "pushed": [
            [tensors(getattr(pushed, name)) for name in names],
            _picture(pushed, "a red fox", **options),
            [tensors(getattr(half, name)) for name in names],
        ],
        "loaded": [
            [tensors(getattr(loaded, name)) for name in names],
            _picture(loaded, "a red fox", **options),
            [tensors(getattr(by_variant, name)) for name in names],
        ],
        "vae": tensors(AutoencoderKL.from_pretrained(repo_id, subfolder="vae")) == tensors(pushed.vae),
    }


def lora() -> Any:
    """A small change of the weights, found in its repo without the name of its file."""
    repo_id, changed = "acme/lora", StableDiffusionPipeline.from_pretrained("acme/text-to-image")
    changed.unet.add_adapter(LoraConfig(r=2, lora_alpha=2, target_modules=["to_q", "to_k"]))
    torch.manual_seed(7)
    for name, weight in changed.unet.named_parameters():
        if "lora_B" in name:  # zero at first: without effect
            torch.nn.init.normal_(weight)
    StableDiffusionPipeline.save_lora_weights("lora", unet_lora_layers=get_peft_model_state_dict(changed.unet))
    create_repo(repo_id)
    upload_folder(repo_id=repo_id, folder_path="lora", commit_message="Add LoRA")
    loaded = StableDiffusionPipeline.from_pretrained("acme/text-to-image")
    before = _picture(loaded, "a red fox", height=8, width=8)
    loaded.load_lora_weights(repo_id)
    pushed = _picture(changed, "a red fox", height=8, width=8)
    return {
        "pushed": pushed,
        "loaded": _picture(loaded, "a red fox", height=8, width=8),
        "changed": before != pushed,
    }


def revisions() -> Any:
    """Other weights before a tag, on main, and in a pull request."""
    repo_id = "acme/unet-revisions"
    networks = {name: _unet(seed) for seed, name in enumerate(("v1", "main", "refs/pr/1"))}
    networks["v1"].push_to_hub(repo_id)
    create_tag(repo_id, tag="v1")
    networks["main"].push_to_hub(repo_id)
    networks["refs/pr/1"].push_to_hub(repo_id, create_pr=True)
    return {
        "pushed": {name: tensors(network) for name, network in networks.items()},
        "loaded": {name: tensors(UNet2DModel.from_pretrained(repo_id, revision=name)) for name in networks},
    }
