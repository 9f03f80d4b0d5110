"""A file is played that is not in the folder of sounds."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path

from statemachine import State
from twilio.twiml.voice_response import Hangup, Play

from statechart_ivr import CallFlow, renders, routable
from tests.checker.bad_flows import Seen

_SOUNDS = tempfile.mkdtemp()
atexit.register(shutil.rmtree, _SOUNDS)
(Path(_SOUNDS) / "goodbye.mp3").write_bytes(b"")


class Bad(CallFlow):
    """Has a slip in the file's name."""

    goodbye = State(initial=True, final=True)

    @routable("/incoming-call")
    @renders(goodbye)
    def say_goodbye(self):
        return [Play(self.url_for("/static/good-bye.mp3")), Hangup()]


class Fixed(CallFlow):
    """Plays what is there."""

    goodbye = State(initial=True, final=True)

    @routable("/incoming-call")
    @renders(goodbye)
    def say_goodbye(self):
        return [Play(self.url_for("/static/goodbye.mp3")), Hangup()]


OPTIONS = {"sounds": _SOUNDS}
OPTIONS_CODE = 'sounds=OPTIONS["sounds"]'
SEEN = [Seen("missing-sound", "", "dial")]
