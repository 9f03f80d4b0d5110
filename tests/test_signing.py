"""Twilio's signature, held to its published vectors and to its own library."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from statechart_ivr.signing import HMAC_SHA256, announced_algorithm, is_signed, sign

TOKEN = "12345"
URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
PAIRS = (
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
)
SIGNATURE = "RSOYDt4T1cUTdK1PDd93/VVr8B8="

JSON_BODY = b'{"property": "value", "boolean": true}'
JSON_DIGEST = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
JSON_URL = f"{URL}&bodySHA256={JSON_DIGEST}"
JSON_SIGNATURE = "a9nBmqA0ju/hNViExpshrM61xv4="

SHARED_KEY = f"key=webhooks_sharedkey_1,algorithm={HMAC_SHA256}"

pairs = st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=8).map(tuple)
paths = st.text("abc/-._~019", max_size=12).map(lambda path: f"/{path}")
hosts = st.sampled_from(["example.com", "ivr.example.com:8443", "example.com:443", "[::1]"])


def as_multi_dict(values: tuple[tuple[str, str], ...]) -> object:
    """Return the pairs as the kind of dictionary that Twilio's library takes repeated names in."""

    class MultiDict(dict[str, str]):
        def getall(self, name: str) -> list[str]:
            return [value for key, value in values if key == name]

    return MultiDict(values)


def test_published_form() -> None:
    """Twilio's published vector for a form is computed and accepted."""
    assert sign(TOKEN, URL, PAIRS) == SIGNATURE
    assert is_signed([TOKEN], URL, SIGNATURE, pairs=PAIRS)


def test_published_json() -> None:
    """Twilio's published vector for a JSON body is computed and accepted."""
    assert sign(TOKEN, JSON_URL) == JSON_SIGNATURE
    assert is_signed([TOKEN], JSON_URL, JSON_SIGNATURE, body=JSON_BODY)


def test_order_and_repetition_of_values_do_not_matter() -> None:
    """Names are sorted, and so are the values of a name, each counted once."""
    assert sign(TOKEN, URL, [("b", "2"), ("a", "3"), ("a", "1"), ("a", "3")]) == sign(
        TOKEN, URL, [("a", "1"), ("a", "3"), ("b", "2")]
    )


@pytest.mark.parametrize("index", range(len(URL)))
def test_one_changed_byte_of_the_url(index: int) -> None:
    """A URL that differs in a single byte is not the one that was signed."""
    changed = URL[:index] + chr(ord(URL[index]) ^ 1) + URL[index + 1 :]
    assert not is_signed([TOKEN], changed, SIGNATURE, pairs=PAIRS)


@pytest.mark.parametrize(
    ("tokens", "signature", "values"),
    [
        (["54321"], SIGNATURE, PAIRS),
        ([], SIGNATURE, PAIRS),
        ([TOKEN], None, PAIRS),
        ([TOKEN], "", PAIRS),
        ([TOKEN], "ÄÖÜ", PAIRS),
        ([TOKEN], "\udc80", PAIRS),
        ([TOKEN], SIGNATURE[:-1], PAIRS),
        ([TOKEN], SIGNATURE, PAIRS[1:]),
        ([TOKEN], SIGNATURE, ()),
        ([TOKEN], SIGNATURE, (*PAIRS, ("Digits", "1"))),
    ],
    ids=lambda value: str(value)[:12].encode("ascii", "replace").decode(),
)
def test_not_signed(
    tokens: list[str], signature: str | None, values: tuple[tuple[str, str], ...]
) -> None:
    """A wrong token, a bad or missing header, and a changed form are told apart from none."""
    assert not is_signed(tokens, URL, signature, pairs=values)


def test_several_tokens() -> None:
    """While tokens are rotated, either of them will do."""
    assert is_signed(["old", TOKEN], URL, SIGNATURE, pairs=PAIRS)
    assert is_signed([TOKEN, "new"], URL, SIGNATURE, pairs=PAIRS)


def test_the_fragment_is_not_signed() -> None:
    """Connection overrides stand behind a ``#`` that never reaches the application."""
    assert sign(TOKEN, f"{URL}#rc=5&rp=all", PAIRS) == SIGNATURE


@pytest.mark.parametrize("body", [JSON_BODY + b" ", b"", JSON_BODY.replace(b"true", b"null")])
def test_a_changed_body(body: bytes) -> None:
    """The digest in the URL must be that of the body, also when the body was taken away."""
    assert not is_signed([TOKEN], JSON_URL, JSON_SIGNATURE, body=body)


def test_a_body_without_digest() -> None:
    """A body that the URL has no digest of is not signed, whatever the URL's signature."""
    assert is_signed([TOKEN], URL, sign(TOKEN, URL))
    assert not is_signed([TOKEN], URL, sign(TOKEN, URL), body=JSON_BODY)


def test_a_second_digest_does_not_count() -> None:
    """Of several digests the first one is meant."""
    url = f"{JSON_URL}&bodySHA256={hashlib.sha256(b'other').hexdigest()}"
    assert is_signed([TOKEN], url, sign(TOKEN, url), body=JSON_BODY)
    assert not is_signed([TOKEN], url, sign(TOKEN, url), body=b"other")


@pytest.mark.parametrize(
    ("ours", "signed"),
    [
        ("https://example.com", "https://example.com"),
        ("https://example.com", "https://example.com:443"),
        ("https://example.com:443", "https://example.com"),
        ("https://example.com:8443", "https://example.com"),
        ("https://example.com:8443", "https://example.com:8443"),
        ("http://example.com", "http://example.com:80"),
        ("http://example.com:80", "http://example.com"),
        ("http://example.com:8080", "http://example.com:8080"),
        ("https://[::1]:8443", "https://[::1]"),
        ("https://[::1]", "https://[::1]:443"),
    ],
)
@pytest.mark.parametrize("path", ["", "/", "/a/b", "/a?b=c:1", "?b=c"])
def test_right_ports(ours: str, signed: str, path: str) -> None:
    """Over https the port may be left out; a default port may be there or not."""
    assert is_signed([TOKEN], ours + path, sign(TOKEN, signed + path))


@pytest.mark.parametrize(
    ("ours", "signed"),
    [
        ("https://example.com", "https://example.com:8443"),
        ("https://example.com", "https://example.com:80"),
        ("https://example.com:8443", "https://example.com:9443"),
        ("https://example.com:8443", "https://example.com:443"),
        ("http://example.com:8080", "http://example.com"),
        ("http://example.com:8080", "http://example.com:8081"),
        ("http://example.com", "http://example.com:443"),
        ("http://example.com", "https://example.com"),
    ],
)
def test_wrong_ports(ours: str, signed: str) -> None:
    """Another port, or another scheme, is another URL."""
    assert not is_signed([TOKEN], ours, sign(TOKEN, signed))


def test_what_is_no_url_is_taken_literally() -> None:
    """A base URL that is a path has no port to quarrel about."""
    assert is_signed([TOKEN], "/incoming-call", sign(TOKEN, "/incoming-call"))


@pytest.mark.parametrize(
    ("settings", "algorithm"),
    [
        (None, "HMAC_SHA1"),
        ("", "HMAC_SHA1"),
        ("key=k", "HMAC_SHA1"),
        ("key=k,algorithm=", "HMAC_SHA1"),
        ("key=k, algorithm = hmac_sha256", "HMAC_SHA256"),
        ("algorithm=HMAC_SHA512,key=k", "HMAC_SHA512"),
    ],
)
def test_announced_algorithms(settings: str | None, algorithm: str) -> None:
    """The settings header names the algorithm; without it, it is the old one."""
    assert announced_algorithm(settings) == algorithm


def test_shared_key() -> None:
    """A request that announces HMAC-SHA256 is checked with it, and only with it."""
    new = sign(TOKEN, URL, PAIRS, algorithm=HMAC_SHA256)
    assert is_signed([TOKEN], URL, new, pairs=PAIRS, settings=SHARED_KEY)
    assert not is_signed([TOKEN], URL, SIGNATURE, pairs=PAIRS, settings=SHARED_KEY)
    assert not is_signed([TOKEN], URL, new, pairs=PAIRS)


def test_unknown_algorithm() -> None:
    """An algorithm nobody here knows is a bad signature, not an exception."""
    assert not is_signed([TOKEN], URL, SIGNATURE, pairs=PAIRS, settings="algorithm=NONE")


@given(url=st.builds("https://{}{}".format, hosts, paths), values=pairs)
def test_twilios_library_computes_the_same(url: str, values: tuple[tuple[str, str], ...]) -> None:
    """For any form and URL, with either algorithm, the signatures are equal."""
    validator = RequestValidator(TOKEN)
    given_values = as_multi_dict(values)
    assert sign(TOKEN, url, values) == validator.compute_signature(url, given_values)
    assert sign(TOKEN, url, values, algorithm=HMAC_SHA256) == validator.compute_signature(
        url, given_values, HMAC_SHA256
    )


@given(
    host=st.sampled_from(["example.com", "example.com:443", "example.com:8443"]),
    signed_host=st.sampled_from(["example.com", "example.com:443", "example.com:8443"]),
    values=pairs,
    signed_values=st.none() | pairs,
)
def test_twilios_library_decides_the_same(
    host: str,
    signed_host: str,
    values: tuple[tuple[str, str], ...],
    signed_values: tuple[tuple[str, str], ...] | None,
) -> None:
    """Over https, what Twilio's own check accepts ours accepts, and refuses what it refuses."""
    url, signed_url = f"https://{host}/x", f"https://{signed_host}/x"
    signature = sign(TOKEN, signed_url, values if signed_values is None else signed_values)
    assert is_signed([TOKEN], url, signature, pairs=values) == RequestValidator(TOKEN).validate(
        url, as_multi_dict(values), signature
    )


@given(url=st.text(), signature=st.text(), values=pairs, body=st.binary(), settings=st.text())
def test_nonsense_is_refused_quietly(
    url: str, signature: str, values: tuple[tuple[str, str], ...], body: bytes, settings: str
) -> None:
    """Whatever a stranger sends, the answer is no, and never an exception."""
    assert not is_signed([TOKEN], url, signature, pairs=values, body=body, settings=settings)
