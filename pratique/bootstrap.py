"""Where an engine is wired: settings to parts, parts to a running ledger."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from pratique.answers import Secrets, Subscriptions, load_subscriptions
from pratique.collectors import build_registry
from pratique.criteria import CelCriteria
from pratique.domain.people import People
from pratique.egress import Egress
from pratique.errors import ConfigError, NotFoundError
from pratique.fetching.loading import load_sources
from pratique.hooks import Hooks, Mapper, load_hooks
from pratique.regimes import load_configuration
from pratique.regimes.loading import OVERLAY
from pratique.services.access import TokenRequest, issue_token
from pratique.services.adopted import begin_regimes, catch_up, follow
from pratique.services.adoptions import accept_files, rehearse_files
from pratique.services.announcing import announce
from pratique.services.clock_planning import refuse_unknown_choices
from pratique.services.parts import Parts
from pratique.services.running import Rules, Running
from pratique.services.specs import adopt_specs
from pratique.settings import Settings
from pratique.store.ledger import Ledger
from pratique.store.lock import WriterLock
from pratique.store.places import files_of
from pratique.store.ports import Clock, system_clock

_log = logging.getLogger(__name__)

#: Tokens that the embedded default needs, by file name.
_FIRST_TOKENS = {
    "admin": TokenRequest(label="first admin", kind="admin"),
    "worker": TokenRequest(label="embedded worker", kind="worker"),
    "pipeline": TokenRequest(label="first pipeline", kind="pipeline"),
}
#: An evidence file that was being received when the engine died is removed after this long.
_ABANDONED_SECONDS = 24 * 3600.0


def build_parts(settings: Settings, *, clock: Clock = system_clock) -> Parts:
    """Load configuration and wire an engine; nothing is opened yet.

    Raises:
        ConfigError: configuration is wrong; holds every error at once.
    """
    criteria = CelCriteria()
    rules, people = _load(settings, criteria)
    refuse_unknown_choices(settings, rules.rulebook.edition)
    mapper = Mapper()
    hooks = hooks_of(settings, mapper)
    subscriptions = subscriptions_of(settings)
    for warning in (*rules.warnings, *hooks.warnings, *subscriptions.warnings):
        _log.warning("%s", warning)
    return Parts(
        settings=settings,
        ledger=Ledger(settings.ledger_url, clock=clock),
        running=Running(rules, lambda: _load(settings, criteria)[0]),
        people=people,
        criteria=criteria,
        hooks=hooks,
        mapper=mapper,
        subscriptions=subscriptions,
        sources=load_sources(_folders(settings, "sources")),
        egress=Egress(settings=settings.egress),
        files=files_of(settings),
    )


def _load(settings: Settings, criteria: CelCriteria) -> tuple[Rules, People]:
    """Read the whole configuration; of each regime, the edition that an installation begins with runs."""
    loaded = load_configuration(
        settings.config_dir,
        people_file=people_file(settings),
        criteria=criteria,
        known_kinds=build_registry().kinds,
        overlay_dir=settings.overlay_dir,
    )
    rules = Rules(
        rulebook=loaded.rulebook,
        library=loaded.library,
        collectors=build_registry(loaded.rulebook.facts_schemas, loaded.keys),
        warnings=loaded.warnings,
    )
    return rules, loaded.people


def hooks_of(settings: Settings, mapper: Mapper) -> Hooks:
    """Load the sources of hooks: `hooks/*.yaml` of the configuration, and of the overlay folder.

    Raises:
        ConfigError: with every error at once.
    """
    return load_hooks(_folders(settings, "hooks"), mapper, os.environ)


def subscriptions_of(settings: Settings) -> Subscriptions:
    """Load who is told outside: `subscriptions/*.yaml` of the configuration, and of the overlay folder.

    Raises:
        ConfigError: with every error at once.
    """
    return load_subscriptions(_folders(settings, "subscriptions"), Secrets())


def _folders(settings: Settings, name: str) -> dict[str, Path]:
    folders = {"": settings.config_dir / name}
    if settings.overlay_dir is not None:
        folders[OVERLAY] = settings.overlay_dir / name
    return folders


def open_parts(parts: Parts) -> None:
    """Open the ledger, go by the editions adopted there, and write the first tokens where there are none.

    Raises:
        ConfigError: the configuration does not hold an edition that was adopted, or not as it was then.
    """
    settings = parts.settings
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    parts.ledger.open()
    try:
        with parts.ledger.read() as reader:
            follow(reader, parts, parts.running.now)
    except ConfigError:
        parts.ledger.close()
        raise
    adopted = parts.ledger.write("engine:start", lambda tx: adopt_specs(tx, parts))
    if adopted:
        _log.info("adopted %d gate specs", adopted)
    if parts.ledger.write("engine:start", lambda tx: begin_regimes(tx, parts)):
        with parts.ledger.read() as reader:
            follow(reader, parts, parts.running.now)
    parts.ledger.look_before(partial(catch_up, parts=parts))
    if parts.subscriptions.by_name:
        parts.ledger.look_after(partial(announce, parts=parts))
    parts.files.remove_abandoned(_ABANDONED_SECONDS)
    _write_first_tokens(parts)


def accept_changed_files(
    settings: Settings, reason: str | None, *, clock: Clock = system_clock
) -> list[dict[str, Any]]:
    """Adopt the rule files of this machine where they are not as they were adopted; return what that did, or would do.

    For an engine that does not run: it would refuse to start on them. The ledger's schema is brought up to date.

    Args:
        settings: where the ledger and the files are.
        reason: why, for the journal; None: only say what it would do.
        clock: the present.

    Raises:
        ConfigError: the files are not sound, or do not hold an edition that was adopted.
        LedgerBusyError: an engine runs on the SQLite ledger; `pratique regime adopt` works there.
        NotFoundError: there is no such SQLite ledger.
    """
    if (path := Ledger(settings.ledger_url).path) is not None and not path.is_file():
        raise NotFoundError(f"there is no ledger {path}", hint="PRATIQUE_DATA_DIR names its folder")
    parts = build_parts(settings, clock=clock)
    with only_engine(settings):
        parts.ledger.open()
        try:
            loaded = parts.running.now
            if reason is not None:
                command = partial(accept_files, parts=parts, loaded=loaded, reason=reason)
                return parts.ledger.write("operator:accept-files", command)
            with parts.ledger.read() as reader:
                return rehearse_files(reader, parts, loaded)
        finally:
            parts.ledger.close()


@contextlib.contextmanager
def only_engine(settings: Settings) -> Iterator[None]:
    """Be the one engine on a SQLite ledger until the block, or the process, ends. PostgreSQL takes several.

    Raises:
        LedgerBusyError: another engine has the ledger.
        UnavailableError: the data folder cannot be written.
    """
    if settings.database_url is not None and not settings.ledger_url.startswith("sqlite"):
        yield
        return
    lock = WriterLock(settings.data_dir / "engine.lock")
    lock.take()
    try:
        yield
    finally:
        lock.release()


def people_file(settings: Settings) -> Path:
    """Return people.yaml of settings, the data folder or the configuration folder.

    On a first start without any, the shipped example is copied to the data folder, to be edited.
    """
    if settings.people_file is not None:
        return settings.people_file
    for folder in (settings.data_dir, settings.config_dir):
        if (folder / "people.yaml").is_file():
            return folder / "people.yaml"
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    target = settings.data_dir / "people.yaml"
    _write_whole(target, (settings.config_dir / "people.example.yaml").read_bytes(), mode=0o644)
    _log.warning("no people.yaml found; wrote the example to %s: edit it and start again", target)
    return target


def _write_first_tokens(parts: Parts) -> None:
    folder = parts.settings.tokens_dir
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, request in _FIRST_TOKENS.items():
        path = folder / f"{name}.token"
        if not path.exists():
            issued = parts.ledger.write("engine:start", partial(issue_token, parts=parts, request=request))
            _write_whole(path, f"{issued['token']}\n".encode(), mode=0o600)


def _write_whole(path: Path, content: bytes, *, mode: int) -> None:
    """Write a file that is there whole or not at all: an empty token file would stay empty for ever."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)  # left behind by an engine that was killed here
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    part.rename(path)
