"""`diff_flows`: what callers notice of a change, each thing once, by its shortest call."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from statemachine import State
from twilio.twiml.voice_response import Dial, Enqueue, Hangup, Play

from statechart_ivr import CallFlow, background, gather, key, on_input, renders, routable
from statechart_ivr.checker import Change, Comparison, Entry, diff_flows
from statechart_ivr.checker.clauses import callers_who
from statechart_ivr.checker.notation import parse_call
from statechart_ivr.errors import ConfigurationError


def shop(
    *,
    hours: str = "Nine to five.",
    to_hours: str = "1",
    to_person: str = "2",
    number: str = "+12345678900",
    path: str = "/incoming-call",
    opens: int = 0,
    greeting: str = "",
    ends_with: str = "dial",
) -> type[CallFlow]:
    """Return a flow with a menu, a recording of the opening hours, and a person."""

    class Shop(CallFlow):
        apology = "Bye."

        checking = State(initial=True)
        menu = State()
        saying_hours = State(final=True)
        ringing = State()
        goodbye = State(final=True)

        checking.to(menu, cond="is_open")
        checking.to(goodbye)
        menu.to(saying_hours, event=key(to_hours, say=f"For hours, press {to_hours}."))
        menu.to(ringing, event=key(to_person, say=f"For a person, press {to_person}."))
        ringing.to(goodbye, event=ends_with)

        @routable(path, checking)
        def come_in(self) -> None:
            pass

        def is_open(self) -> bool:
            return not opens or self.now().hour < opens

        @renders(menu)
        def say_menu(self) -> Any:
            return gather(*([greeting] if greeting else []), *self.choices())

        @renders(saying_hours)
        def say_hours(self) -> Any:
            return [hours, Hangup()]

        @renders(ringing, person=True)
        def ring(self) -> Any:
            return Dial(number)

        @renders(goodbye)
        def say_goodbye(self) -> Any:
            return ["Goodbye.", Hangup()]

    return Shop


def told(found: Comparison) -> list[tuple[Change, str, str, str]]:
    """Return the differences of a comparison: kind, call, and both sides."""
    return [(one.change, one.call, one.old, one.new) for one in found.differences]


def test_the_same_flow() -> None:
    """A version that does the same is no difference, and all of it was compared."""
    found = diff_flows(shop(), [shop()])
    assert (found.differences, found.unfinished) == ((), ())
    assert found.summary == f"no differences for callers; compared {found.calls} pairs of records"
    assert found.calls > 5


def test_another_text() -> None:
    """A sentence that changed is told, in words and in the notation."""
    found = diff_flows(shop(), shop(hours="Ten to five."))
    assert told(found) == [(Change.HEARD, "dial 1", "Nine to five.", "Ten to five.")]
    [one] = found.differences
    assert str(one) == (
        "callers who press 1 now hear “Ten to five.” instead of “Nine to five.” (dial 1)"
    )
    assert found.summary.startswith("1 difference for callers; ")


def test_a_text_that_everybody_hears_is_told_once() -> None:
    """What is said before each question again is one change; the rest is compared all the same."""
    before, after = shop(), shop(greeting="Welcome.", hours="Ten.")
    assert told(diff_flows(before, after)) == [
        (Change.HEARD, "dial", "", "Welcome."),
        (Change.HEARD, "dial 1", "Nine to five.", "Ten."),
    ]
    first, *_ = diff_flows(before, after).differences
    assert first.message == "callers who call now also hear “Welcome.”"
    last, *_ = diff_flows(after, before).differences
    assert last.message == "callers who call no longer hear “Welcome.”"


def test_a_longer_greeting_is_a_longer_call_too() -> None:
    """Seconds to the first choice and to a person are compared, if it is more than a moment."""
    greeting = "Welcome to the shop, " + "which is a very good shop indeed, " * 4 + "welcome."
    found = diff_flows(shop(), shop(greeting=greeting))
    longer = [one for one in found.differences if one.change is Change.LONGER]
    assert [one.call for one in longer] == ["dial", "dial 2"]
    assert longer[0].message.startswith(
        "it takes longer until the first choice has been said at the first route: "
    )
    assert longer[1].message.startswith("it takes longer to reach a person in ringing: ")
    assert longer[0].new.endswith(" s")


def test_keys_that_changed_places() -> None:
    """Nothing is told of what lies behind a key that leads somewhere else."""
    found = diff_flows(shop(), shop(to_hours="2", to_person="1"))
    assert [one.call for one in found.differences] == ["dial", "dial 1", "dial 2"]
    assert found.differences[1].message == (
        "callers who press 1 no longer hear “Nine to five.”, and now come to "
        "<Dial +12345678900> instead of the end of the call"
    )


def test_a_key_of_its_own() -> None:
    """A key that is new, and one that is gone, each once."""
    found = diff_flows(shop(), shop(to_hours="3"))
    assert [(one.change, one.call) for one in found.differences] == [
        (Change.HEARD, "dial"),
        (Change.KEY_GONE, "dial 1"),
        (Change.KEY_NEW, "dial 3"),
    ]
    assert found.differences[2].message.startswith("3 is new: callers who press 3 now hear “Nine")
    assert found.differences[1].message.startswith("1 leads nowhere any more: callers who press 1")


def test_somebody_else_is_called() -> None:
    """Who is dialled is what a caller notices; what comes after is compared as well."""
    found = diff_flows(shop(), shop(number="+19995550100"))
    assert [(one.change, one.message) for one in found.differences] == [
        (
            Change.GOES_ON,
            "callers who press 2 now come to <Dial +19995550100> instead of <Dial +12345678900>",
        )
    ]


def test_a_dead_end() -> None:
    """What the checker finds in the new version only is told, and so is what was mended."""
    before, after = shop(), shop(ends_with="dial.completed")
    worse = diff_flows(before, after)
    new = [one for one in worse.differences if one.change is Change.FINDING_NEW]
    assert "dial 2 dial.busy" in [one.call for one in new]
    assert new[0].message.startswith("new finding: unclaimed-outcome Shop.ringing: dial.")
    assert (new[0].old, bool(new[0].new)) == ("", True)
    better = diff_flows(after, before)
    mended = [one for one in better.differences if one.change is Change.FINDING_GONE]
    assert [one.call for one in mended] == [one.call for one in new]
    assert (mended[0].new, bool(mended[0].old)) == ("", True)


def test_another_time() -> None:
    """Calls come in at the moments that make a difference in either version."""
    [one] = diff_flows(shop(opens=17), shop(opens=16)).differences
    assert one.call == "at 2026-01-05T16:00:00 dial"
    assert one.message.startswith("callers who call at 2026-01-05T16:00:00 now hear “Goodbye.”")


def test_another_route() -> None:
    """A route that is new, and one that is gone; neither is taken for the other."""
    found = diff_flows(shop(), shop(path="/calls"))
    assert told(found) == [
        (Change.WAY_NEW, "dial /calls", "", "For hours, press 1. For a person, press 2."),
        (Change.WAY_GONE, "dial /incoming-call", "For hours, press 1. For a person, press 2.", ""),
    ]


TEXT = """
class Path(CallFlow):
    zero = State(initial=True)
    one = State()
    two = State()
    LAST = State(final=True)

    WAYS
    zero.to(one, event=key("2", say="Press 2."))
    one.to(two, event=key("1", say="Press 1."))
    two.to(LAST, event=key("1", say="Press 1."))

    @routable("/path", zero)
    @renders(zero, one, two)
    def ask(self):
        return gather(*self.choices())

    @renders(LAST)
    def say_bye(self):
        return ["BYE", Hangup()]
"""
TO_TWO = 'zero.to(two, event=key("1", say="Press 1."))'


def path(last: str = "end", *, bye: str = "Bye.", ways: str = TO_TWO) -> type[CallFlow]:
    """Return a flow of questions on the way to a state with a name, and other ways there."""
    text = TEXT.replace("LAST", last).replace("BYE", bye).replace("WAYS", ways)
    names: dict[str, Any] = {**globals()}
    exec(text, names)  # noqa: S102 - the name of a state is that of a variable
    flow: type[CallFlow] = names["Path"]
    return flow


def test_another_name() -> None:
    """A state with another name is no difference, and what is said in it is compared."""
    assert diff_flows(path("end"), path("finish")).differences == ()
    [one] = diff_flows(path("end"), path("finish", bye="Ciao.")).differences
    assert (one.call, one.new) == ("dial 1 1", "Ciao.")


def test_a_longer_way() -> None:
    """A state that is further away is told by turns; not those behind it, further by as much."""
    found = diff_flows(path("end"), path("end", ways=""))
    longer = [one for one in found.differences if one.change is Change.LONGER]
    assert [(one.message, one.call) for one in longer] == [
        ("it takes longer to reach two: 3 turns instead of 2 turns", "dial 2 1")
    ]


def orders(*events: str, breaks: bool = False, music: str = "a") -> type[CallFlow]:
    """Return a flow with background work, which may come to some events."""

    class Orders(CallFlow):
        looking = State(initial=True)
        found = State()
        missing = State(final=True)
        queued = State()
        done = State(final=True)

        looking.to(found, event=events[0])
        looking.to(missing, event=[*events[1:], "background_failed"])
        found.to(queued, event=key("1", say="Press 1."))
        found.to(done, event="digits")
        found.to(missing, event="give_up")
        queued.to(done, event="queue")

        @routable("/orders")
        @renders(looking)
        def wait(self) -> Any:
            return "One moment."

        @background(looking, events=events)
        def look(self) -> Any:
            return events[0]

        @renders(found)
        def ask(self) -> Any:
            return gather(*self.choices(), "Or enter 22.", num_digits=2)

        @on_input(found, examples=["22"])
        def take(self, caller_input: Any) -> Any:
            if breaks and caller_input.digits == "22":
                raise LookupError(caller_input.digits)
            return "digits" if caller_input.digits == "22" else "key.1"

        @renders(queued)
        def put_into_queue(self) -> Any:
            return Enqueue("support")

        @renders(queued, waiting=True)
        def play(self) -> Any:
            return Play(f"https://example.com/{music}.mp3")

        @renders(missing, done)
        def bye(self) -> Any:
            return ["Bye.", Hangup()]

    return Orders


def test_what_work_comes_to() -> None:
    """Work that may end in a way that was not known, or does not any more."""
    before, after = orders("there"), orders("there", "gone")
    [new] = diff_flows(before, after).differences
    assert (new.change, new.call) == (Change.WAY_NEW, "dial work gone")
    assert new.message == (
        "new: callers who are there when background work comes to gone hear “Bye.”"
    )
    [gone] = diff_flows(after, before).differences
    assert (gone.change, gone.call) == (Change.WAY_GONE, "dial work gone")


def listening(to: str) -> type[CallFlow]:
    """Return a flow that listens to keys, to words, or to both."""

    class Listening(CallFlow):
        asking = State(initial=True)
        done = State(final=True)

        asking.to(done, event=key("1", say="Press 1."))

        @routable("/listening")
        @renders(asking)
        def ask(self) -> Any:
            return gather(*self.choices(), input=to)

        @renders(done)
        def dial_somebody(self) -> Any:
            return Dial("+12345678900")

    return Listening


def test_nobody_listens_to_keys() -> None:
    """A key that is not listened to any more is gone; a wrong one is nothing to tell of."""
    before, after = listening("dtmf speech"), listening("speech")
    gone = [one for one in diff_flows(before, after).differences if one.change is Change.WAY_GONE]
    assert [one.message for one in gone] == [
        "gone: callers who press 1 come to <Dial +12345678900>"
    ]


def test_a_call_that_breaks_off() -> None:
    """An error in one version only is told, with what is raised; below it nothing is compared."""
    before, after = orders("there"), orders("there", breaks=True)
    worse = [one for one in diff_flows(before, after).differences if one.steps]
    assert (worse[0].change, worse[0].call) == (Change.BREAKS, "dial work there 22")
    assert worse[0].new.startswith("LookupError: ")
    better = diff_flows(after, before).differences
    assert (better[0].change, better[0].new) == (Change.MENDED_CALL, "Bye.")
    assert diff_flows(after, after).differences == ()


def test_other_music() -> None:
    """What is heard in a queue is compared, too."""
    found = diff_flows(orders("there"), orders("there", music="b"))
    assert [one.new for one in found.differences] == ["<Play https://example.com/b.mp3>"]


def test_a_budget() -> None:
    """Where records or time do not suffice, the comparison says so."""
    found = diff_flows(shop(), shop(), max_records=3)
    assert "there are more than 3 pairs of records" in found.unfinished
    assert "no differences for callers; compared " in found.summary
    assert "not exhausted: there are more than 3 records" in found.summary
    seen: list[tuple[int, int]] = []
    found = diff_flows(
        shop(), shop(), max_seconds=1e-9, progress=lambda *counts: seen.append(counts)
    )
    assert "the time for comparing is over" in found.unfinished
    assert seen[0][0] > 0


def test_options() -> None:
    """Entries are taken as `check_flow` takes them, and logging is left as it was."""
    level = logging.getLogger("statechart_ivr").level
    entry = Entry("/incoming-call", {"order": "7"})
    [one] = diff_flows(shop(), shop(hours="Ten."), entries=[entry]).differences
    assert one.call == """dial '{"session": {"order": "7"}}' 1"""
    assert logging.getLogger("statechart_ivr").level == level
    with pytest.raises(ConfigurationError, match=r"write diff_flows\(Old, New\)"):
        diff_flows(shop(), [])


def test_json() -> None:
    """For programs there is the same as plain values."""
    assert diff_flows(shop(), shop(hours="Ten.")).to_json() == {
        "differences": [
            {
                "change": "heard",
                "message": "callers who press 1 now hear “Ten.” instead of “Nine to five.”",
                "call": "dial 1",
                "old": "Nine to five.",
                "new": "Ten.",
            }
        ],
        "pairs": diff_flows(shop(), shop()).calls,
        "unfinished": [],
    }


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("dial", "call"),
        ("dial /sales", "call /sales"),
        ("dial /sales 1 2", "call /sales, then press 1, 2"),
        ("at 2026-01-05T16:00 dial .", "call at 2026-01-05T16:00, then do nothing"),
        ("dial at 2026-01-05T16:00", "are still there at 2026-01-05T16:00"),
        ("dial 1 say yes 2 hangup", 'press 1, then say "yes", then press 2, then hang up'),
        ("dial dial.no_answer record", "get dial.no_answer, then leave a message"),
        ("dial work ok", "are there when background work comes to ok"),
        ("dial deliver ok", "are there when ok comes"),
        ("dial go /sales", "are taken over at /sales"),
    ],
)
def test_calls_in_words(call: str, words: str) -> None:
    """Each thing that happens in a call has words."""
    assert callers_who(parse_call(call)) == f"callers who {words}"
