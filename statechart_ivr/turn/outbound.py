"""Calls that the application itself places, and live calls that it points elsewhere."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import uuid4

from statechart_ivr.call import Call, Request
from statechart_ivr.errors import (
    ConfigurationError,
    SessionValueError,
    StaleSessionError,
    UnknownUrlError,
)
from statechart_ivr.record import Record, Session
from statechart_ivr.turn.environment import PLACED, Client, Environment
from statechart_ivr.turn.records import asked_for_secret, load, save
from statechart_ivr.urls import encode_query, join_url

logger = logging.getLogger("statechart_ivr.turn")

#: Before what stands for a call SID until Twilio has given one.
NONCE = "placed."


def place_call(
    environment: Environment,
    route: str,
    *,
    to: str,
    from_: str,
    session: Mapping[str, Any] | None,
    **options: Any,
) -> str:
    """Call somebody, and have the call come in at a route.

    Its session is stored first, under a nonce that the call's URLs carry: the first request may
    come before Twilio has told the call's SID, and a call that nobody answers has no other.

    Args:
        environment: of the application.
        route: name or path.
        to: whom.
        from_: a number of the account.
        session: what the call is to know from the beginning.
        **options: of the client.

    Returns:
        The call's SID.

    Raises:
        ConfigurationError: there is no client, or the application's host is not known.
        RestError: Twilio refuses, or does not answer.
        StoreUnavailableError: the store gives no answer; nobody was called.
    """
    client, path = client_of(environment), path_of(environment, route)
    data = _session(session)
    nonce = NONCE + uuid4().hex
    flow, _ = environment.routes[path]
    call = Call(sid=nonce, from_=from_, to=to, direction="outbound-api")
    record = Record(flow.__name__, path, call.to_json(), data=dict(data), lang=flow.language)
    urls = {
        "url": _absolute(environment, path, {PLACED: nonce}),
        "status_callback": _absolute(environment, f"{environment.prefix}/status", {PLACED: nonce}),
        "fallback_url": _absolute(environment, f"{environment.prefix}/fallback"),
    }
    save(environment, record, revision=None)
    try:
        return client.place_call(to=to, from_=from_, **urls, **options)
    except Exception as error:
        # Where Twilio may have placed the call, its session is waited for.
        if not getattr(error, "maybe_done", False):
            environment.store.delete(nonce)
        raise


def adopt(environment: Environment, call_sid: str, request: Request | None) -> bool:
    """Give a call that was placed the session that waits for it, at the first that is heard of it.

    Returns:
        Whether the call has one now.

    Raises:
        StoreUnavailableError: the store gives no answer.
    """
    nonce = dict(request.query).get(PLACED, "") if request else ""
    if not nonce.startswith(NONCE) or not call_sid:
        return False
    record = load(environment, nonce).record
    if record is None:
        # Two requests came at once, and the other one has done all of this just now.
        return load(environment, call_sid).record is not None
    known = Call.from_json(record.call).updated(request.parameters if request else {})
    own = replace(known, sid=call_sid).to_json()
    with suppress(StaleSessionError):  # the same, a moment earlier
        save(environment, replace(record, call=own), revision=None)
    environment.store.delete(nonce)
    return True


def redirect(environment: Environment, call_sid: str, route: str) -> bool:
    """Point a live call at a route.

    Returns:
        False if the call is over, or not known to Twilio.

    Raises:
        ConfigurationError: there is no client, or the application's host is not known.
        RestError: Twilio refuses, or does not answer.
    """
    client, path = client_of(environment), path_of(environment, route)
    record = load(environment, call_sid).record
    query: dict[str, Any] = {"nonce": uuid4().hex}
    if record is not None and asked_for_secret(environment, record):
        query["s"] = 1
    account_sid = record.call["account_sid"] if record else ""
    url = _absolute(environment, path, query)
    return client.redirect(call_sid, url, account_sid=account_sid)


def client_of(environment: Environment) -> Client:
    """Return what asks Twilio.

    Raises:
        ConfigurationError: nothing does.
    """
    if environment.client is None:
        raise ConfigurationError(
            "Twilio can be asked for nothing: pass client=RestClient(account_sid=…, auth_token=…) "
            "where the application is made; IvrApp.from_env does, if TWILIO_ACCOUNT_SID is set"
        )
    return environment.client


def path_of(environment: Environment, route: str) -> str:
    """Return the path of a route, by its name or its path.

    Raises:
        UnknownUrlError: there is no such route.
    """
    if route in environment.routes:
        return route
    names = {known.name: path for path, (_, known) in environment.routes.items()}
    if route not in names:
        known = ", ".join(f"{name} ({path})" for name, path in names.items())
        raise UnknownUrlError(f"there is no route {route!r}; there are {known}")
    return names[route]


def _session(given: Mapping[str, Any] | None) -> Session:
    """Return what a call is to know from the beginning.

    Raises:
        SessionValueError: it is not JSON, or has no names.
    """
    if not isinstance(given, Mapping | None):
        kind = type(given).__name__
        raise SessionValueError(f"session= is of type {kind}; write values by name: {{'order': 1}}")
    session = Session({})
    session.update(given or {})
    return session


def _absolute(environment: Environment, path: str, query: Mapping[str, Any] | None = None) -> str:
    return join_url(environment.base_url, path, query=encode_query(query), absolute=True)
