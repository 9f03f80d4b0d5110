"""Git revisions of a TARGET: ``REVISION:path/to/file.py:Flow``, exported as they were."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from statechart_ivr.cli.target import split_target
from statechart_ivr.errors import TargetError


class Tree(NamedTuple):
    """A revision, with all its files.

    Attributes:
        revision: as it was named.
        top: of the repository.
        folder: where the revision's files are.
    """

    revision: str
    top: Path
    folder: Path

    def at(self, path: Path) -> Path:
        """Return where a path of the repository is in the revision; others stay what they are."""
        whole = path.resolve()
        if not whole.is_relative_to(self.top):
            return whole
        return self.folder / whole.relative_to(self.top)


def split_revision(text: str) -> tuple[str, str]:
    """Return the revision, or nothing, and the TARGET.

    >>> split_revision("HEAD~3:phones/flow.py:FrontDesk")
    ('HEAD~3', 'phones/flow.py:FrontDesk')
    >>> split_revision("phones/flow.py:FrontDesk")
    ('', 'phones/flow.py:FrontDesk')
    """
    revision, colon, target = text.partition(":")
    is_file = Path(split_target(text)[0]).is_file()
    is_plain = revision.endswith(".py") or target.isidentifier()
    return ("", text) if not colon or is_file or is_plain else (revision, target)


@contextmanager
def exported(revision: str, target: str) -> Iterator[Tree]:
    """Have all files of a revision in a folder of their own, for as long as they are needed.

    Args:
        revision: as git writes it.
        target: whose repository is meant; that of the present folder if it is no file.

    Raises:
        TargetError: there is no repository, or no such revision.
    """
    folder = Path(split_target(target)[0]).parent
    here = folder if target.partition(":")[0].endswith(".py") and folder.is_dir() else Path()
    top = Path(_git(here, "rev-parse", "--show-toplevel")).resolve()
    wanted = f"{revision}^{{commit}}"
    commit = _git(top, "rev-parse", "--verify", "--end-of-options", wanted)
    with TemporaryDirectory(prefix="statechart-ivr-") as temporary:
        tree = Path(temporary).resolve() / "tree"
        # An index of its own: neither the repository's nor its working tree is touched.
        index = {"GIT_INDEX_FILE": str(tree.with_name("index"))}
        _git(top, "read-tree", commit, environment=index)
        _git(top, "checkout-index", "--all", f"--prefix={tree}/", environment=index)
        tree.mkdir(exist_ok=True)
        yield Tree(revision, top, tree)


def _git(folder: Path, *words: str, environment: Mapping[str, str] | None = None) -> str:
    try:
        run = subprocess.run(  # noqa: S603 - what is typed after "git" is a revision or ours
            ["git", *words],  # noqa: S607 - whichever git the user has
            cwd=folder,
            env={**os.environ, **(environment or {})},
            capture_output=True,
            check=True,
            text=True,
        )
    except FileNotFoundError:
        raise TargetError("a revision needs git, and there is no command git") from None
    except subprocess.CalledProcessError as error:
        raise TargetError(f"git {' '.join(words)}: {error.stderr.strip()}") from None
    return run.stdout.strip().splitlines()[-1] if run.stdout.strip() else ""
