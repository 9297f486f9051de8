"""Where a page is served, and who may reach it."""

import errno
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from dcase_explore.errors import ExploreError
from dcase_explore.viewer.guard import LOOPBACK


@dataclass(frozen=True)
class Address:
    """
    Where the page is served.

    Attributes
    ----------
    host
        Name or address to listen on; other than loopback only with TLS.
    port
        0 picks a free one.
    certificate, key
        PEM files for TLS.
    """

    host: str = "127.0.0.1"
    port: int = 0
    certificate: Path | None = None
    key: Path | None = None

    def __post_init__(self) -> None:
        """
        Refuse what would show the data to others unprotected.

        Raises
        ------
        ExploreError
            A host that others can reach without both TLS files, or TLS files that cannot be used.
        """
        if (self.certificate is None) != (self.key is None):
            raise ExploreError("TLS needs both files: --tls-certificate FILE and --tls-key FILE")
        if self.host not in LOOPBACK and self.certificate is None:
            raise ExploreError(
                f"--host {self.host} would show the data to the network unprotected: add --tls-certificate and "
                "--tls-key, or tunnel to this machine with ssh -L"
            )
        if self.certificate is not None:
            try:
                ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(self.certificate, self.key)
            except (OSError, ssl.SSLError) as error:
                raise ExploreError(
                    f"{self.certificate} and {self.key} are no TLS certificate and key ({error})"
                ) from error


def bind_to(address: Address) -> socket.socket:
    """
    Take the port, so that no other program can.

    Parameters
    ----------
    address
        Where.

    Returns
    -------
    socket.socket
        Bound; its port is the one taken where `address` left that open.

    Raises
    ------
    ExploreError
        When the port is taken or the host is not this machine's.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    bound = socket.socket(family)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((address.host, address.port))
        bound.listen()  # two programs may bind one port; only one may listen on it
    except (OSError, OverflowError) as error:
        bound.close()
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            raise ExploreError(
                f"port {address.port} is taken by another program: leave --port out for a free one, "
                f"or try --port {address.port + 1}"
            ) from error
        reason = getattr(error, "strerror", None) or error
        raise ExploreError(f"cannot listen on {address.host}, port {address.port} ({reason})") from error
    return bound
