"""A flow that asks for a secret, ways to get it wrong, and a caller who enters one."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from statemachine import State

from statechart_ivr import PASS, CallFlow, gather, on_input, renders, routable
from statechart_ivr.errors import StaleSessionError, StoreUnavailableError
from statechart_ivr.stores import MemoryStore
from statechart_ivr.testing.script import Reply
from statechart_ivr.testing.transport import Webhook, WsgiTransport
from statechart_ivr.turn import flow_errors
from statechart_ivr.web import IvrApp

# Long enough to stand in no time stamp, digest or token by chance.
PIN, WRONG_PIN = "480217936524", "739105826417"
BASE = "https://ivr.example.com"


class Vault(CallFlow):
    """Asks for a PIN, and keeps it to itself."""

    asking = State(initial=True)
    inside = State()
    refused = State(final=True)
    asking.to(inside, event="right", cond="may_pass", on="let_in")
    asking.to(refused, event="give_up")
    asking.to.itself(event="partial", on="listen")
    inside.to(refused, event="leave")

    @routable("/call")
    @renders(asking)
    def ask(self):
        return gather("PIN?", num_digits=len(PIN), input="dtmf speech", action=self.where_to())

    def where_to(self):
        return self.turn_url

    @routable("/taken", inside)
    def take_it(self):
        """A route of its own takes what was entered."""

    @on_input(asking, secret=True)
    def check(self, caller_input):
        return "right" if PIN in (caller_input.digits, caller_input.speech) else "no_match"

    def may_pass(self):
        return True

    def let_in(self):
        pass

    def listen(self):
        pass

    @renders(inside)
    def welcome(self):
        return gather("In.")

    def blurt(self):
        """Raise an error that repeats the input, and so does its cause."""
        told = str(sorted(self.call.parameters.items()))
        try:
            raise KeyError(told)
        except KeyError as error:
            raise ValueError(told) from error


def blurting(*methods: str) -> type[Vault]:
    """Return a flow some of whose methods raise with what the caller entered."""
    blurts = {method: lambda self, *_: self.blurt() for method in methods}
    return type(f"Blurting_{'_'.join(methods)}", (Vault,), blurts)


class Wordy(Vault):
    """Has words for a wrong PIN and for errors, and they raise too."""

    @renders("no_match")
    def say_wrong(self):
        return self.blurt()

    @renders("error")
    def say_error(self):
        return self.blurt()


class Echoing(Vault):
    """Returns the input as an event."""

    def check(self, caller_input):
        return caller_input.digits or caller_input.speech


class Tupling(Vault):
    """Returns the input as something that is no event."""

    def check(self, caller_input):
        return (caller_input.digits, caller_input.speech)


class Reasoning(Vault):
    """Returns the input as the reason of a no_match."""

    def check(self, caller_input):
        return f"no_match.{caller_input.digits or caller_input.speech}"


class Passing(CallFlow):
    """Gives the input to the state around the one that asks, which returns it as an event."""

    class desk(State.Compound):
        asking = State(initial=True)

    refused = State(final=True)
    desk.to(refused, event="give_up")

    @routable("/call")
    @renders(desk.asking)
    def ask(self):
        return gather("PIN?", num_digits=len(PIN), input="dtmf speech")

    @on_input(desk.asking, secret=True)
    def pass_on(self, _):
        return PASS

    @on_input(desk)
    def echo(self, caller_input):
        return caller_input.digits or caller_input.speech


class Rerouting(Vault):
    """Lets a route of its own take the input."""

    def where_to(self):
        return self.url_for("take_it")


class BlurtingRoute(Rerouting):
    """Lets a route of its own take the input, whose hook raises."""

    def take_it(self):
        self.blurt()


class Remade(CallFlow):
    """The next version of the vault, which has no such question."""

    menu = State(initial=True)
    end = State(final=True)
    menu.to(end, event="give_up")

    @routable("/call")
    @renders(menu)
    def ask(self):
        return gather("Menu.")


Remade.__name__ = "Vault"


class WatchedStore(MemoryStore):
    """Remembers all that was ever saved; can be away, slow to write, or hotly contested."""

    away = read_only = contested = False

    def __init__(self) -> None:
        super().__init__()
        self.saved: list[str] = []

    def load(self, call_sid):
        if self.away:
            raise StoreUnavailableError("switched off")
        return super().load(call_sid)

    def save(self, call_sid, data, *, expected, ttl):
        if self.away or self.read_only:
            raise StoreUnavailableError("switched off")
        if self.contested:
            raise StaleSessionError(call_sid, expected)
        self.saved.append(call_sid + data.decode())
        return super().save(call_sid, data, expected=expected, ttl=ttl)


class Way(NamedTuple):
    """How an input comes in: Twilio's parameter, and the method."""

    parameter: str
    method: str


WAYS = [Way(name, method) for name in ("Digits", "SpeechResult") for method in ("POST", "GET")]


class Line:
    """One call to an application over WSGI; keeps whatever comes back."""

    def __init__(self, way: Way) -> None:
        self.way = way
        self.store = WatchedStore()
        self.flow: type[CallFlow] = Vault
        self.answers: list[str] = []
        self.errors: list[BaseException] = []
        self.action = ""
        self.wrap: Callable[[Any], Any] = lambda app: app

    def send(
        self, url: str, *, method: str = "", token: str = "", signed: bool = True, **told: str
    ) -> Reply:
        """Send a webhook to an application that was just started, signed or not."""
        app = IvrApp(self.flow, auth_token="12345", base_url=BASE, store=self.store)
        standard = {"CallSid": "CA1", "From": "+1", "CallStatus": "in-progress"}
        pairs = tuple({**standard, **told}.items())
        webhook = Webhook(method or self.way.method, BASE + url, pairs, token)
        collected = flow_errors.set(self.errors)
        try:
            transport = WsgiTransport(self.wrap(app), BASE, "12345" if signed else "54321")
            reply = transport.send(webhook)
        finally:
            flow_errors.reset(collected)
        text = reply.body.decode()
        self.answers.append(f"{reply.location} {text}")
        found = re.search(r'action="([^"]+)"|<Redirect[^>]*>([^<]+)', text)
        self.action = html.unescape(found[1] or found[2]) if found else self.action
        return reply

    def dial(self, flow: type[CallFlow] = Vault) -> Line:
        """Begin the call, and hear the question."""
        self.flow = flow
        self.send("/call", CallStatus="ringing")
        assert "PIN?" in self.answers[-1]
        return self

    def enter(self, pin: str = PIN, url: str = "", **more: Any) -> Line:
        """Enter a PIN."""
        self.send(url or self.action, **{self.way.parameter: pin}, **more)
        return self
