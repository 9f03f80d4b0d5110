"""A folder of sounds, and applications that serve it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from statemachine import State

from statechart_ivr import CallFlow, renders, routable
from statechart_ivr.stores.memory import MemoryStore
from statechart_ivr.web import IvrApp

ROOT = "https://ivr.example.com"

SOUNDS = {
    "intro.mp3": b"Welcome.",
    "my song.mp3": b"La, la, la.",
    "100%.mp3": b"All of it.",
    "grüße/münchen.wav": b"Servus.",
    "a+b?c#d.wav": b"Odd.",
}


class Greeting(CallFlow):
    """Plays a sound."""

    hello = State(initial=True, final=True)

    @routable("/incoming-call", name="come_in")
    @renders(hello)
    def say_hello(self) -> Any:
        """Say where the sound is, so that a test sees it."""
        return self.url_for("/static/intro.mp3", absolute=True)


@pytest.fixture
def sounds(tmp_path: Path) -> Path:
    """Return a folder with sounds in it."""
    folder = tmp_path / "sounds"
    for name, content in SOUNDS.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return folder


def application(**options: Any) -> IvrApp:
    """Return an application on a store of its own, which does not validate unless told to."""
    settings: dict[str, Any] = {"base_url": ROOT, "store": MemoryStore(), "validate": False}
    return IvrApp(Greeting, **{**settings, **options})
