"""Addresses of sources: what is taken for one, and which of them lead to the same page.

Only http and https are taken, since what a reader is to check is a page, and a browser runs other schemes as programs.
What was recorded before this was a rule may hold anything.
"""

import re
import unicodedata
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from pydantic import ValidationInfo

from domain.legibility import is_on_record

_HOST = re.compile(r"[\w-]{1,63}(?:\.[\w-]{1,63})*\.?|[0-9a-f:.]{2,45}", re.IGNORECASE)
_SEEMS_A_HOST = re.compile(r"(?://)?(?:[\w-]+\.)+[a-z]{2,}(?:[/?#:].*)?", re.IGNORECASE)
_SAFE = "!#$%&'()*+,/:;=?@[]~"
_TRACKERS = re.compile(
    r"utm_.*|[a-z]*clid|gclsrc|msclkid|mc_[ce]id|igshid?|_hs(?:enc|mi)|ref_src|cmpid|ncid|smid|ocid|s_cid|spm|mkt_tok",
    re.IGNORECASE,
)
"""Parameters by which senders of links count their readers, and no page is told from another."""
_ARCHIVED = re.compile(r"https?://web\.archive\.org/web/[0-9]{4,14}(?:[a-z]{2}_)?/(https?://?.+)", re.IGNORECASE)


def parts_of(address: str) -> SplitResult | None:
    """The parts of an address that a browser follows as it is written; None where it is no web address."""
    if "\\" in address or any(character.isspace() or not character.isprintable() for character in address):
        return None
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:  # brackets that enclose no IPv6 address, or a port that is no number
        return None
    is_web = parts.scheme in ("http", "https") and "@" not in parts.netloc
    return parts if is_web and _HOST.fullmatch(parts.hostname or "") else None


def web_address(address: str, info: ValidationInfo) -> str:
    """The address, where it is one; ValueError says what is wrong with it."""
    if is_on_record(info) or parts_of(address) is not None:
        return address
    how = f": write https://{address.removeprefix('//')}" if _SEEMS_A_HOST.fullmatch(address) else ""
    raise ValueError(f"is no web address, which begins with https:// or http:// and the name of a site{how}")


def link_to(address: str | None) -> str | None:
    """The address as links write it, in ASCII but for the name of the site; None where it is no web address.

    A name in letters of its own is left to the reader's browser, which knows the present rules for it.
    """
    parts = None if address is None else parts_of(address)
    if parts is None or address is None:
        return None
    if address.isascii():
        return address
    rest = {name: quote(getattr(parts, name), safe=_SAFE) for name in ("path", "query", "fragment")}
    return parts._replace(**rest).geturl()


def same_page(address: str) -> str | None:
    """What all addresses of a page have in common; None where it is no web address.

    Left out are what it was reached by (scheme, `www.`, parameters that count readers, the archive that has a copy),
    the part of the page that is looked at, and a slash at the end.
    """
    if (archived := _ARCHIVED.fullmatch(address)) is not None:
        address = re.sub(r"^(https?):/(?=[^/])", r"\1://", archived[1])
    parts = parts_of(address)
    if parts is None or parts.hostname is None:
        return None
    host = _in_unicode(parts.hostname).removeprefix("www.").rstrip(".")
    port = "" if parts.port in (None, 80, 443) else f":{parts.port}"
    path = unicodedata.normalize("NFC", unquote(parts.path)).rstrip("/")
    kept = sorted(pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKERS.fullmatch(pair[0]))
    return f"{host}{port}{path}{f'?{urlencode(kept)}' if kept else ''}"


def _in_unicode(host: str) -> str:
    """The name of a site in its own letters, however it is written."""
    try:
        return unicodedata.normalize("NFC", host.encode().decode("idna") if host.isascii() else host).lower()
    except UnicodeError:
        return host.lower()
