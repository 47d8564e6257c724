"""Channel URLs: secrets with placeholders, filled for one person at send time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from pydantic import SecretStr

from pratique.notify.delivery import Recipient
from pratique.notify.outcome import SendOutcome

_SCHEME = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]*)://")


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel filled for one person. Its URL is a secret: log `shown`, never `url`."""

    name: str
    scheme: str  #: lower case
    url: SecretStr

    @property
    def shown(self) -> str:
        """The channel as logs and reasons may name it."""
        return f"{self.name} ({self.scheme}://…)"


def fill_channel(name: str, template: SecretStr, recipient: Recipient) -> Channel | SendOutcome:
    """Put the person's URL-quoted values into `{email}` and `{person}`.

    Returns:
        The channel, or the permanent failure that says what is missing.
    """
    url = template.get_secret_value()
    scheme = _SCHEME.match(url)
    if scheme is None:
        return SendOutcome.refused(f"channel {name} is not a URL; expected scheme://...")
    if "{email}" in url:
        # Strict, because Apprise splits a list of addresses: one delivery would reach several people.
        if recipient.address is None:
            return SendOutcome.refused(
                f"person {recipient.person} has no single valid mail address, which channel {name} needs"
            )
        url = url.replace("{email}", quote(recipient.address, safe=""))
    url = url.replace("{person}", quote(recipient.person, safe=""))
    return Channel(name, scheme[1].lower(), SecretStr(url))
