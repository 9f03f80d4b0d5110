"""What a check comes to: verdicts, findings in order, JSON, and tests that can be pasted."""

from __future__ import annotations

import json

import pytest
from statemachine import State
from twilio.twiml.voice_response import Dial, Hangup

from statechart_ivr import CallFlow, background, gather, key, renders, routable
from statechart_ivr.checker import RULES, Finding, Severity, Verdict, check_flow
from statechart_ivr.checker.findings import in_order, place_of
from statechart_ivr.checker.graph import Exploration, innermost
from statechart_ivr.checker.notation import parse_call
from statechart_ivr.checker.pasteable import as_test, imports_of
from statechart_ivr.checker.report import Report
from statechart_ivr.errors import ConfigurationError
from statechart_ivr.testing import Phone
from tests.checker.flows import calls_to, explored


class Ringing(CallFlow):
    """Knows what to do when the line is busy, and of nothing else."""

    ringing = State(initial=True)
    over = State(final=True)
    ringing.to(over, event=["dial.busy", "give_up"])

    @routable("/in")
    @renders(ringing)
    def ring(self):
        return Dial("+12025550123")

    @renders(over)
    def say_busy(self):
        return ["Busy.", Hangup()]


class Answering(Ringing):
    """Rings nobody."""

    def ring(self):
        return gather("Press anything.")


def found_in(flow: type[CallFlow] = Ringing) -> Report:
    """Return a report that has findings."""
    return check_flow(flow)


def test_nothing_to_check_is_an_error() -> None:
    """An empty list of flows proves nothing."""
    with pytest.raises(ConfigurationError, match="write check_flow"):
        check_flow()


def test_a_flow_without_findings_is_proved() -> None:
    """For this alphabet, which the report lists."""
    report = Report((), explored(Answering))
    assert report.verdict is Verdict.PROVED
    assert "proved, for this alphabet" in report.summary
    assert report.alphabet["keys"] == ("9", "*")
    assert report.alphabet["calls come in"] == ("dial",)
    assert str(report) == report.summary


def test_past_the_budget_nothing_is_proved() -> None:
    """However little was found to be wrong."""
    report = Report((), explored(Answering, max_records=1))
    assert report.verdict is Verdict.NOT_EXHAUSTED
    assert "not exhausted: there are more than 1 records" in report.summary
    assert report.summary.startswith("Answering: explored ")


def test_findings_are_listed_with_their_calls() -> None:
    """The worst first, each with what shows it."""
    report = found_in()
    assert report.verdict is Verdict.FINDINGS
    assert "exhausted for this alphabet" in report.summary
    assert report.summary.endswith(" findings")
    calls = [one.call for one in report.having("unclaimed-outcome", "ringing")]
    assert "dial dial.no_answer" in calls
    assert f"error unclaimed-outcome: Ringing.ringing ({__file__}:" in str(report)
    assert "    dial dial.no_answer" in str(report).splitlines()
    assert not report.having("unclaimed-outcome", "over")


def note(**changes: str) -> Finding:
    """Return a finding that is no reason to fail a build."""
    told = {"code": "needs-data", "flow": "Ringing", "state": "", "message": "m", "advice": "a"}
    return Finding(**{**told, **changes})


def test_notes_leave_a_proof_standing() -> None:
    """They are worth knowing, and no findings to be counted."""
    report = Report((note(),), explored(Answering))
    assert report.verdict is Verdict.PROVED
    assert report.findings[0].severity is Severity.NOTE
    assert report.summary.endswith("; 0 findings")
    one = Report((note(code="raises"),), explored(Answering))
    assert one.summary.endswith("; 1 finding")
    assert str(one).endswith("error raises: Ringing (): m")


def test_findings_stand_in_the_order_of_the_rules() -> None:
    """Then the shorter calls; and none stands there twice."""
    first, second = note(code="raises", message="z"), note(code="raises", message="a")
    longer = Finding("raises", "Ringing", "", "b", "a", tuple(parse_call("dial 1")))
    assert in_order([note(), longer, first, second, second]) == (second, first, longer, note())
    assert next(iter(RULES)) == "raises"


def test_a_report_is_json() -> None:
    """Whatever a tool wants to know of it."""
    report = found_in()
    told = json.loads(json.dumps(report.to_json()))
    assert told["verdict"] == "findings"
    assert told["records"] == len(report.found.nodes)
    assert told["moves"] == len(report.found.edges)
    assert told["unfinished"] == []
    assert told["moments"] == ["2026-01-05T10:00:00+00:00"]
    assert told["alphabet"]["hang-up"] == ["hangup"]
    assert told["seconds"] >= 0
    first = next(one for one in told["findings"] if one["code"] == "unclaimed-outcome")
    assert first["flow"] == "Ringing"
    assert first["severity"] == "error"
    assert first["place"].startswith(f"{__file__}:")
    assert set(first) == {
        "code", "severity", "flow", "state", "call", "message", "advice", "place",
    }  # fmt: skip


def test_what_is_reached_is_known() -> None:
    """By the ids of the states."""
    assert found_in().reached == {"ringing", "over"}


def test_a_place_is_a_method_a_state_s_rendering_or_the_class() -> None:
    """And nothing at all for a class that was made without a file."""
    lines = __file__ + ":"
    places = {
        place_of(Ringing, method="say_busy"),
        place_of(Ringing, state="ringing"),
        place_of(Ringing, state="nowhere"),
    }
    assert len(places) == 3
    assert all(place.startswith(lines) for place in places)
    made = type("Made", (Ringing,), {"__module__": "builtins"})
    assert place_of(made) == "?:0"


# The graph


def test_the_graph_can_be_walked_both_ways() -> None:
    """Everything is reached from where calls come in, and leads to where they are over.

    Whoever is silent comes to where the wrong keys lead, too, which are written down first.
    """
    found = explored(Answering)
    over = [node.index for node in found.nodes if node.is_over]
    assert found.reached_from([0]) == {node.index for node in found.nodes}
    assert found.leading_to(over) == {node.index for node in found.nodes}
    silent = found.reached_from([0], lambda edge: str(edge.move.step) == ".")
    assert [found.call_to(index) for index in sorted(silent)] == [
        "dial",
        "dial 9",
        "dial 9 9",
        "dial 9 9 9",
    ]
    assert found.leading_to(over, lambda edge: edge.move.is_input and edge.move.is_wrong) > {*over}
    assert {node.waiting_for for node in found.questions()} == {"gather"}


def test_the_innermost_state_of_nothing_is_nothing() -> None:
    """A call that has not come in is nowhere."""
    assert innermost(Ringing, []) == ""
    assert innermost(Ringing, ["ringing"]) == "ringing"


def test_an_exploration_of_nothing_is_exhausted() -> None:
    """There was nothing to try."""
    assert Exploration(()).is_exhausted


# Tests that can be pasted


class Hours(CallFlow):
    """Looks something up, and raises for it when it is closed."""

    menu = State(initial=True)
    looking = State()
    over = State(final=True)
    menu.to(looking, event=key("1"))
    menu.to(over, event="give_up")
    looking.to(over, event=["found", "background_failed"], cond="is_open")
    looking.to(over, event="give_up")

    def is_open(self) -> bool:
        return 9 <= self.now().hour < 17

    @routable("/in")
    @renders(menu)
    def say_menu(self):
        return gather("Press 1.")

    @renders(looking)
    def say_one_moment(self):
        return "One moment."

    @background(looking, events={"found": {"what": "it"}})
    def look(self):
        return "found"

    @renders(over)
    def end(self):
        return Hangup()


def finding(call: str, *checks: str, has_work: bool = False) -> Finding:
    """Return a finding with a call."""
    steps = tuple(parse_call(call)) if call else ()
    return Finding(
        "unclaimed-outcome",
        "Hours",
        "menu",
        'says """no"""',
        "a",
        steps,
        "",
        checks,
        has_work=has_work,
    )


def test_a_test_makes_the_call_and_looks_at_it() -> None:
    """Each step is a method of the phone."""
    assert as_test(finding("dial 1 . dial.busy", "assert call.ended"), first_route="/in") == (
        "def test_unclaimed_outcome_menu_1_wait_dial_busy():\n"
        "    \"\"\"says '''no'''\"\"\"\n"
        "    call = Phone(Hours)\n"
        '    call.dial("/in")\n'
        '    call.press("1")\n'
        "    call.wait()\n"
        '    call.dial_result("busy")\n'
        "    assert call.ended\n"
    )


def test_a_test_sets_the_clock_and_does_the_work_by_hand() -> None:
    """Where the call says so, or the flow has work that would be done at once."""
    text = as_test(finding("at 2026-01-05T17:00 dial 1 work found"), options="services={}")
    assert "call = Phone(Hours, services={}, at='2026-01-05T17:00', by_hand=True)\n" in text
    assert '    call.dial()\n    call.press("1")\n    call.work("found")\n' in text
    assert "by_hand=True" in as_test(finding("dial 1 .", has_work=True))
    assert "by_hand" not in as_test(finding("dial 1 ."))


@pytest.mark.parametrize("call", ["", "dial 1"])
def test_a_test_of_what_no_call_shows_checks_the_flow(call: str) -> None:
    """It asks the report."""
    one = finding(call, 'assert not report.having("unstable")')
    assert "    report = check_flow(Hours, at='2026-01-05')\n    assert not" in as_test(
        one, options="at='2026-01-05'"
    )
    assert imports_of(one, "shop") == (
        "from shop import Hours\nfrom statechart_ivr.checker import check_flow\n"
    )


def test_a_test_says_what_it_imports() -> None:
    """The flow, and the phone."""
    assert imports_of(finding("dial"), "shop.flow") == (
        "from shop.flow import Hours\nfrom statechart_ivr.testing import Phone\n"
    )


def test_the_test_of_a_flow_with_work_shows_what_was_found() -> None:
    """The call waits for its result at five o'clock, and is let go by nobody."""
    report = check_flow(Hours)
    (one,) = [
        one
        for one in report.having("unclaimed-work")
        if one.call.endswith("work background_failed")
    ]
    assert one.has_work
    names = {"Hours": Hours, "Phone": Phone}
    code = as_test(one)
    exec(code, names)  # noqa: S102 - it is what a user pastes
    test = next(value for name, value in names.items() if name.startswith("test_"))
    with pytest.raises(AssertionError):
        test()
    assert calls_to(report.found, "over")
