"""The chain of reasons why a release is trusted, in the views of several commands."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from hublish.base.values import RemoteRelease
from hublish.base.values.examined import Examination
from hublish.cli.report.json import fields, problem_document
from hublish.cli.terminal.color import Paint
from hublish.schemas.diagnose.problems import errors_in
from hublish.schemas.documents.file_names import SIGNATURE_FILE

if TYPE_CHECKING:
    from hublish.cli.report.markup import Block, Ink


def examination_lines(examination: Examination, paint: Paint) -> Iterator[str]:
    """Yield the verdict on a signature, the reasons for it, and each way out."""
    yield verdict(examination, paint)
    yield from (f"  {paint('green', 'ok')} {reason.text}" for reason in examination.reasons)
    for problem in examination.problems:
        mark = paint("red", "no") if problem.severity == "error" else paint("yellow", "--")
        yield f"  {mark} {problem.message} [{problem.code}]"
    # Many files have the same hint.
    for hint in dict.fromkeys(problem.hint for problem in examination.problems if problem.hint):
        yield paint("dim", f"  hint: {hint}")


def verdict(examination: Examination, paint: Paint) -> str:
    """Return who signed a release, in one line."""
    if not examination.ok:
        return f"{paint('red', 'NOT TRUSTED')}  {examination.repo}"
    if examination.signer is None:
        return f"{paint('yellow', 'not signed')}  by a signer that is known"
    return f"{paint('green', 'signed')}  by {examination.signer}"


def release_lines(release: RemoteRelease, paint: Paint) -> Iterator[str]:
    """Yield who signed a downloaded release; a remark on a signature that nothing was compared with."""
    if release.examination is not None:
        yield from examination_lines(release.examination, paint)
    elif any(file.path_in_repo == SIGNATURE_FILE for file in release.files):
        yield paint("dim", "It is signed; the signature was not verified, as no rule of a trust.yaml applies.")


def examination_blocks(examination: Examination, ink: "Ink") -> "Iterable[Block]":
    """Yield the verdict on a signature, and a table of the reasons."""
    from hublish.cli.report.markup import Paragraph, Table

    yield Paragraph(f"**{ink.text(verdict(examination, Paint()))}**")
    rows = [("ok", ink.text(reason.text)) for reason in examination.reasons]
    rows += [(ink.code(problem.code), ink.text(problem.message)) for problem in examination.problems]
    yield Table(("", "reason"), rows, "reason")


def paths_of(examination: Examination) -> tuple[str, ...]:
    """Return the files that a rule does not accept, each once."""
    return tuple(dict.fromkeys(problem.path for problem in errors_in(examination.problems) if problem.path))


def examination_document(examination: Examination | None) -> dict[str, Any] | None:
    """Return the result of an examination as plain data; null without one. Its keys are stable."""
    if examination is None:
        return None
    attestation, signed_by = examination.attestation, examination.signed_by
    return {
        **fields(examination, "repo", "ok", "signer"),
        "signed_by": None if signed_by is None else fields(signed_by, "method", "name", "provider", "log_index"),
        **{
            name: None if attestation is None else getattr(attestation, name)
            for name in ("builder", "source_uri", "source_commit", "dirty")
        },
        "reasons": [fields(reason, "name", "text") for reason in examination.reasons],
        "problems": [problem_document(problem) for problem in examination.problems],
    }
