"""The one way out: where it goes, where it does not, and that nothing on the other side can hold or fill the engine."""

from __future__ import annotations

import asyncio
import gzip
import select
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from local_site import Site, certificate_for, serving, talking
from pydantic import ValidationError

from pratique.egress import Egress, EgressFailedError, EgressRefusedError
from pratique.egress.addresses import refusal
from pratique.settings import EgressSettings, Settings


class Names:
    """A resolver that answers from a table, another answer each time where it is told so; keeps what was asked."""

    def __init__(self, **hosts: tuple[str, ...] | list[tuple[str, ...]]) -> None:
        self.hosts = {name.replace("_", "."): found for name, found in hosts.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> tuple[str, ...]:
        self.asked.append(host)
        found = self.hosts.get(host)
        if found is None:
            raise OSError("no such name")
        return found.pop(0) if isinstance(found, list) else found


def way_out(names: Names | None = None, **members: Any) -> Egress:
    base: dict[str, Any] = {"http_hosts": (".test", "127.0.0.1"), "allow_networks": ("127.0.0.0/8",)}
    base |= {"connect_seconds": 2, "read_seconds": 2, "total_seconds": 5}
    settings = EgressSettings(**(base | members))
    return Egress(settings=settings, resolve=names or Names(site_test=("127.0.0.1",), other_test=("127.0.0.1",)))


def get(egress: Egress, url: str, **options: Any) -> Any:
    return asyncio.run(egress.get(url, **options))


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as site:
        yield site


REFUSED_ADDRESSES = [
    "0.0.0.0",
    "127.0.0.1",
    "127.255.255.254",
    "10.1.2.3",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "100.127.255.255",
    "169.254.169.254",
    "169.254.1.1",
    "224.0.0.1",
    "239.255.255.255",
    "255.255.255.255",
    "240.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "168.63.129.16",
    "100.100.100.200",
    "192.88.99.1",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd00:ec2::254",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::7f00:1",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "2002:7f00:1::1",
    "2001:0:7f00:1::",
    "2001:db8::1",
    "3fff::1",
    "5f00::1",
    "100::1",
    "4000::1",
    "not-an-address",
    "127.1",
]


@pytest.mark.parametrize("address", REFUSED_ADDRESSES)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert refusal(address, ()) is not None
    with pytest.raises(EgressRefusedError, match=r"host site\.test has an? .* address"):
        get(way_out(Names(site_test=(address,)), allow_networks=()), "https://site.test/")


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00::1"])
def test_a_public_address_is_not_refused(address: str) -> None:
    assert refusal(address, ()) is None


def test_networks_that_the_operator_names_are_gone_to() -> None:
    allowed = EgressSettings(allow_networks=("10.0.0.0/8", "fd00::/8")).allow_networks
    assert [refusal(one, allowed) for one in ("10.9.9.9", "fd00::1")] == [None, None]
    assert refusal("192.168.0.1", allowed) == "a private"
    assert refusal("::ffff:10.9.9.9", allowed) is not None


def test_one_bad_address_among_good_ones_refuses_the_host() -> None:
    with pytest.raises(EgressRefusedError, match="a private"):
        get(way_out(Names(site_test=("8.8.8.8", "10.0.0.1"))), "https://site.test/")


REFUSED_URLS = [
    ("http://plain.example/", {}, "http to plain.example is not allowed"),
    ("ftp://site.test/", {}, "expected https"),
    ("file:///etc/passwd", {}, "expected https"),
    ("gopher://site.test/", {}, "expected https"),
    ("//site.test/", {}, "expected https"),
    ("site.test", {}, "expected https"),
    ("", {}, "expected https"),
    ("https://", {}, "expected https"),
    ("https://user:secret@site.test/", {}, "user name or password"),
    ("https://user@site.test/", {}, "user name or password"),
    ("https://site.test:0/", {}, "port 0"),
    ("https://site.test:99999/", {}, "URL"),
    ("https://site.test/" + "a" * 2000, {}, "characters"),
    ("https://site.test/\n", {}, "not a URL"),
    ("https://0177.0.0.1/", {}, "not a URL"),
    ("https://exa mple.test/", {}, "name of a host"),
    ("https://site.test/", {"deny_hosts": ("site.test",)}, "is denied"),
    ("https://a.b.SITE.test./", {"deny_hosts": (".site.test",)}, "is denied"),
    ("https://site.test/", {"allow_hosts": ("other.test",)}, "is not allowed"),
    ("https://site.test/", {"allow_hosts": ()}, "is not allowed"),
    ("https://evilsite.test/", {"allow_hosts": (".site.test",)}, "is not allowed"),
]


@pytest.mark.parametrize(("url", "members", "words"), REFUSED_URLS)
def test_a_url_that_is_not_allowed_is_refused_before_any_look_up(url: str, members: dict[str, Any], words: str) -> None:
    names = Names(site_test=("127.0.0.1",))
    with pytest.raises(EgressRefusedError, match=words) as refused:
        get(way_out(names, **members), url)
    assert names.asked == []
    assert "secret" not in refused.value.message


def libc_look_up(host: str, port: int, **_: Any) -> list[Any]:
    """What getaddrinfo makes of numbers: tests may look up nothing but this machine."""
    if ":" in host:
        return [(socket.AF_INET6, None, 6, "", (host, port, 0, 0))]
    try:
        return [(socket.AF_INET, None, 6, "", (socket.inet_ntoa(socket.inet_aton(host)), port))]
    except OSError:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known") from None


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "127.1", "[::1]", "[::ffff:7f00:1]"])
def test_other_spellings_of_this_machine_are_refused(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", libc_look_up)
    with pytest.raises(EgressRefusedError, match=r"loopback|IPv4-mapped"):
        get(Egress(), f"https://{host}/")


def test_a_name_that_there_is_not_and_a_resolver_that_breaks_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", libc_look_up)
    with pytest.raises(EgressFailedError, match="no address that could be found"):
        get(Egress(), "https://no-such-name.invalid/")

    def break_down(*_: Any, **__: Any) -> Any:
        raise UnicodeError("label too long")

    monkeypatch.setattr(socket, "getaddrinfo", break_down)
    with pytest.raises(EgressFailedError, match="no address that could be found"):
        get(Egress(), "https://a.test/")


def test_a_page_is_fetched_by_the_name_that_was_checked(site: Site) -> None:
    site.page("/a?b=c", b"body", X_Note="yes")
    names = Names(site_test=("127.0.0.1",))
    found = get(way_out(names), f"http://site.test:{site.port}/a?b=c#part")
    assert (found.status, found.body, found.header("x-note")) == (200, b"body", "yes")
    assert (found.url, found.address, found.hops) == (f"http://site.test:{site.port}/a?b=c", "127.0.0.1", ())
    (request,) = site.seen
    assert request[2]["host"] == f"site.test:{site.port}"
    assert request[2]["accept-encoding"] == "identity"
    assert names.asked == ["site.test"]


def test_a_name_that_changes_its_address_is_looked_up_once(site: Site) -> None:
    """DNS rebinding: the second answer would be one that is refused; nobody asks for it."""
    site.page("/", b"first")
    names = Names(site_test=[("127.0.0.1",), ("10.0.0.1",)])
    assert get(way_out(names), f"http://site.test:{site.port}/").body == b"first"
    assert names.asked == ["site.test"]
    with pytest.raises(EgressRefusedError, match="a private"):
        get(way_out(names), f"http://site.test:{site.port}/")
    assert len(site.seen) == 1


def test_the_system_resolver_finds_this_machine(site: Site) -> None:
    site.page("/", b"here")
    egress = Egress(settings=way_out(http_hosts=("localhost",), allow_networks=("127.0.0.0/8", "::1/128")).settings)
    assert get(egress, f"http://localhost:{site.port}/").body == b"here"


def test_redirects_are_followed_and_each_is_checked(site: Site) -> None:
    site.page("/", status=302, Location=f"http://other.test:{site.port}/next")
    site.page("/next", status=307, Location="last")
    site.page("/last", b"end")
    found = get(way_out(), f"http://site.test:{site.port}/", headers={"Authorization": "Bearer key"})
    assert (found.body, found.url) == (b"end", f"http://other.test:{site.port}/last")
    assert [(hop.url.rpartition(":")[2][len(str(site.port)) :], hop.status) for hop in found.hops] == [
        ("/", 302),
        ("/next", 307),
    ]
    # A secret stays with the host that it was meant for.
    assert ["authorization" in headers for _, _, headers, _ in site.seen] == [True, False, False]


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("http://10.0.0.1/", "http to 10.0.0.1 is not allowed"),
        ("https://inside.test/", "a private"),
        ("https://169.254.169.254/latest/meta-data", "a metadata service's"),
        ("file:///etc/passwd", "expected https"),
        ("https://user:pw@site.test/", "user name or password"),
    ],
)
def test_a_redirect_to_where_the_engine_does_not_go_is_refused(site: Site, location: str, words: str) -> None:
    site.page("/", status=302, Location=location)
    names = Names(site_test=("127.0.0.1",), inside_test=("10.0.0.1",))
    names.hosts["169.254.169.254"] = ("169.254.169.254",)
    with pytest.raises(EgressRefusedError, match=words):
        get(way_out(names), f"http://site.test:{site.port}/")


def test_redirects_in_a_circle_end(site: Site) -> None:
    site.page("/", status=301, Location="/")
    with pytest.raises(EgressFailedError, match="more than 2 redirects"):
        get(way_out(max_redirects=2), f"http://site.test:{site.port}/")
    assert len(site.seen) == 3


def test_a_redirect_without_an_address_is_the_answer(site: Site) -> None:
    site.page("/", b"moved", status=302)
    assert get(way_out(), f"http://site.test:{site.port}/").status == 302


def test_what_is_sent_is_sent_once_and_not_redirected(site: Site) -> None:
    site.page("/hook", status=307, Location=f"http://other.test:{site.port}/else")
    url = f"http://site.test:{site.port}/hook"
    found = way_out().post_blocking(url, b'{"a": 1}', headers={"Content-Type": "application/json"})
    assert (found.status, found.hops) == (307, ())
    ((method, path, headers, body),) = site.seen
    assert (method, path, headers["content-type"], body) == ("POST", "/hook", "application/json", b'{"a": 1}')


def test_a_thread_without_a_loop_can_fetch(site: Site) -> None:
    site.page("/", b"x")
    assert way_out().get_blocking(f"http://site.test:{site.port}/").body == b"x"


def test_the_next_address_is_tried_where_nobody_listens(site: Site) -> None:
    site.page("/", b"second")
    names = Names(site_test=("127.0.0.9", "127.0.0.1"))
    assert get(way_out(names), f"http://site.test:{site.port}/").address == "127.0.0.1"


def test_a_site_that_is_not_there_is_told(site: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with pytest.raises(EgressFailedError, match="ConnectError"):
        get(way_out(), f"http://site.test:{port}/")


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_beyond_the_cap_is_given_up_while_it_comes(declared: bool) -> None:
    sent = []

    def talk(connection: socket.socket) -> None:
        connection.recv(4096)
        length = b"Content-Length: 1000000000\r\n" if declared else b""
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + length + b"\r\n")
        for _ in range(2000):
            connection.sendall(b"x" * 65536)
            sent.append(65536)

    with talking(talk) as port, pytest.raises(EgressFailedError, match="larger than 100000 bytes"):
        get(way_out(max_body_bytes=100_000), f"http://site.test:{port}/")
    assert sum(sent) < 50_000_000  # what fits into the buffers of two sockets


def test_a_caller_can_ask_for_less_and_not_for_more(site: Site) -> None:
    site.page("/", b"x" * 1000)
    url = f"http://site.test:{site.port}/"
    assert len(get(way_out(max_body_bytes=1000), url, max_bytes=5000).body) == 1000
    for egress, cap in ((way_out(max_body_bytes=999), 5000), (way_out(), 999)):
        with pytest.raises(EgressFailedError, match="larger than 999"):
            get(egress, url, max_bytes=cap)


PACKED = [("gzip", gzip.compress), ("x-gzip", gzip.compress), ("deflate", zlib.compress)]


@pytest.mark.parametrize(("coding", "pack"), PACKED)
def test_a_packed_body_is_inflated_under_the_same_cap(site: Site, coding: str, pack: Any) -> None:
    site.page("/", pack(b"page" * 100), Content_Encoding=coding)
    site.page("/bomb", pack(b"\0" * 50_000_000), Content_Encoding=coding)
    site.page("/cut", pack(b"page" * 100)[:-3], Content_Encoding=coding)
    site.page("/none", b"page", Content_Encoding=coding)
    base = f"http://site.test:{site.port}"
    assert get(way_out(), f"{base}/").body == b"page" * 100
    with pytest.raises(EgressFailedError, match="larger than 1000000 bytes"):
        get(way_out(max_body_bytes=1_000_000), f"{base}/bomb")
    for path in ("/cut", "/none"):
        with pytest.raises(EgressFailedError, match="no whole"):
            get(way_out(), f"{base}{path}")


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "x"])
def test_an_encoding_that_nobody_asked_for_is_refused(site: Site, coding: str) -> None:
    site.page("/", b"x", Content_Encoding=coding)
    with pytest.raises(EgressFailedError, match="encoding"):
        get(way_out(), f"http://site.test:{site.port}/")


def drip_body(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    drip(connection)


def drip_headers(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
    drip(connection)


def drip(connection: socket.socket) -> None:
    for _ in range(200):
        connection.sendall(b"a")
        time.sleep(0.05)


@pytest.mark.parametrize("talk", [drip_body, drip_headers])
def test_a_site_that_drips_is_left_at_the_deadline(talk: Any) -> None:
    began = time.monotonic()
    with talking(talk) as port, pytest.raises(EgressFailedError, match=r"took longer than 0\.6 seconds"):
        get(way_out(total_seconds=0.6), f"http://site.test:{port}/")
    assert time.monotonic() - began < 12  # `talking` waits for its own thread


def test_a_silent_site_and_a_slow_resolver_are_left_too() -> None:
    with talking(lambda connection: time.sleep(1)) as port, pytest.raises(EgressFailedError, match="ReadTimeout"):
        get(way_out(read_seconds=0.3), f"http://site.test:{port}/")

    async def never(_host: str, _port: int) -> tuple[str, ...]:
        await asyncio.sleep(60)
        return ()

    with pytest.raises(EgressFailedError, match="took longer"):
        get(Egress(settings=way_out(total_seconds=0.3).settings, resolve=never), "https://site.test/")


def test_headers_without_end_are_refused() -> None:
    def talk(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        for _ in range(5000):
            connection.sendall(b"X-Much: " + b"a" * 1000 + b"\r\n")

    with talking(talk) as port, pytest.raises(EgressFailedError, match="RemoteProtocolError"):
        get(way_out(), f"http://site.test:{port}/")


@pytest.mark.parametrize(
    "answer",
    [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", b"HTTP/1.1 999999 X\r\n\r\n",
     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
)  # fmt: skip
def test_what_is_no_http_is_told(answer: bytes) -> None:
    def talk(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(answer)

    with talking(talk) as port, pytest.raises(EgressFailedError, match="ProtocolError"):
        get(way_out(), f"http://site.test:{port}/")


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut", None])
def test_what_was_sent_is_not_sent_to_another_address_of_the_host(answer: bytes | None) -> None:
    heard = []

    def talk(connection: socket.socket) -> None:
        heard.append(connection.recv(4096))
        if answer is None:
            time.sleep(0.4)  # longer than is waited for
        else:
            connection.sendall(answer)

    names = Names(site_test=("127.0.0.1", "127.0.0.1", "127.0.0.1"))
    with talking(talk) as port, pytest.raises(EgressFailedError, match=r"no usable answer \((Remote|Read)"):
        asyncio.run(way_out(names, read_seconds=0.2).post(f"http://site.test:{port}/", b"once"))
    assert len(heard) == 1


def test_proxies_of_the_environment_are_not_used(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.page("/", b"direct")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert get(way_out(), f"http://site.test:{site.port}/").body == b"direct"


def test_a_proxy_that_is_configured_is_used_for_names_that_were_checked(site: Site) -> None:
    site.page("http://site.test:1/x", b"through the proxy")
    names = Names(site_test=("127.0.0.1",), inside_test=("10.0.0.1",))
    egress = way_out(names, proxy=f"http://127.0.0.1:{site.port}")
    found = get(egress, "http://site.test:1/x")
    assert (found.body, found.address) == (b"through the proxy", None)
    assert site.seen[0][2]["host"] == "site.test:1"
    with pytest.raises(EgressRefusedError, match="a private"):
        get(egress, "http://inside.test:1/x")
    assert len(site.seen) == 1


def test_tls_through_a_proxy_is_with_the_site_itself(tmp_path: Path) -> None:
    context, authority = certificate_for("site.test", tmp_path)
    asked: list[bytes] = []

    def relay(connection: socket.socket) -> None:
        line = connection.recv(4096).split(b" ")[1]
        asked.append(line)
        with socket.create_connection(("127.0.0.1", int(line.rpartition(b":")[2]))) as there:
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            connection.settimeout(None)
            while ready := select.select([connection, there], [], [], 2)[0]:
                for one in ready:
                    piece = one.recv(65536)
                    if not piece:
                        return
                    (there if one is connection else connection).sendall(piece)

    with serving(context) as site, talking(relay) as port:
        site.page("/", b"safe")
        found = get(way_out(ca_file=authority, proxy=f"http://127.0.0.1:{port}"), f"https://site.test:{site.port}/")
        assert found.body == b"safe"
        assert asked == [f"site.test:{site.port}".encode()]
        assert site.names == ["site.test"]


def test_the_certificate_must_be_of_the_name(tmp_path: Path) -> None:
    context, authority = certificate_for("site.test", tmp_path)
    with serving(context) as site:
        site.page("/", b"safe")
        url = f"https://site.test:{site.port}/"
        assert get(way_out(ca_file=authority), url).body == b"safe"
        assert site.names == ["site.test"]  # by SNI, though the connection went to an address
        assert site.seen[0][2]["host"] == f"site.test:{site.port}"
        for egress, other in ((way_out(ca_file=authority), url.replace("site", "other")), (way_out(), url)):
            with pytest.raises(EgressFailedError, match="ConnectError"):
                get(egress, other)
        assert len(site.seen) == 1


def test_nothing_of_one_exchange_reaches_the_next(site: Site) -> None:
    site.page("/", b"x", Set_Cookie="session=1")
    egress = way_out()
    for _ in range(2):
        get(egress, f"http://site.test:{site.port}/")
    assert ["cookie" in headers for _, _, headers, _ in site.seen] == [False, False]


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRATIQUE_EGRESS__ALLOW_HOSTS", '[".example.org"]')
    monkeypatch.setenv("PRATIQUE_EGRESS__ALLOW_NETWORKS", '["10.20.0.0/16"]')
    found = Settings().egress
    assert found.allow_hosts == (".example.org",)
    assert [str(one) for one in found.allow_networks] == ["10.20.0.0/16"]
    assert EgressSettings().allow_networks == ()
    with pytest.raises(ValidationError):
        EgressSettings(allow_networks=("10.0.0.1/8",))


def test_look_ups_leave_no_thread_behind(site: Site) -> None:
    site.page("/", b"x")
    egress = Egress(settings=way_out().settings)
    before = threading.active_count()
    for _ in range(3):
        get(egress, f"http://127.0.0.1:{site.port}/")
    time.sleep(0.2)
    assert threading.active_count() <= before + 1
