"""Loads `hooks/<source>.yaml` of the configuration, and of the overlay folder, with every error at once."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pratique.domain.hooks import HookSource, SecretPlace
from pratique.errors import ConfigError
from pratique.hooks.mapping import Mapper
from pratique.hooks.sources import Hooks, Source
from pratique.regimes.gate_files import read_file
from pratique.regimes.problems import Problems

#: A longer file is no secret.
_MOST_SECRET_BYTES = 4096
_HINT = "docs/hooks.md describes every key; config/hooks/examples/ has a file for each kind of tool"


def load_hooks(folders: Mapping[str, Path], mapper: Mapper, environ: Mapping[str, str]) -> Hooks:
    """Return the sources of all folders.

    Args:
        folders: what stands before file names in messages -> folder; one that is not there has no source.
        mapper: compiles the expressions.
        environ: where secrets are that an `env` names.

    Raises:
        ConfigError: every error of every file, a line each. A secret that is missing is none: it is a warning, and the
            source refuses whatever comes.
    """
    problems, found = Problems(), dict[str, HookSource]()
    for origin, folder in folders.items():
        for path in sorted(folder.glob("*.y*ml")):
            _load_one(path, f"{origin}hooks/{path.name}", mapper, found, problems)
    if problems.lines:
        raise ConfigError(problems.lines, hint=_HINT)
    secrets = _Secrets(environ, [])
    sources = {name: _source(settings, secrets) for name, settings in found.items()}
    return Hooks(sources, tuple(secrets.warnings))


def _load_one(path: Path, file: str, mapper: Mapper, found: dict[str, HookSource], problems: Problems) -> None:
    if path.suffix == ".yml":
        problems.add(file, "", found="a name that ends in .yml", expected=".yaml")
    value, troubled = read_file(path, file, problems)
    settings = None if troubled else problems.parse(file, HookSource, value)
    if settings is None:
        return
    if path.stem != settings.source:
        problems.add(file, "source", found=repr(settings.source), expected=f"{path.stem!r}, as the file is named")
    if settings.source in found:
        problems.add(file, "source", found=f"{settings.source!r}, which another file has too", expected="each once")
    _check_expressions(file, settings, mapper, problems)
    found[settings.source] = settings


def _check_expressions(file: str, settings: HookSource, mapper: Mapper, problems: Problems) -> None:
    places: list[tuple[str, str, str]] = []
    places += [(f"ignore[{one.id}].when", one.when, "flag") for one in settings.ignore]
    for rule in settings.map:
        places.append((f"map[{rule.id}].when", rule.when, "flag"))
        places += [(f"map[{rule.id}].{member}", text, "text") for member, text in rule.texts().items()]
    if settings.delivery is not None:
        places.append(("delivery", settings.delivery, "text"))
    for path, expression, kind in places:
        trouble = mapper.texts.trouble(expression, "flag" if kind == "flag" else "text")
        if trouble is not None:
            expected = "an expression that gives true or false" if kind == "flag" else "an expression that gives text"
            problems.add(file, path, found=f"{expression[:80]!r}: {trouble}", expected=expected)


@dataclass(frozen=True, slots=True)
class _Secrets:
    environ: Mapping[str, str]
    warnings: list[str]

    def read(self, source: str, place: SecretPlace | None) -> bytes | None:
        if place is None:
            return None
        value = self._in_file(place.file) if place.file is not None else self.environ.get(place.env or "", "")
        if value.strip():
            return value.strip().encode("utf-8", "surrogateescape")
        self.warnings.append(f"hooks/{source}: no secret in {place}")
        return None

    def _in_file(self, name: str) -> str:
        try:
            with Path(name).open("rb") as file:
                raw = file.read(_MOST_SECRET_BYTES + 1)
        except OSError:
            return ""
        return "" if len(raw) > _MOST_SECRET_BYTES else raw.decode("utf-8", "surrogateescape")


def _source(settings: HookSource, secrets: _Secrets) -> Source:
    found = [(place, secrets.read(settings.source, place)) for place in settings.secrets]
    access = secrets.read(settings.source, settings.access_token)
    given = tuple(secret for _, secret in found if secret is not None)
    if settings.access_token is not None and access is None:
        given = ()  # half a proof is none
    return Source(
        settings=settings,
        secrets=given,
        missing=tuple(str(place) for place, secret in found if secret is None),
        access_token=access,
        registry_authorization=_authorization(settings, secrets),
    )


def _authorization(settings: HookSource, secrets: _Secrets) -> str | None:
    registry = settings.registry
    if registry is None:
        return None
    token = secrets.read(settings.source, registry.token)
    if token is not None:
        if all(0x21 <= byte <= 0x7E for byte in token):
            return f"Bearer {token.decode('ascii')}"
        secrets.warnings.append(f"hooks/{settings.source}: {registry.token} holds no token that a header can carry")
        return None
    password = secrets.read(settings.source, registry.password)
    if password is None:
        return None
    return "Basic " + base64.b64encode(f"{registry.username}:".encode() + password).decode()
