"""What a page sends."""

from starlette.requests import Request

from dcase_explore.errors import ExploreError


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
        When it is more.
    """
    content = b""
    async for piece in request.stream():
        content += piece
        if len(content) > most:
            raise ExploreError(f"what the page sent is more than {most // 2**20} MB")
    return content
