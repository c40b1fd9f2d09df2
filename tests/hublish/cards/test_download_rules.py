"""The Hub's query files: every rule of its libraries is understood."""

import pytest

from hublish.cards.discoverability import download_rule, is_counted, parse_rule
from hublish.schemas.vocabulary import table

DEFAULT = ("config.json", "config.yaml", "hyperparams.yaml", "params.json", "meta.yaml")


def test_every_rule_of_the_hub_is_understood_and_has_a_description() -> None:
    libraries = [name for name, entry in table("libraries")["entries"].items() if "downloads" in entry]
    assert len(libraries) == 194
    for library in libraries:
        rule = download_rule(library)
        examples = [pattern.replace("*/", "x/").replace("*", "x") for pattern in rule.files()]
        assert all(examples), library
        assert all(map(rule.counts, examples)), library
        assert not rule.counts("README.md"), library
        assert rule.description.startswith("`"), library


@pytest.mark.parametrize("library", ["transformers", "bertopic", "unknown-library"])
def test_a_library_without_a_rule_has_the_files_of_the_documentation(library: str) -> None:
    assert download_rule(library).files() == DEFAULT


@pytest.mark.parametrize(
    ("library", "path", "counts"),
    [
        ("transformers", "config.json", True),
        ("transformers", "sub/config.json", False),
        ("transformers", "model.safetensors", False),
        ("transformers", "q4/model.gguf", True),  # of any library
        ("timm", "model.safetensors", True),
        ("timm", "sub/model.safetensors", False),
        ("timm", "config.json", False),
        ("keras", "x.keras", True),
        ("keras", "sub/x.keras", True),
        ("nemo", "sub/any.json", True),
        ("sklearn", "sklearn_model.joblib", True),
        ("sklearn", "model.skops", False),
        ("diffusers", "model_index.json", True),
        ("diffusers", "pytorch_lora_weights.safetensors", True),
        ("diffusers", "unet/diffusion_pytorch_model.safetensors", False),
        ("peft", "adapter_config.json", True),
        ("peft", "adapter_model.safetensors", False),
        ("open_clip", "open_clip_model.safetensors", True),
        ("spacy", "en_core.whl", True),
    ],
)
def test_a_file_counts_by_the_rule_of_its_library(library: str, path: str, counts: bool) -> None:
    assert is_counted(library, [path]) is counts


@pytest.mark.parametrize(
    ("query", "path", "counts"),
    [
        ('path_extension:"pt" AND path_prefix:"checkpoints/"', "checkpoints/a.pt", True),
        ('path_extension:"pt" AND path_prefix:"checkpoints/"', "a.pt", False),
        ('path_filename:"model" AND path_extension:"mil" AND _exists_:"path_prefix"', "x/model.mil", True),
        ('path_filename:"model" AND path_extension:"mil" AND _exists_:"path_prefix"', "model.mil", False),
        ('path_extension:".pth"', "a.pth", True),
        ('path_extension:"setup.py"', "setup.py", True),
        ('path_filename:"total"', "total", True),
        ('(path_extension:"bin" AND NOT _exists_:"path_prefix")', "a.bin", True),
        ('(path_extension:"bin" AND NOT _exists_:"path_prefix")', "x/a.bin", False),
        ('path_extension:"gguf" OR (path_filename:"config" AND path_extension:"json")', "x/config.json", True),
        ('path:"a"\n\t\t\tOR path:"b"', "b", True),
        ('path_extension:"pt"', "x.tar.pt", True),
        ('path_extension:"pt"', "pt", False),
    ],
)
def test_a_query_matches_as_the_search_of_the_hub(query: str, path: str, counts: bool) -> None:
    assert parse_rule(query).counts(path) is counts


@pytest.mark.parametrize("query", ["", "path:x", 'size:"1"', 'path:"a" XOR path:"b"', '((path:"a"))', 'path:"a" OR'])
def test_an_unknown_query_is_refused(query: str) -> None:
    with pytest.raises(ValueError, match="unknown term"):
        parse_rule(query)


@pytest.mark.parametrize(
    ("query", "description"),
    [
        ('path:"config.json"', "`config.json`"),
        ('path_extension:"pt" OR path:"a.json"', "`*.pt` or `a.json`"),
        ('path_filename:"config" AND path_extension:"json"', "`config.json`"),
        (" OR ".join(f'path:"{name}"' for name in "abcdef"), "`a`, `b`, `c` or 3 other files"),
    ],
)
def test_a_rule_is_described_by_its_files(query: str, description: str) -> None:
    assert parse_rule(query).description == description
