"""The view of `verify`: the files on the Hub compared with the lock."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hublish.api.verify import Verification
from hublish.base.values.moving_ref import MovingRef
from hublish.cards.record.false_facts import FalseFact
from hublish.cli.report.json import fields
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import plural
from hublish.cli.views.examination import examination_blocks, examination_document, examination_lines, paths_of
from hublish.cli.views.phrases import NO_OPTIONS, RepeatedOptions, next_steps, repo_label, short
from hublish.schemas.documents.lock import Lock

if TYPE_CHECKING:
    from hublish.cli.report.markup import Block, Ink


@dataclass(frozen=True)
class VerificationView:
    """Missing, extra and different files."""

    verification: Verification
    repeated: RepeatedOptions = NO_OPTIONS

    def human(self, paint: Paint) -> Iterable[str]:
        """Return every difference, then the verdict."""
        found = self.verification
        for title, mark, color, paths in (
            ("Missing on the Hub", "-", "red", found.missing),
            ("Different from the lock", "~", "yellow", found.different),
            ("Not in the lock", "+", "yellow", found.extra),
        ):
            if paths:
                yield from [paint("bold", title), *(paint(color, f"  {mark} {path}") for path in paths)]
        if found.moved:
            yield paint("bold", "No longer at this release")
            yield from (paint("yellow", f"  {' '.join(moved_row(ref, found.lock))}") for ref in found.moved)
        if found.facts:
            yield paint("bold", "Facts of the card that do not hold")
            for fact in found.facts:
                yield paint("yellow", f"  ! {fact.problem.place}: {fact.problem.message}")
                yield f"      {fact.problem.hint}"
        if found.examination is not None:
            yield from examination_lines(found.examination, paint)
        elif found.unverified:
            yield paint("yellow", f"The signature was not verified: {found.unverified}")
        # The verdict comes last, so that a long list does not push it off the screen.
        yield self._verdict(paint)
        if found.plan_sha256:
            yield paint("dim", f"plan  sha256 {found.plan_sha256}, as the commit records it")
        if found.differs:
            # `verify` reads no manifest, so there are no settings to repeat.
            plan = f"hublish plan{self.repeated.file}{self.repeated.hub}"
            yield from next_steps(paint, f"{plan}  shows what publishing again would change")

    def markdown(self, ink: "Ink") -> "Iterable[Block]":
        """Return the verdict, then every difference."""
        from hublish.cli.report.markup import Items, Paragraph, Table

        found = self.verification
        yield Paragraph(f"**{ink.text(self._verdict(Paint()))}**")
        kinds = (("missing on the Hub", found.missing), ("different from the lock", found.different))
        rows = [(kind, ink.code(path)) for kind, paths in (*kinds, ("not in the lock", found.extra)) for path in paths]
        rows += [("no longer at this release", ink.code(str(ref))) for ref in found.moved]
        if rows:
            yield Table(("difference", "path"), rows, "difference")
        if found.facts:
            yield Paragraph("#### Facts of the card that do not hold")
            facts = [f"{ink.code(fact.problem.place)}: {ink.text(fact.problem.message)}" for fact in found.facts]
            yield Items(facts, "fact")
        if found.examination is not None:
            yield from examination_blocks(found.examination, ink)
        elif found.unverified:
            yield Paragraph(f"The signature was not verified: {ink.text(found.unverified)}")

    def document(self) -> Any:
        """Return the verdict, the lists of differences, and the facts that do not hold."""
        return {
            "ok": self.verification.ok,
            **lock_document(self.verification.lock),
            **difference_document(self.verification),
            "plan_sha256": self.verification.plan_sha256,
            "facts": [_fact_document(fact) for fact in self.verification.facts],
            "signature": examination_document(self.verification.examination),
            "unverified": self.verification.unverified,
        }

    def quiet(self) -> Iterable[str]:
        """Return every path, tag and branch that differs from the lock."""
        found = self.verification
        distrusted = () if found.examination is None else paths_of(found.examination)
        listed = [*found.missing, *found.different, *found.extra, *map(str, found.moved)]
        return [*listed, *(path for path in distrusted if path not in listed)]

    def _verdict(self, paint: Paint) -> str:
        found = self.verification
        lock = found.lock
        tag = None if lock.tag_commit else lock.tag
        where = f"{repo_label(lock.repo_id, lock.repo_type)} at {tag or lock.revision}"
        if found.ok:
            count = plural(len(lock.files), "file")
            return f"{paint('green', 'ok')}  {where}: {count} as in the lock, at commit {short(lock.commit)}"
        counts = ((found.missing, "missing"), (found.different, "different"), (found.extra, "extra"))
        text = ", ".join(f"{len(paths)} {name}" for paths, name in counts)
        moved = f", {plural(len(found.moved), 'moved ref')}" if found.moved else ""
        false = f", {plural(len(found.facts), 'false fact')}" if found.facts else ""
        signed = found.examination is None or found.examination.ok
        distrust = "" if signed else ", a signature that is not accepted"
        return f"{paint('red', 'FAILED')}  {where}: {text}{moved}{false}{distrust}"


def _fact_document(fact: FalseFact) -> dict[str, Any]:
    about = {"code": fact.problem.code, "place": fact.problem.place, "message": fact.problem.message}
    return {**about, **fields(fact, "name", "expected", "found", "file", "key", "changed")}


# Also parts of the document of `status`.
def lock_document(lock: Lock) -> dict[str, Any]:
    """Return the target of a lock as plain data. Its keys are stable."""
    return {**fields(lock, "repo_id", "repo_type", "revision", "commit", "tag"), "files": len(lock.files)}


def difference_document(found: Verification) -> dict[str, Any]:
    """Return everything that differs from a lock as plain data. Its keys are stable."""
    moved = [fields(ref, "kind", "name", "at") for ref in found.moved]
    return {**fields(found, "missing", "different", "extra"), "moved": moved}


def moved_row(ref: MovingRef, lock: Lock) -> tuple[str, str, str]:
    """Return a mark, the tag or branch, and its change."""
    if ref.at is None:
        return "-", str(ref), "deleted"
    return "~", str(ref), f"{short(lock.tagged_commit)} -> {short(ref.at)}"
