"""Callers who wait for background work: what they hear, and that it has an end."""

from __future__ import annotations

import re

from statemachine import State

from statechart_ivr import CallFlow, background, gather, key, on_input, renders, routable
from statechart_ivr.errors import StoreUnavailableError


def pauses(call):
    """Return the lengths of the pauses in the last document, in seconds."""
    return [int(length) for length in re.findall(r'<Pause length="(\d+)"', call.xml)]


def test_polls_become_less_frequent(looking):
    """Up to ten seconds apart, however long it takes."""
    call = looking()
    waited = [pauses(call)]
    for _ in range(7):
        call.poll()
        waited.append(pauses(call))
    assert waited == [[1], [2], [4], [8], [10], [10], [10], [10]]


def test_a_poll_with_a_number_of_its_own_is_answered(looking):
    """Also a very large one."""
    call = looking()
    call.post("/ivr/wait?at=%2Fcall&seq=2&wait=999999999")
    assert pauses(call) == [10]
    assert "wait=1000000000</Redirect>" in call.xml


def test_polls_write_nothing_and_count_for_nothing(looking):
    """Neither as turns, nor as attempts, nor as silence."""
    call = looking()
    before = call.board.store.load("CA1")
    for _ in range(20):
        call.poll()
    assert call.board.store.load("CA1") == before
    assert call.heard == []


def test_the_first_document_says_what_there_is_to_say_and_goes_on_to_the_next(looking):
    """The state's own rendering is heard once."""
    call = looking()
    assert call.heard == ["One moment."]
    assert call.xml.endswith(
        '<Pause length="1" /><Redirect>/ivr/wait?at=%2Fcall&amp;seq=2&amp;wait=1</Redirect>'
        "</Response>"
    )
    call.poll()
    assert call.heard == []


def test_no_silence_when_work_ends_with_nothing(looking, caplog):
    """A caller who waited for it is told, and let go; and whoever runs it, too."""
    call = looking(lambda _: None)
    call.work()
    call.poll()
    assert call.heard == [CallFlow.apology]
    assert "<Hangup />" in call.xml
    assert call.record.ended
    assert "the work has ended, and with nothing that leads on" in caplog.text


def test_what_was_not_heard_is_heard_before_the_apology(line, deferred):
    """News of another region, say, that came while the work ended with nothing."""

    class Fruitless(Regions):
        def look_up(self):
            return None

        def ask(self):
            return None

    call = line(Fruitless, runner=deferred)
    call.dial()
    call.board.deliver("CA1", "look_again")
    call.work()
    call.poll()
    assert call.heard == ["We are looking it up.", CallFlow.apology]
    assert call.record.ended


def test_a_result_that_the_chart_refuses_ends_the_call(line, deferred):
    """It leads nowhere either; the flow's own words for errors are heard."""

    class Refusing(CallFlow):
        looking_up = State(initial=True)
        told = State()
        looking_up.to(told, event="found", cond="is_open")
        told.to(looking_up, event=key())

        def is_open(self):
            return False

        @routable("/call")
        @renders(looking_up)
        def say_wait(self):
            return "One moment."

        @renders(told)
        def tell(self):
            return gather("Found.")

        @renders("error")
        def say_sorry(self):
            return "We looked in vain."

        @background(looking_up)
        def look_up(self):
            return "found"

    call = line(Refusing, runner=deferred)
    call.dial()
    call.work()
    call.poll()
    assert call.heard == ["We looked in vain."]
    assert call.record.ended


def test_a_callback_that_fails_over_a_result_ends_the_call(line, deferred, caplog):
    """The chart stays where it was, and the work is done with: nobody waits for ever."""

    class Failing(CallFlow):
        looking_up = State(initial=True)
        looking_up.to(looking_up, event="found", on="fail")

        @routable("/call")
        @renders(looking_up)
        def say_wait(self):
            return "One moment."

        @background(looking_up)
        def look_up(self):
            return "found"

        def fail(self):
            raise RuntimeError("no such thing")

    call = line(Failing, runner=deferred)
    call.dial()
    call.work()
    assert "no such thing" in caplog.text
    call.poll()
    assert call.heard == [CallFlow.apology]


def test_a_state_that_asks_again_after_its_work_is_no_end(line, deferred):
    """Where an active state has a question, the caller is asked it."""

    class Asking(CallFlow):
        class shop(State.Compound):
            browsing = State(initial=True)
            looking_up = State()
            browsing.to(looking_up, event=key("1"))
            looking_up.to(browsing, event=key("2"))

        @routable("/call", shop)
        @renders(shop)
        def ask(self):
            return gather("Press something.")

        @renders(looking_up := shop.looking_up)
        def say_wait(self):
            return "One moment." if self.attempts == 0 else None

        @background(looking_up)
        def look_up(self):
            return None

    call = line(Asking, runner=deferred)
    call.dial()
    call.press("1")
    call.work()
    call.post("/ivr/wait?at=%2Fcall&seq=2&wait=1")
    assert call.heard == ["One moment.", "Press something."]
    assert not call.record.ended


def test_a_state_that_only_works_is_waited_in_with_its_parents_words(line, deferred):
    """It needs no rendering of its own."""

    class Filing(CallFlow):
        class office(State.Compound):
            filing = State(initial=True)
            filed = State(final=True)
            filing.to(filed, event="done")

        bye = State(final=True)
        office.to(bye, event="done.state.office")

        @routable("/call", office)
        @renders(office)
        def say_wait(self):
            return "We are filing it."

        @background(office.filing)
        def file(self):
            return "done"

        @renders(bye)
        def say_bye(self):
            return "Goodbye."

    call = line(Filing, runner=deferred)
    call.dial()
    assert call.heard == ["We are filing it."]
    call.work()
    call.poll()
    assert call.heard == ["Goodbye."]


def test_work_in_a_final_state_holds_nobody(line, deferred):
    """Its caller has heard everything."""

    class Ending(CallFlow):
        bye = State(initial=True, final=True)

        @routable("/call")
        @renders(bye)
        def say_bye(self):
            return "Goodbye."

        @background(bye)
        def file(self):
            return None

    call = line(Ending, runner=deferred)
    call.dial()
    assert call.xml.endswith("<Response><Say>Goodbye.</Say></Response>")
    call.work()
    assert call.record.jobs == []


def test_work_that_leads_from_state_to_state_holds_all_the_way(line, deferred):
    """A state that says nothing itself is waited in like any other."""

    class Steps(CallFlow):
        first = State(initial=True)
        second = State()
        done = State(final=True)
        first.to(second, event="one_done")
        second.to(done, event="two_done")

        @routable("/call")
        @renders(first)
        def say_wait(self):
            return "One moment."

        @background(first)
        def one(self):
            return "one_done"

        @renders(second)
        def say_nothing(self):
            return None

        @background(second)
        def two(self):
            return "two_done"

        @renders(done)
        def say_done(self):
            return "Done."

    call = line(Steps, runner=deferred)
    call.dial()
    deferred.jobs.pop().run()
    call.poll()
    assert pauses(call) == [1]
    call.poll()
    assert pauses(call) == [2]
    call.work()
    call.poll()
    assert call.heard == ["Done."]


def test_a_callback_in_mid_hold_disturbs_nothing(looking):
    """An event that moves nothing leaves the hold loop as it is."""
    call = looking()
    call.poll()
    document = call.xml
    call.post("/ivr/event/recorded_elsewhere?call=CA1", RecordingSid="RE1")
    call.xml = document
    call.poll()
    assert pauses(call) == [4]
    call.work()
    call.poll()
    assert call.heard == ["Found nothing."]


def test_an_outage_in_mid_hold_is_waited_out(looking):
    """The poll comes again, and then goes on as before."""
    call = looking()
    store = call.board.store

    def refuse(call_sid):
        raise StoreUnavailableError("switched off")

    vars(store)["load"] = refuse
    call.poll()
    assert call.heard == [CallFlow.one_moment]
    del vars(store)["load"]
    call.poll()
    assert pauses(call) == [2]


class Regions(CallFlow):
    """Asks in one region, and works in the other."""

    class both(State.Parallel):
        class talk(State.Compound):
            menu = State(initial=True)
            hours = State()
            menu.to(hours, event=key("1"))
            hours.to(menu, event=key("*"))

        class work(State.Compound):
            looking_up = State(initial=True)
            told = State()
            looking_up.to(told, event="found")
            looking_up.to(looking_up, event="look_again")
            told.to(looking_up, event="again")

    @routable("/call", both)
    @renders(both.talk.menu)
    def ask(self):
        return gather("Menu.")

    @renders(both.talk.hours)
    def tell_hours(self):
        return gather("Nine to five.")

    @renders(both.work.looking_up)
    def say_wait(self):
        return "We are looking it up."

    @renders(both.work.looking_up, waiting=True)
    def say_still(self):
        return "Still looking."

    @background(both.work.looking_up)
    def look_up(self):
        return "found"

    @renders(both.work.told)
    def tell(self):
        return "Found."


def test_a_question_is_not_held(line, deferred):
    """While one region asks, the work of another goes on behind it."""
    call = line(Regions, runner=deferred)
    call.dial()
    assert call.heard == ["We are looking it up.", "Menu."]
    assert "/ivr/wait" not in call.xml
    job = call.job
    call.press("1")
    assert call.heard == ["Nine to five."]
    assert call.job == job
    call.work()
    call.wait()
    assert call.heard == ["Found.", "Nine to five."]


def test_urls_of_a_hold_say_that_a_secret_may_come(line, deferred):
    """What is pressed there is kept out of URLs and logs like anywhere else."""

    class Safe(CallFlow):
        checking = State(initial=True)
        checking.to(checking, event="digits")

        @routable("/call")
        @renders(checking)
        def say_wait(self):
            return "One moment."

        @on_input(checking, secret=True)
        def understand(self, caller_input):
            return "digits"

        @background(checking)
        def check(self):
            return None

    call = line(Safe, runner=deferred)
    call.dial()
    assert "wait=1&amp;s=1</Redirect>" in call.xml
    call.poll()
    assert "wait=2&amp;s=1</Redirect>" in call.xml
