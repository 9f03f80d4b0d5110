"""A flow whose every document says all that has moved it, in order."""

from __future__ import annotations

from statemachine import State

from statechart_ivr import CallerInput, CallFlow, gather, key, on_input, renders, routable

ENTRY = "/incoming-call"
PIN = "480217936524"
#: Keys that move a call, again and again.
KEYS = ("1", "2", "3")


class Errands(CallFlow):
    """Runs one errand after the other; a secret one asks for a PIN."""

    class line(State.Compound):
        waiting = State(initial=True)
        asking = State()

        waiting.to(waiting, event=key(*KEYS), on="note")
        waiting.to(asking, event=key("5"))
        asking.to(waiting, event="let_in", on="note")

    goodbye = State(final=True)
    line.to(goodbye, event=[key("0"), "give_up"])

    @routable(ENTRY, line)
    def enter(self):
        """Take down that the call came in, or was taken over."""
        self._note("entered")

    def note(self, event):
        """Take down what moves the call."""
        self._note(str(event))

    def _note(self, what: str) -> None:
        self.session["trail"] = [*self.session.get("trail", []), what]

    @renders(line.waiting)
    def say_trail(self):
        return gather(f"So far: {', '.join(self.session['trail'])}.")

    @renders(line.asking)
    def ask(self):
        return gather("Your PIN?", num_digits=len(PIN))

    @on_input(line.asking, secret=True)
    def check(self, caller_input: CallerInput):
        return "let_in" if caller_input.digits == PIN else "no_match"

    @renders(goodbye)
    def say_goodbye(self):
        return f"Goodbye after {len(self.session['trail'])}."
