"""A server that speaks the hub's protocol and that of the original records, and that can be told to fail."""

import hashlib
import io
import json
import re
import socket
import struct
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO, Self
from urllib.parse import parse_qs, quote, unquote, urlsplit

from hub_repository import StandIn

PIECE = 1 << 16
LARGE = (".npz", ".gz")  # what the hub keeps outside git


@dataclass(frozen=True)
class Fault:
    """
    What goes wrong with an answer; made by the functions below.

    ``method`` is the request's that it meets, None for any. Those that harm the content meet only answers that carry
    some: no redirect, no refusal.
    """

    kind: str
    amount: float | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str | None = "GET"

    @property
    def harms_content(self) -> bool:
        return self.kind not in ("status", "stall") and self.amount is not None


def status(code: int, headers: Mapping[str, str] | None = None, *, method: str | None = "GET") -> Fault:
    """Another status than is due."""
    return Fault("status", code, headers or {}, method=method)


def cut(after_bytes: int | None, *, method: str | None = "GET") -> Fault:
    """The full length is announced, so many bytes are sent, the connection is closed; None: closed unanswered."""
    return Fault("cut", after_bytes, method=method)


def reset(after_bytes: int | None, *, method: str | None = "GET") -> Fault:
    """As ``cut``, but the connection is reset: the client gets so many bytes at most."""
    return Fault("reset", after_bytes, method=method)


def shorter(by_bytes: int, *, method: str | None = "GET") -> Fault:
    """Whole in itself, but shorter than the file is."""
    return Fault("shorter", by_bytes, method=method)


def flipped(*, method: str | None = "GET") -> Fault:
    """The byte in the middle of what is sent is another."""
    return Fault("flipped", 1, method=method)


def no_ranges(*, method: str | None = "GET") -> Fault:
    """All is sent, whatever part was asked for."""
    return Fault("no_ranges", 0, method=method)


def stall(seconds: float, *, method: str | None = "GET") -> Fault:
    """The answer is right but late."""
    return Fault("stall", seconds, method=method)


def slow(bytes_per_second: int, *, method: str | None = "GET") -> Fault:
    """The content comes in small pieces."""
    return Fault("slow", bytes_per_second, method=method)


@dataclass
class Request:
    """One request; ``file`` is the path in the repository, also where the address does not tell, or ``""``."""

    method: str
    path: str
    file: str
    range: str | None
    authorization: str | None
    status: int = 0
    bytes_sent: int = 0  # of content; counted before it is sent, so never less than what a client has

    def is_for(self, path_part: str) -> bool:
        return path_part in unquote(self.path) or path_part in self.file


@dataclass
class _Order:
    """So many more requests (None: all) whose path or file contains a text get a fault."""

    path_part: str
    fault: Fault
    times: int | None


@dataclass(frozen=True)
class _File:
    path: str
    on_disk: Path
    size: int
    oid: str
    sha256: str | None  # of a large one

    @property
    def etag(self) -> str:
        return f'"{self.sha256 or self.oid}"'

    def lfs(self, named: str) -> dict[str, Any]:
        """Empty for a small one; the hub's two listings name the hash differently."""
        if not self.sha256:
            return {}
        pointer = _pointer(self.sha256, self.size)
        return {"lfs": {named: self.sha256, "size": self.size, "pointerSize": len(pointer)}}


@dataclass
class _Answer:
    """What is due to a request, before a fault."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    content: Path | bytes = b""

    @property
    def is_content(self) -> bool:
        return self.status == 200


class HubServer:
    """
    ``with HubServer(standin) as hub:`` serves a repository at ``hub.url``, and its records.

    Large files are redirected to another port, as the hub redirects them to another host: the client takes what it
    knows of a file from the answer that leaves the hub, and keeps its token to itself there. With ``xet`` the large
    files announce Xet, as the hub's do today, and a client must have been told not to use it.
    """

    def __init__(
        self,
        standin: StandIn,
        repo: str = "renumics/dcase23-task2-enriched",
        *,
        commit: str | None = None,
        xet: bool = False,
    ) -> None:
        self.repo = repo
        self.xet = xet
        self.requests: list[Request] = []
        self.closing = threading.Event()
        self._commits: dict[str, dict[str, _File]] = {}
        self._large: dict[str, _File] = {}
        self._orders: list[_Order] = []
        self._lock = threading.Lock()
        self._servers: list[_Server] = []
        self.commit = self.publish(standin, commit)

    def __enter__(self) -> Self:
        for _ in range(2):
            server = _Server(self)
            self._servers.append(server)
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._servers[0].server_port}"

    @property
    def content_url(self) -> str:
        """Of the large files."""
        return f"http://127.0.0.1:{self._servers[1].server_port}"

    def close(self) -> None:
        """Go down: also connections that clients hold are gone. The addresses stay known."""
        if not self.closing.is_set():
            self.closing.set()
            for server in self._servers:
                server.close()

    def publish(self, standin: StandIn, commit: str | None = None) -> str:
        """Let ``main`` be this state of the repository, whose files must stay as they are; older commits stay."""
        files = {file.path: file for file in _files(standin.files)}
        if commit is None:
            commit = hashlib.sha1("".join(path + file.oid for path, file in files.items()).encode()).hexdigest()
        self._commits[commit] = files
        self._large |= {file.sha256: file for file in files.values() if file.sha256}
        self.records, self.commit = standin.records, commit
        return commit

    def fault(self, path_part: str, fault: Fault, times: int | None = 1) -> None:
        """
        Let the next requests (``times`` None: all) for what contains ``path_part`` get a fault.

        A request gets one fault, of those that apply the one that was ordered first.
        """
        with self._lock:
            self._orders.append(_Order(path_part, fault, times))

    def mend(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._orders.clear()

    def requests_for(self, path_part: str) -> list[Request]:
        return [request for request in self.requests if request.is_for(path_part)]

    def bytes_sent_for(self, path_part: str) -> int:
        """Content alone, without heads; ``""`` for all."""
        return sum(request.bytes_sent for request in self.requests_for(path_part))

    def due(self, target: str, has_token: bool) -> tuple[str, _Answer]:
        """The file that a request is about, if it is, and the right answer."""

        def within(space: str, name: str, revision: str, answer: Callable[..., _Answer], details: Any) -> _Answer:
            if f"{space}/{name}" != self.repo:  # the hub does not tell a stranger whether there is one
                return _refusal(404 if has_token else 401, "RepoNotFound", "Repository not found")
            commit = self.commit if revision == "main" else revision
            if commit not in self._commits:
                return _refusal(404, "RevisionNotFound", f"Invalid rev id: {revision}")
            return answer(self, commit, self._commits[commit], details)

        url = urlsplit(target)
        query = {name: values[-1].lower() for name, values in parse_qs(url.query).items()}
        match [unquote(part) for part in url.path.split("/")[1:]]:
            case ["api", "datasets", space, name]:
                return "", within(space, name, "main", _info, query.get("blobs") == "true")
            case ["api", "datasets", space, name, "revision", revision]:
                return "", within(space, name, revision, _info, query.get("blobs") == "true")
            case ["api", "datasets", space, name, "tree", revision, *folder]:
                return "", within(space, name, revision, _tree, ("/".join(folder), query.get("recursive") == "true"))
            case ["datasets", space, name, "resolve", revision, *steps]:
                return "/".join(steps), within(space, name, revision, _resolved, "/".join(steps))
            case ["api", "resolve-cache", "datasets", space, name, commit, *steps]:
                return "/".join(steps), within(space, name, commit, _small, "/".join(steps))
            case ["cdn", sha256] if sha256 in self._large:
                file = self._large[sha256]
                return file.path, _Answer(200, {"ETag": file.etag}, file.on_disk)
            case ["records", record, "files", name] if (archive := self.records / record / name).is_file():
                return "", _Answer(200, {"Content-Type": "application/octet-stream"}, archive)
        return "", _refusal(404, None, "Not Found")

    def fault_for(self, request: Request, is_content: bool) -> Fault | None:
        """Counted as used."""
        with self._lock:
            for order in self._orders:
                if (
                    request.is_for(order.path_part)
                    and order.fault.method in (None, request.method)
                    and (is_content or not order.fault.harms_content)
                    and order.times != 0
                ):
                    order.times = None if order.times is None else order.times - 1
                    return order.fault
        return None


def _files(root: Path) -> list[_File]:
    files = []
    for path in sorted(root.rglob("*")):
        if not path.is_file():
            continue
        size, sha256 = path.stat().st_size, None
        if path.name.endswith(LARGE):
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            kept = _pointer(sha256, size)
        else:
            kept = path.read_bytes()
        oid = hashlib.sha1(b"blob %d\0" % len(kept) + kept).hexdigest()
        files.append(_File(path.relative_to(root).as_posix(), path, size, oid, sha256))
    return files


def _pointer(sha256: str | None, size: int) -> bytes:
    """What git keeps of a large file."""
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()


def _json(value: object) -> _Answer:
    return _Answer(200, {"Content-Type": "application/json; charset=utf-8"}, json.dumps(value).encode())


def _refusal(status: int, code: str | None, sentence: str, headers: Mapping[str, str] | None = None) -> _Answer:
    answer = _json({"error": sentence})
    answer.status = status
    answer.headers |= {"X-Error-Message": sentence, **({"X-Error-Code": code} if code else {}), **(headers or {})}
    return answer


def _info(hub: HubServer, commit: str, files: dict[str, _File], in_full: bool) -> _Answer:
    siblings = [
        {"rfilename": file.path} | ({"size": file.size, "blobId": file.oid, **file.lfs("sha256")} if in_full else {})
        for file in files.values()
    ]
    author = hub.repo.split("/")[0]
    times = {"createdAt": "2023-05-12T08:00:00.000Z", "lastModified": "2023-06-08T09:00:00.000Z"}
    access = {"private": False, "gated": False, "disabled": False}
    counts = {"downloads": 0, "likes": 0, "tags": []}
    return _json({"id": hub.repo, "author": author, "sha": commit, "siblings": siblings, **times, **access, **counts})


def _tree(hub: HubServer, commit: str, files: dict[str, _File], details: tuple[str, bool]) -> _Answer:
    root, recursive = details
    prefix = f"{root}/" if root else ""
    entries: dict[str, dict[str, Any]] = {}
    for path, file in files.items():
        if not path.startswith(prefix):
            continue
        steps = path.removeprefix(prefix).split("/")
        for end in range(1, len(steps)):
            folder = prefix + "/".join(steps[:end])
            oid = hashlib.sha1(folder.encode()).hexdigest()
            entries[folder] = {"type": "directory", "oid": oid, "size": 0, "path": folder}
        entries[path] = {"type": "file", "oid": file.oid, "size": file.size, "path": path, **file.lfs("oid")}
        if hub.xet and file.sha256:
            entries[path]["xetHash"] = file.sha256
    if not entries:
        return _refusal(404, "EntryNotFound", f"{root} does not exist on {commit}")
    return _json([entry for path, entry in entries.items() if recursive or "/" not in path.removeprefix(prefix)])


def _resolved(hub: HubServer, commit: str, files: dict[str, _File], path: str) -> _Answer:
    headers = {"X-Repo-Commit": commit}
    file = files.get(path)
    if file is None:
        return _refusal(404, "EntryNotFound", "Entry not found", headers)
    headers |= {"X-Linked-Etag": file.etag, "X-Linked-Size": str(file.size)}
    if not file.sha256:
        location = f"/api/resolve-cache/datasets/{hub.repo}/{commit}/{quote(path)}"
        return _Answer(307, headers | {"Location": location})
    if hub.xet:
        route = f"{hub.url}/api/datasets/{hub.repo}/xet-read-token/{commit}"
        headers |= {"X-Xet-Hash": file.sha256, "Link": f'<{route}>; rel="xet-auth"'}
    return _Answer(302, headers | {"Location": f"{hub.content_url}/cdn/{file.sha256}"})


def _small(hub: HubServer, commit: str, files: dict[str, _File], path: str) -> _Answer:
    file = files.get(path)
    if file is None:
        return _refusal(404, "EntryNotFound", "Entry not found", {"X-Repo-Commit": commit})
    return _Answer(200, {"X-Repo-Commit": commit, "ETag": file.etag}, file.on_disk)


class _Server(ThreadingHTTPServer):
    request_queue_size = 128

    def __init__(self, hub: HubServer) -> None:
        self.hub = hub
        self.connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def close(self) -> None:
        self.shutdown()
        self.server_close()
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:  # it has just ended by itself
                continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # clients may leave when they like
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        super().finish()

    def log_message(self, *_: object) -> None:
        """Nothing is written."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        hub = self.server.hub
        authorization = self.headers.get("Authorization")
        file, answer = hub.due(self.path, authorization is not None)
        request = Request(self.command, self.path, file, self.headers.get("Range"), authorization)
        hub.requests.append(request)
        fault = hub.fault_for(request, answer.is_content) or Fault("none", 0)
        if hub.closing.is_set():  # a connection that came in just before
            fault = cut(None)
        match fault.kind:
            case "status":
                sentence = "It was told to fail"
                answer = _refusal(int(fault.amount or 0), None, sentence, fault.headers)
            case "stall":
                hub.closing.wait(fault.amount)
            case "cut" | "reset" if fault.amount is None:
                self._hang_up(fault.kind)
                return
        try:
            self._send(request, answer, fault)
        except ConnectionError:
            self.close_connection = True

    def _send(self, request: Request, answer: _Answer, fault: Fault) -> None:
        in_file = isinstance(answer.content, Path)
        size = answer.content.stat().st_size if isinstance(answer.content, Path) else len(answer.content)
        headers, (start, end) = dict(answer.headers), (0, size)
        request.status = answer.status
        if in_file:
            headers["Accept-Ranges"] = "bytes"
        if in_file and request.range and request.method == "GET" and fault.kind != "no_ranges":
            asked = _asked(request.range, size)
            if asked is not None:
                start, end = asked
                request.status = 206 if start < end else 416
        if fault.kind == "shorter":
            end = max(start, end - int(fault.amount or 0))
        if request.status == 206:
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
        elif request.status == 416:
            headers["Content-Range"] = f"bytes */{size}"

        self.send_response(request.status)
        for name, value in (headers | {"Content-Length": str(end - start)}).items():
            self.send_header(name, value)
        self.end_headers()
        if request.method == "HEAD":
            return
        with answer.content.open("rb") if isinstance(answer.content, Path) else io.BytesIO(answer.content) as content:
            self._send_content(request, content, start, end, fault)

    def _send_content(self, request: Request, content: BinaryIO, start: int, end: int, fault: Fault) -> None:
        amount = int(fault.amount or 0)
        middle = (start + end) // 2
        breaks = fault.kind in ("cut", "reset") and amount < end - start
        stop = start + amount if breaks else end
        length = max(1, amount // 20) if fault.kind == "slow" else PIECE
        content.seek(start)
        while start < stop and (piece := content.read(min(length, stop - start))):
            if fault.kind == "flipped" and start <= middle < start + len(piece):
                harmed = bytearray(piece)
                harmed[middle - start] ^= 0xFF
                piece = bytes(harmed)
            request.bytes_sent += len(piece)
            self.wfile.write(piece)
            start += len(piece)
            if fault.kind == "slow" and self.server.hub.closing.wait(len(piece) / amount):
                break
        if breaks:
            self._hang_up(fault.kind)

    def _hang_up(self, kind: str) -> None:
        self.close_connection = True
        if kind == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.server.connections.discard(self.connection)
            self.rfile.close()  # it holds the socket; what is closed here is not closed in good order later
            self.connection.close()


def _asked(text: str, size: int) -> tuple[int, int] | None:
    """Start and end of a single range, empty when there is nothing; None for what a server may ignore."""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", text.replace(" ", ""))
    if not match or match.group() == "bytes=-":
        return None
    first, last = match.groups()
    if not first:
        return max(0, size - int(last)), size
    if last and int(last) < int(first):
        return None
    start = int(first)
    return (start, min(size, int(last) + 1 if last else size)) if start < size else (0, 0)
