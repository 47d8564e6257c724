"""`pratique evidence check-signature`: is a model what was signed? Works on files alone, asks no engine."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pratique.cli.exits import ExitCode
from pratique.cli.key import own_keys
from pratique.cli.options import AsJson
from pratique.cli.output import note, say, say_json
from pratique.errors import InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from pratique.collectors.signed_folder import FolderCheck
    from pratique.domain.keys import TrustedKeys

EXAMPLES = (
    "pratique evidence check-signature ./aurora-2.1 ./aurora-2.1.sig",
    "pratique evidence check-signature ./aurora-2.1 model.sig --key signer.pem --json",
)
AFTER = "Exit code 0: a trusted key signed exactly these files. 1: each reason why not is named on stderr."


def check_signature(
    folder: Annotated[Path, typer.Argument(metavar="MODEL_DIR", help="The folder of the model.")],
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="The OpenSSF model-signing bundle.")],
    key: Annotated[
        list[Path] | None,
        typer.Option(
            help="PEM file of a public key to trust for this one check. Without it, the keys of the configuration.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Hold the files of a model against its signature: changed, missing and unsigned files are named."""
    from pratique.collectors.signed_folder import check_folder  # the parsers and cryptography with it

    if not folder.is_dir():
        raise NotFoundError(f"there is no folder {folder}")
    if not bundle.is_file():
        raise NotFoundError(f"there is no file {bundle}")
    try:
        found = check_folder(folder, bundle, _keys(key), datetime.now(UTC))
    except OSError as error:
        raise InvalidInputError(f"{error.filename} could not be read: {error.strerror}") from None
    _say(found, as_json=as_json)
    raise typer.Exit(ExitCode.CLEARED if found.is_right else ExitCode.ERROR)


def _say(found: FolderCheck, *, as_json: bool) -> None:
    signers = [one.id for one in found.verification.keys]
    if as_json:
        say_json(
            {
                "ok": found.is_right,
                "signed_by": signers,
                "root_digest": found.signed.root,
                "files": len(found.signed.files),
                "changed": list(found.changed),
                "missing": list(found.missing),
                "unsigned": list(found.unsigned),
                "reasons": list(found.reasons),
            }
        )
    elif found.is_right:
        say(f"{len(found.signed.files)} files are what {', '.join(signers)} signed (root {found.signed.root})")
    else:
        for reason in found.reasons:
            note(reason)
        say(f"not what a trusted key signed: {len(found.reasons)} reason{'s' if len(found.reasons) != 1 else ''}")


def _keys(files: list[Path] | None) -> TrustedKeys:
    if not files:
        return own_keys()
    from pratique.collectors.model_signature import MODEL_SIGNATURE
    from pratique.domain.keys import TrustedKeys
    from pratique.regimes.keys import key_in_file

    return TrustedKeys(tuple(key_in_file(file, MODEL_SIGNATURE) for file in files))
