"""`hublish audit`: apply the policy alone, to a release or to any folder."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hublish.base.errors import UsageError
from hublish.cli.arguments import add_cache, add_manifest, add_trust_policy, manifest
from hublish.cli.commands import Example, Outcome
from hublish.cli.exit_codes import FAILED
from hublish.cli.report import Report
from hublish.schemas.diagnose.problems import Location, Problem
from hublish.schemas.documents.file_names import MANIFEST_FILE

if TYPE_CHECKING:
    from hublish.base.values.audited import Audited, AuditFinding

DESCRIPTION = """Audits names, sizes, links, pickles and secrets, and reports all findings at once; the exit code is 1
when one of them is an error. Without PATH, the files of the release are audited by the policy and the waivers of
hub.yaml. With PATH, every file of a folder is, or one file, or a repo that is in huggingface_hub's cache, by the
default policy: a hub.yaml in it does not count, as others may have written it. Without PATH and hub.yaml, the current
folder is audited. A rule of trust.yaml for the repo of PATH is applied to its signature. Uses no network, renders no
card and writes nothing. `hublish explain policy.pickle` explains a finding."""
EXAMPLES = (
    Example("hublish audit", "the release of hub.yaml, by its policy"),
    Example("hublish audit downloads/model", "a folder that others made"),
    Example("hublish audit acme/digits-mlp@v1.2.0", "a repo that `hublish pull` has downloaded"),
    Example("hublish audit --format sarif > hublish.sarif", "for code scanning, and for editors that read SARIF"),
)
_LEVELS = ("forbid", "warn", "allow")


def configure(parser: ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", metavar="PATH", help="a folder, a file, or REPO[@REV] in the cache")
    add_manifest(parser)
    group = parser.add_argument_group("the policy of PATH")
    group.add_argument("--pickle", choices=_LEVELS, help="files that run code when loaded (default: forbid)")
    group.add_argument("--secrets", choices=_LEVELS, help="tokens and private keys (default: forbid)")
    group.add_argument("--max-file-size", type=_size, metavar="SIZE", help="the largest file (default: 50GB)")
    add_trust_policy(parser)
    add_cache(parser)


def run(arguments: Namespace, report: Report) -> Outcome:
    from hublish.cli.views.audit import AuditView

    audited = _audited(arguments, report)
    report.annotate(_with_place(one) for one in audited.findings if one.waived is None)
    return Outcome(AuditView(audited), 0 if audited.ok else FAILED)


def _with_place(finding: "AuditFinding") -> Problem:
    """Return the problem of a finding, that of a whole file at its first line."""
    problem = finding.problem
    if problem.location is not None or not finding.source:
        return problem
    return replace(problem, location=Location(finding.source, 1, 1))


def _audited(arguments: Namespace, report: Report) -> "Audited":
    import hublish

    options = {"pickle": arguments.pickle, "secrets": arguments.secrets, "max_file_size": arguments.max_file_size}
    given = {name: value for name, value in options.items() if value is not None}
    cache = arguments.digest_cache
    no_manifest = arguments.file == MANIFEST_FILE and not arguments.settings and not Path(MANIFEST_FILE).exists()
    if arguments.path is None and not no_manifest:
        if arguments.trust_policy is not None:
            raise UsageError("a trust policy is for releases of others", hint="name a folder: hublish audit FOLDER")
        if given:
            msg = "the policy of a release is in its manifest"
            raise UsageError(msg, hint="change `policy` there, or name a folder: hublish audit .")
        return hublish.audit_release(manifest(arguments, report), progress=report.progress(), digest_cache=cache)
    if arguments.path is not None and (arguments.file != MANIFEST_FILE or arguments.settings):
        msg = "PATH is audited without a manifest"
        raise UsageError(msg, hint="leave PATH out to audit the release of a manifest, or leave -f and --set out")
    if arguments.path is None and report.verbose:
        report.note("no hub.yaml here: auditing every file of this folder by the default policy")
    path = _folder(arguments.path or ".")
    policy = hublish.Policy(**given)
    trust = arguments.trust_policy
    progress = report.progress()
    return hublish.audit_folder(path, policy=policy, trust_policy=trust, progress=progress, digest_cache=cache)


def _folder(named: str) -> Path:
    """Return the folder or file that a person named, also by the id of a repo in the cache.

    Raises:
        UsageError: there is neither.
    """
    path = Path(named)
    if path.exists() or path.is_symlink():
        return path
    from hublish.pipeline.fetch.fetch import Destination
    from hublish.pipeline.fetch.resolve import cached_snapshot
    from hublish.schemas.diagnose.problems import InvalidValueError
    from hublish.schemas.documents.repo_addresses import read_address

    try:
        repo = read_address(named)
    except InvalidValueError:
        repo = None
    found = repo and cached_snapshot(Destination(), repo.repo_id, repo.repo_type or "model", repo.revision or "main")
    if not found:
        hint = "name a folder or a file; or a repo, once `hublish pull REPO` has downloaded it"
        raise UsageError(f"{named} is neither a folder, nor a file, nor a repo in the cache", hint=hint)
    return found


def _size(text: str) -> str:
    from hublish.schemas.documents.sizes import parse_size

    try:
        parse_size(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None
    return text
