"""Loads and checks the whole configuration at once: editions, gates, facts schemas, holidays, keys, people."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from pratique.domain.counting import Holidays
from pratique.domain.people import People, people_flaws
from pratique.domain.regime import Edition
from pratique.domain.regime.mapping import Mapping as EditionMapping
from pratique.domain.spec import GateSpec
from pratique.errors import ConfigError
from pratique.regimes.carrying import gates_of_editions
from pratique.regimes.edition_expressions import check_editions
from pratique.regimes.editions import load_edition, load_mapping
from pratique.regimes.expressions import CheckedCriteria, places
from pratique.regimes.facts import load_facts_schemas, members_by_kind
from pratique.regimes.gate_files import GateChecks, GateFiles, check_prerequisites, read_file
from pratique.regimes.holidays import load_holidays
from pratique.regimes.keys import load_keys
from pratique.regimes.library import Configuration, Library, first_editions, regime_of
from pratique.regimes.overlay import tightened
from pratique.regimes.problems import Problems
from pratique.regimes.rulebook import Regimes, Schema

_NO_PEOPLE = People(format="pratique.people/1")
#: Stands before the names of files of the overlay directory.
OVERLAY = "overlay/"
_HINT = "config/README.md describes every key"


def load_configuration(
    config_dir: Path,
    *,
    people_file: Path | None,
    criteria: CheckedCriteria,
    known_kinds: frozenset[str] | None = None,
    overlay_dir: Path | None = None,
    adopted: Mapping[str, str] | None = None,
    given: Sequence[Path] = (),
) -> Configuration:
    """Return everything under `config_dir` and `overlay_dir`, checked as a whole.

    Args:
        config_dir: holds `gates/*.yaml`, `facts/*.schema.json`, `regimes/<regime>/<edition>/*.yaml` and
            `holidays/<year>.yaml`, `keys/keys.yaml` with the PEM files that it names.
        people_file: the people of this provider; None where there is no file yet.
        criteria: the language that expressions are compiled with.
        known_kinds: evidence kinds that collectors read, beside `facts.*`; None leaves them unchecked.
        overlay_dir: a provider's own rules, laid out like `config_dir`; it adds, and replaces nothing.
        adopted: regime -> edition; None: those that an installation begins with.
        given: gate files, or overlays of gates, beside these; a gate stands for the one that it is a version of.

    Raises:
        ConfigError: with every error at once, a line each (file, key path, found, expected).
    """
    problems = Problems()
    files = GateFiles()
    with _nothing_collected():
        origins = _origins(config_dir, overlay_dir, problems)
        library = _load_library(origins, files, criteria, known_kinds, problems, given)
    keys = load_keys(origins, problems)
    people = _load_people(people_file, problems)
    if problems.lines:
        raise ConfigError(problems.lines, hint=_HINT)
    rulebook = library.rulebook(adopted)
    warnings = tuple(_warnings(rulebook.specs.values(), files, people, people_file))
    return Configuration(rulebook=rulebook, library=library, people=people or _NO_PEOPLE, keys=keys, warnings=warnings)


def load_library(
    config_dir: Path,
    files: GateFiles,
    problems: Problems,
    *,
    criteria: CheckedCriteria,
    known_kinds: frozenset[str] | None = None,
    overlay_dir: Path | None = None,
    given: Sequence[Path] = (),
) -> Library:
    """Return what is there, sound or not: whoever asks looks at `problems` first. See `load_configuration`."""
    with _nothing_collected():
        origins = _origins(config_dir, overlay_dir, problems)
        return _load_library(origins, files, criteria, known_kinds, problems, given)


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Keep the garbage collector from going through all that is made here, again and again: nearly all of it stays."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _origins(config_dir: Path, overlay_dir: Path | None, problems: Problems) -> list[tuple[str, Path]]:
    """Return the folders that rules come from, each with what stands before its file names."""
    if overlay_dir is None:
        return [("", config_dir)]
    if not overlay_dir.is_dir():
        problems.add(
            OVERLAY, "", found=f"no folder {overlay_dir}", expected="the folder that PRATIQUE_OVERLAY_DIR names"
        )
    return [("", config_dir), (OVERLAY, overlay_dir)]


def _load_library(
    origins: Sequence[tuple[str, Path]],
    files: GateFiles,
    criteria: CheckedCriteria,
    known_kinds: frozenset[str] | None,
    problems: Problems,
    given: Sequence[Path],
) -> Library:
    schemas = _load_schemas(origins, problems)
    added: set[str] = set()
    broken: set[str] = set()
    regimes = _load_regimes(origins, added, broken, problems)
    for origin, folder in origins:
        if not files.read(folder / "gates", origin, problems) and not origin:
            problems.add("gates/", "", found="no *.yaml file", expected="at least one gate")
    files.read_given(given, problems)
    checks = GateChecks(
        criteria=criteria,
        members=members_by_kind(schemas),
        known_kinds=known_kinds,
        editions=regimes.editions,
        broken=frozenset(broken),
    )
    for file, spec in files.specs.items():
        checks.check(file, spec, problems)
    check_editions(regimes.editions, criteria, problems)
    gates = _gates(files, regimes, checks, problems)
    shipped = [spec for file, spec in files.specs.items() if not file.startswith(OVERLAY)]
    first = first_editions(shipped, gates, regimes)
    return Library(gates=gates, schemas=schemas, regimes=regimes, first=first, added=frozenset(added))


def _load_schemas(origins: Sequence[tuple[str, Path]], problems: Problems) -> dict[str, Schema]:
    schemas: dict[str, Schema] = {}
    for origin, folder in origins:
        found = load_facts_schemas(folder / "facts", problems, origin)
        for name in sorted(schemas.keys() & found.keys()):
            expected = "another version; a shipped schema is never replaced"
            problems.add(f"{origin}facts/", name, found="a schema that config/ has too", expected=expected)
        schemas |= found
    return schemas


def _load_regimes(
    origins: Sequence[tuple[str, Path]], added: set[str], broken: set[str], problems: Problems
) -> Regimes:
    """Return editions, mappings and holidays; in `added` the editions that are not shipped, in `broken` the unsound."""
    editions: dict[str, Edition] = {}
    for origin, folder in origins:
        for path in sorted((folder / "regimes").glob("*/*/")):
            if path.name == "mappings":
                continue
            edition = load_edition(path, problems, origin)
            if edition is None:
                broken.add(f"{path.parent.name}@{path.name}")
            elif edition.id in editions:
                where, expected = f"{origin}{path.parent.name}/{path.name}/edition.yaml", "a name of its own"
                problems.add(where, "id", found=f"{edition.id}, which is shipped", expected=expected)
            else:
                editions[edition.id] = edition
                added |= {edition.id} if origin else set()
    mappings: dict[tuple[str, str], EditionMapping] = {}
    for origin, folder in origins:
        for path in sorted((folder / "regimes").glob("*/mappings/*.yaml")):
            mapping = load_mapping(path, editions, problems, origin, broken=broken)
            if mapping is not None and (mapping.earlier, mapping.later) in mappings:
                where, found = f"{origin}mappings/{path.name}", "a second mapping between these editions"
                problems.add(where, "later", found=found, expected="one between two editions")
            elif mapping is not None:
                mappings[mapping.earlier, mapping.later] = mapping
    holidays = Holidays(
        one for origin, folder in origins for one in load_holidays(folder / "holidays", problems, origin).lists()
    )
    return Regimes(editions=editions, mappings=tuple(mappings.values()), holidays=holidays)


def _gates(
    files: GateFiles, regimes: Regimes, checks: GateChecks, problems: Problems
) -> dict[str, dict[str, GateSpec]]:
    """Return the gates of each edition as they run: own or carried, and made stricter."""
    own: dict[str, dict[str, GateSpec]] = {}
    file_of: dict[str, str] = {}
    for file, spec in files.specs.items():
        file_of.setdefault(spec.id, file)
        if spec.id in own.setdefault(spec.edition, {}):
            problems.add(file, "id", found=f"{spec.id!r}, which another file has too", expected="each gate id once")
            continue
        own[spec.edition][spec.id] = spec
        file_of[f"{spec.edition} {spec.id}"] = file
    found = gates_of_editions(own, regimes.editions, regimes.mappings)
    _tighten(found, files, checks, problems)
    for edition, specs in found.items():
        named = {
            f"{file_of[spec.id]} as {edition} has it"
            if f"{edition} {spec.id}" not in file_of
            else file_of[f"{edition} {spec.id}"]: spec
            for spec in specs.values()
        }
        others = {g for e, of in found.items() if regime_of(e) != regime_of(edition) for g in of}
        check_prerequisites(named, {*specs, *files.unsound, *others}, problems)
        if edition in regimes.editions:
            for file, spec in named.items():
                checks.check_references(file, spec, regimes.editions[edition], problems)
    return found


def _tighten(
    gates: Mapping[str, dict[str, GateSpec]], files: GateFiles, checks: GateChecks, problems: Problems
) -> None:
    """Put every overlay on the gates that it names."""
    for file, overlay in files.overlays.items():
        if not checks.stand_alone(file, overlay, problems):
            continue
        meant = [
            specs for edition, specs in gates.items() if overlay.gate in specs and overlay.edition in (None, edition)
        ]
        is_broken = overlay.edition in checks.broken
        if is_broken:  # its own errors are named; this file's are found on the gate of another edition
            meant = [dict(specs) for specs in gates.values() if overlay.gate in specs][:1]
        if not meant and not is_broken and overlay.gate not in files.unsound:
            of = f" of {overlay.edition}" if overlay.edition else ""
            problems.add(file, "gate", found=f"{overlay.gate!r}{of}, which is no gate", expected="the id of a gate")
        for specs in meant:
            was = specs[overlay.gate]
            specs[overlay.gate] = tightened(was, overlay, file, problems)
            known = set(places(was))
            checks.check_expressions(file, [p for p in places(specs[overlay.gate]) if p not in known], problems)


def _load_people(path: Path | None, problems: Problems) -> People | None:
    if path is None:
        return None
    value, troubled = read_file(path, path.name, problems)
    people = None if troubled else problems.parse(path.name, People, value)
    if people is not None:
        for key, found, expected in people_flaws(people):
            problems.add(path.name, key, found=found, expected=expected)
    return people


def _warnings(
    specs: Iterable[GateSpec], files: GateFiles, people: People | None, people_file: Path | None
) -> Iterator[str]:
    if people is None:
        yield f"{people_file or 'people.yaml'}: no people are named, so that nobody can be told and no gate be signed"
        return
    file_of = {spec.id: file for file, spec in reversed(files.specs.items())}
    for spec in specs:
        file = file_of[spec.id]
        if not spec.sign_off.roles:
            yield f"{file}: sign_off: no role signs gate {spec.id}; it clears itself when its requirements are met"
        wanted = dict.fromkeys(sorted({r.owner for r in spec.requirements()}), 1) | spec.sign_off.roles
        for role, count in wanted.items():
            held = sum(
                1 for p in people.people if p.holds(role, None) or any(role in held for held in p.models.values())
            )
            if held < count:
                yield f"{file}: gate {spec.id} needs {count} in the role {role}, which {held} of the people named hold"
