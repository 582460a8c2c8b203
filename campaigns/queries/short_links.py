"""Which short address stands for which long one."""

from collections.abc import Iterable, Mapping

from django.conf import settings

from campaigns.models import Campaign, ShortLink
from martechops.lib import digest


def behind(addresses: Iterable[str]) -> Mapping[str, ShortLink]:
    """Of these addresses those that are short ones of ours, by the address as it was written. One query."""
    before = f"{settings.PUBLIC_URL}/l/"
    codes = {one: one.removeprefix(before).rstrip("/") for one in addresses if one.startswith(before)}
    rows = {row.code: row for row in ShortLink.objects.filter(code__in=codes.values())}
    return {address: rows[code] for address, code in codes.items() if code in rows}


def of(campaign: Campaign, address: str) -> ShortLink | None:
    """The short one of this address, if it was made."""
    return ShortLink.objects.filter(campaign=campaign, digest=digest.of(address)).first()
