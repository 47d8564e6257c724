"""Loads `subscriptions/<name>.yaml` of the configuration, and of the overlay folder, with every error at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pratique.answers.secrets import Secrets
from pratique.answers.signing import KeyTroubleError, key_of
from pratique.answers.subscriptions import Subscriptions
from pratique.domain.subscriptions import Subscription, SubscriptionFile, WebhookSubscription
from pratique.errors import ConfigError
from pratique.regimes.gate_files import read_file
from pratique.regimes.problems import Problems

_HINT = "docs/webhooks.md describes every key"


def load_subscriptions(folders: Mapping[str, Path], secrets: Secrets) -> Subscriptions:
    """Return the subscriptions of all folders.

    Args:
        folders: what stands before file names in messages -> folder; one that is not there has none.
        secrets: where secrets are looked up.

    Raises:
        ConfigError: every error of every file, a line each. A secret that is missing is none: it is a warning, and
            messages wait, with that reason, until it is there.
    """
    problems, found = Problems(), dict[str, Subscription]()
    for origin, folder in folders.items():
        for path in sorted(folder.glob("*.y*ml")):
            _load_one(path, f"{origin}subscriptions/{path.name}", found, problems)
    if problems.lines:
        raise ConfigError(problems.lines, hint=_HINT)
    return Subscriptions(found, tuple(w for one in found.values() for w in _warnings(one, secrets)), secrets)


def _load_one(path: Path, file: str, found: dict[str, Subscription], problems: Problems) -> None:
    if path.suffix == ".yml":
        problems.add(file, "", found="a name that ends in .yml", expected=".yaml")
    value, troubled = read_file(path, file, problems)
    parsed = None if troubled else problems.parse(file, SubscriptionFile, value)
    if parsed is None:
        return
    one = parsed.root
    if path.stem != one.name:
        problems.add(file, "name", found=repr(one.name), expected=f"{path.stem!r}, as the file is named")
    if one.name in found:
        problems.add(file, "name", found=f"{one.name!r}, which another file has too", expected="each once")
    found[one.name] = one


def _warnings(one: Subscription, secrets: Secrets) -> list[str]:
    lines: list[str] = []
    for place in one.secrets:
        value = secrets.read(place)
        try:
            if value is None:
                lines.append(f"subscriptions/{one.name}: no secret in {place}")
            elif isinstance(one, WebhookSubscription):
                key_of(value)
        except KeyTroubleError as error:
            lines.append(f"subscriptions/{one.name}: the secret in {place} {error}")
    return lines
