"""What a page sends."""

import asyncio

from starlette.requests import Request

from dcase_explore.errors import ExploreError

PIECE_SECONDS = 10
"""So long is each piece waited for that was announced."""


async def body_of(request: Request, most: int) -> bytes:
    """
    Read what a request carries, without more of it than is wanted.

    Parameters
    ----------
    request
        Not read yet.
    most
        In bytes.

    Returns
    -------
    bytes
        All of it.

    Raises
    ------
    ExploreError
        When it is more, or does not come.
    """
    content = b""
    pieces = aiter(request.stream())
    while True:
        try:
            content += await asyncio.wait_for(anext(pieces), PIECE_SECONDS)
        except StopAsyncIteration:
            return content
        except TimeoutError as error:
            raise ExploreError("what the page announced does not come: try again") from error
        if len(content) > most:
            raise ExploreError(f"what the page sent is more than {most // 2**20} MB")
