"""Gate specs as gate runs are judged by them: made for the risks of a version and an occasion, and kept."""

from __future__ import annotations

from pratique.domain.instances import NamedRisk, instantiate
from pratique.domain.spec import GateSpec
from pratique.services.needs import needs_of
from pratique.services.shelf import Shelf

#: Most requirements kept, of all specs together. One made for a risk holds some hundred bytes of its own.
MAX_REQUIREMENTS = 20_000


class Instances:
    """Specs made lately. The same arguments give the same object, by which the memory of verdicts knows it again."""

    def __init__(self, *, max_requirements: int = MAX_REQUIREMENTS) -> None:
        self._kept = Shelf[GateSpec](max_requirements)

    def of(self, spec: GateSpec, digest: str, risks: tuple[NamedRisk, ...], occasion: str) -> GateSpec:
        """Return the spec as it is judged; one that asks for neither risks nor occasion is itself.

        Args:
            spec: as gate runs pinned it.
            digest: of that spec.
            risks: identified risks of the model version.
            occasion: of the gate run.
        """
        needs = needs_of(spec, digest)
        if not (needs.is_per_risk or needs.names_occasion):
            return spec
        key = (digest, risks if needs.is_per_risk else (), occasion if needs.names_occasion else "")
        made = self._kept.get(key)
        if made is None:
            made = instantiate(spec, risks, occasion)
            self._kept.put(key, made, sum(1 for _ in made.requirements()))
        return made
