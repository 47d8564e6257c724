"""`pratique evidence attest`: a person read a file and says what it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from pratique.cli.options import AsJson, Reason, TokenFile, Url, examples
from pratique.cli.output import say, say_json, say_table
from pratique.cli.session import connect

_Evidence = Annotated[str, typer.Argument(metavar="EVIDENCE", help="Id of the evidence, as `evidence list` prints it.")]

ATTEST_EXAMPLES = (
    'pratique evidence attest 0198f3a2 --file policy.pdf --statement "The policy that the board adopted."',
    'pratique evidence attest 0198f3a2 --sha256 9f86d081... --statement "Minutes of the review." --role security_lead',
)
ATTEST_AFTER = (
    "No criterion looks into a document. A requirement may ask that somebody answers for it: facts.attested_by names "
    "who does, facts.attested_by_others those who did not submit it. Needs a person's token and a role for the model."
)


def attest(
    evidence: _Evidence,
    statement: Annotated[str, typer.Option(help="What the file is, in your words.")],
    file: Annotated[Path | None, typer.Option(help="The file that you read; its digest has to be the same.")] = None,
    sha256: Annotated[str | None, typer.Option(help="Digest of the file that you read, 64 hex digits.")] = None,
    role: Annotated[str | None, typer.Option(help="Role in which you act. Without it, the first you hold.")] = None,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Say that you read a file and what it is."""
    from pratique.client.files import file_sha256

    if (file is None) == (sha256 is None):
        raise typer.BadParameter("say which file you read, with --file or with --sha256")
    digest = file_sha256(file) if file is not None else str(sha256).lower()
    client = connect(url, token_file, "person")
    _say(client.attestations.attest(evidence, statement=statement, sha256=digest, role=role), as_json=as_json)


def attestations(evidence: _Evidence, url: Url = None, token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """Show who attests a file, and who did."""
    found = connect(url, token_file, "pipeline").attestations.of(evidence)
    if not as_json:
        rows = [(i["attested_at"], i["person"], i["role"], i["id"], _mark(i)) for i in found["items"]]
        say_table(("AT", "PERSON", "ROLE", "ATTESTATION", "STATEMENT"), rows, empty="nobody attested it")
    _say(found, as_json=as_json)


def withdraw_attestation(
    evidence: _Evidence,
    attestation: Annotated[str, typer.Argument(metavar="ATTESTATION", help="Id of the attestation.")],
    reason: Reason,
    url: Url = None,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """Take an attestation back; gates that were cleared on it are judged again."""
    client = connect(url, token_file, "person")
    _say(client.attestations.withdraw(evidence, attestation, reason), as_json=as_json)


def add_to(app: typer.Typer) -> None:
    """Add these commands to `pratique evidence`."""
    app.command("attest", epilog=examples(*ATTEST_EXAMPLES, after=ATTEST_AFTER))(attest)
    app.command("attestations", epilog=examples("pratique evidence attestations 0198f3a2"))(attestations)
    app.command(
        "withdraw-attestation",
        epilog=examples('pratique evidence withdraw-attestation 0198f3a2 0198f3b7 --reason "An older edition."'),
    )(withdraw_attestation)


def _mark(item: dict[str, Any]) -> str:
    return f"withdrawn: {item['withdrawn_why']}" if item["withdrawn_at"] else item["statement"]


def _say(found: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        say_json(dict(found))
        return
    say(f"{found['filename']} is attested by {', '.join(found['attested_by']) or 'nobody'}")
