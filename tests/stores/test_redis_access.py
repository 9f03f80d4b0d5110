"""The URL of a Redis: what may stand in it, who is let in, and what is never repeated."""

from __future__ import annotations

import datetime
import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from statechart_ivr.errors import ConfigurationError, StoreUnavailableError
from statechart_ivr.stores import RedisStore, SessionStore, Stored, open_store
from tests.services.redis import RedisServer

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

SECRET = "xyzzy"


def assert_refused(url: str, match: str) -> None:
    """Hold a URL to being refused, and what is said to not repeating the password."""
    with pytest.raises(ConfigurationError, match=match) as info:
        RedisStore(url)
    assert SECRET not in str(info.value)


class TestUrl:
    """URLs that are refused, before anything is opened."""

    @pytest.mark.parametrize(
        ("url", "match"),
        [
            ("http://host", "takes redis://, rediss:// or unix://"),
            ("redis://host/calls", "the number of a database"),
            ("redis://host/0/1", "the number of a database"),
            ("redis://host/0#1", "the number of a database"),
            ("unix://", "behind unix:// a path"),
            ("redis://host:port", "the port is not a number"),
            ("redis://host:70000", "the port is not a number"),
            ("redis://host?decode_responses=1", "no option 'decode_responses'; there are client_n"),
            ("redis://host?socket_timeout=1", "no option 'socket_timeout'"),
            ("redis://host?ssl_ca_certs=/ca.pem", "not one for this kind of URL: .*ssl_ca_certs"),
            ("rediss://host?ssl_cert_reqs=maybe", "not one for this kind of URL: .*maybe"),
            ("redis://host?db=first", "not one for this kind of URL: .*db"),
            (f"redis://:[{SECRET}]@host", "the host cannot be read"),
            ("redis://:[::1]@host", "the host cannot be read"),
            ("redis://[::1", "the host cannot be read"),
            (f"redis://host?password={SECRET}", "no option 'password'"),
            (f"redis://:12/{SECRET}@host", "%2F for a slash in the password"),
            (f"redis://:{SECRET}/34@host", "%2F for a slash in the password"),
            (f"redis://:12#{SECRET}@host", "percent-encode"),
            (f"redis://:12?{SECRET}@host", "no option of that name"),
        ],
    )
    def test_wrong(self, url: str, match: str) -> None:
        """It is said what is wrong, and what to write; a password is not repeated."""
        assert_refused(url, match)

    @pytest.mark.parametrize(
        ("arguments", "match"),
        [
            ({"timeout": 0}, "timeout is in seconds, more than 0 and at most 3600, not 0"),
            ({"timeout": float("nan")}, "and at most 3600, not nan"),
            ({"timeout": float("inf")}, "and at most 3600, not inf"),
            ({"max_connections": 0}, "max_connections is at least 1, not 0"),
        ],
    )
    def test_wrong_arguments(self, arguments: dict[str, Any], match: str) -> None:
        """Numbers that cannot be meant are refused."""
        with pytest.raises(ConfigurationError, match=match):
            RedisStore("redis://host", **arguments)

    @pytest.mark.parametrize("host", ["a..b", "x" * 64])
    def test_hosts_that_cannot_be(self, host: str) -> None:
        """They are as good as away: a turn knows what to do then."""
        with (
            closing(RedisStore(f"redis://{host}", timeout=1)) as store,
            pytest.raises(StoreUnavailableError, match=host[:4]),
        ):
            store.load("CA1")

    @pytest.mark.parametrize(
        "url",
        [
            "redis://",
            "redis://host",
            "redis://host:6380/15",
            "redis://[::1]:6379",
            "redis://user:pass%2Fword@host/",
            "rediss://host?ssl_ca_certs=/ca.pem&ssl_certfile=/my.pem&ssl_keyfile=/my.key",
            "rediss://host?ssl_cert_reqs=none&ssl_check_hostname=false",
            "rediss://host?ssl_ca_path=/certs&ssl_ca_data=x&ssl_password=x",
            "redis://host?client_name=ivr&health_check_interval=30&socket_keepalive=yes&protocol=2",
            "unix:///run/redis.sock?db=1",
        ],
    )
    def test_right(self, url: str) -> None:
        """A store is made of a URL without a look at any server."""
        RedisStore(url).close()


Start = Callable[[type[RedisServer], dict[str, str]], RedisServer]


@pytest.fixture
def start(redis_server: RedisServer, tmp_path: Path) -> Iterator[Start]:
    """Return what starts a server with settings of its own."""
    servers: list[RedisServer] = []

    def start(kind: type[RedisServer], settings: dict[str, str]) -> RedisServer:
        folder = tmp_path / str(len(servers))
        folder.mkdir()
        servers.append(kind(folder, settings))
        servers[-1].start()
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def use(store: SessionStore) -> None:
    """Do with a store all that can be done."""
    assert store.save("CA1", b"menu", expected=None, ttl=3600) == 1
    assert store.save("CA1", b"order", expected=1, ttl=3600) == 2
    assert store.load("CA1") == Stored(b"order", 2)
    assert list(store.calls()) == ["CA1"]
    assert store.purge() == 0
    store.delete("CA1")


def complaint(url: str, **options: Any) -> str:
    """Return what is said about a server that does not let one in."""
    store = RedisStore(url, **options)
    with closing(store), pytest.raises(StoreUnavailableError) as info:
        use(store)
    assert SECRET not in str(info.value)
    return str(info.value)


def test_nobody_there() -> None:
    """Where nothing listens, the error names the place, and not the password."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # and nobody else can
        place = f"127.0.0.1:{unused.getsockname()[1]}"
        said = complaint(f"redis://ivr:{SECRET}@{place}/0")
    assert re.match(f"redis://{re.escape(place)}/0: .*refused", said)


@pytest.mark.service
class TestCredentials:
    """Who is let in."""

    def test_password(self, start: Start) -> None:
        """A server's password stands in the URL; percent-encoded it may be any."""
        password = f"{SECRET}/@:?#%"
        place = f"127.0.0.1:{start(RedisServer, {'requirepass': password}).port}/0"
        with closing(open_store(f"redis://:{SECRET}%2F%40%3A%3F%23%25@{place}")) as store:
            use(store)
        assert "write the password into the URL" in complaint(f"redis://{place}")
        assert "are not those of the server" in complaint(f"redis://:{SECRET}@{place}")

    def test_user(self, start: Start) -> None:
        """A user needs no more than the error says, and none but the keys of the store."""
        commands = "+hmget +hset +pexpire +del +scan +info +ping +select +evalsha +script|load"
        users = f"ivr on >{SECRET} ~ivr:* {commands}"
        place = f"127.0.0.1:{start(RedisServer, {'user': users}).port}"
        with closing(RedisStore(f"redis://ivr:{SECRET}@{place}/1", prefix="ivr:")) as store:
            use(store)
        assert commands in complaint(f"redis://ivr:{SECRET}@{place}/1", prefix="other:")
        assert "are not those" in complaint(f"redis://someone:{SECRET}@{place}/1")

    def test_password_nobody_asked_for(self, redis_server: RedisServer) -> None:
        """A name that the server does not know is told."""
        place = f"127.0.0.1:{redis_server.port}/0"
        assert "are not those" in complaint(f"redis://someone:{SECRET}@{place}")


class TlsServer(RedisServer):
    """A server that is reached by TLS alone."""

    listens = "tls-port"

    def connection(self) -> socket.socket:
        """Return a connection with it."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context.wrap_socket(super().connection())


def make_certificate(folder: Path, host: str) -> Path:
    """Make a certificate that signs itself, and its key; valid for a day."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Redis of a test")])
    host_name = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
    now = datetime.datetime.now(datetime.timezone.utc)
    hour = datetime.timedelta(hours=1)
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now - hour, now + 23 * hour
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    certificate: Certificate = builder.add_extension(host_name, critical=False).sign(
        key, hashes.SHA256()
    )
    pem = serialization.Encoding.PEM
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    return folder / "certificate.pem"


@pytest.mark.service
class TestTls:
    """Servers that are reached by TLS."""

    @pytest.fixture
    def certificate(self, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
        """Return a certificate for a host."""
        return make_certificate(tmp_path, getattr(request, "param", "127.0.0.1"))

    @pytest.fixture
    def place(self, certificate: Path, start: Start) -> str:
        """Return where a server is that has this certificate, and asks for none."""
        settings = {
            "port": "0",
            "tls-cert-file": str(certificate),
            "tls-key-file": str(certificate.with_name("key.pem")),
            "tls-ca-cert-file": str(certificate),
            "tls-auth-clients": "no",
        }
        return f"127.0.0.1:{start(TlsServer, settings).port}/0"

    def test_certificate(self, place: str, certificate: Path) -> None:
        """Who names the signer of the server's certificate is connected."""
        with closing(open_store(f"rediss://{place}?ssl_ca_certs={certificate}")) as store:
            use(store)

    def test_unknown_signer(self, place: str) -> None:
        """A certificate that somebody unknown has signed is refused; it is said what to do."""
        assert "ssl_ca_certs=/path/ca.pem" in complaint(f"rediss://{place}")

    @pytest.mark.parametrize("certificate", ["127.0.0.2"], indirect=True)
    def test_another_host(self, place: str, certificate: Path) -> None:
        """So is the certificate of another host."""
        said = complaint(f"rediss://{place}?ssl_ca_certs={certificate}")
        assert "not valid for '127.0.0.1'" in said

    def test_without_a_look(self, place: str) -> None:
        """Who says so gets a connection with whoever it is."""
        with closing(open_store(f"rediss://{place}?ssl_cert_reqs=none")) as store:
            use(store)

    def test_without_tls(self, place: str) -> None:
        """Who does not speak TLS gets no answer, and is told in time."""
        assert f"redis://{place}: " in complaint(f"redis://{place}", timeout=10)


def wait_until(is_so: Callable[[], bool]) -> None:
    """Look again and again until something is so; pytest ends a test that waits for ever."""
    while not is_so():
        time.sleep(0.02)  # the server does not tell


@pytest.mark.service
class TestCluster:
    """Redis Cluster: each call's key can lie on a node of its own."""

    def is_ready(self, redis: Any) -> bool:
        """Return whether a node knows of others for all slots."""
        return bool(redis.cluster("INFO")["cluster_state"] == "ok")

    def test_one_node(self, start: Start) -> None:
        """A cluster that one address answers for is used like any other server."""
        server = start(RedisServer, {"cluster-enabled": "yes"})
        with closing(server.client()) as redis:
            redis.execute_command("CLUSTER ADDSLOTSRANGE", 0, 16383)
            wait_until(lambda: self.is_ready(redis))
        with closing(RedisStore(server.url, timeout=10)) as store:
            use(store)
            for number in range(100):  # all over the slots
                assert store.save(f"CA{number}", b"x", expected=None, ttl=3600) == 1
            assert len(list(store.calls())) == 100

    @pytest.mark.slow
    def test_several_nodes(self, start: Start) -> None:
        """One address of several is not enough, and what is enough is said."""
        servers = [start(RedisServer, {"cluster-enabled": "yes"}) for _ in range(2)]
        clients = [server.client() for server in servers]
        for redis, slots in zip(clients, [(0, 8191), (8192, 16383)], strict=True):
            redis.execute_command("CLUSTER ADDSLOTSRANGE", *slots)
        clients[0].execute_command("CLUSTER MEET", "127.0.0.1", servers[1].port)
        wait_until(lambda: all(self.is_ready(redis) for redis in clients))
        store = RedisStore(servers[0].url, timeout=10)
        some = (store.load(f"CA{number}") for number in range(100))
        with pytest.raises(StoreUnavailableError, match="an address that leads to them all"):
            list(some)
        store.close()
        for redis in clients:
            redis.close()
