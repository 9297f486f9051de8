"""HTTP as the page's server speaks it: what is no HTTP at all is answered with the policies as well."""

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from dcase_explore.viewer.headers import OTHERS


class Protocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """Uvicorn's own, but for its answer to what cannot be parsed, which no middleware sees."""

    def send_400_response(self, msg: str) -> None:
        """Answer what is no request, and hang up."""
        body = msg.encode()
        headers = (
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
            (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
            *OTHERS,
        )
        head = b"".join(b"%s: %s\r\n" % header for header in headers)
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\n%s\r\n%s" % (head, body))
        self.transport.close()
