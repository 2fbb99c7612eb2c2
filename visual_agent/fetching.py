"""Fetching: the bytes behind an http(s) URL that somebody else may have chosen.

In: a URL and a `LoadPolicy`. Out: the body, or an `ImageError`. What it defends against (server-side request
forgery): the host is resolved once for each hop, every address it has is checked, and the connection goes to one of
these checked addresses, so there is no moment at which a name can change its meaning. The check sits in the network
backend below the HTTP client, on the address that is really connected to; how a URL writes its host (octal, hex,
userinfo, full-width digits, ...) does not matter. TLS certificates are checked against the host's name as usual.

Redirects are followed by hand, each one checked like the first URL. Size is limited after decompression, time for
the whole of it. Proxies and passwords of the environment are not used; no cookies are kept.
"""

from __future__ import annotations

import queue
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Any

import httpcore
import httpx
from typing_extensions import override

from visual_agent.errors import ImageError, ImageNotFound, ImageRefused, ImageTooLarge, ImageUnreadable
from visual_agent.sources import label_of

if TYPE_CHECKING:
    from visual_agent.sources import LoadPolicy

#: A resolver takes a host and a port and gives all addresses as text; it raises OSError where there are none.
Resolver = Callable[[str, int], list[str]]

#: Addresses that Python calls global and that are not for strangers: Azure's platform service, IETF protocol
#: assignments (Oracle's metadata service is in there), and the 6to4 relays.
_REFUSED_V4 = (IPv4Network("168.63.129.16/32"), IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))
#: The only IPv6 range with public hosts. Inside it, 6to4 leads to IPv4 addresses of the sender's choice, 2001::/23 is
#: for protocols (Teredo among them), and the last for documentation (RFC 9637; Python 3.11 does not know it).
_PUBLIC_V6 = IPv6Network("2000::/3")
_REFUSED_V6 = (IPv6Network("2002::/16"), IPv6Network("2001::/23"), IPv6Network("3fff::/20"))
#: RFC 6052: IPv4 addresses as seen from IPv6-only networks.
_NAT64 = IPv6Network("64:ff9b::/96")

_HEADERS: dict[bytes | str, bytes | str] = {
    "User-Agent": "visual-agent/0.1 (picture loader)",
    "Accept": "image/png, image/jpeg, image/webp, image/*;q=0.8, application/pdf;q=0.8, */*;q=0.1",
    "Accept-Encoding": "identity",
    "Connection": "close",
}
_REDIRECTS = (301, 302, 303, 307, 308)
_CHUNK = 64 * 1024


def fetch(
    url: str, policy: LoadPolicy, *, resolver: Resolver | None = None, tls: ssl.SSLContext | None = None
) -> bytes:
    """The body of an http(s) URL.

    Args:
        url: absolute URL.
        policy: see `LoadPolicy`: urls, private_addresses, allowed_hosts, max_bytes, timeout, max_redirects.
        resolver: looks up host names instead of the system (for tests).
        tls: trusts other certificates than the usual ones (for tests and private authorities).

    Raises:
        ImageRefused: the policy, or the address behind the host, forbids it.
        ImageNotFound: no such host, or the server says that there is nothing.
        ImageTooLarge: more than `policy.max_bytes`.
        ImageUnreadable: the server or the connection failed, or took longer than `policy.timeout`.
    """
    label = label_of(url)
    if not policy.urls:
        raise ImageRefused(f"{label}: fetching URLs is switched off here; give the picture itself.", image=label)
    clock = _Clock(time.monotonic() + policy.timeout)
    backend = _CheckedBackend(policy, label, clock, resolver or system_addresses)
    target = _parsed(url, label)
    try:
        with httpcore.ConnectionPool(ssl_context=tls, network_backend=backend, retries=0) as pool:
            for _ in range(policy.max_redirects + 1):
                _check_target(target, label, policy)
                body, location = _get(pool, target, label, policy)
                if location is None:
                    return body
                target = _parsed(location, label, base=target)
    except ImageError:
        raise
    except (httpcore.TimeoutException, TimeoutError) as error:
        raise ImageUnreadable(
            f"{label} was not there after {policy.timeout:g} seconds; try again, download it yourself, or raise "
            "LoadPolicy.timeout.",
            image=label,
        ) from error
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError) as error:
        raise ImageUnreadable(
            f"{label} could not be fetched ({_words(error)}); check the URL or download the picture yourself.",
            image=label,
        ) from error
    raise ImageRefused(f"{label} redirects more than {policy.max_redirects} times; give the final URL.", image=label)


def system_addresses(host: str, port: int) -> list[str]:
    """All addresses of a host by the system's resolver; OSError where there are none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """Whether an IP address is a host of the public internet, and not an address inside another address."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        inner = ip.ipv4_mapped or (IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None)
        if inner is not None:
            return is_public(str(inner))
        if ip not in _PUBLIC_V6 or any(ip in network for network in _REFUSED_V6):
            return False
    elif any(ip in network for network in _REFUSED_V4):
        return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


@dataclass(frozen=True)
class _Clock:
    """The deadline of one fetch."""

    deadline: float

    def left(self) -> float:
        """Seconds left; TimeoutError when there are none."""
        seconds = self.deadline - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds


class _TimedStream(httpcore.NetworkStream):
    """A stream whose every wait ends at the deadline, however slowly the other side drips."""

    def __init__(self, stream: httpcore.NetworkStream, clock: _Clock) -> None:
        self._stream = stream
        self._clock = clock

    @override
    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._clock.left())

    @override
    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._clock.left())

    @override
    def close(self) -> None:
        self._stream.close()

    @override
    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secure = self._stream.start_tls(ssl_context, server_hostname, self._clock.left())
        return _TimedStream(secure, self._clock)

    @override
    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _CheckedBackend(httpcore.NetworkBackend):
    """Connects to addresses that were checked, and to nothing else."""

    def __init__(self, policy: LoadPolicy, label: str, clock: _Clock, resolver: Resolver) -> None:
        self._policy = policy
        self._label = label
        self._clock = clock
        self._resolver = resolver
        self._sockets = httpcore.SyncBackend()

    @override
    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception | None = None
        for address in self._checked(host, port):
            try:
                stream = self._sockets.connect_tcp(address, port, self._clock.left(), None, socket_options)
                return _TimedStream(stream, self._clock)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure or OSError("no address")

    @override
    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        raise ImageRefused(f"{self._label}: sockets of this machine are not fetched from.", image=self._label)

    def _checked(self, host: str, port: int) -> list[str]:
        """All addresses of the host; ImageRefused if one of them is not public, since the choice is not ours."""
        try:
            addresses = _within(self._clock.left(), lambda: self._resolver(host, port))
        except TimeoutError:  # ours, and an OSError
            raise
        except (OSError, UnicodeError) as error:
            raise ImageNotFound(
                f"There is no host for {self._label} ({_words(error)}); check the URL and the network.",
                image=self._label,
            ) from error
        if not addresses:
            raise ImageNotFound(f"{self._label}: the host has no address; check the URL.", image=self._label)
        if not self._policy.private_addresses and not all(is_public(address) for address in addresses):
            raise ImageRefused(
                f"{self._label} leads to an address that is not on the public internet; give a public URL, or set "
                "LoadPolicy.private_addresses if you trust it.",
                image=self._label,
            )
        return addresses


def _within(seconds: float, work: Callable[[], list[str]]) -> list[str]:
    """Run `work` in a thread and give up after `seconds`: the system's resolver knows no time limit."""
    done: queue.SimpleQueue[list[str] | BaseException] = queue.SimpleQueue()

    def run() -> None:
        try:
            done.put(work())
        except BaseException as error:  # carried over to the caller's thread, where it is raised
            done.put(error)

    threading.Thread(target=run, name="visual-agent-resolver", daemon=True).start()
    try:
        result = done.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(result, BaseException):
        raise result
    return result


def _parsed(url: str, label: str, base: httpx.URL | None = None) -> httpx.URL:
    try:
        target = base.join(url) if base is not None else httpx.URL(url)
        return target.copy_with(fragment=None)
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        what = "redirects to" if base is not None else "is"
        raise ImageRefused(f"{label} {what} a malformed URL; give it as http(s)://host/path.", image=label) from error


def _check_target(target: httpx.URL, label: str, policy: LoadPolicy) -> None:
    """What can be said of a URL before its host is looked up."""
    if target.scheme not in ("http", "https") or not target.host:
        raise ImageRefused(f"{label} leads to no http(s) URL; give one.", image=label)
    if target.port is not None and not 0 < target.port < 65536:
        raise ImageRefused(f"{label} names a port outside 1..65535; check the URL.", image=label)
    if target.userinfo:
        raise ImageRefused(f"{label} holds a user name or password; give a URL without.", image=label)
    allowed = policy.allowed_hosts
    host = target.host.rstrip(".").lower()
    if allowed is not None and not any(_host_matches(host, rule.lower()) for rule in allowed):
        hosts = ", ".join(allowed) or "none"
        raise ImageRefused(f"{label} is on another host than those allowed; give a picture of: {hosts}.", image=label)


def _host_matches(host: str, rule: str) -> bool:
    """`example.org` matches itself; `.example.org` also matches its subdomains."""
    return host == rule.lstrip(".") or (rule.startswith(".") and host.endswith(rule))


def _get(pool: httpcore.ConnectionPool, target: httpx.URL, label: str, policy: LoadPolicy) -> tuple[bytes, str | None]:
    """One request: the body, or where it redirects to."""
    target = target.copy_with(host=target.host.rstrip("."))  # a certificate never names the host with its last dot
    address = httpcore.URL(scheme=target.raw_scheme, host=target.raw_host, port=target.port, target=target.raw_path)
    with pool.stream("GET", address, headers={**_HEADERS, "Host": target.netloc.decode("ascii")}) as response:
        headers = {name.lower(): value.decode("utf-8", "replace") for name, value in response.headers}
        if response.status in _REDIRECTS and b"location" in headers:
            return b"", headers[b"location"]
        _check_status(response.status, label)
        if headers.get(b"content-length", "").isdigit() and int(headers[b"content-length"]) > policy.max_bytes:
            raise _too_large(label, policy)
        body = bytearray()
        for chunk in _decoded(response.iter_stream(), headers.get(b"content-encoding", ""), label):
            body += chunk
            if len(body) > policy.max_bytes:
                raise _too_large(label, policy)
        return bytes(body), None


def _check_status(status: int, label: str) -> None:
    if status == 200:
        return
    if status in (404, 410):
        raise ImageNotFound(f"{label} is not there (the server says {status}); check the URL.", image=label)
    raise ImageUnreadable(
        f"{label} could not be fetched: the server answered {status}; download the picture yourself and give the file.",
        image=label,
    )


def _decoded(chunks: Iterator[bytes], encoding: str, label: str) -> Iterator[bytes]:
    """The content of a body; gzip, which some servers send unasked, is undone in small steps so that it can be cut."""
    name = encoding.strip().lower()
    if name in ("", "identity"):
        yield from chunks
        return
    if name not in ("gzip", "x-gzip"):
        raise ImageUnreadable(
            f"{label} came in the encoding {name[:20]!r}, unasked; download it and give the file.", image=label
        )
    inflate = zlib.decompressobj(wbits=31)
    try:
        for chunk in chunks:
            rest = chunk
            while rest:
                yield inflate.decompress(rest, _CHUNK)
                rest = inflate.unconsumed_tail
    except zlib.error as error:
        raise ImageUnreadable(f"{label} came broken (gzip); download it and give the file.", image=label) from error
    if not inflate.eof:
        raise ImageUnreadable(f"{label} came cut off (gzip); try again.", image=label)


def _too_large(label: str, policy: LoadPolicy) -> ImageTooLarge:
    return ImageTooLarge(
        f"{label} is larger than the limit of {policy.max_bytes} bytes; make it smaller or raise LoadPolicy.max_bytes.",
        image=label,
    )


def _words(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    return "".join(c if c.isprintable() else "?" for c in text.splitlines()[0])[:100]
