"""English labels for every status value, kind of entry, party and place.

No phrase claims more than the glossary does. A tone is what a colour means, and colour never carries a meaning alone:
a phrase always stands beside it.
"""

from dataclasses import dataclass

from api.formats.words import kind_words
from api.pages.glossary import anchor, definitions
from domain.events import ACT_CLASSES


@dataclass(frozen=True, slots=True)
class Label:
    """A status value: its word in the API, as part of a sentence, in few words, and the tone of its colour."""

    track: str
    value: str
    phrase: str
    brief: str
    tone: str

    @property
    def meaning(self) -> str:
        return definitions()[self.track, self.value]

    @property
    def glossary_url(self) -> str:
        return f"/about#{anchor(self.track, self.value)}"


TONES = {
    "question": "in question, or before a court",
    "asked": "warned or asked",
    "pressed": "a concern, a subpoena, money held back, a violation found",
    "answered": "answered; ruled by a court; taken back",
    "ended": "no evidence found, an agreement, money paid out",
    "named": "named on a list",
    "quiet": "dormant, moot, ended, or nothing asked",
    "rule": "a local policy in force",
}
"""What each colour means, for legends."""

_LABELS = {
    "stage": (
        ("none_known", "nothing certain is on record", "none known", "quiet"),
        ("flagged", "named in a federal report", "flagged", "question"),
        ("warned", "a warning was sent", "warned", "asked"),
        ("preliminary_concern", "a preliminary concern; no result", "preliminary concern", "pressed"),
        ("documents_demanded", "documents were demanded, without a subpoena", "documents demanded", "asked"),
        ("subpoenaed", "a subpoena was issued", "subpoenaed", "pressed"),
        ("no_evidence_of_violation", "no evidence of a violation was found", "no evidence of violation", "ended"),
        ("violation_found", "a final finding of violation", "violation found", "pressed"),
        ("resolved_by_agreement", "ended by an agreement", "agreement", "ended"),
        ("dormant", "dormant: the authority was withdrawn, and no result is known", "dormant", "quiet"),
    ),
    "response": (
        ("none_demanded", "no answer is demanded", "none demanded", "quiet"),
        ("due", "an answer is demanded", "due", "asked"),
        ("responded", "an answer is on record", "responded", "answered"),
        ("no_response_known", "the day due has passed, and no answer is known", "no response known", "question"),
    ),
    "listing": (
        ("listed", "named on the list", "listed", "named"),
        ("listed_disputed", "named on the list, which it or somebody with it disputes", "listed, disputed", "named"),
        ("removed", "taken off the list by a change of it", "removed", "answered"),
        ("list_taken_down", "the list was taken down; the designation was not rescinded", "list taken down", "quiet"),
        ("dormant", "the list's authority was withdrawn while it stood there", "dormant", "quiet"),
        ("not_listed", "not certainly on the list", "not certain", "quiet"),
    ),
    "funding": (
        ("threatened", "money of that grant was put in question", "threatened", "question"),
        ("condition_in_award", "the award carries the condition", "condition in award", "asked"),
        ("condition_withdrawn", "the condition was taken back", "condition withdrawn", "answered"),
        ("withheld", "money is held back", "withheld", "pressed"),
        ("released", "the money was paid out after all", "released", "ended"),
        ("threat_ended", "the review behind the threat came to a result or an end", "threat ended", "quiet"),
        ("none_known", "nothing certain is on record", "none known", "quiet"),
    ),
    "court": (
        ("challenged", "before the court, undecided", "challenged", "question"),
        ("enjoined", "a court forbids it to be applied", "enjoined", "answered"),
        ("enjoined_stayed", "a court forbade it, but the ruling is suspended", "enjoined, stayed", "question"),
        ("upheld", "a court let it stand", "upheld", "answered"),
        ("vacated", "a ruling on it was set aside, or it was itself", "vacated", "quiet"),
        ("dismissed", "the claim was dismissed", "dismissed", "quiet"),
        ("moot", "what was challenged was ended or withdrawn", "moot", "quiet"),
        ("none_known", "nothing certain is on record", "none known", "quiet"),
    ),
    "policies": (
        ("in_force", "in force", "in force", "rule"),
        ("amended", "the policy was changed", "amended", "rule"),
        ("rescinded", "taken back", "rescinded", "quiet"),
        ("none_known", "nothing certain is on record", "none known", "quiet"),
    ),
    "deadline": (
        ("open", "still to come", "open", "asked"),
        ("answered", "an answer is on record", "answered", "answered"),
        ("lapsed", "the day has passed, and no answer is known", "lapsed", "question"),
        ("moot", "nothing was asked any more by that day", "moot", "quiet"),
        ("withdrawn", "the demand was withdrawn", "withdrawn", "quiet"),
    ),
}
LABELS = {
    (track, value): Label(track, value, phrase, brief, tone)
    for track, rows in _LABELS.items()
    for value, phrase, brief, tone in rows
}
STAGES = tuple(row[0] for row in _LABELS["stage"])
TRACK_LABELS = {
    "review": "Review",
    "listing": "Listing",
    "funding": "Funding",
    "court": "Courts",
    "policies": "Policies",
}
KINDS = {kind: kind_words(kind) for kind in ACT_CLASSES}
PARTIES = {"federal": "Federal", "jurisdiction": "Jurisdiction", "court": "Court", "press": "Press", "other": "Other"}
ROLES = {
    "plaintiff": "as a plaintiff",
    "defendant": "as a defendant",
    "covered_non_party": "no party to the case, but within the ruling's scope",
}
PLACE_KINDS = {"state": "State", "county": "County", "city": "City", "agency": "State agency"}
STATES = {
    "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California", "CO": "Colorado",
    "CT": "Connecticut", "DE": "Delaware", "DC": "District of Columbia", "FL": "Florida", "GA": "Georgia",
    "GU": "Guam", "HI": "Hawaii", "ID": "Idaho", "IL": "Illinois", "IN": "Indiana", "IA": "Iowa", "KS": "Kansas",
    "KY": "Kentucky", "LA": "Louisiana", "ME": "Maine", "MD": "Maryland", "MA": "Massachusetts", "MI": "Michigan",
    "MN": "Minnesota", "MS": "Mississippi", "MO": "Missouri", "MT": "Montana", "MP": "Northern Mariana Islands",
    "NE": "Nebraska", "NV": "Nevada", "NH": "New Hampshire", "NJ": "New Jersey", "NM": "New Mexico",
    "NY": "New York", "NC": "North Carolina", "ND": "North Dakota", "OH": "Ohio", "OK": "Oklahoma", "OR": "Oregon",
    "PA": "Pennsylvania", "PR": "Puerto Rico", "RI": "Rhode Island", "SC": "South Carolina", "SD": "South Dakota",
    "TN": "Tennessee", "TX": "Texas", "UT": "Utah", "VT": "Vermont", "VI": "Virgin Islands", "VA": "Virginia",
    "WA": "Washington", "WV": "West Virginia", "WI": "Wisconsin", "WY": "Wyoming",
}  # fmt: skip
_ACRONYMS = {"jag", "cops", "dot", "cdc", "doj", "fema", "hsgp", "voca", "ahtf"}


def label_of(track: str, value: str) -> Label:
    """The label of a status value; a value that this table lacks is shown as the API has it."""
    return LABELS.get((track, value)) or Label(track, value, value, value, "quiet")


def label_if_any(track: str, value: str | None) -> Label | None:
    return None if value is None else label_of(track, value)


def possible_label(track: str, value: str) -> str:
    if (track, value) == ("response", "responded"):
        return "may have answered by then: the day is not known"
    if value in ("none_known", "not_listed"):
        return "may no longer stand so: the day is not known"
    return f"may already be otherwise ({label_of(track, value).phrase}): the day is not known"


def grant_name(slug: str) -> str:
    """A grant's slug as words: `jag-fy2016` as "JAG, fiscal year 2016"."""
    parts = slug.split("-")
    words = [part.upper() if part in _ACRONYMS else part for part in parts if not part.startswith("fy")]
    years = [f"fiscal year {part.removeprefix('fy')}" for part in parts if part.startswith("fy")]
    name = ", ".join([" ".join(words), *years])
    return name[:1].upper() + name[1:]
