"""``sessions`` in a store that is encrypted, some of it with keys that are not there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from statechart_ivr.cli.main import FAILURE, FOUND, OK
from statechart_ivr.stores import EncryptedStore, SqliteStore
from tests.cli.sessions.conftest import APP, FIRST, FLOW, SECOND, THIRD, contents

KEY, GONE = (Fernet.generate_key().decode() for _ in range(2))


@pytest.fixture
def locked(calls, monkeypatch):
    """Return the calls, of which the second is under a key that is gone."""
    for call_sid in (FIRST, SECOND, THIRD):
        calls.begin(call_sid)
    for call_sid in (FIRST, SECOND, THIRD):
        store = EncryptedStore(calls.store, GONE if call_sid == SECOND else KEY)
        stored = calls.store.load(call_sid)
        store.save(call_sid, stored.data, expected=1, ttl=60)
    monkeypatch.setenv("IVR_STORE_KEYS", KEY)
    return calls


def test_list(locked, run):
    """One that cannot be opened does not stop the list, and is listed as what it is."""
    code, output, errors = run("list")
    assert (code, errors) == (OK, "")
    assert f"{FIRST}  Desk" in output
    assert f"{THIRD}  Desk" in output
    assert (
        f"\n{SECOND}, under another key: the key does not open the session of {SECOND}; " in output
    )
    assert output.endswith("\n2 live, 0 ended, 0 damaged, 0 put aside, 1 under another key\n")
    assert KEY not in output


def test_list_for_programs(locked, run):
    """It says so for programs, too."""
    found = [json.loads(line) for line in run("list", "--json")[1].splitlines()]
    assert [(one["call_sid"], one["revision"]) for one in found] == [
        (FIRST, 2), (SECOND, 2), (THIRD, 2),
    ]  # fmt: skip
    assert [one["damage"].partition(" the session")[0] for one in found] == [
        "", "the key does not open", "",
    ]  # fmt: skip


def test_show(locked, run):
    """A call is shown, or it is said why not."""
    assert "active states  open_line, menu" in run("show", FIRST)[1]
    code, _, errors = run("show", SECOND)
    assert code == FAILURE
    assert errors.startswith(f"Error: {SECOND} cannot be shown: the key does not open the session")


def test_check(locked, run):
    """A deploy without the key would keep the caller waiting in vain: that stops it."""
    code, output, errors = run("check", "flow.py")
    assert code == FOUND
    assert f"{SECOND}, under another key: " in output
    assert errors == (
        "Error: 0 of 2 live calls would be stranded; "
        "1 more under another key would hear the apology\n"
    )


def test_check_with_all_keys(locked, run, monkeypatch):
    """With the key that was replaced behind the new one, all go on."""
    monkeypatch.setenv("IVR_STORE_KEYS", f"{KEY},{GONE}")
    code, output, _ = run("check", "flow.py")
    assert (code, output.splitlines()[-1]) == (OK, "3 live calls, none stranded")


def test_check_an_application(locked, run, monkeypatch):
    """Its own keys are taken, whatever the environment says; its file is not made."""
    monkeypatch.setenv("IVR_STORE_KEYS", "")
    store = f'"sqlite:///calls.db", store_keys="{KEY},{GONE}"'
    Path("wsgi.py").write_text(FLOW + APP.format(store=store), "utf-8")
    assert "3 live calls, none stranded" in run("check", "wsgi.py")[1]
    Path("other.py").write_text(FLOW + APP.format(store=store.replace("calls", "no")), "utf-8")
    assert "there is no file" in run("check", "other.py")[2]
    assert not Path("no.db").exists()


def test_keys_out_of_a_file(locked, run, monkeypatch):
    """The file that sets the environment sets the keys."""
    monkeypatch.delenv("IVR_STORE_KEYS")
    Path("ivr.env").write_text(f"IVR_STORE_KEYS={KEY},{GONE}\n", "utf-8")
    assert "3 live, 0 ended, 0 damaged, 0 put aside\n" in run("list", "--env-file", "ivr.env")[1]
    monkeypatch.delenv("IVR_STORE_KEYS")  # which the file has set


def test_without_keys(locked, run, monkeypatch):
    """Who names no key finds damage, as encrypted sessions are no records."""
    monkeypatch.delenv("IVR_STORE_KEYS")
    assert "0 live, 0 ended, 3 damaged, 0 put aside" in run("list")[1]


def test_what_was_put_aside(locked, run):
    """Bytes that were put aside are no call, under whichever key."""
    store = SqliteStore("calls.db")
    EncryptedStore(store, GONE).save("CA4.damaged", b"{", expected=None, ttl=60)
    store.close()
    output = run("list")[1]
    assert "CA4.damaged, put aside: the key does not open" in output
    assert "1 put aside, 1 under another key" in output


def test_a_key_that_is_none(locked, run, monkeypatch):
    """It is said which, and nothing of it is repeated."""
    monkeypatch.setenv("IVR_STORE_KEYS", f"{KEY},hunter2")
    code, output, errors = run("list")
    assert (code, output) == (FAILURE, "")
    assert errors.startswith("Error: key 2 of EncryptedStore is not 32 bytes")
    assert "hunter2" not in errors


def test_nothing_is_written(locked, run):
    """Every byte stays as it was, whoever may read it."""
    before = contents()
    for arguments in (["list", "--all"], ["show", FIRST], ["show", SECOND], ["check", "flow.py"]):
        run(*arguments)
    assert contents() == before
