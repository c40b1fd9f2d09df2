"""The ways to name a repo that people paste, and the texts that name none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hublish.schemas.diagnose.problems import InvalidValueError
from hublish.schemas.documents.repo_addresses import RepoAddress, read_address
from tests.faults.projects import rounds

HUB = "https://huggingface.co"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
Expected = tuple[str, str | None, str | None]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("acme/a", ("acme/a", None, None)),
        ("gpt2", ("gpt2", None, None)),
        ("acme/a@v1", ("acme/a", None, "v1")),
        ("acme/a@refs/pr/3", ("acme/a", None, "refs/pr/3")),
        ("acme/a@x@y", ("acme/a", None, "x@y")),
        ("datasets/acme/a@v1", ("acme/a", "dataset", "v1")),
        ("dataset/acme/a", ("acme/a", "dataset", None)),
        ("spaces/acme/a", ("acme/a", "space", None)),
        ("kernels/acme/a", ("acme/a", "kernel", None)),
        ("datasets/a", ("datasets/a", None, None)),
        (" acme/a/\n", ("acme/a", None, None)),
        ("acme/a/tree/main", ("acme/a", None, "main")),
        ("datasets/acme/a/tree/v1", ("acme/a", "dataset", "v1")),
        ("gpt2/tree/main", ("gpt2", None, "main")),
        ("acme/tree", ("acme/tree", None, None)),
        ("acme/tree/tree/main", ("acme/tree", None, "main")),
        ("acme/a/tree/refs%2Fpr%2F3", ("acme/a", None, "refs/pr/3")),
        ("acme/a/tree/refs/pr/3", ("acme/a", None, "refs/pr/3")),
        (f"acme/a/commit/{COMMIT}", ("acme/a", None, COMMIT)),
        ("hf://acme/a", ("acme/a", None, None)),
        ("hf://datasets/acme/a@v1", ("acme/a", "dataset", "v1")),
        ("hf://models/acme/a@refs/pr/3", ("acme/a", "model", "refs/pr/3")),
        ("hf://acme/a@refs%2Fpr%2F3", ("acme/a", None, "refs/pr/3")),
    ],
)
def test_an_id_may_have_a_type_a_revision_and_the_page_of_one(text: str, expected: Expected) -> None:
    address = read_address(text)
    assert (address.repo_id, address.repo_type, address.revision) == expected
    assert address.host is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{HUB}/acme/a", ("acme/a", "model", None)),
        (f"{HUB}/acme/a/", ("acme/a", "model", None)),
        ("http://hf.co/acme/a", ("acme/a", "model", None)),
        ("HTTPS://www.HuggingFace.co/acme/a", ("acme/a", "model", None)),
        ("huggingface.co/acme/a", ("acme/a", "model", None)),
        ("hf.co/datasets/acme/a/tree/main", ("acme/a", "dataset", "main")),
        (f"{HUB}/gpt2", ("gpt2", "model", None)),
        (f"{HUB}/datasets/squad", ("squad", "dataset", None)),
        (f"{HUB}/spaces/acme/a/tree/main", ("acme/a", "space", "main")),
        (f"{HUB}/acme/a/tree/v1?library=transformers#usage", ("acme/a", "model", "v1")),
        (f"{HUB}/acme/a/tree/feature%2Fa", ("acme/a", "model", "feature/a")),
        (f"{HUB}/acme/a/tree", ("acme/a", "model", None)),
        (f"{HUB}/acme/a/commits/main", ("acme/a", "model", "main")),
        (f"{HUB}/acme/a@v1", ("acme/a", "model", "v1")),
        (f"{HUB}/datasets/acme/a@refs/pr/3", ("acme/a", "dataset", "refs/pr/3")),
        (f"{HUB}/api/models/acme/a", ("acme/a", "model", None)),
        (f"{HUB}/api/datasets/acme/a/tree/main", ("acme/a", "dataset", "main")),
        (f"{HUB}/acme/a.git", ("acme/a", "model", None)),
        ("git@hf.co:datasets/acme/a.git", ("acme/a", "dataset", None)),
        ("ssh://git@hf.co/acme/a", ("acme/a", "model", None)),
    ],
)
def test_a_url_of_the_hub_names_a_repo(text: str, expected: Expected) -> None:
    address = read_address(text)
    assert (address.repo_id, address.repo_type, address.revision) == expected
    assert address.host == "huggingface.co"
    assert address.on(HUB) == address


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("acme/a/blob/main/a.bin", "`acme/a@main` (in Python 'acme/a', revision='main'), and `--include a.bin`"),
        (f"{HUB}/datasets/acme/a/resolve/v1/d/a.csv?download=true", "`datasets/acme/a@v1` (in Python 'acme/a', repo"),
        (f"{HUB}/acme/a/tree/main/onnx", "--include 'onnx/*'"),
        (f"{HUB}/acme/a/tree/feature/a", "`acme/a@feature`"),
        ("hf://acme/a@v1/d/a.csv", "`acme/a@v1` (in Python 'acme/a', revision='v1'), and `--include d/a.csv`"),
        (f"{HUB}/acme/a/discussions/3", "for a pull request, write `acme/a@refs/pr/3`"),
        (f"{HUB}/acme/a/discussions", "write `acme/a`"),
        (f"{HUB}/datasets/acme/a/viewer/default/train", "write `datasets/acme/a` (in Python"),
        ("acme/a/b", "write `acme/a`"),
        (f"{HUB}/acme/a@v1/tree/v2", "write `acme/a@v1`"),
        ("/acme/a", "write `acme/a`"),
        ("https://me:geheim@huggingface.co/acme/a", "write `acme/a`; a token belongs in HF_TOKEN"),
        ("https://geheim@huggingface.co/datasets/acme/a/tree/v1", "write `datasets/acme/a@v1`"),
    ],
)
def test_an_address_that_is_refused_has_the_id_in_the_hint(text: str, hint: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        read_address(text)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        *("", "@v1", "acme/a@", "./a", "a b/c", "acme/a@v 1", "acme/a@a:b"),
        *(HUB, f"{HUB}/datasets", f"{HUB}/docs/hub", f"{HUB}/collections/acme/a-1", f"{HUB}/acme/a/tree/%0a"),
        *("s3://acme/a", "file:///tmp/a", "https://acme-a.hf.space", "https://[::1/a", "https://:443/a", "hf://"),
    ],
)
def test_a_text_that_names_no_repo_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError):
        read_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://me:geheim@huggingface.co/acme/a",
        "https://geheim@huggingface.co/acme/a",
        "https://me:ge/heim@huggingface.co/acme/a",
        "https://me:12/geheim@huggingface.co/acme/a",
        "https://me:12/geheim/x@huggingface.co/acme/a",
        "https://me:ge@geheim@huggingface.co/acme/a",
        "https://huggingface.co\\@geheim/acme/a",
        "https://huggingface.co/acme/a/x?token=geheim",
        "https://huggingface.co/acme/a/x#geheim",
        "ssh://me:geheim@hf.co/acme/a",
        "me:geheim@hf.co:acme/a",
        "git@me:geheim@hf.co:acme/a",
        "hf://me:geheim@acme/a",
        "ftp://me:geheim@hf.co/acme/a",
    ],
)
def test_a_password_is_not_repeated(text: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        read_address(text)
    assert "heim" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize(
    ("endpoint", "text"),
    [
        ("https://hub.example.com:8443", f"{HUB}/acme/a/tree/v1"),
        ("embedded", "https://hub.example.com:8443/acme/a/tree/v1"),
        (HUB, "https://hub.example.com:8443/acme/a/tree/v1"),
        ("embedded", "http://127.0.0.1:8080/acme/a/tree/v1"),
        ("https://hub.example.com", "https://hub.example.com:8443/acme/a/tree/v1"),
    ],
)
def test_the_url_of_another_hub_is_refused_with_both_spellings(endpoint: str, text: str) -> None:
    address = read_address(text)
    with pytest.raises(InvalidValueError, match="the Hub in use is") as caught:
        address.on(endpoint)
    assert "write `acme/a@v1`" in caught.value.hint
    assert f"--endpoint {text.partition('://')[0]}://{address.host}" in caught.value.hint


def test_the_address_is_completed_by_the_arguments_and_never_contradicts_them() -> None:
    address = read_address("acme/a@v1")
    assert address.on("embedded", "dataset", "v1") == RepoAddress("acme/a", "dataset", "v1")
    with pytest.raises(InvalidValueError, match="has revision v1 in its address, but v2 was given"):
        address.on("embedded", None, "v2")
    with pytest.raises(InvalidValueError, match="has repo_type model in its address"):
        read_address(f"{HUB}/acme/a").on(HUB, "dataset")


@settings(max_examples=rounds(300))
@given(st.lists(st.sampled_from([*"ab/@:.%2F#?\\ ", "hf", "tree/", "https://", "://", "datasets/"]), max_size=20))
def test_any_text_is_read_or_refused(parts: list[str]) -> None:
    try:
        address = read_address("".join(parts))
    except InvalidValueError:
        return
    assert read_address(address.spelling.split("`")[1]).repo_id == address.repo_id
