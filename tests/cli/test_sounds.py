"""``sounds``: every recording that a flow can play, and whether it is there."""

from __future__ import annotations

import sys
import wave
from collections.abc import Callable
from pathlib import Path

import pytest

from statechart_ivr.cli.main import FAILURE, OK, USAGE, main

FLOW = """
from statemachine import State
from twilio.twiml.voice_response import Play
from statechart_ivr import CallFlow, gather, key, renders, routable

class Line(CallFlow):
    menu = State(initial=True)
    goodbye = State(final=True)

    menu.to(goodbye, event=key("1"))

    @routable("/incoming-call")
    @renders(menu)
    def say_menu(self):
        return gather(Play("/static/menu.wav"), Play("https://elsewhere.example/jingle.mp3"))

    @renders(goodbye)
    def say_goodbye(self):
        return Play("/static/goodbye.wav")
"""
SILENT = FLOW.replace(
    'Play("/static/menu.wav"), Play("https://elsewhere.example/jingle.mp3")', '"Hi."'
)
APP = """
from statechart_ivr.web import FingerprintPlugin, HoldMusicPlugin, IvrApp
app = IvrApp(Line, auth_token="1", base_url="https://ivr.example.com", store="memory:")
"""
PLUGINS = """
app.install(FingerprintPlugin("sounds", mount_path="/static"))
app.install(HoldMusicPlugin("hold.wav"))
"""

Run = Callable[..., tuple[int, list[list[str]], str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what runs the command over a flow and its sounds: exit code, rows, complaints."""
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    Path("flow.py").write_text(FLOW, "utf-8")
    Path("sounds").mkdir()
    for name in ("menu", "goodbye", "hold"):
        with wave.open(f"sounds/{name}.wav", "wb") as sound:
            sound.setparams((1, 2, 8000, 8000, "NONE", ""))
            sound.writeframes(bytes(16000))

    def run_command(*arguments: str) -> tuple[int, list[list[str]], str]:
        code = main(["sounds", *arguments])
        output, errors = capsys.readouterr()
        return code, [line.split() for line in output.splitlines()], errors

    return run_command


def test_all_are_there(run: Run) -> None:
    """Each is listed with length, format, states and call; what nothing plays, below."""
    code, rows, errors = run("flow.py", "--folder", "sounds")
    assert (code, errors) == (OK, "")
    wav = ["present", "1.0", "wav,", "8,000", "Hz,", "mono"]
    assert rows == [
        ["sound", "seconds", "format", "states", "call"],
        ["menu.wav", *wav, "Line.menu", "dial"],
        ["https://elsewhere.example/jingle.mp3", "elsewhere", "Line.menu", "dial"],
        ["goodbye.wav", *wav, "Line.goodbye", "dial", "1"],
        ["nothing", "plays", "hold.wav"],
        ["3", "sounds,", "0", "missing"],
    ]


def test_one_is_missing(run: Run) -> None:
    """The exit code says so."""
    Path("sounds/goodbye.wav").unlink()
    code, rows, _ = run("flow.py", "--folder", "sounds", "--mount-path", "/static")
    assert code == FAILURE
    assert ["goodbye.wav", "missing", "Line.goodbye", "dial", "1"] in rows
    assert rows[-1] == ["3", "sounds,", "1", "missing"]


def test_what_cannot_be_read(run: Run) -> None:
    """A file without a length is listed as what it is."""
    Path("sounds/goodbye.wav").write_bytes(b"not really music")
    code, rows, _ = run("flow.py", "--folder", "sounds")
    assert code == OK
    assert rows[3][:4] == ["goodbye.wav", "present", "not", "a"]


def test_without_a_folder(run: Run) -> None:
    """Where the files are is not known, and nothing is missing."""
    code, rows, _ = run("flow.py")
    assert code == OK
    assert [row[:2] for row in rows[1:-1]] == [
        ["/static/menu.wav", "elsewhere"],
        ["https://elsewhere.example/jingle.mp3", "elsewhere"],
        ["/static/goodbye.wav", "elsewhere"],
    ]


def test_an_application(run: Run) -> None:
    """Its plugins say where the sounds are, and what is played to callers who wait."""
    Path("flow.py").write_text(FLOW + APP + PLUGINS, "utf-8")
    code, rows, _ = run("flow.py")
    assert code == OK
    assert rows[4][0] == "hold.wav"
    assert rows[4][-2:] == ["(hold", "music)"]
    Path("bare.py").write_text(SILENT + APP, "utf-8")
    assert run("bare.py")[1][1][:2] == ["/static/goodbye.wav", "elsewhere"]


def test_no_sounds_and_not_everything_tried(run: Run) -> None:
    """A flow that was not explored to its end may play more."""
    text = SILENT.replace('Play("/static/goodbye.wav")', '"Goodbye."')
    Path("flow.py").write_text(text, "utf-8")
    assert run("flow.py")[1] == [["0", "sounds,", "0", "missing"]]
    _, rows, _ = run("flow.py", "--max-records", "1")
    assert " ".join(rows[0]) == (
        "0 sounds, 0 missing; there may be more: there are more than 1 records"
    )


def test_usage(run: Run) -> None:
    """A folder that is not there is a mistake of who types."""
    code, _, errors = run("flow.py", "--folder", "nowhere")
    assert code == USAGE
    assert "nowhere" in errors


def test_without_tinytag(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to type."""
    monkeypatch.setitem(sys.modules, "tinytag", None)
    code, _, errors = run("flow.py", "--folder", "sounds")
    assert code == FAILURE
    assert "pip install 'statechart-ivr[sounds]'" in errors
