"""What a caller hears while the store is away."""

from __future__ import annotations

import logging

from statechart_ivr.events import hang_up as terminal
from statechart_ivr.flow import CallFlow
from statechart_ivr.turn.compose import hang_up
from statechart_ivr.turn.environment import Environment, TurnRequest
from statechart_ivr.turn.feed import apology, in_own_voice
from statechart_ivr.twiml import one_moment

logger = logging.getLogger("statechart_ivr.turn")

#: How often a caller is asked for patience while the store is away.
TRIES = 10
#: Seconds between two of these.
PAUSE = 2


def ask_for_patience(environment: Environment, request: TurnRequest, error: Exception) -> bytes:
    """Return a document that comes back to the same URL, with the input; after `TRIES`, last words.

    Args:
        environment: of the application.
        request: what could not be answered.
        error: why not.
    """
    about = {"call_sid": request.call_sid, "again": request.again}
    # Nothing is known of the call but its URL: neither its language nor its flow of the moment.
    flow = environment.flow_at(request.at) or CallFlow
    if request.again >= TRIES:
        logger.error("the store is away for too long: %s", error, extra=about)
        return hang_up([apology(flow, flow.language)])
    if (recording := request.parameters.get("RecordingSid")) and terminal(request.parameters):
        # Twilio tells of a recording also when the caller has hung up; nobody will come back.
        logger.error("%s is not delivered, and its caller is gone", recording, extra=about)
    logger.warning("the store is away: %s", error, extra=about)
    words = [] if request.again else [in_own_voice(flow, flow.one_moment, flow.language)]
    return one_moment(words, request.url_again(environment), pause=PAUSE)
