"""Model, dataset and Space cards."""

from hublish.hub.server.cards import Report, validate
from hublish.hub.server.http import Request, Response, bad_request, json_response
from hublish.hub.server.hub import Hub


def validate_yaml(_hub: Hub, request: Request) -> Response:
    """`POST /api/validate-yaml`: 200 with warnings, or 400 with errors."""
    body = request.json_object()
    content = body.get("content")
    if not isinstance(content, str):
        raise bad_request('"content" must be a string')
    report = validate(str(body.get("repoType") or "model"), content)
    return json_response(report_json(report), status=400 if report.errors else 200)


def report_json(report: Report) -> dict[str, list[dict[str, str]]]:
    """Return a report as the client reads it."""
    return {
        "errors": [{"message": message} for message in report.errors],
        "warnings": [{"message": message} for message in report.warnings],
    }
