"""A flow that is called at random: what is found, how short it is, and how it is printed."""

from __future__ import annotations

import re
import unittest
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from statemachine import State
from twilio.twiml.voice_response import Dial, Redirect

from examples.front_desk.flow import FrontDesk
from statechart_ivr import CallFlow, background, gather, key, on_input, renders, routable
from statechart_ivr.checker import Limits
from statechart_ivr.checker.notation import Step
from statechart_ivr.errors import CallFailedError
from statechart_ivr.testing import Phone, always, eventually, flow_test_case, never
from statechart_ivr.testing.guiding import Guide, guide_for, options_for
from statechart_ivr.testing.properties import Mark, Property
from statechart_ivr.testing.trial import Trial, shortest, tried

USUAL = settings(max_examples=30, derandomize=True, database=None)
SERVICES = {"prices": {"tea": 3}}


class Shop(CallFlow):
    """Two menus, and a way to pay."""

    menu = State(initial=True)
    basket = State()
    paid = State(final=True)
    menu.to(basket, event=key("1", say="For your basket, press 1."))
    basket.to(menu, event=key("9", say="To go back, press 9."))
    basket.to(paid, event=key("2", say="To pay, press 2."))

    @routable("/in")
    @renders(menu)
    def say_menu(self):
        return gather(*self.choices())

    @renders(basket)
    def say_basket(self):
        return gather(*self.choices())

    @renders(paid)
    def say_paid(self):
        return self.thanks()

    def thanks(self):
        return "Thanks."


class Raising(Shop):
    """Knows no thanks."""

    def thanks(self):
        raise KeyError("thanks")


class Refused(Shop):
    """Leads where nothing is."""

    def thanks(self):
        return Redirect("https://phone.example/nowhere")


class Secretive(CallFlow):
    """Asks for a PIN, and falls over one of them, telling which."""

    pin = State(initial=True)
    done = State(final=True)
    pin.to(done, event="let_in")

    @routable("/in")
    @renders(pin)
    def ask(self):
        return gather("Your PIN.", num_digits=4)

    @on_input(pin, secret=True, examples=["4711", "0815"])
    def take(self, caller_input):
        if caller_input.digits == "0815":
            raise ValueError(f"no account for {caller_input.digits}")
        return "let_in"


class Endless(CallFlow):
    """Rings again whenever nobody answers."""

    ringing = State(initial=True)
    ringing.to.itself(event="dial")

    @routable("/in")
    @renders(ringing)
    def ring(self):
        return Dial("+12025550123")


class Held(CallFlow):
    """Holds callers while it works."""

    working = State(initial=True)
    done = State(final=True)
    working.to(done, event=["found", "background_failed"])

    @routable("/held")
    @renders(working)
    def wait(self):
        return "One moment."

    @background(working, events=["found"])
    def work(self):
        return "found", {"price": self.services["prices"]["tea"]}

    @renders(done)
    def say_done(self):
        return "Done."


class TestShop(flow_test_case(Shop, settings=USUAL)):  # type: ignore[misc]
    """Holds, and is run as any test case is."""

    @always
    def is_said_something(self, call: Phone) -> None:
        assert call.transcript

    @always
    def is_somewhere(self, call: Phone) -> bool:
        return bool(call.states)

    @never
    def is_in_two_places(self, call: Phone) -> bool:
        return len(call.states) > 1

    @eventually(within=2)
    def has_a_menu(self, call: Phone) -> bool:
        return call.states == ["menu"]


def made(base: Any, tmp_path: Path, **members: Any) -> Any:
    """Return a test case with more members, whose calls are kept out of the way."""
    return type("TestIt", (base,), {"crash_folder": tmp_path, "__module__": "test_it", **members})


def failure(case: Any) -> str:
    """Return what is printed by a case that fails, without where the call is kept."""
    with pytest.raises(CallFailedError) as caught:
        case("test_calls").test_calls()
    return str(caught.value).partition("\n(")[0]


def case_for(flow: Any, tmp_path: Path, **options: Any) -> Any:
    """Return the test case of a flow as it is."""
    return flow_test_case(flow, settings=USUAL, crash_folder=tmp_path, **options)


RAISING = '''\
Raising: the flow raises KeyError: 'thanks'

    dial 1 2

    statechart-ivr replay tests.testing.test_case:Raising 'dial 1 2'

from statechart_ivr.testing import Phone
from tests.testing.test_case import Raising


def test_raising_key_error_1_2():
    """the flow raises KeyError: 'thanks'"""
    call = Phone(Raising)
    call.dial("/in")
    call.press("1")
    call.press("2")
'''

NEVER = '''\
Shop: is_in_basket holds, and never should

    dial 1

    statechart-ivr replay tests.testing.test_case:Shop 'dial 1'

from statechart_ivr.testing import Phone
from test_it import TestIt
from tests.testing.test_case import Shop


def test_shop_is_in_basket_1():
    """is_in_basket holds, and never should"""
    call = Phone(Shop)
    call.dial("/in")
    call.press("1")
    assert not TestIt().is_in_basket(call)
'''

ALWAYS = '''\
Shop: is_gruff does not hold: there is thanks in 'Thanks.'

    dial 1 2

    statechart-ivr replay tests.testing.test_case:Shop 'dial 1 2'

from statechart_ivr.testing import Phone
from test_it import TestIt
from tests.testing.test_case import Shop


def test_shop_is_gruff_1_2():
    """is_gruff does not hold: there is thanks in 'Thanks.'"""
    call = Phone(Shop)
    call.dial("/in")
    call.press("1")
    call.press("2")
    assert TestIt().is_gruff(call) is not False
'''

EVENTUALLY = '''\
Shop: has_paid does not hold within 3 turns

    dial hangup

    statechart-ivr replay tests.testing.test_case:Shop 'dial hangup'

from test_it import TestIt


def test_shop_has_paid_hangup():
    """has_paid does not hold within 3 turns"""
    TestIt().check('dial hangup')
'''

SECRETIVE = '''\
Secretive: the flow raises ValueError: no account for ••••••

    dial example pin.2

    statechart-ivr replay tests.testing.test_case:Secretive 'dial example pin.2'

from statechart_ivr.testing import Phone
from tests.testing.test_case import Secretive


def test_secretive_value_error_example_pin_2():
    """the flow raises ValueError: no account for ••••••"""
    call = Phone(Secretive)
    call.dial("/in")
    call.example("pin", 2)
'''

ENDLESS = '''\
Endless: a caller who falls silent is not let go in 7 turns

    dial

    statechart-ivr replay tests.testing.test_case:Endless dial

from statechart_ivr.testing import flow_test_case
from tests.testing.test_case import Endless


def test_endless_endless():
    """a caller who falls silent is not let go in 7 turns"""
    flow_test_case(Endless)().check('dial')
'''


def is_gruff(self: Any, call: Phone) -> None:
    """Assert that nobody is thanked."""
    assert "Thanks" not in call.heard, f"there is thanks in {call.heard!r}"


@pytest.mark.parametrize(
    ("flow", "members", "printed"),
    [
        (Shop, {"is_in_basket": never(lambda self, call: call.states == ["basket"])}, NEVER),
        (Shop, {"is_gruff": always(is_gruff)}, ALWAYS),
        (
            Shop,
            {"has_paid": eventually(within=3)(lambda self, call: call.states == ["paid"])},
            EVENTUALLY,
        ),
    ],
)
def test_a_property_that_does_not_hold(
    flow: Any, members: Any, printed: str, tmp_path: Path
) -> None:
    """The shortest call, a command, and a test that fails."""
    case = made(case_for(flow, tmp_path), tmp_path, **members)
    assert failure(case) == printed
    run_test(printed, case)


def run_test(printed: str, case: Any = None) -> None:
    """Run the test that is printed: it fails on the flow."""
    code = "\n".join(
        line for line in printed[printed.index("from ") :].splitlines() if line[:5] != "from "
    )
    names: dict[str, Any] = {**globals(), "TestIt": case}
    names["flow_test_case"] = lambda flow: flow_test_case(flow, limits=Limits(turns=7))
    exec(code, names)  # noqa: S102 - it is what a user pastes
    with pytest.raises((AssertionError, KeyError, ValueError)):
        names[re.findall(r"def (test_\w+)", code)[0]]()


@pytest.mark.parametrize(
    ("flow", "options", "printed"),
    [
        (Raising, {}, RAISING),
        (Secretive, {}, SECRETIVE),
        (Endless, {"limits": Limits(turns=7)}, ENDLESS),
    ],
)
def test_what_goes_wrong_by_itself(flow: Any, options: Any, printed: str, tmp_path: Path) -> None:
    """The shortest call, a command, and a test that fails."""
    assert failure(case_for(flow, tmp_path, **options)) == printed
    run_test(printed)


def test_what_twilio_refuses(tmp_path: Path) -> None:
    """The error's number is in the message."""
    assert "Refused: Twilio error " in failure(case_for(Refused, tmp_path))


def test_no_secret_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither by us, nor by Hypothesis or the traceback, nor in the folder."""
    result = unittest.TestResult()
    case_for(Secretive, tmp_path)("test_calls").run(result)
    (told,) = [text for _, text in result.failures]
    kept = [file.read_text("utf-8") for file in tmp_path.iterdir()]
    everything = " ".join([told, *kept, *capsys.readouterr()])
    assert "example pin.2" in everything
    assert "0815" not in everything


def test_a_call_is_kept_until_it_is_mended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is made first the next time: FAILED, or FIXED; then it is kept no longer."""
    Flow = type("Raising", (Raising,), {})  # noqa: N806 - a class
    case = case_for(Flow, tmp_path)
    with pytest.raises(CallFailedError, match=r"\(kept in .*Raising-\w{12}\.txt\)"):
        case("test_calls").test_calls()
    (file,) = tmp_path.iterdir()
    assert file.read_text("utf-8") == (
        "flow: tests.testing.test_case:Raising\ncall: dial 1 2\n"
        "why: the flow raises KeyError: 'thanks'\n"
    )
    (tmp_path / "other.txt").write_text("flow: another:Flow\ncall: dial\n", "utf-8")
    unread = "flow: tests.testing.test_case:Raising\ncall: nonsense\n"
    (tmp_path / "unread.txt").write_text(unread, "utf-8")
    with pytest.raises(CallFailedError, match=r"\(FAILED again: .*\)") as caught:
        case("test_calls").test_calls()
    assert caught.value.call == "dial 1 2"
    mended = type("Raising", (Shop,), {"__module__": "tests.testing.test_case"})
    case_for(mended, tmp_path)("test_calls").test_calls()
    assert capsys.readouterr().out == "FIXED: dial 1 2\n"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["other.txt", "unread.txt"]


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """The failure is told all the same."""
    (tmp_path / "file").write_text("", "utf-8")
    case = case_for(Raising, tmp_path / "file" / "folder")
    with pytest.raises(CallFailedError, match=r"\(not kept: "):
        case("test_calls").test_calls()


def test_surroundings_are_printed(tmp_path: Path) -> None:
    """When the call comes in, the services, and that work waits for the call."""
    case = made(
        case_for(Held, tmp_path, services=SERVICES, at="2026-02-03T04:05"),
        tmp_path,
        is_done=never(lambda self, call: call.waiting_for == "redirect"),
    )
    told = failure(case)
    assert (
        "statechart-ivr replay tests.testing.test_case:Held dial --at 2026-02-03T04:05:00 "
        "--services tests.testing.test_case:SERVICES --by-hand\n"
    ) in told
    assert "from tests.testing.test_case import SERVICES\n" in told
    assert (
        'Phone(Held, at="2026-02-03T04:05:00", services=SERVICES, by_hand=True)' in told
        or "Phone(Held, at='2026-02-03T04:05:00', services=SERVICES, by_hand=True)" in told
    )


def test_services_without_a_name(tmp_path: Path) -> None:
    """A name is put in for them."""
    case = case_for(Held, tmp_path, services={"prices": {}})
    told = failure(made(case, tmp_path, no=never(lambda self, call: True)))
    assert "--services doubles:SERVICES" in told


def test_several_flows_are_called_by_their_case(tmp_path: Path) -> None:
    """A phone by itself calls one flow only."""
    case = case_for((Shop, Held), tmp_path)
    told = failure(made(case, tmp_path, no=never(lambda self, call: True)))
    assert "statechart-ivr replay tests.testing.test_case dial" in told
    assert "    TestIt().check('dial')" in told


def test_what_a_property_raises_is_raised(tmp_path: Path) -> None:
    """A mistake in the test is none of the flow's."""

    def broken(self: Any, call: Phone) -> bool:
        return bool(call.session["nothing"])

    case = made(case_for(Shop, tmp_path), tmp_path, broken=never(broken))
    with pytest.raises(KeyError, match="nothing"):
        case("test_calls").test_calls()


def test_within_is_at_least_one_turn() -> None:
    """There is no time before the call begins."""
    with pytest.raises(ValueError, match="1 or more"):
        eventually(within=0)


def test_a_call_that_goes_well_is_checked_in_silence(tmp_path: Path) -> None:
    """Nothing is printed, and nothing is raised; nor by what cannot happen any more."""
    case = case_for(Shop, tmp_path)()
    case.check("dial 1 2")
    case.check("dial 1 say nothing 2")


def test_the_time_of_a_call_is_printed(tmp_path: Path) -> None:
    """A call at another time of day says so first."""

    def is_closed(self: Any, call: Phone) -> bool:
        return call.states == ["voicemail"] and call.now.hour >= 17

    told = failure(made(case_for(FrontDesk, tmp_path), tmp_path, is_closed=never(is_closed)))
    assert re.search(r"\n    at \S+ dial\n", told)
    assert re.search(r"\n    call = Phone\(FrontDesk, at='?\"?2026-\S+\)\n", told)


def guide_of(*flows: Any) -> Guide:
    """Return a guide to flows."""
    return guide_for(options_for(flows))


def test_a_goal_that_is_out_of_reach_is_given_up() -> None:
    """The call stays where it can be."""
    with Trial(guide_of(Shop), [], 10) as trial:
        trial.follow([Step("dial"), Step("press", "1"), Step("say", "what"), Step("press", "2")])
        assert trial.call.steps == [Step("dial"), Step("press", "1")]
        assert trial.call.phone.states == ["basket"]


def test_hanging_up_may_be_the_shortest_way() -> None:
    """A failure that any ended call has is shown by hanging up."""
    wanted = [Property("lost", Mark("eventually", 9), lambda call: call.states == ["nowhere"])]
    guide = guide_of(Shop)
    steps = (Step("dial"), Step("press", "1"), Step("press", "9"), Step("press", "1"))
    long = tried(guide, wanted, 20, (*steps, Step("press", "2")))
    assert long is not None
    found = shortest(guide, wanted, 20, long)
    assert [str(step) for step in found.steps] == ["dial", "hangup"]


def test_a_flow_that_raises_at_once(tmp_path: Path) -> None:
    """Nothing is stored of its call; it is the flow's all the same."""

    class AtOnce(Shop):
        def say_menu(self):
            raise KeyError("menu")

    assert failure(case_for(AtOnce, tmp_path)).startswith(
        "AtOnce: the flow raises KeyError: 'menu'\n\n    dial\n"
    )
