"""hub.yaml: what is released, to where, under which rules, and how it is loaded back.

Names are huggingface_hub's own wherever it has one.
"""

from collections import Counter
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictInt,
    StringConstraints,
    ValidationInfo,
    field_validator,
)
from pydantic.config import JsonDict

from hublish.schemas.diagnose.problems import Refusal
from hublish.schemas.documents.field_types import (
    MOST_ENTRIES,
    Document,
    Endpoint,
    Flag,
    Line,
    LocalPath,
    NonEmpty,
    PathInRepo,
    PatternList,
    Ref,
    RepoId,
    Target,
)
from hublish.schemas.documents.hub_names import RepoType
from hublish.schemas.documents.sizes import Size
from hublish.schemas.secrets.token_rules import CREDENTIAL_NAME, WHERE_CREDENTIALS_GO, names_credential
from hublish.schemas.variables.lookup import RESERVED

SCHEMA_VERSION = 1

SpaceSdk = Literal["gradio", "docker", "static", "streamlit"]
Level = Literal["forbid", "warn", "allow"]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


def _is_free(name: str) -> str:
    if name == RESERVED:
        msg = f"'{RESERVED}' is a name of its own: SOURCE_DATE_EPOCH, else the date of git's HEAD"
        raise Refusal(msg, "give it another name")
    return name


def _is_no_credential(name: str) -> str:
    if names_credential(name):
        msg = "the name of a credential"
        raise Refusal(msg, WHERE_CREDENTIALS_GO)
    return name


def _is_readable(version: object) -> object:
    if type(version) is not int or version != SCHEMA_VERSION:
        msg = f"this hublish reads schema_version {SCHEMA_VERSION}"
        newer = type(version) is int and version > SCHEMA_VERSION
        raise Refusal(msg, "update hublish" if newer else f"write `schema_version: {SCHEMA_VERSION}`")
    return version


SchemaVersion = Annotated[Literal[1], BeforeValidator(_is_readable)]
TEMPLATE_NAMES = ("repo", "metadata", "evaluation", "files")
"""What every card's template gets under these names; a variable of the card may not take one."""
VariableName = Annotated[Name, AfterValidator(_is_free)]
EnvironmentName = Annotated[
    Name, AfterValidator(_is_no_credential), Field(json_schema_extra={"not": {"pattern": CREDENTIAL_NAME}})
]


def _given(field: str, form: JsonDict) -> JsonDict:
    return {"properties": {field: form}, "required": [field]}


# What the validators of Repo say, for the JSON Schema, at the field they say it of.
_MENTIONED: JsonDict = {"type": "string", "pattern": r"\{\{"}
_FOR_SPACES_ONLY: JsonDict = {
    "if": {"not": _given("repo_type", {"anyOf": [{"const": "space"}, _MENTIONED]})},
    "then": {"properties": {"visibility": {"not": {"const": "protected"}}, "space_sdk": {"type": "null"}}},
}
_PULL_REQUESTS: JsonDict = {
    "if": {
        "anyOf": [
            _given("revision", {"not": {"anyOf": [{"const": "main"}, _MENTIONED]}}),
            _given("tag", {"not": {"type": "null"}}),
        ]
    },
    "then": {"properties": {"create_pr": {"not": {"const": True}}}},
}


class Repo(Document):
    """Where the release goes."""

    model_config = ConfigDict(json_schema_extra={"allOf": [_FOR_SPACES_ONLY, _PULL_REQUESTS]})

    repo_id: RepoId = Field(examples=["acme/digits-mlp"])
    """Namespace and name on the Hub: `acme/digits-mlp`."""
    repo_type: RepoType = "model"
    """What kind of repo it is."""
    visibility: Literal["public", "private", "protected"] | None = None
    """Who may read it: null makes a new repo public and leaves an existing one as it is; `protected` is for Spaces."""
    gated: Literal["auto", "manual", False] | None = None
    """Whether readers must ask: `auto` grants at once, `manual` after review; null leaves the setting as it is."""
    revision: Ref = Field(default="main", examples=["main", "experiments"])
    """The branch that receives the commit; it is created from main when missing."""
    tag: Ref | None = Field(default=None, examples=["v1.2.0"])
    """The tag for this release, created only after verification; a tag that stands elsewhere is never moved."""
    create_pr: Flag = False
    """Propose the release as a pull request instead of committing to the branch."""
    commit_message: Line | None = Field(default=None, examples=["Release 1.2.0"])
    """First line of the commit; null writes `Release <tag>` or `Release <repo_id>`."""
    commit_description: str = Field(default="", examples=["Trained for 20 epochs; accuracy in the card."])
    """The rest of the commit message."""
    space_sdk: SpaceSdk | None = None
    """The SDK of a new Space; needed only when the Space does not exist yet."""
    endpoint: Endpoint | None = Field(default=None, examples=["embedded"])
    """The Hub: null means HF_ENDPOINT, else the public Hub; a URL; or `embedded` for the one beside hub.yaml."""

    @field_validator("gated", mode="before")
    @classmethod
    def _is_no_number(cls, value: object) -> object:
        if isinstance(value, int | float) and not isinstance(value, bool):  # to Python, 0 == False
            msg = "expected auto, manual or false"
            raise Refusal(msg, "write one of them, or remove the line")
        return value

    @field_validator("visibility")
    @classmethod
    def _protects_spaces(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value == "protected" and info.data.get("repo_type") != "space":
            msg = "'protected' is for Spaces only"
            raise Refusal(msg, "write public or private", beside="repo_type")
        return value

    @field_validator("create_pr")
    @classmethod
    def _proposes_to_main(cls, value: bool, info: ValidationInfo) -> bool:
        if value and info.data.get("revision", "main") != "main":
            msg = "create_pr needs revision: main; the Hub opens pull requests against the default branch"
            raise Refusal(msg, "remove one of the two lines", beside="revision")
        if value and info.data.get("tag") is not None:
            msg = "create_pr and tag exclude each other"
            hint = "remove one of the two; the release can be tagged once the pull request is merged"
            raise Refusal(msg, hint, beside="tag")
        return value

    @field_validator("space_sdk")
    @classmethod
    def _is_for_spaces(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("repo_type") != "space":
            msg = "space_sdk is for Spaces only"
            raise Refusal(msg, "remove it, or write `repo_type: space`", beside="repo_type")
        return value


class Artifact(Document):
    """One source and what becomes of it."""

    source: LocalPath = Field(examples=["runs/best/model.pt", "runs/best/*.json", "tokenizer/"])
    """A file, a folder or a glob (`*`, `**`, `?`, `[..]`), relative to hub.yaml."""
    path_in_repo: PathInRepo | None = Field(default=None, examples=["model.safetensors", "tokenizer/"])
    """Where it goes. A file: its new path, or a folder when it ends with `/`; default: its own name.
    A folder or glob: the folder that receives it; default: the root."""
    serializer: NonEmpty = Field(default="copy", examples=["copy", "safetensors"])
    """The format it is written in: `copy` sends the bytes as they are."""
    options: dict[str, Any] = Field(default_factory=dict, examples=[{"max_shard_size": "5GB"}])
    """The serializer's own options."""


class Patterns(Document):
    """Which of the collected files go up, in huggingface_hub's meaning: fnmatch, `*` crosses `/`, ignore wins."""

    allow_patterns: PatternList = Field(default=("*",), examples=[["*.safetensors", "*.json"]])
    """A file goes up only when one of these matches its path_in_repo."""
    ignore_patterns: PatternList = Field(default=(), examples=[["*.tmp", "checkpoint-*/*"]])
    """A file stays out when one of these matches, whatever the allow patterns say."""
    delete_patterns: PatternList = Field(default=(), examples=[["*.bin"]])
    """Remote files that may be deleted when the release does not hold them; default: none."""


class Card(Document):
    """The README that is rendered into the release."""

    template: LocalPath = Field(default="model", examples=["model", "dataset", "space", "card.md.j2"])
    """A built-in template, or a path to a Jinja2 file relative to hub.yaml."""
    metadata: dict[str, Any] = Field(
        default_factory=dict, examples=[{"license": "apache-2.0", "pipeline_tag": "image-classification"}]
    )
    """The YAML front matter, as the Hub documents it."""
    variables: dict[str, Any] = Field(default_factory=dict, examples=[{"summary": "Reads handwritten digits."}])
    """Values for the template; they are printed, never interpreted."""
    evaluation: LocalPath | None = Field(default=None, examples=["metrics.json"])
    """A JSON file with results in the form of `model-index`; they go to the front matter and the template."""


class Policy(Document):
    """What may go up. Audited when the release is sealed."""

    pickle: Level = "forbid"
    """Files whose content is a pickle, by whatever name."""
    secrets: Level = "forbid"
    """Files that hold a known kind of token or private key."""
    symlinks: Literal["forbid", "follow"] = "forbid"
    """Links to files; `follow` sends the target's bytes when it lies inside the manifest's folder."""
    max_file_size: Size = 50 * 10**9
    """The largest file that may go up."""
    deny_patterns: PatternList = Field(default=(), examples=[["*.log"]])
    """Files that must never be part of a release: a match fails it."""


class Load(Document):
    """How the release is loaded back."""

    allow_patterns: PatternList = Field(default=("*",), examples=[["*.safetensors", "*.json"]])
    """The files a load needs."""
    ignore_patterns: PatternList = Field(default=(), examples=[["*.tmp", "checkpoint-*/*"]])
    """The files a load does not need, whatever the allow patterns say."""
    serializer: NonEmpty | None = Field(default=None, examples=["safetensors"])
    """The format the weights are read with; null: by what the files are."""
    target: Target | None = Field(default=None, examples=["digits_mlp:DigitsMLP"])
    """The class to load into, `module:Class`: of an installed package, or of a file of the release. It is imported
    only when whoever loads permits it."""


class Manifest(Document):
    """A release, declared. The file is published with it, as written."""

    schema_version: SchemaVersion = 1
    """The version of this format."""
    repo: Repo
    """Where the release goes."""
    variables: dict[VariableName, str | StrictInt] = Field(
        default_factory=dict,
        examples=[{"version": "1.2.0"}],
        json_schema_extra={"additionalProperties": False, "properties": {RESERVED: False}},
    )
    """Values for `{{ name }}` in every text of this file, keys and `variables` itself excepted; `--set name=VALUE`
    stands in for one. A version such as `"1.10"` must be quoted: it is no number. `{{ '{{' }}` writes two braces.
    Known without being declared: `git.commit`, `git.short_commit`, `git.tag`, `git.branch`, `git.dirty` and
    `source_date`."""
    env: tuple[EnvironmentName, ...] = Field(
        default=(), examples=[["BUILD_NUMBER"]], json_schema_extra={"uniqueItems": True}
    )
    """Environment variables that `{{ env.NAME }}` may read; no other is looked at. Their values are published."""
    artifacts: tuple[Artifact, ...] = Field(min_length=1, max_length=MOST_ENTRIES)
    """What is released."""
    patterns: Patterns = Patterns.model_construct()
    """Which of the collected files go up, and which remote files may go."""
    card: Card | None = None
    """The README; without it none is rendered."""
    policy: Policy = Policy.model_construct()
    """What may go up."""
    load: Load = Load.model_construct()
    """How it is loaded back."""

    @field_validator("env")
    @classmethod
    def _names_each_once(cls, env: tuple[str, ...]) -> tuple[str, ...]:
        if twice := [name for name, count in Counter(env).items() if count > 1]:
            msg = f"'{twice[0]}' stands twice"
            raise Refusal(msg, "keep it once")
        return env


class Published(Document):
    """What those who load a release take from its hub.yaml; the rest is not for them, and is not looked at."""

    model_config = ConfigDict(extra="ignore")

    schema_version: SchemaVersion = 1
    """As in `Manifest`."""
    load: Load = Load.model_construct()
    """As in `Manifest`."""
