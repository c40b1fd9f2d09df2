"""`hublish review`: write one page on which a reviewer approves or stops the release."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from hublish.base.errors import UsageError
from hublish.cli.arguments import (
    add_cache,
    add_card,
    add_hub,
    add_lock,
    add_manifest,
    hub_options,
    repeated_options,
)
from hublish.cli.commands import Example, Outcome
from hublish.cli.folder_arguments import add_folder, released, take_folder
from hublish.cli.report import Report

DESCRIPTION = """Writes one HTML file that needs no network and runs no script. The verdict comes first, then everything
that a reviewer must not overlook, the settings, every file with its rule, the changes inside of files, the card before
and after, the findings of the audit, and the digest of the plan. Publishing records that digest in the message of the
commit, so that anyone can compare the release with the page that was approved. It only reads, and refuses a plan that
is stale."""
EXAMPLES = (
    Example("hublish review --open", "see the effect of publishing"),
    Example("hublish review plan.json", "the page of a plan from `hublish plan --out`, for its approval"),
    Example("hublish review plan.json -o site/index.html", "in CI: an artifact that a reviewer opens"),
)
_DEFAULT = Path("review.html")


def configure(parser: ArgumentParser) -> None:
    add_folder(parser, plan="the plan to show (default: a new one)")
    add_manifest(parser)
    add_lock(parser)
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        default=str(_DEFAULT),
        help=f"the page to write; `-` writes it to standard output (default: {_DEFAULT})",
    )
    parser.add_argument("--open", action="store_true", help="open the page in a browser")
    add_card(parser)
    add_cache(parser)
    add_hub(parser)


def run(arguments: Namespace, report: Report) -> Outcome:
    take_folder(arguments, plans=True)
    if arguments.open and arguments.output == "-":
        raise UsageError("a page on standard output cannot be opened", hint="name a file with -o")
    from hublish.pipeline.render_card.renderer import prestarted

    # The child process that renders the card starts up during our own slow imports.
    with prestarted(arguments.file):
        import hublish

        review = hublish.review(
            released(arguments, report),
            plan=arguments.plan,
            lock=arguments.lock,
            card=arguments.card,
            **hub_options(arguments, report),
        )
    if arguments.output == "-":
        report.show_file(review.html, {"html": review.html, "plan_sha256": review.plan_sha256})
        return Outcome(None)
    from hublish.cli.outside_release import write_outside
    from hublish.cli.views.review import ReviewView

    path = Path(arguments.output)
    data = review.html.encode("utf-8", "replace")
    write_outside(review.release, path, lambda: (data,))
    opened = None
    if arguments.open:
        import webbrowser

        opened = webbrowser.open(path.absolute().as_uri())
    plan = str(arguments.plan) if arguments.plan else ""
    return Outcome(ReviewView(review, path, plan, opened, repeated_options(arguments)))
