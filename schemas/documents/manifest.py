"""hub.yaml: the files of a release, its repo, the rules it must meet, and how it is loaded.

Fields have the names that huggingface_hub uses, wherever it has one. The texts below the fields become the descriptions
in the JSON Schema, which editors show.
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

from hublish.schemas.diagnose.problems import InvalidValueError
from hublish.schemas.documents.card_evaluation import Evaluation
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
    ResourceGroupId,
    Size,
    Target,
)
from hublish.schemas.documents.hub_names import RepoType
from hublish.schemas.documents.manifest_part import ManifestPart
from hublish.schemas.documents.moving_refs import MovingRefs, names_of_their_own
from hublish.schemas.documents.signing import Sign
from hublish.schemas.documents.waivers import WaiverList
from hublish.schemas.secrets.token_rules import CREDENTIAL_NAME, WHERE_CREDENTIALS_GO, names_credential
from hublish.schemas.variables.lookup import RESERVED

SCHEMA_VERSION = 1
SpaceSdk = Literal["gradio", "docker", "static", "streamlit"]
Level = Literal["forbid", "warn", "allow"]
PictureName = Literal["training", "evaluation", "tensors", "splits"]
PictureList = Annotated[tuple[PictureName, ...], Field(json_schema_extra={"uniqueItems": True})]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


def _not_reserved(name: str) -> str:
    if name == RESERVED:
        msg = f"'{RESERVED}' is built in: SOURCE_DATE_EPOCH, else the date of git's HEAD"
        raise InvalidValueError(msg, "use another name")
    return name


def _not_a_credential(name: str) -> str:
    if names_credential(name):
        raise InvalidValueError("the name of a credential", WHERE_CREDENTIALS_GO)
    return name


def _is_readable(version: object) -> object:
    # Not `isinstance`: True is an int, too.
    if type(version) is not int or version != SCHEMA_VERSION:
        msg = f"this hublish reads schema_version {SCHEMA_VERSION}"
        newer = type(version) is int and version > SCHEMA_VERSION
        raise InvalidValueError(msg, "update hublish" if newer else f"write `schema_version: {SCHEMA_VERSION}`")
    return version


SchemaVersion = Annotated[Literal[1], BeforeValidator(_is_readable)]
MOST_DATA_FILES = 64
TEMPLATE_NAMES = ("repo", "metadata", "evaluation", "files", "facts", "data", "pictures", "snippets")
"""The names that every card template gets from hublish; the card's variables must use others."""
VariableName = Annotated[Name, AfterValidator(_not_reserved)]
EnvironmentName = Annotated[
    Name, AfterValidator(_not_a_credential), Field(json_schema_extra={"not": {"pattern": CREDENTIAL_NAME}})
]


def _given(field: str, form: JsonDict) -> JsonDict:
    return {"properties": {field: form}, "required": [field]}


# The rules of Repo's validators for the JSON Schema, at the fields that the validators report.
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
            *(_given(field, {"minItems": 1}) for field in ("moving_tags", "moving_branches")),
        ]
    },
    "then": {"properties": {"create_pr": {"not": {"const": True}}}},
}


class Repo(ManifestPart):
    """The destination of the release."""

    model_config = ConfigDict(json_schema_extra={"allOf": [_FOR_SPACES_ONLY, _PULL_REQUESTS]})

    repo_id: RepoId = Field(examples=["acme/digits-mlp"])
    """The namespace and name on the Hub: `acme/digits-mlp`."""
    repo_type: RepoType = "model"
    """The type of the repo."""
    visibility: Literal["public", "private", "protected"] | None = None
    """Who can read the repo. null: public for a new repo, unchanged for an existing one. `protected` is for Spaces."""
    gated: Literal["auto", "manual", False] | None = None
    """Whether readers request access: `auto` grants it at once, `manual` after a review. null: unchanged."""
    revision: Ref = Field(default="main", examples=["main", "experiments"])
    """The branch that receives the commit; a missing branch is created from main."""
    tag: Ref | None = Field(default=None, examples=["v1.2.0"])
    """The tag of the release, created after the verification. An existing tag is never moved."""
    moving_tags: MovingRefs = Field(default=(), examples=[["latest"]])
    """Tags that follow the releases: after the verification, each is set to the commit of this one."""
    moving_branches: MovingRefs = Field(default=(), examples=[["stable"]])
    """Branches that follow the releases in the same way. One that has a commit of its own is refused: it would be
    lost."""
    create_pr: Flag = False
    """Open a pull request instead of committing to the branch."""
    commit_message: Line | None = Field(default=None, examples=["Release 1.2.0"])
    """The first line of the commit message. null: `Release <tag>` or `Release <repo_id>`."""
    commit_description: str = Field(default="", examples=["Trained for 20 epochs; accuracy in the card."])
    """The rest of the commit message."""
    files_per_commit: StrictInt = Field(default=1000, ge=1, le=100_000, examples=[1000])
    """The most files that one commit adds, changes or deletes. A larger release for main is sent in parts to a draft
    pull request, verified there, and merged in one step."""
    space_sdk: SpaceSdk | None = None
    """The SDK of a new Space; only required when the Space does not exist yet."""
    region: Literal["us", "eu"] | None = None
    """Where the Hub stores a new repo; organizations with a Team or Enterprise plan can choose. null: the default of
    the namespace. An existing repo stays where it is."""
    resource_group_id: ResourceGroupId | None = Field(default=None, examples=["66670e5163145ca562cb1988"])
    """The resource group of a new repo, which decides who in an Enterprise organization has access to it: the id in the
    address of the group's page. null: none. An existing repo stays in its group."""
    endpoint: Endpoint | None = Field(default=None, examples=["embedded"])
    """The Hub: a URL, or `embedded` for the Hub next to hub.yaml. null: HF_ENDPOINT, else the public Hub."""

    @field_validator("gated", mode="before")
    @classmethod
    def _not_a_number(cls, value: object) -> object:
        if isinstance(value, int | float) and not isinstance(value, bool):  # 0 == False in Python
            raise InvalidValueError("expected auto, manual or false", "write one of them, or remove the line")
        return value

    @field_validator("visibility")
    @classmethod
    def _protected_only_for_spaces(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value == "protected" and info.data.get("repo_type") != "space":
            raise InvalidValueError("'protected' is only for Spaces", "write public or private", conflict="repo_type")
        return value

    @field_validator("moving_tags", "moving_branches")
    @classmethod
    def _name_nothing_else(cls, names: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        return names_of_their_own(names, info)

    @field_validator("create_pr")
    @classmethod
    def _pull_request_only_to_main(cls, value: bool, info: ValidationInfo) -> bool:
        if value and info.data.get("revision", "main") != "main":
            msg = "create_pr requires revision: main; the Hub opens pull requests against the default branch"
            raise InvalidValueError(msg, "remove one of the two lines", conflict="revision")
        if value and info.data.get("tag") is not None:
            msg = "create_pr and tag exclude each other"
            hint = "remove one of them; the release can be tagged after the pull request is merged"
            raise InvalidValueError(msg, hint, conflict="tag")
        if moving := next((name for name in ("moving_tags", "moving_branches") if value and info.data.get(name)), ""):
            hint = "remove one of them; a pull request has no released commit before it is merged"
            raise InvalidValueError(f"create_pr and {moving} exclude each other", hint, conflict=moving)
        return value

    @field_validator("space_sdk")
    @classmethod
    def _sdk_only_for_spaces(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("repo_type") != "space":
            msg = "space_sdk is only for Spaces"
            raise InvalidValueError(msg, "remove it, or write `repo_type: space`", conflict="repo_type")
        return value


class Artifact(ManifestPart):
    """One source, and how it is released."""

    source: LocalPath = Field(examples=["runs/best/model.pt", "runs/best/*.json", "tokenizer/"])
    """A file, a folder or a glob (`*`, `**`, `?`, `[..]`), relative to hub.yaml."""
    path_in_repo: PathInRepo | None = Field(default=None, examples=["model.safetensors", "tokenizer/"])
    """The destination. For a file: its new path, or a folder when it ends with `/`; default: its own name. For a
    folder or glob: the folder that receives the files; default: the root."""
    serializer: NonEmpty = Field(default="copy", examples=["copy", "safetensors"])
    """The serializer that writes it: `copy` uploads the bytes unchanged."""
    options: dict[str, Any] = Field(default_factory=dict, examples=[{"max_shard_size": "5GB"}])
    """The options of the serializer."""


class Patterns(ManifestPart):
    """Which files are uploaded. Patterns work as in huggingface_hub: fnmatch, `*` matches `/`, ignore wins."""

    allow_patterns: PatternList = Field(default=("*",), examples=[["*.safetensors", "*.json"]])
    """A file is only uploaded if one of these matches its path_in_repo."""
    ignore_patterns: PatternList = Field(default=(), examples=[["*.tmp", "checkpoint-*/*"]])
    """A file is excluded if one of these matches, even if an allow pattern matches too."""
    delete_patterns: PatternList = Field(default=(), examples=[["*.bin"]])
    """Remote files that are deleted if the release does not contain them; default: none."""


class Card(ManifestPart):
    """The README that is rendered for the release."""

    template: LocalPath = Field(default="model", examples=["model", "dataset", "space", "card.md.j2"])
    """A built-in template, or a path to a Jinja2 file relative to hub.yaml."""
    metadata: dict[str, Any] = Field(
        default_factory=dict, examples=[{"license": "apache-2.0", "pipeline_tag": "image-classification"}]
    )
    """The YAML front matter; the Hub documents its keys."""
    variables: dict[str, Any] = Field(default_factory=dict, examples=[{"summary": "Reads handwritten digits."}])
    """Values for the template; they are printed and never evaluated."""
    data: dict[Name, LocalPath] = Field(
        default_factory=dict, max_length=MOST_DATA_FILES, examples=[{"metrics": "runs/best/metrics.json"}]
    )
    """Files (JSON, YAML, TOML, CSV, JSON Lines) whose values the template, `variables` and `metadata` print:
    `{{ data.metrics.accuracy }}`. They need not be part of the release."""
    evaluation: Evaluation | None = Field(
        default=None,
        examples=[
            "metrics.json",
            [{"file": "metrics.json", "task": "image-classification", "dataset": {"type": "mnist", "split": "test"}}],
        ],
    )
    """Results for the front matter and the template: a file that names its tasks and datasets, such as a `model-index`,
    or a list of files with what they measure."""
    pictures: PictureList | Literal[False] | None = Field(default=None, examples=[["training", "evaluation"]])
    """The pictures of the card, which are released in the folder `figures`. null: those with enough data, of
    `training`, `evaluation` and `tensors` for a model, and of `splits` for a dataset. false: none."""

    @field_validator("pictures", mode="before")
    @classmethod
    def _pictures_once(cls, value: object) -> object:
        if isinstance(value, bool | int | float | str) and value is not False:  # 0 == False in Python
            raise InvalidValueError("expected a list of pictures, or false", "remove the line for the default")
        names = value if isinstance(value, list | tuple) else ()
        if twice := [name for index, name in enumerate(names) if name in names[:index]]:
            raise InvalidValueError(f"'{twice[0]}' occurs twice", "remove one of them")
        return value


class Policy(ManifestPart):
    """The rules for uploaded files, checked when the release is sealed."""

    pickle: Level = "forbid"
    """Files that run code when they are loaded: pickles, and others such as Keras models with lambdas. Their content
    decides, and their names do not matter."""
    secrets: Level = "forbid"
    """Files that contain a known kind of token or private key."""
    symlinks: Literal["forbid", "follow"] = "forbid"
    """Links to files; `follow` uploads the target if it is inside the manifest's folder."""
    max_file_size: Size = 50 * 10**9
    """The size of the largest file that may be uploaded."""
    deny_patterns: PatternList = Field(default=(), examples=[["*.log"]])
    """Files that must never be released: a match is an error."""
    dirty: Literal["forbid", "allow"] = "forbid"
    """Files of the release that differ from the git tag or commit that `repo.tag` is named after: `{{ git.tag }}`."""
    waivers: WaiverList = ()
    """Findings that are accepted, each in one file and with a reason. A waiver without a finding is an error."""


class Load(ManifestPart):
    """How the release is loaded."""

    allow_patterns: PatternList = Field(default=("*",), examples=[["*.safetensors", "*.json"]])
    """The files that loading needs."""
    ignore_patterns: PatternList = Field(default=(), examples=[["*.tmp", "checkpoint-*/*"]])
    """The files that loading does not need, even if an allow pattern matches."""
    serializer: NonEmpty | None = Field(default=None, examples=["safetensors"])
    """The serializer that reads the weights. null: inferred from the files."""
    target: Target | None = Field(default=None, examples=["digits_mlp:DigitsMLP"])
    """The class to load into, `module:Class`, from an installed package or a file of the release. It is only
    imported if the caller permits it."""


class Manifest(ManifestPart):
    """The declaration of a release; the file is published with it as written."""

    schema_version: SchemaVersion = 1
    """The version of this format."""
    repo: Repo
    """The destination of the release."""
    variables: dict[VariableName, str | StrictInt] = Field(
        default_factory=dict,
        examples=[{"version": "1.2.0"}],
        json_schema_extra={"additionalProperties": False, "properties": {RESERVED: False}},
    )
    """Values for `{{ name }}` in the strings of this file, except keys and `variables` itself; `--set name=VALUE`
    replaces one. Quote a version such as `"1.10"`: otherwise, it is a number. `{{ '{{' }}` writes two braces. Built
    in: `git.commit`, `git.short_commit`, `git.tag`, `git.branch`, `git.dirty` and `source_date`."""
    env: tuple[EnvironmentName, ...] = Field(
        default=(), examples=[["BUILD_NUMBER"]], json_schema_extra={"uniqueItems": True}
    )
    """The only environment variables that `{{ env.NAME }}` can read. Their values are published."""
    artifacts: tuple[Artifact, ...] = Field(min_length=1, max_length=MOST_ENTRIES)
    """The sources of the release."""
    patterns: Patterns = Patterns.model_construct()
    """Which collected files are uploaded, and which remote files are deleted."""
    card: Card | None = None
    """The README. null: none is rendered."""
    policy: Policy = Policy.model_construct()
    """The rules for uploaded files."""
    publish_manifest: Literal["as_written", "load", "none"] = "as_written"
    """The part of this file that is uploaded as hub.yaml: all of it, only what loading needs, or none. A pattern under
    `ignore_patterns` that matches hub.yaml leaves it out as well."""
    load: Load = Load.model_construct()
    """How the release is loaded."""
    sign: Sign | None = None
    """How the release is signed. null: it is not."""

    @field_validator("env")
    @classmethod
    def _without_duplicates(cls, env: tuple[str, ...]) -> tuple[str, ...]:
        if twice := [name for name, count in Counter(env).items() if count > 1]:
            raise InvalidValueError(f"'{twice[0]}' occurs twice", "remove one of them")
        return env


class Published(Document):
    """The part of a published hub.yaml that loading reads; other keys are ignored."""

    model_config = ConfigDict(extra="ignore")

    schema_version: SchemaVersion = 1
    """As in `Manifest`."""
    load: Load = Load.model_construct()
    """As in `Manifest`."""
