"""Problems of the files of a release, and of the formats that they are converted to."""

from typing import Final

from hublish.base import errors
from hublish.codes.entry import Code

RELEASE: Final = (
    Code.of_error(
        errors.SourceError,
        cause="The files that `artifacts` and `patterns` name cannot be released as they are. Each problem in the "
        "list has a code of its own, such as source.missing.",
        fix="Correct the listed problems. `hublish files` lists what would be uploaded, and `hublish explain PATH` "
        "shows the rule that decides on one file.",
    ),
    Code.of_error(
        errors.PolicyError,
        cause="The audit found files that the policy of the release, or of a download, forbids. The listed problems "
        "name every file and rule.",
        fix="Correct or exclude the files; `hublish explain` with the code of a finding, such as policy.pickle, "
        "describes its fix. A finding that is intended is waived for its file under `policy.waivers`.",
    ),
    Code.of_error(
        errors.DraftError,
        cause="`hublish init` found nothing to release in the folder or repo, found names or secrets that no release "
        "may have, or would overwrite an existing hub.yaml.",
        fix="Run it in the folder with the files, or name one: `hublish init DIR`. `--force` replaces an existing "
        "manifest, and `--out -` prints the draft.",
    ),
    Code(
        "release.no_weights",
        "A model without weights",
        cause="The release is a model, and no file in it has weights. A source is missing, or a pattern excludes them.",
        fix="Add the weights to `artifacts`; the hint names the rule that excludes them. Set `repo.repo_type` if this "
        "is not a model.",
        level="warning",
        example="repo: {repo_id: acme/digits-mlp}\n"
        "artifacts: [{source: runs/best/config.json}]\n"
        "card: {metadata: {license: mit}}\n",
    ),
    Code(
        "release.no_card",
        "A release without a card",
        cause="The release has neither `card` nor a README.md. The repo page is then empty, has no license, and is "
        "not found by searches.",
        fix="Add `card: {metadata: {license: apache-2.0}}` to hub.yaml, or a README.md to `artifacts`.",
        level="warning",
        example="repo: {repo_id: acme/digits-mlp}\nartifacts: [{source: runs/best/model.safetensors}]\n",
    ),
    Code(
        "release.no_sdk",
        "A Space without an SDK",
        cause="Neither `repo.space_sdk` nor the card names the SDK of the Space, and the Hub does not create a Space "
        "without one.",
        fix="Set `repo.space_sdk` to `gradio`, `docker` or `static`.",
        level="warning",
        example="repo: {repo_id: acme/digits, repo_type: space}\n"
        "artifacts: [{source: app}]\n"
        "card: {metadata: {license: mit}}\n",
    ),
    Code(
        "release.placeholder",
        "A placeholder that was never filled in",
        cause="A value of hub.yaml or of the card is still the text of a template: `your-name`, "
        "`<description>`, `[More Information Needed]`.",
        fix="Write the real value, or remove the line.",
        level="warning",
        example="repo: {repo_id: your-name/digits-mlp}\n"
        "artifacts: [{source: runs/best}]\n"
        "card: {metadata: {license: mit}}\n",
    ),
    Code(
        "release.gitattributes",
        "A .gitattributes without the Hub's rules",
        cause="The release has a .gitattributes of its own, which replaces the Hub's and tracks fewer files with LFS. "
        "Large files can then be stored in git itself, where each clone downloads all of their versions.",
        fix="Exclude the file under `patterns.ignore_patterns`, or add the lines of the Hub's own .gitattributes to "
        "it.",
        level="warning",
    ),
    Code(
        "repo.namespace",
        "A repo_id without a namespace",
        cause="`repo.repo_id` has no namespace, and there is no token whose account would be the namespace.",
        fix="Write `repo_id: NAMESPACE/NAME` with your user name or organization, or log in with `hf auth login`.",
        level="warning",
        example="repo: {repo_id: digits-mlp}\nartifacts: [{source: runs/best}]\ncard: {metadata: {license: mit}}\n",
    ),
    Code(
        "kernel.build",
        "A build of a kernel that cannot be loaded",
        cause="A kernel release has no folder `build/<variant>`, a name that is not a variant, or a build without "
        "`__init__.py` or with a wrong metadata.json. The library `kernels` ignores or rejects it.",
        fix="Build the kernel again with a current kernel-builder: `kernel-builder build-and-copy`.",
        level="warning",
    ),
    Code(
        "config.local_path",
        "A path of this machine in a configuration",
        cause="A configuration file such as config.json or adapter_config.json names a folder of this machine, for "
        "example as the base model. Readers do not have it, so loading fails for them.",
        fix="Write the id on the Hub, `namespace/name`, or remove the key, then release the file again.",
        level="warning",
    ),
    Code(
        "config.argument",
        "An argument that config.json cannot hold",
        cause="An argument of the model's class has no form in JSON, or would come back from config.json as another "
        "value: a function, a tensor, NaN, a tuple without an annotation.",
        fix="Annotate the parameter with its type, declare `coders` for the type in the class, pass values that JSON "
        "has, or give the content of config.json with `config=`.",
    ),
    Code(
        "config.lossy",
        "A config.json that would not give the arguments back",
        cause="`push_to_hub` or `save_pretrained` of a class with HubMixin records the arguments of the call, and at "
        "least one would be lost. Each has a problem with the code config.argument.",
        fix="Follow the hint of each problem. Nothing was written.",
    ),
    Code(
        "config.syntax",
        "A config.json that is not JSON",
        cause="The config.json of a release is damaged or has values that JSON does not know, so the arguments of the "
        "model cannot be read.",
        fix="Publish the release again with a valid config.json, or load the weights into an instance of your own: "
        "`hublish.from_hub(repo_id, into=model)`.",
    ),
    Code.of_error(
        errors.SerializationError,
        cause="The source is not of the format that the serializer reads, is damaged or empty, or holds values that "
        "the target format cannot store.",
        fix="The hint names the value and another way, such as another serializer or a cast. `serializer: copy` "
        "uploads the file as it is.",
    ),
    Code.of_error(
        errors.MissingDependencyError,
        cause="Converting or loading this format, or signing and verifying releases, needs a package that hublish does "
        "not install by itself, such as onnx, torch or cryptography.",
        fix="Run the `pip install` command in the hint in the same environment, and the command again.",
    ),
    Code(
        "serializer.unknown",
        "A serializer that does not exist",
        cause="`artifacts[].serializer` or `load.serializer` has a name that neither hublish nor an installed package "
        "provides.",
        fix="Use one of the names in the hint, or install the package that provides the serializer.",
        example="repo: {repo_id: acme/digits-mlp}\n"
        "artifacts:\n"
        "  - {source: runs/best/model.safetensors, serializer: safetensor}\n",
    ),
    Code(
        "serializer.options",
        "Options that a serializer does not accept",
        cause="A call from Python gave a serializer options that it does not have or values that it does not accept. "
        "In hub.yaml, the same mistakes have the codes serializer.unknown_option and serializer.invalid_option.",
        fix="Correct each option in the list.",
    ),
    Code(
        "serializer.unknown_option",
        "An option that a serializer does not have",
        cause="A key under `artifacts[].options` is misspelled, or belongs to another serializer.",
        fix="Use a name from the hint, or remove the option.",
        example="repo: {repo_id: acme/digits-mlp}\n"
        "artifacts:\n"
        "  - source: runs/best/model.safetensors\n"
        "    serializer: safetensors\n"
        "    options: {shard_size: 5GB}\n",
    ),
    Code(
        "serializer.invalid_option",
        "A value that an option does not accept",
        cause="A value under `artifacts[].options` has another type than the option, or is not one of its choices.",
        fix="Write the value as the message and the hint describe it, such as `max_shard_size: 5GB` or `dtype: "
        "bfloat16`.",
        example="repo: {repo_id: acme/digits-mlp}\n"
        "artifacts:\n"
        "  - source: runs/best/model.safetensors\n"
        "    serializer: safetensors\n"
        "    options: {dtype: half}\n",
    ),
    Code(
        "serializer.invalid",
        "A serializer of another package that cannot be used",
        cause="An installed package offers a serializer that cannot be imported or lacks a method, or two packages "
        "claim the same name.",
        fix="Update or uninstall the package that the message names. The built-in serializers are not affected.",
    ),
)
