"""The view of a valid manifest."""

from hublish.cli.views.check import CheckView
from hublish.cli.views.phrases import RepeatedOptions
from hublish.schemas.diagnose.problems import Location, Problem
from tests.hublish.cli.views.values import Show

PLACE = Location("hub.yaml", 4, 3)
WARNING = Problem("card.license_missing", "no license", "add one", "card.metadata", PLACE, "warning")


def test_a_valid_manifest_leads_to_the_next_steps(show: Show) -> None:
    shown = show(CheckView("a/hub.yaml", (), RepeatedOptions(" -f a/hub.yaml")))
    assert shown.startswith("ok  a/hub.yaml: manifest, sources and card are valid\n")
    assert "Next: hublish files -f a/hub.yaml\n      hublish plan -f a/hub.yaml\n" in shown


def test_warnings_are_counted(show: Show) -> None:
    assert "valid, with 1 warning\n" in show(CheckView("hub.yaml", (WARNING,)))


def test_json_holds_every_warning_with_its_place() -> None:
    document = CheckView("hub.yaml", (WARNING,)).document()
    assert document["ok"] is True
    place = document["warnings"][0]["location"]
    assert (place["source"], place["line"], place["column"]) == ("hub.yaml", 4, 3)


def test_quiet_prints_nothing() -> None:
    assert list(CheckView("hub.yaml", (WARNING,)).quiet()) == []
