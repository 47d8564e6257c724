"""Gates of one edition, carried to another by the mapping between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pratique.domain.regime import Edition
from pratique.domain.regime.mapping import Mapping as EditionMapping
from pratique.domain.spec import Checkpoint, GateSpec, Requirement


def gates_of_editions(
    own: Mapping[str, Mapping[str, GateSpec]], editions: Mapping[str, Edition], mappings: Sequence[EditionMapping]
) -> dict[str, dict[str, GateSpec]]:
    """Return the gates of each edition: its own, and those that an earlier edition had and that it does not give anew.

    Args:
        own: edition -> gate -> spec, as the files give them.
        editions: every edition, by id.
        mappings: from one edition to another.
    """
    found = {edition: dict(specs) for edition, specs in own.items()}
    for edition in sorted(editions, key=lambda name: (editions[name].imprint.published, name)):  # earlier ones first
        specs = found.setdefault(edition, {})
        for mapping in mappings:
            if mapping.later != edition or _published(mapping, editions):
                continue
            for gate, spec in found.get(mapping.earlier, {}).items():
                if gate not in specs and (carried := carry(spec, mapping)) is not None:
                    specs[gate] = carried
    return {edition: specs for edition, specs in found.items() if specs}


def _published(mapping: EditionMapping, editions: Mapping[str, Edition]) -> bool:
    """True when the edition that a mapping comes from is the later one of the two."""
    return editions[mapping.earlier].imprint.published > editions[mapping.later].imprint.published


def carry(spec: GateSpec, mapping: EditionMapping) -> GateSpec | None:
    """Return a gate as the later edition has it; None where nothing of it is left.

    A requirement all of whose measures were dropped goes with them.
    """
    checkpoints = []
    for checkpoint in spec.checkpoints:
        requirements = [one for r in checkpoint.requirements if (one := _carried(r, mapping)) is not None]
        if requirements:
            checkpoints.append(_with(checkpoint, requirements))
    measures = _measures(spec.measures, mapping)
    if not (checkpoints and measures):
        return None
    return spec.model_copy(
        update={"edition": mapping.later, "measures": measures, "checkpoints": tuple(checkpoints)}, deep=True
    )


def _with(checkpoint: Checkpoint, requirements: list[Requirement]) -> Checkpoint:
    return checkpoint.model_copy(update={"requirements": tuple(requirements)})


def _carried(requirement: Requirement, mapping: EditionMapping) -> Requirement | None:
    measures = _measures(requirement.measures, mapping)
    return requirement.model_copy(update={"measures": measures}) if measures else None


def _measures(named: Iterable[str], mapping: EditionMapping) -> tuple[str, ...]:
    """Return the measures by their later ids; what is no measure (an article, an appendix) stays as it is."""
    found: list[str] = []
    for name in named:
        move = mapping.of_measure(name)
        found += [name] if move is None else move.now
    return tuple(dict.fromkeys(found))
