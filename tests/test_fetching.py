"""`fetch` against real servers on loopback: what it follows, what it refuses, and when it stops.

Where a test needs a "public" server, 127.0.0.2 plays it and 127.0.0.1 stays private.
"""

from __future__ import annotations

import contextlib
import gzip
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hostile import pdf, picture

from visual_agent import fetching
from visual_agent.errors import ImageNotFound, ImageRefused, ImageTooLarge, ImageUnreadable
from visual_agent.fetching import fetch, is_public
from visual_agent.loading import LoadPolicy, load, load_pages

PNG = picture()
OPEN = LoadPolicy(private_addresses=True, timeout=5)
CERTIFICATE = Path(__file__).parent / "data" / "tls" / "pictures.example.pem"

pytestmark = pytest.mark.timeout(30)

Answer = Callable[[BaseHTTPRequestHandler], None]


class Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


class Server:
    """A web server on loopback; `answers` maps a path to a function that writes the response."""

    def __init__(self, address: str, tls: ssl.SSLContext | None = None) -> None:
        self.answers: dict[str, Answer] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server.requests.append((self.path, dict(self.headers)))
                self.close_connection = True
                with contextlib.suppress(OSError):  # the client hangs up where it must
                    server.answers[self.path.partition("?")[0]](self)

            def log_message(self, *arguments: object) -> None:
                pass

        self.http = Listener((address, 0), Handler)
        if tls is not None:
            self.http.socket = tls.wrap_socket(self.http.socket, server_side=True)
        self.port = self.http.server_port
        self.url = f"http://{address}:{self.port}"
        threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()


def send(body: bytes = PNG, status: int = 200, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def redirect(location: str, status: int = 302, **headers: str) -> Answer:
    return send(b"", status, Location=location, **headers)


def endless(piece: bytes, pause: float = 0.0, head: bytes = b"HTTP/1.1 200 OK\r\n\r\n") -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(head)
        while True:
            handler.wfile.write(piece)
            handler.wfile.flush()
            time.sleep(pause)

    return answer


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server("127.0.0.1")
    server.answers["/a.png"] = send()
    yield server
    server.close()


@pytest.fixture
def public(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server that counts as public."""
    monkeypatch.setattr(fetching, "is_public", lambda address: address == "127.0.0.2")
    server = Server("127.0.0.2")
    server.answers["/a.png"] = send()
    yield server
    server.close()


# --- what works ------------------------------------------------------------------------------------------------------


def test_body(server: Server) -> None:
    assert fetch(f"{server.url}/a.png?token=1#part", OPEN) == PNG
    path, headers = server.requests[0]
    assert path == "/a.png?token=1"
    assert headers["Host"] == f"127.0.0.1:{server.port}"
    assert headers["Accept-Encoding"] == "identity"
    assert not {"Cookie", "Authorization", "Referer"} & set(headers)


def test_load_takes_urls(server: Server) -> None:
    loaded = load(f"{server.url}/a.png?token=secret", OPEN)
    assert loaded.image.size == (48, 32)
    assert loaded.source == f"{server.url}/a.png"


def test_pages_of_a_pdf(server: Server) -> None:
    server.answers["/a.pdf"] = send(pdf(b"", b"0 0 200 100 re f"))
    assert load(f"{server.url}/a.pdf#page=2", OPEN).image.getpixel((5, 5)) == (0, 0, 0)
    assert [page.source for page in load_pages(f"{server.url}/a.pdf", OPEN)] == [
        f"{server.url}/a.pdf#page=1",
        f"{server.url}/a.pdf#page=2",
    ]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects(server: Server, status: int) -> None:
    server.answers["/old"] = redirect("older?x=1", status, Set_Cookie="a=b")
    server.answers["/older"] = redirect(f"{server.url}/a.png", status)
    assert fetch(f"{server.url}/old", OPEN) == PNG
    assert [path for path, _ in server.requests] == ["/old", "/older?x=1", "/a.png"]
    assert all("Cookie" not in headers for _, headers in server.requests)


def test_gzip_unasked(server: Server) -> None:
    for length in (0, 64 * 1024 - len(PNG), 64 * 1024, 300_000):
        data = PNG + bytes(length)
        server.answers["/a.gz"] = send(gzip.compress(data), Content_Encoding="gzip")
        assert fetch(f"{server.url}/a.gz", OPEN) == data


def test_proxies_of_the_environment_are_not_used(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert fetch(f"{server.url}/a.png", OPEN) == PNG


def test_the_next_address_is_tried(server: Server) -> None:
    addresses = ["127.0.0.3", "127.0.0.1"]  # nobody listens on the first
    assert fetch(f"http://two.example:{server.port}/a.png", OPEN, resolver=lambda *_: addresses) == PNG
    assert server.requests[0][1]["Host"] == f"two.example:{server.port}"


def test_trailing_dot(server: Server) -> None:
    assert fetch(f"http://dot.example.:{server.port}/a.png", OPEN, resolver=lambda *_: ["127.0.0.1"]) == PNG
    assert server.requests[0][1]["Host"] == f"dot.example:{server.port}"


def test_many_at_once(server: Server) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: fetch(f"{server.url}/a.png", OPEN), range(24))) == {PNG}


# --- addresses -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2a00:1450::1%eth0"],
)
def test_public_addresses(address: str) -> None:
    assert is_public(address)


NOT_PUBLIC = """
0.0.0.0 0.1.2.3 10.1.2.3 100.64.0.1 100.100.100.200 127.0.0.1 127.9.9.9 168.63.129.16 169.254.169.254 172.31.0.1
192.0.0.192 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.1.1.1 240.0.0.1
255.255.255.255 :: ::1 ::127.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:169.254.169.254 64:ff9b::7f00:1
64:ff9b::a9fe:a9fe 64:ff9b:1::808:808 100::1 2001:0:4136:e378:8000:63bf:80ff:fffe 2001:db8::1 2002:808:808::1
3fff::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff02::1 localhost 127.1 1
"""


@pytest.mark.parametrize("address", NOT_PUBLIC.split())
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


def test_private_address_is_not_connected_to(server: Server) -> None:
    for host in ("127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"):
        with pytest.raises(ImageRefused, match="not on the public internet"):
            fetch(f"http://{host}:{server.port}/a.png", LoadPolicy())
    assert not server.requests


def test_one_private_address_among_public_ones_is_enough(public: Server) -> None:
    with pytest.raises(ImageRefused, match="not on the public internet"):
        fetch(f"http://mixed.example:{public.port}/a.png", LoadPolicy(), resolver=lambda *_: ["127.0.0.2", "10.0.0.1"])
    assert not public.requests


def test_redirect_to_a_private_address_is_refused(public: Server, server: Server) -> None:
    public.answers["/go"] = redirect(f"{server.url}/a.png")
    assert fetch(f"{public.url}/a.png", LoadPolicy()) == PNG
    with pytest.raises(ImageRefused, match="not on the public internet"):
        fetch(f"{public.url}/go", LoadPolicy())
    assert not server.requests


def test_rebinding_has_no_window(public: Server, server: Server) -> None:
    """The name is looked up once for a hop, and the connection goes where that look-up said."""
    answers = iter([["127.0.0.2"], ["127.0.0.1"]])
    lookups: list[str] = []

    def resolver(host: str, port: int) -> list[str]:
        lookups.append(host)
        return next(answers)

    url = f"http://rebind.example:{public.port}"
    assert fetch(f"{url}/a.png", LoadPolicy(), resolver=resolver) == PNG
    assert lookups == ["rebind.example"]
    with pytest.raises(ImageRefused):
        fetch(f"{url}/a.png", LoadPolicy(), resolver=resolver)


def test_rebinding_between_redirects_is_refused(public: Server) -> None:
    answers = iter([["127.0.0.2"], ["127.0.0.1"]])
    public.answers["/go"] = redirect("/a.png")
    with pytest.raises(ImageRefused, match="not on the public internet"):
        fetch(f"http://rebind.example:{public.port}/go", LoadPolicy(), resolver=lambda *_: next(answers))
    assert [path for path, _ in public.requests] == ["/go"]


ELSEWHERE = [
    "file:///etc/passwd",
    "ftp://127.0.0.1/a",
    "gopher://127.0.0.1:1/_x",
    "data:image/png;base64,AAAA",
    "http://",
    "//",
    "http://user:secret@127.0.0.2/",
    "http://127.0.0.2:0/",
    "http://[::1",
    "http://a b\x01/",
]


@pytest.mark.parametrize("location", ELSEWHERE)
def test_redirects_to_other_things_are_refused(public: Server, location: str) -> None:
    public.answers["/go"] = redirect(location)
    with pytest.raises(ImageRefused) as raised:
        fetch(f"{public.url}/go", LoadPolicy())
    assert "secret" not in str(raised.value)


# --- what the policy says --------------------------------------------------------------------------------------------


def test_urls_switched_off(server: Server) -> None:
    with pytest.raises(ImageRefused, match="switched off"):
        load(f"{server.url}/a.png", LoadPolicy(urls=False, private_addresses=True))
    assert not server.requests


def test_allowed_hosts(server: Server) -> None:
    policy = LoadPolicy(private_addresses=True, allowed_hosts=("Exact.example", ".wide.example"))
    for host in ("exact.example", "EXACT.example.", "wide.example", "a.b.wide.example"):
        assert fetch(f"http://{host}:{server.port}/a.png", policy, resolver=lambda *_: ["127.0.0.1"]) == PNG
    for host in ("a.exact.example", "exact.example.evil.example", "notwide.example", "127.0.0.1"):
        with pytest.raises(ImageRefused, match="another host"):
            fetch(f"http://{host}:{server.port}/a.png", policy, resolver=lambda *_: ["127.0.0.1"])
    server.answers["/go"] = redirect(f"{server.url}/a.png")
    with pytest.raises(ImageRefused, match="another host"):
        fetch(f"http://wide.example:{server.port}/go", policy, resolver=lambda *_: ["127.0.0.1"])


def test_redirects_are_counted(server: Server) -> None:
    server.answers["/loop"] = redirect("/loop")
    with pytest.raises(ImageRefused, match="more than 4 times"):
        fetch(f"{server.url}/loop", OPEN)
    assert len(server.requests) == 5


# --- size ------------------------------------------------------------------------------------------------------------


def test_stated_length_over_the_limit(server: Server) -> None:
    server.answers["/big"] = send(b"x", Content_Length=str(10**12))
    with pytest.raises(ImageTooLarge):
        fetch(f"{server.url}/big", OPEN)


def test_endless_body(server: Server) -> None:
    server.answers["/endless"] = endless(bytes(50_000))
    with pytest.raises(ImageTooLarge):
        fetch(f"{server.url}/endless", LoadPolicy(private_addresses=True, max_bytes=1_000_000))


def test_body_at_the_limit(server: Server) -> None:
    assert fetch(f"{server.url}/a.png", LoadPolicy(private_addresses=True, max_bytes=len(PNG))) == PNG
    with pytest.raises(ImageTooLarge):
        fetch(f"{server.url}/a.png", LoadPolicy(private_addresses=True, max_bytes=len(PNG) - 1))


def test_compressed_bomb(server: Server) -> None:
    bomb = gzip.compress(bytes(200_000_000), 9)
    assert len(bomb) < 250_000
    server.answers["/bomb"] = send(bomb, Content_Encoding="gzip")
    with pytest.raises(ImageTooLarge):
        fetch(f"{server.url}/bomb", LoadPolicy(private_addresses=True, max_bytes=1_000_000))
    pieces = fetching._decoded(iter([bomb]), "gzip", "bomb")
    assert max(len(next(pieces)) for _ in range(50)) <= 64 * 1024  # however much one read unpacks to


# --- time ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(endless(b"x", 0.05), id="body in drops"),
        pytest.param(endless(b"X: y\r\n", 0.05, b"HTTP/1.1 200 OK\r\n"), id="headers in drops"),
        pytest.param(endless(b"", 0.05, b""), id="silence"),
        pytest.param(endless(b"HTTP/1.1 100 Continue\r\n\r\n", 0.05, b""), id="soon, soon"),
    ],
)
def test_slow_servers(server: Server, answer: Answer) -> None:
    server.answers["/slow"] = answer
    start = time.monotonic()
    with pytest.raises(ImageUnreadable, match=r"after 0\.4 seconds"):
        fetch(f"{server.url}/slow", LoadPolicy(private_addresses=True, timeout=0.4))
    assert time.monotonic() - start < 3


def test_slow_redirects_share_one_clock(server: Server) -> None:
    def slow(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(0.25)
        redirect("/slow")(handler)

    server.answers["/slow"] = slow
    with pytest.raises(ImageUnreadable, match=r"after 0\.4 seconds"):
        fetch(f"{server.url}/slow", LoadPolicy(private_addresses=True, timeout=0.4))
    assert len(server.requests) <= 2


def test_slow_resolver() -> None:
    def resolver(host: str, port: int) -> list[str]:
        time.sleep(5)
        return ["127.0.0.1"]

    start = time.monotonic()
    with pytest.raises(ImageUnreadable, match=r"after 0\.2 seconds"):
        fetch("http://slow.example/a.png", LoadPolicy(timeout=0.2), resolver=resolver)
    assert time.monotonic() - start < 3


# --- answers that are no picture -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, ImageNotFound), (410, ImageNotFound)] + [(status, ImageUnreadable) for status in (304, 403, 429, 500)],
)
def test_status(server: Server, status: int, error: type[Exception]) -> None:
    server.answers["/a"] = send(b"" if status == 304 else b"<html>", status)
    with pytest.raises(error, match=str(status)):
        fetch(f"{server.url}/a", OPEN)


def test_error_page_with_status_200(server: Server) -> None:
    server.answers["/a.png"] = send(b"<!DOCTYPE html><title>Sign in</title>", Content_Type="image/png")
    with pytest.raises(ImageUnreadable, match="web page"):
        load(f"{server.url}/a.png", OPEN)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(send(PNG[:50], Content_Length=str(len(PNG))), id="cut off"),
        pytest.param(send(gzip.compress(PNG)[:-9], Content_Encoding="gzip"), id="gzip cut off"),
        pytest.param(send(PNG, Content_Encoding="gzip"), id="gzip that is none"),
        pytest.param(send(PNG, Content_Encoding="br"), id="brotli"),
        pytest.param(send(b"", 302), id="redirect to nowhere"),
        pytest.param(lambda handler: handler.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n"), id="not HTTP"),
        pytest.param(lambda handler: handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 99_999), id="headers"),
        pytest.param(lambda handler: None, id="nothing"),
    ],
)
def test_broken_answers(server: Server, answer: Answer) -> None:
    server.answers["/a"] = answer
    with pytest.raises(ImageUnreadable):
        fetch(f"{server.url}/a", OPEN)


def test_nobody_listens() -> None:
    with pytest.raises(ImageUnreadable, match="could not be fetched"):
        fetch("http://127.0.0.1:1/a.png", OPEN)


@pytest.mark.parametrize("failure", [OSError("no such host"), UnicodeError("label too long")])
def test_no_such_host(failure: Exception) -> None:
    def resolver(host: str, port: int) -> list[str]:
        raise failure

    with pytest.raises(ImageNotFound, match="no host"):
        fetch("http://nowhere.example/a.png", LoadPolicy(), resolver=resolver)
    with pytest.raises(ImageNotFound, match="no address"):
        fetch("http://nowhere.example/a.png", LoadPolicy(), resolver=lambda *_: [])


# --- TLS -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def secure() -> Iterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    server = Server("127.0.0.1", context)
    server.answers["/a.png"] = send()
    yield server
    server.close()


def test_certificate_is_checked_against_the_name(secure: Server) -> None:
    trust = ssl.create_default_context(cafile=str(CERTIFICATE))

    def get(host: str, tls: ssl.SSLContext | None) -> bytes:
        return fetch(f"https://{host}:{secure.port}/a.png", OPEN, resolver=lambda *_: ["127.0.0.1"], tls=tls)

    assert get("pictures.example", trust) == PNG
    assert get("pictures.example.", trust) == PNG
    with pytest.raises(ImageUnreadable, match="certificate"):
        get("other.example", trust)
    with pytest.raises(ImageUnreadable, match="certificate"):
        get("pictures.example", None)
