import hashlib
import json
import struct
from typing import Any

import pytest
from huggingface_hub import CommitOperationAdd, HfApi, ModelInfo
from huggingface_hub.errors import BadRequestError, EntryNotFoundError, GatedRepoError
from safetensors.numpy import save

from hublish.hub.server import EmbeddedHub, weight_headers
from hublish.hub.server.objects import ObjectStore

F32: dict[str, Any] = {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}


def header(content: Any, length: int | None = None) -> bytes:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + bytes(24)


def describe(api: HfApi, repo: str, files: dict[str, bytes]) -> ModelInfo:
    adds = [CommitOperationAdd(path, content) for path, content in files.items()]
    api.create_commit(repo, adds, commit_message="weights")
    return api.model_info(repo)


@pytest.mark.parametrize(
    ("files", "parameters"),
    [
        ({"model.safetensors": header({"a": F32, "b": {**F32, "dtype": "I64", "shape": []}})}, {"F32": 6, "I64": 1}),
        ({"model.safetensors": header({"__metadata__": {"format": "pt"}, "a": F32}), "x.safetensors": b""}, {"F32": 6}),
        ({"other.safetensors": header({"a": F32})}, {"F32": 6}),
        ({f"model-0000{n}-of-00002.safetensors": header({f"w{n}": F32}) for n in (1, 2)}, {"F32": 12}),
        ({"model-00001-of-00002.safetensors": header({"a": F32}), "x.safetensors": b""}, None),
        ({"folder/model.safetensors": header({"a": F32})}, None),
        ({"model.safetensors": b""}, None),
        ({"model.safetensors": header({})}, None),
        ({"model.safetensors": header(b"[1]")}, None),
        ({"model.safetensors": header({"a": F32}, 1 << 62)}, None),
        ({"model.safetensors": header({"a": {**F32, "shape": [-1]}})}, None),
        ({"model.safetensors": header({"a": {**F32, "shape": [2.5]}})}, None),
        ({"model.safetensors": header({"a": {**F32, "shape": [1 << 40, 1 << 40]}})}, None),
        ({"model.safetensors": header({"a": {**F32, "shape": "12"}})}, None),
        ({"model.safetensors": header({"a": {**F32, "dtype": 4}})}, None),
        ({"model.safetensors": header(b'{"a":' + json.dumps(F32).encode() + b',"a":{}}')}, None),
    ],
)
def test_parameters_are_counted_by_type(
    api: HfApi, repo: str, files: dict[str, bytes], parameters: dict[str, int] | None
) -> None:
    found = describe(api, repo, files).safetensors
    assert (found and found.parameters) == parameters
    assert (found and found.total) == (parameters and sum(parameters.values()))


def test_the_files_of_the_safetensors_library_are_counted(api: HfApi, repo: str) -> None:
    numpy = pytest.importorskip("numpy")
    content = save({"w": numpy.zeros((3, 4), "float16"), "b": numpy.zeros(4, "float32")})
    found = describe(api, repo, {"model.safetensors": content}).safetensors
    assert found is not None
    assert found.parameters == api.get_safetensors_metadata(repo).parameter_count == {"F16": 12, "F32": 4}


def test_only_headers_are_read(api: HfApi, hub: EmbeddedHub, repo: str) -> None:
    """Reading a sparse file of 50 GB would take minutes and all memory."""
    content = header({"a": F32})
    api.upload_file(repo_id=repo, path_in_repo="model.safetensors", path_or_fileobj=content)
    path = ObjectStore(hub.root).path(hashlib.sha256(content).hexdigest())
    path.chmod(0o644)
    with path.open("r+b") as file:
        file.truncate(50 << 30)
    assert api.model_info(repo).safetensors is not None


def test_headers_have_limits(api: HfApi, repo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Names of their own: the metadata of an equal tree is cached.
    shards = {f"model-0000{n}-of-00002.safetensors": header({f"limited{n}": F32}) for n in (1, 2)}
    monkeypatch.setattr(weight_headers, "MAX_HEADERS", 100)
    assert describe(api, repo, shards).safetensors is None


def string(text: str) -> bytes:
    return struct.pack("<Q", len(text)) + text.encode()


def gguf(metadata: dict[str, tuple[int, bytes]], tensors: bytes = b"", count: int = 0) -> bytes:
    keys = b"".join(string(key) + struct.pack("<I", kind) + value for key, (kind, value) in metadata.items())
    return b"GGUF" + struct.pack("<IQQ", 3, count, len(metadata)) + keys + tensors


def test_a_gguf_file_is_summarized(api: HfApi, repo: str) -> None:
    tokens = struct.pack("<IQ", 8, 3) + string("<s>") + string("a") + string("</s>")
    metadata = {
        "general.architecture": (8, string("llama")),
        "llama.context_length": (4, struct.pack("<I", 4096)),
        "tokenizer.ggml.tokens": (9, tokens),
        "tokenizer.ggml.bos_token_id": (4, struct.pack("<I", 0)),
        "tokenizer.ggml.eos_token_id": (4, struct.pack("<I", 7)),
        "tokenizer.chat_template": (8, string("{{ messages }}")),
    }
    tensor = string("w") + struct.pack("<I2QIQ", 2, 4, 5, 0, 0)
    content = gguf(metadata, tensor, 1)
    content += bytes(-len(content) % 32 + 80)
    info = describe(api, repo, {"q/model.gguf": content})
    assert info.gguf == {
        "total": 20,
        "totalFileSize": len(content),
        "architecture": "llama",
        "context_length": 4096,
        "chat_template": "{{ messages }}",
        "bos_token": "<s>",
    }
    assert (info.library_name, info.pipeline_tag) == ("gguf", "text-generation")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GGUF",
        gguf({}, count=9),
        gguf({"tokenizer.ggml.tokens": (9, struct.pack("<IQ", 8, 1 << 60))}),
        gguf({"tokenizer.ggml.tokens": (9, struct.pack("<IQ", 8, 2000) + bytes(8 * 2000))}),
    ],
)
def test_a_damaged_or_oversized_gguf_file_has_no_summary(
    api: HfApi, repo: str, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weight_headers, "_MAX_STRINGS", 1000)
    assert describe(api, repo, {"m.gguf": content}).gguf is None


def index(names: Any, **more: Any) -> bytes:
    return json.dumps({"metadata": {"total_size": 48}, "weight_map": names, **more}).encode()


@pytest.mark.parametrize("folder", ["", "weights/"])
def test_the_headers_of_all_shards_are_read_in_one_call(api: HfApi, repo: str, folder: str) -> None:
    shards = {f"model-0000{n}-of-00002.safetensors": header({"__metadata__": {"a": "b"}, f"w{n}": F32}) for n in (1, 2)}
    names = {f"w{n}": name for n, name in enumerate(shards, 1)}
    files = {**shards, "model.safetensors.index.json": index(names)}
    describe(api, repo, {folder + path: content for path, content in files.items()})
    found = api.get_sharded_safetensors_metadata(repo, filename=f"{folder}model.safetensors.index.json")
    assert (found.metadata, found.weight_map) == ({"total_size": 48}, names)
    if not folder:
        assert found == api.get_safetensors_metadata(repo)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        index([]),
        index({"w": 1}),
        index({"w": ["a"]}),
        index({"w": "missing.safetensors"}),
        index({"w": "../other.safetensors"}),
        index({"w": "broken.safetensors"}),
        index({"w": "huge.safetensors"}),
        index({f"w{number}": "a.safetensors" if number else f"{number}" for number in range(9)}),
    ],
)
def test_an_index_without_all_headers_is_refused(api: HfApi, repo: str, content: bytes) -> None:
    describe(
        api,
        repo,
        {
            "a.safetensors": header({"w": F32}),
            "broken.safetensors": header(b"{"),
            "huge.safetensors": header(b"{}", 1 << 62),
            "index.json": content,
        },
    )
    with pytest.raises(BadRequestError, match="is not an index"):
        api.get_sharded_safetensors_metadata(repo, filename="index.json")
    with pytest.raises(EntryNotFoundError):
        api.get_sharded_safetensors_metadata(repo, filename="none.json")


def test_the_headers_of_a_gated_repository_are_for_its_readers(hub: EmbeddedHub, api: HfApi, repo: str) -> None:
    files = {"a.safetensors": header({"secret-layer": F32}), "index.json": index({"w": "a.safetensors"})}
    describe(api, repo, files)
    api.update_repo_settings(repo, gated="manual")
    eve = HfApi(endpoint=hub.endpoint, token=hub.add_user("eve-of-headers"))
    with pytest.raises(GatedRepoError):
        eve.get_sharded_safetensors_metadata(repo, filename="index.json")
