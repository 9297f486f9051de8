"""How a page is refused something."""

from starlette.responses import JSONResponse, Response


def refusal(sentence: str, status: int = 422, kind: str = "Problem") -> Response:
    """Spotlight's own kind of refusal, whose title the page shows."""
    return JSONResponse({"title": sentence, "detail": "", "type": kind}, status_code=status)
