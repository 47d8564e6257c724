"""What the engine sends to, and fetches from, addresses that somebody else chose: guarded against SSRF."""

from pratique.egress.guard import Answer, Egress, Hop
from pratique.egress.refusal import EgressFailedError, EgressRefusedError

__all__ = ["Answer", "Egress", "EgressFailedError", "EgressRefusedError", "Hop"]
