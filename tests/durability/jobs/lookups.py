"""A flow with background work of every kind, each on a key of its own."""

from __future__ import annotations

from pathlib import Path

from statemachine import State

from statechart_ivr import CallFlow, background, gather, key, renders, routable
from tests.durability.jobs.places import Places

ENTRY = "/incoming-call"
#: What is heard in the end, one or the other.
FOUND, FAILED = "Found", "Failed"
#: How often the lease of work that takes long is renewed before the work ends.
RENEWALS = 2


class Lookups(CallFlow):
    """Looks something up, and says how often it was told what was found."""

    max_attempts = None

    menu = State(initial=True)
    looking = State()
    looking_briefly = State()
    looking_long = State()
    told = State()
    failed = State()
    goodbye = State(final=True)

    menu.to(looking, event=key("1"))
    menu.to(looking_briefly, event=key("2"))
    menu.to(looking_long, event=key("3"))
    menu.to(menu, event=key("4"))
    looking.to(told, event="found", on="count")
    looking_briefly.to(told, event="found", on="count")
    looking_long.to(told, event="found", on="count")
    menu.to(told, event="found", on="count")
    told.to(told, event="found", on="count")
    failed.from_(menu, looking, looking_briefly, looking_long, event="background_failed")
    told.to(goodbye, event=key("0"))
    failed.to(goodbye, event=key("0"))

    @routable(ENTRY)
    @renders(menu)
    def say_menu(self):
        return gather("What are you looking for?")

    @renders(looking, looking_briefly, looking_long)
    def say_wait(self):
        return "One moment."

    @background(looking, "key.4", timeout=60.0, events=["found"])
    def look_up(self):
        return self._look_up()

    @background(looking_briefly, timeout=20.0, events=["found"])
    def look_up_briefly(self):
        return self._look_up()

    @background(looking_long, timeout=60.0, events=["found"])
    def look_up_long(self):
        found = self._look_up()
        places: Places = self.services["places"]
        # Loads, and one more: by then so many are saved, unless there is nothing left to renew.
        places.wait_for(self.call.sid, "renewal", "load", times=RENEWALS + 1)
        return found

    @background("hang_up")
    def file_call(self):
        self._look_up()

    def _look_up(self):
        """Have an effect on the world: a line in a file."""
        effects: Path = self.services["effects"]
        with self.services["places"].passing(self.call.sid, "effect"), effects.open("a") as file:
            file.write(f"{self.call.sid} {self.job.id}\n")
        return "found"

    def count(self):
        """Take down that a result has moved the call."""
        self.session["results"] = self.session.get("results", 0) + 1

    @renders(told)
    def say_found(self):
        return gather(f"{FOUND} {self.session['results']}.")

    @renders(failed)
    def say_failed(self):
        return gather(f"{FAILED}.")

    @renders(goodbye)
    def say_goodbye(self):
        return "Goodbye."
