"""What goes wrong in calls, as findings: code, place and advice."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest
from statemachine import State
from twilio.twiml.voice_response import Hangup, Play

from statechart_ivr import CallFlow, document, gather, key, renders, routable
from statechart_ivr.checker import Finding, check_flow
from statechart_ivr.web import FingerprintPlugin, IvrApp


class Menu(CallFlow):
    """A menu with one choice, after which something goes wrong."""

    menu = State(initial=True)
    told = State(final=True)
    menu.to(told, event=[key("1"), "give_up"])

    @routable("/in")
    @renders(menu)
    def say_menu(self):
        return gather("Press 1.")

    @renders(told)
    def tell(self) -> Any:
        return Hangup()


class Raises(Menu):
    """Divides by nothing."""

    def tell(self) -> Any:
        return str(1 // 0)


class NotJson(Menu):
    """Keeps a set."""

    def tell(self) -> Any:
        self.session["seen"] = {1}
        return Hangup()


class Unread(Menu):
    """Says what is no TwiML."""

    def tell(self) -> Any:
        return document("<Response><Redirect>/none</Redirect></Response>")


CODES: dict[type[CallFlow], str] = {Raises: "raises", NotJson: "not-json", Unread: "twiml-refused"}


class OtherRaises(CallFlow):
    """Has states of the same names, and raises in the same way."""

    menu = State(initial=True)
    told = State(final=True)
    menu.to(told, event=[key("1"), "give_up"])

    @routable("/other")
    @renders(menu)
    def say_menu(self):
        return gather("Press 1.")

    @renders(told)
    def tell(self) -> Any:
        return str(1 // 0)


def test_what_two_flows_have_in_common_is_found_in_both() -> None:
    """A finding in one of them says nothing of the other."""
    found = check_flow(Raises, OtherRaises).having("raises", "menu")
    assert {one.flow for one in found} == {"Raises", "OtherRaises"}


def only(flow: type[CallFlow], code: str) -> Finding:
    """Return the finding with a code whose call is the shortest one."""
    return check_flow(flow).having(code)[0]


@pytest.mark.parametrize("flow", CODES)
def test_what_is_raised_has_a_code_of_its_own(flow: type[CallFlow]) -> None:
    """Each with the shortest call, and the state it is in."""
    one = only(flow, CODES[flow])
    assert (one.flow, one.state, one.call) == (flow.__name__, "menu", "dial 1")
    assert one.advice
    assert not one.checks


def test_the_place_of_an_error_is_the_flow_s_own_line() -> None:
    """Not that of the library that it calls, nor of the package."""
    lines, start = inspect.getsourcelines(Raises.tell)
    assert only(Raises, "raises").place == f"{__file__}:{start + len(lines) - 1}"


def test_what_nothing_raised_has_the_place_of_what_the_state_says() -> None:
    """There is no traceback to look at."""
    start = inspect.getsourcelines(Menu.say_menu)[1]
    assert only(Unread, "twiml-refused").place == f"{__file__}:{start}"


class Playing(Menu):
    """Plays a file of the application's."""

    def tell(self) -> Any:
        return Play(self.url_for("/static/hello.mp3"))


@pytest.mark.parametrize(("name", "codes"), [("hello.mp3", []), ("other.mp3", ["missing-sound"])])
def test_a_sound_that_is_not_there_has_a_code_of_its_own(
    tmp_path: Path, name: str, codes: list[str]
) -> None:
    """The application knows its files."""
    (tmp_path / name).write_bytes(b"sound")
    app = IvrApp(Playing, store="memory:", validate=False)
    app.install(FingerprintPlugin(tmp_path, mount_path="/static"))
    report = check_flow(Playing, like=app.switchboard)
    assert [one.code for one in report.findings if one.call == "dial 1"] == codes


def test_a_sound_elsewhere_is_none_of_ours() -> None:
    """It is asked for by Twilio."""

    class Playing(Menu):
        """Plays what is elsewhere."""

        def tell(self) -> Any:
            return Play("https://elsewhere.example/a.mp3")

    assert not check_flow(Playing).having("missing-sound")
