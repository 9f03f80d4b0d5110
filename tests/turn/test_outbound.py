"""Calls that the application places, live calls that it points elsewhere, text messages."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from statemachine import State

from statechart_ivr import CallFlow, background, gather, key, on_input, renders, routable
from statechart_ivr.errors import (
    ConfigurationError,
    RestError,
    SessionValueError,
    StoreUnavailableError,
    UnknownUrlError,
)
from statechart_ivr.turn.outbound import NONCE

BASE = "https://ivr.example.com"


class Reminder(CallFlow):
    """Reminds of an appointment, and files who could not be reached."""

    arriving = State(initial=True)
    appointment = State()
    confirmed = State(final=True)
    machine = State(final=True)
    arriving.to(machine, cond="is_machine")
    arriving.to(appointment)
    appointment.to(confirmed, event=key("1"))

    def is_machine(self):
        return self.call.answered_by.startswith("machine")

    @routable("/reminder", arriving)
    def arrive(self):
        self.session["arrivals"] = self.session.get("arrivals", 0) + 1

    @renders(appointment)
    def remind(self):
        return gather(f"Your appointment is at {self.session['at']}.")

    @renders(confirmed)
    def thank(self):
        return "Thank you."

    @renders(machine)
    def leave_word(self):
        return "Please call back."

    @background("hang_up")
    def file(self):
        self.services["filed"].append((self.job.on, self.session["at"], self.call.to))


class Other(CallFlow):
    """Another flow of the same application, which asks for a secret."""

    menu = State(initial=True)
    menu.to(menu, event="digits")

    @routable("/other")
    @renders(menu)
    def ask(self):
        return gather("Menu.")

    @on_input(menu, secret=True)
    def understand(self, caller_input):
        return "digits"


@pytest.fixture
def filed():
    """What was filed."""
    return []


@pytest.fixture
def office(line, deferred, twilio, filed):
    """An application that can place calls; the call it places gets the SID CA9."""
    services = {"filed": filed}
    return line(
        Reminder, Other, sid="CA9", runner=deferred, client=twilio, services=services, base_url=BASE
    )


def place(office, route="arrive", **options):
    """Place a call; return what Twilio was asked."""
    placed = office.board.place_call(route, to="+1", from_="+2", session={"at": "ten"}, **options)
    assert placed == "CA9"
    what, asked = office.board.environment.client.asked[-1]
    assert what == "place_call"
    return asked


def stored(office):
    """Return what the store has calls under."""
    return sorted(office.board.store.calls())


@pytest.mark.parametrize("route", ["arrive", "/reminder"])
def test_placing_a_call_stores_its_session_first(office, route):
    """Under a nonce that all its URLs carry: its SID is not known yet."""
    asked = place(office, route, timeout=20, machine_detection="Enable")
    (nonce,) = stored(office)
    assert nonce.startswith(NONCE)
    assert asked == {
        "to": "+1",
        "from_": "+2",
        "url": f"{BASE}/reminder?placed={nonce}",
        "status_callback": f"{BASE}/ivr/status?placed={nonce}",
        "fallback_url": f"{BASE}/ivr/fallback",
        "timeout": 20,
        "machine_detection": "Enable",
    }
    record = office.board.peek(nonce)
    assert (record.flow, record.entry, record.data) == ("Reminder", "/reminder", {"at": "ten"})
    assert (record.call["from"], record.call["to"]) == ("+2", "+1")


def test_the_first_request_adopts_the_session(office):
    """From then on it is the call's own."""
    url = place(office)["url"]
    office.post(url, Direction="outbound-api", AccountSid="AC7")
    assert office.heard == ["Your appointment is at ten."]
    assert stored(office) == ["CA9"]
    assert office.record.call["account_sid"] == "AC7"
    assert office.record.call["sid"] == "CA9"
    office.press("1")
    assert office.heard == ["Thank you."]


def test_who_answered_is_known_from_the_first_request_on(office):
    """Twilio tells it where machine detection was asked for."""
    office.post(place(office)["url"], AnsweredBy="machine_start")
    assert office.heard == ["Please call back."]


def test_the_first_request_come_twice_is_answered_once(office):
    """With the same bytes."""
    url = place(office)["url"]
    assert office.post(url) == office.post(url)
    assert office.record.data["arrivals"] == 1
    office.press("7")
    office.post(url)
    assert office.record.data["arrivals"] == 1


@pytest.mark.parametrize("status", ["busy", "no-answer", "failed", "canceled"])
def test_what_became_of_a_call_that_nobody_answered_reaches_its_flow(office, filed, status):
    """The status callback is the first that is heard of it, and the last."""
    url = place(office)["status_callback"]
    for _ in range(2):
        office.post(url, CallStatus=status)
        assert office.status == 204
    office.work()
    assert filed == [(f"hang_up.{status.replace('-', '_')}", "ten", "+2")]
    assert office.record.ended
    assert stored(office) == ["CA9"]


def test_what_is_no_end_adopts_nothing(office):
    """A phone that rings."""
    office.post(place(office)["status_callback"], CallStatus="ringing")
    assert stored(office)[0].startswith(NONCE)


@pytest.mark.parametrize("first", ["url", "status_callback"])
def test_of_two_requests_at_once_one_adopts_and_both_find_it(office, filed, first):
    """Somebody answers and hangs up at once: the requests race in two processes."""
    urls = place(office)
    second = "status_callback" if first == "url" else "url"
    store = office.board.store
    load = store.load

    def racing(call_sid):
        found = load(call_sid)
        if call_sid == "CA9":
            # The other one comes and goes between this answer and what is made of it.
            del vars(store)["load"]
            office.post(urls[first], CallStatus="completed")
        return found

    vars(store)["load"] = racing
    office.post(urls[second], CallStatus="completed")
    office.work()
    assert filed == [("hang_up.completed", "ten", "+2")]
    assert office.record.ended
    assert stored(office) == ["CA9"]


def test_a_session_adopted_twice_is_adopted_once(office):
    """Both have read it; who saves second finds the call's own."""
    url = place(office)["url"]
    store = office.board.store
    load = store.load

    def racing(call_sid):
        found = load(call_sid)
        if call_sid.startswith(NONCE):
            del vars(store)["load"]
            office.post(url)
        return found

    vars(store)["load"] = racing
    office.post(url)
    assert office.heard == ["Your appointment is at ten."]
    assert office.record.data["arrivals"] == 1
    assert stored(office) == ["CA9"]


def test_a_session_that_has_expired_is_no_obstacle(office):
    """The flow begins without it."""
    url = place(office)["url"]
    (nonce,) = stored(office)
    office.board.store.delete(nonce)
    office.post(url.replace("/reminder", "/other"))
    assert office.heard == ["Menu."]


@pytest.mark.parametrize("nonce", ["CA7", "placed.", "placed.nothing", ""])
def test_only_what_was_placed_can_be_adopted(office, nonce):
    """Not the session of another call."""
    other = under_way(office, "CA7")
    office.post(f"/other?placed={nonce}")
    assert office.heard == ["Menu."]
    assert office.board.peek("CA7") == other
    assert office.record.data == {}


def under_way(office, sid):
    """Have another call be under way; return its record."""
    office.post("/other", CallSid=sid)
    return office.board.peek(sid)


def test_a_call_placed_for_one_flow_may_come_in_at_another(office):
    """The URL says where; the session goes along."""
    url = place(office)["url"]
    office.post(url.replace("/reminder", "/other"))
    assert office.heard == ["Menu."]
    assert (office.record.flow, office.record.entry) == ("Other", "/other")
    assert office.record.data == {"at": "ten"}


def test_a_status_of_a_call_that_is_not_known_is_dropped(office, filed):
    """Its session has expired, say."""
    office.post("/ivr/status?placed=placed.nothing", CallStatus="busy")
    assert office.status == 204
    assert stored(office) == []


@pytest.mark.parametrize("maybe_done", [False, True])
def test_a_session_is_kept_only_where_a_call_may_come_for_it(office, twilio, maybe_done):
    """What Twilio has refused leaves nothing behind."""
    twilio.error = RestError("calling +1 failed", maybe_done=maybe_done)
    with pytest.raises(RestError):
        place(office)
    assert len(stored(office)) == maybe_done


def test_an_option_that_is_none_leaves_nothing_behind(office, twilio):
    """It is found out when the session is stored already."""
    twilio.error = TypeError("place_call() has no option tiemout=")
    with pytest.raises(TypeError):
        place(office, tiemout=20)
    assert stored(office) == []


def test_nobody_is_called_while_the_store_is_away(office, twilio):
    """The call would come in, and nobody would know what for."""

    def refuse(*_, **__):
        raise StoreUnavailableError("switched off")

    vars(office.board.store)["save"] = refuse
    with pytest.raises(StoreUnavailableError):
        place(office)
    assert twilio.asked == []


def test_a_session_is_json(office, twilio):
    """As everywhere."""
    with pytest.raises(SessionValueError, match=r"session\['at'\] is of type set"):
        office.board.place_call("arrive", to="+1", from_="+2", session={"at": {1}})
    assert twilio.asked == []


def test_a_call_needs_no_session(office):
    """It begins with an empty one."""
    office.board.place_call("ask", to="+1", from_="+2")
    (nonce,) = stored(office)
    assert office.board.peek(nonce).data == {}


def test_a_route_that_is_none_is_said_with_those_there_are(office, twilio):
    """By name and path."""
    for use in (
        lambda: office.board.place_call("arive", to="+1", from_="+2"),
        lambda: office.board.redirect("CA9", "/arrive"),
    ):
        with pytest.raises(UnknownUrlError, match=r"there are arrive \(/reminder\), ask \(/other"):
            use()
    assert twilio.asked == []


def test_without_a_public_url_nobody_is_called(line, twilio):
    """Twilio could not come back."""
    board = line(Other, client=twilio).board
    with pytest.raises(UnknownUrlError, match="needs the host: set base_url="):
        board.place_call("ask", to="+1", from_="+2")
    with pytest.raises(UnknownUrlError, match="needs the host: set base_url="):
        board.redirect("CA9", "ask")
    assert list(board.store.calls()) == []


def test_without_a_client_twilio_is_asked_for_nothing(line):
    """The message says what to pass."""
    board = line(Other, base_url=BASE).board
    for use in (
        lambda: board.place_call("ask", to="+1", from_="+2"),
        lambda: board.redirect("CA9", "ask"),
        lambda: board.send_sms("Hello.", to="+1", from_="+2"),
        lambda: board.client,
    ):
        with pytest.raises(ConfigurationError, match=r"pass client=RestClient\("):
            use()


def redirected(office, route="arrive", sid="CA9"):
    """Redirect a call; return the URL it is pointed at, and the account asked."""
    assert office.board.redirect(sid, route)
    what, asked = office.board.environment.client.asked[-1]
    assert (what, asked["call_sid"]) == ("redirect", sid)
    return asked["url"], asked["account_sid"]


def test_a_redirect_takes_a_live_call_over(office):
    """With its session; each time anew, and by the account it belongs to."""
    office.post(place(office)["url"], AccountSid="AC7")
    first, account_sid = redirected(office)
    second, _ = redirected(office)
    assert account_sid == "AC7"
    assert first != second
    assert urlsplit(first).path == "/reminder"
    for url in (first, second, second):
        office.post(url)
        assert office.heard == ["Your appointment is at ten."]
    assert office.record.data["arrivals"] == 3


def test_a_redirect_from_a_question_for_a_secret_says_so(office):
    """What is pressed in that moment may come along."""
    office.post("/other", CallStatus="ringing")
    url, _ = redirected(office, "ask")
    assert dict(parse_qsl(urlsplit(url).query))["s"] == "1"


def test_a_call_of_somebody_else_can_be_redirected(office):
    """Twilio knows it, and we shall."""
    url, account_sid = redirected(office, "ask", sid="CA5")
    assert account_sid == ""
    assert "s" not in dict(parse_qsl(urlsplit(url).query))
    office.post(url, CallSid="CA5")
    assert office.heard == ["Menu."]


def test_a_call_that_is_over_is_not_redirected(office, twilio):
    """Which is no error."""
    twilio.knows_call = False
    assert not office.board.redirect("CA9", "ask")


def test_a_text_message_is_twilios_affair(office, twilio):
    """With whatever options it takes."""
    sid = office.board.send_sms("Hello.", to="+1", from_="+2", status_callback=BASE)
    assert sid == "SM1"
    expected = {"body": "Hello.", "to": "+1", "from_": "+2", "status_callback": BASE}
    assert twilio.asked == [("send_sms", expected)]
    assert office.board.client == "twilio's own client"
