"""All that can happen to a secret on its way, each as a function of the call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from statechart_ivr import CallFlow
from tests.secrets.line import (
    BASE,
    PIN,
    WRONG_PIN,
    BlurtingRoute,
    Echoing,
    Line,
    Passing,
    Reasoning,
    Remade,
    Rerouting,
    Tupling,
    Vault,
    Wordy,
    blurting,
)


def told_of(flow: type[CallFlow], pin: str = PIN, heard: str = "") -> Callable[[Line], Any]:
    """Return the path of a call to a flow in which a PIN is entered, and then another."""

    def path(line: Line) -> None:
        line.dial(flow).enter(pin)
        assert heard in line.answers[-1]
        line.enter(WRONG_PIN)

    return path


def raising(flow: type[CallFlow], pin: str = PIN) -> Callable[[Line], Any]:
    """Return the path of a call in which the flow raises because of the PIN."""

    def path(line: Line) -> None:
        told_of(flow, pin)(line)
        assert line.errors

    return path


def too_often(line: Line) -> None:
    """Enter wrong PINs until the call ends."""
    line.dial()
    for _ in range(4):
        line.enter(WRONG_PIN)
    assert "<Hangup" in line.answers[-1]


def switched(attribute: str, flow: type[CallFlow] = Vault) -> Callable[[Line], Any]:
    """Return the path of a call whose store fails in some way when the PIN is entered."""

    def path(line: Line) -> None:
        line.dial(flow)
        setattr(line.store, attribute, True)
        line.enter()
        assert "again=1" in line.action
        line.enter()
        setattr(line.store, attribute, False)
        line.send(line.action)

    return path


def away_for_too_long(line: Line) -> None:
    """Have the store away until the call ends."""
    line.dial().store.away = True
    for _ in range(11):
        line.enter()
    assert "<Hangup" in line.answers[-1]


def deployed(flow: type[CallFlow], attribute: str = "") -> Callable[[Line], Any]:
    """Return the path of a call whose document comes from before the question was a secret."""

    def path(line: Line) -> None:
        line.dial(flow)
        old = line.action.replace("&s=1", "")
        assert old != line.action
        if attribute:
            setattr(line.store, attribute, True)
        line.enter(url=old).enter()
        setattr(line.store, attribute or "away", False)
        line.enter().enter(WRONG_PIN)

    return path


def retried(line: Line) -> None:
    """Have a request come again, with its token and without one."""
    first = line.dial().action
    line.enter(token="T1").enter(url=first, token="T1").enter(url=first)
    assert len(set(line.answers[-3:])) == 1


def late(line: Line) -> None:
    """Enter the PIN at a question that was answered before."""
    first = line.dial().action
    line.enter(WRONG_PIN).enter(url=first)


def taken_over(line: Line) -> None:
    """Enter the PIN at a question that was taken over, and at the route that took it."""
    asked = line.dial().action
    line.send("/taken")
    line.enter(url=asked).enter(url="/taken").enter()


def lost(line: Line) -> None:
    """Enter the PIN after the session was lost."""
    line.dial().store.delete("CA1")
    line.enter()
    assert "PIN?" in line.answers[-1]


def remade(line: Line) -> None:
    """Enter the PIN after a deploy that removed the question."""
    line.dial().flow = Remade
    line.enter()
    assert "Menu." in line.answers[-1]


def damaged(line: Line) -> None:
    """Enter the PIN when what is stored can no longer be read."""
    line.dial().store.save("CA1", b"{", expected=1, ttl=60)
    line.enter()


def nameless(line: Line) -> None:
    """Enter the PIN in a request that names no call."""
    line.dial().enter(CallSid="")


def called_back(line: Line) -> None:
    """Have callbacks of all kinds bring the input along."""
    line.dial()
    for url in ("/ivr/event/partial?call=CA1", "/ivr/event/other?call=CA1", "/ivr/event/partial"):
        line.enter(url=url)
        line.send(url, StableSpeechResult=PIN, UnstableSpeechResult=WRONG_PIN)
    line.store.away = True
    line.enter(url="/ivr/event/partial?call=CA1")
    line.store.away = False
    line.enter(url="/ivr/status").enter(url="/ivr/status", CallStatus="completed").enter()


def raising_callback(line: Line) -> None:
    """Have a callback bring words along, and the flow raise because of them."""
    line.dial(blurting("listen"))
    line.send("/ivr/event/partial?call=CA1", UnstableSpeechResult=PIN)
    assert len(line.errors) == 1


def fallen_back(line: Line) -> None:
    """Have Twilio report a failed request, in whose URL the input stands."""
    bad = f"{BASE}{line.dial().action}&{line.way.parameter}={PIN}"
    line.send("/ivr/fallback", ErrorCode="11200", ErrorUrl=bad)
    line.enter(url="/ivr/fallback", ErrorUrl=bad.replace("Digits", "%44igits"))


def waited(line: Line) -> None:
    """Enter the PIN at a wait document."""
    line.dial().enter(url="/ivr/wait?at=%2Fcall&seq=1&wait=1&s=1")


def refused(line: Line) -> None:
    """Send requests that never get as far as the flow, with the input in the query."""
    asked = line.dial().action + f"&{line.way.parameter}={PIN}"
    replies = [
        line.send(asked, signed=False),
        line.send(asked, method="PUT"),
        line.send(asked, method="POST", Filler="x" * 110_000),
        line.send(asked.replace("/turn", "/nothing")),
    ]
    assert [reply.status for reply in replies] == [403, 405, 413, 404]


def unreadable(line: Line) -> None:
    """Send a body of a type that is not read."""
    line.dial()

    def as_text(app: Any) -> Any:
        return lambda environ, start: app({**environ, "CONTENT_TYPE": "text/plain"}, start)

    line.wrap = as_text
    line.enter()


PATHS: dict[str, Callable[[Line], Any]] = {
    "right": told_of(Vault, heard="In."),
    "wrong": told_of(Vault, WRONG_PIN, heard="PIN?"),
    "too often": too_often,
    "the handler raises": raising(blurting("check")),
    "the guard raises": raising(blurting("may_pass")),
    "the callback raises": raising(blurting("let_in")),
    "the renderer raises": raising(blurting("welcome")),
    "the handler and the words for errors raise": raising(Wordy, WRONG_PIN),
    "the input is returned as an event": raising(Echoing),
    "the input is returned as no event": raising(Tupling),
    "the input is returned by the state around": raising(Passing),
    "the input is returned as a reason": told_of(Reasoning),
    "a route takes it": told_of(Rerouting, heard="In."),
    "a route takes it and raises": raising(BlurtingRoute),
    "the store is away": switched("away"),
    "the store cannot write": switched("read_only"),
    "every race is lost": switched("contested"),
    "the store is away and a route takes it": switched("away", Rerouting),
    "the store is away for too long": away_for_too_long,
    "a deploy": deployed(Vault),
    "a deploy, and the handler raises": deployed(blurting("check")),
    "a deploy, and the store cannot write": deployed(Vault, "read_only"),
    "a deploy, and every race is lost": deployed(Vault, "contested"),
    "the same request again": retried,
    "a late request": late,
    "a takeover in between": taken_over,
    "the session is lost": lost,
    "the question is gone": remade,
    "the record is damaged": damaged,
    "no call SID": nameless,
    "callbacks": called_back,
    "a callback raises": raising_callback,
    "the fallback": fallen_back,
    "a wait document": waited,
    "refused": refused,
    "a body that is not read": unreadable,
}
