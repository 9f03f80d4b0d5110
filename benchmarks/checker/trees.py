"""Phone trees of any size, made in code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from statemachine import State
from twilio.twiml.voice_response import Hangup

from statechart_ivr import CallFlow, gather, key, renders, routable
from statechart_ivr.spec import CallFlowMeta

#: In the order in which menus give them away; so a topic has ten answers at most.
KEYS = "1234567890"
#: The star leads to the main menu for ever; this is what lets go who presses nothing else.
TURNS = 100


class Answering(CallFlow):
    """What all these trees have in common."""

    max_turns = TURNS

    @renders("no_match")
    def say_sorry(self):
        """Say that a key leads nowhere; the menu follows."""
        return "Sorry, this key leads nowhere."

    def offer(self, menu: str) -> Any:
        """Return a menu."""
        return gather(f"{menu}.", *self.choices())

    def tell(self, answer: str) -> Any:
        """Return what is said in the end."""
        return [f"This is {answer}. Goodbye.", Hangup()]


def tree(states: int) -> type[CallFlow]:
    """Return a flow with a main menu, departments in it, topics in each, and answers to them.

    The three levels of menus are as narrow as they can be. The answers are final; there are as many
    as are missing to the number of states. The star leads to the main menu from everywhere. Silent
    and wrong callers hear their menu again, and are let go in the end.

    Args:
        states: how many there are, all counted; 15 to 1,123.
    """
    width = next(one for one in range(1, len(KEYS) + 1) if _menus(one) + one**3 >= states)
    body: dict[str, Any] = {}
    topics = _add_line(body, width)
    _add_answer(body, "goodbye")
    body["line"].to(body["goodbye"], event="give_up")
    body["line"].to(body["line"], event=key("*", say="For the main menu, press star."))
    for number in range(states - _menus(width)):
        place, topic = divmod(number, len(topics))
        name = f"answer_{number}"
        topics[topic].to(_add_answer(body, name), event=_choice(place, name))
    return cast("type[CallFlow]", CallFlowMeta(f"Tree{states}", (Answering,), body))


def _menus(width: int) -> int:
    """Return how many states there are besides the answers."""
    return 3 + 2 * width + width**2


def _add_line(body: dict[str, Any], width: int) -> list[State]:
    """Put the menus into the body of a class, in a state around them, and return the topics."""
    main = State(initial=True)
    topics: list[State] = []
    inner = {"main": main}
    body["say_main"] = routable("/incoming-call")(renders(main)(_offers("main")))
    for number in range(width):
        name = f"department_{number}"
        menu = State(initial=True)
        body[f"say_{name}"] = renders(menu)(_offers(name))
        below = {f"topic_{number}_{one}": State() for one in range(width)}
        for place, (topic_name, topic) in enumerate(below.items()):
            menu.to(topic, event=_choice(place, topic_name))
            body[f"say_{topic_name}"] = renders(topic)(_offers(topic_name))
        topics += below.values()
        inner[name] = _compound(name, {f"menu_{number}": menu, **below})
        main.to(inner[name], event=_choice(number, name))
    body["line"] = _compound("line", inner, initial=True)
    return topics


def _add_answer(body: dict[str, Any], name: str) -> State:
    answer = body[name] = State(final=True)
    body[f"say_{name}"] = renders(answer)(lambda self: self.tell(_spoken(name)))
    return answer


def _offers(name: str) -> Callable[[Answering], Any]:
    return lambda self: self.offer(_spoken(name))


def _choice(place: int, name: str) -> Any:
    return key(KEYS[place], say=f"For {_spoken(name)}, press {KEYS[place]}.")


def _spoken(name: str) -> str:
    return name.replace("_", " ")


def _compound(name: str, inner: dict[str, State], **options: Any) -> State:
    metaclass: Any = type(State.Compound)
    return cast("State", metaclass(name, (State.Compound,), inner, **options))
