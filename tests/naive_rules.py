"""A naive reading of the rules: plain dicts in and out, folded anew for every question.

It knows nothing of the code it judges. Each function quotes the sentence that it carries out; where a
sentence can be read in two ways, AMBIGUITIES at the end says which one was taken.
A log is a list of events, the first at position 1; entries and places are the record files' dicts.
"""

# ruff: noqa: ERA001 - the quoted sentences of the rules look like code

import calendar
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from typing import Any

import holidays

Place = dict[str, Any]
Entry = dict[str, Any]
Event = dict[str, Any]
Places = dict[str, Place]
Item = dict[str, Any]

# --- The log ------------------------------------------------------------------------------------------------


def with_fields(whole: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """`whole` with new values; a field given as null is removed, a nested field is given whole."""
    return {name: value for name, value in {**whole, **fields}.items() if value is not None or name not in fields}


def on_record(log: Sequence[Event], recorded_by: int | None = None) -> tuple[Places, list[Entry]]:
    """The places and entries as they stood after position `recorded_by` (left out: the whole log)."""
    # "recorded_by (an instant or a log position, itself included)"
    places: Places = {}
    entries: dict[str, Entry] = {}
    for position, event in enumerate(log, start=1):
        if recorded_by is not None and position > recorded_by:
            break
        match event["event"]:
            case "added":
                places[event["jurisdiction"]["id"]] = event["jurisdiction"]
            case "updated":
                places[event["jurisdiction"]] = with_fields(places[event["jurisdiction"]], event["fields"])
            case "recorded":
                entries[event["entry"]["id"]] = {**event["entry"], "retracted": False}
            case "corrected":
                entries[event["entry"]] = with_fields(entries[event["entry"]], event["fields"])
            case "retracted":
                entries[event["entry"]] = {**entries[event["entry"]], "retracted": True}
            case "reinstated":
                entries[event["entry"]] = {**entries[event["entry"]], "retracted": False}
            case "disputed":
                pass
            case other:
                raise ValueError(other)
    return places, list(entries.values())


# --- Dates and orders ---------------------------------------------------------------------------------------


def bounds(written: object) -> tuple[str, str]:
    """The first and the last day that a date, as written, may mean."""
    # "an EDTF date: a day, a month, a year, or an interval `2017-04-21/2017-06-30`"
    first, _, last = str(written).partition("/")
    last = last or first
    if len(first) == 4:
        first += "-01"
    if len(first) == 7:
        first += "-01"
    if len(last) == 4:
        last += "-12"
    if len(last) == 7:
        last += f"-{calendar.monthrange(int(last[:4]), int(last[5:7]))[1]:02}"
    return first, last


def earliest(entry: Entry) -> str:
    """The day before which the act certainly did not happen."""
    return bounds(entry["occurred"])[0]


def latest(entry: Entry) -> str:
    """The day by which the act certainly happened."""
    return bounds(entry["occurred"])[1]


def by_occurrence(entry: Entry) -> tuple[str, str, int, str]:
    """The order of a timeline."""
    # "A timeline is in order of occurrence: (earliest bound, latest bound, `sequence`, entry id)."
    return earliest(entry), latest(entry), entry.get("sequence", 0), entry["id"]


def by_effect(entry: Entry) -> tuple[str, str, int, str]:
    """The order in which a status folds."""
    # "A status folds in order of effect: (latest bound, earliest bound, `sequence`, entry id)"
    return latest(entry), earliest(entry), entry.get("sequence", 0), entry["id"]


def counts(entry: Entry, as_of: str, public_by: str | None) -> str:
    """Whether an entry counts on those two clocks: certainly, maybe or no."""
    # "an entry whose latest bound is on or before D certainly counts, one whose earliest bound is after D
    # does not, one in between may. `public_by` P judges the public date likewise; asked together, an entry
    # counts certainly if it does on both, not at all if it fails on either, else it may." And: public is "the
    # same as occurred unless stated".
    asked = [(bounds(entry["occurred"]), as_of)]
    if public_by is not None:
        asked.append((bounds(entry.get("public") or entry["occurred"]), public_by))
    if any(first > day for (first, _), day in asked):
        return "no"
    return "certainly" if all(last <= day for (_, last), day in asked) else "maybe"


def acts_that(answers: tuple[str, ...], entries: Iterable[Entry], as_of: str, public_by: str | None) -> list[Entry]:
    """The entries that count so, in order of effect."""
    # "a retracted entry counts in no fold"
    return sorted((e for e in entries if not e["retracted"] and counts(e, as_of, public_by) in answers), key=by_effect)


# --- Places -------------------------------------------------------------------------------------------------


def agencies(places: Places, place: str) -> list[str]:
    """The agencies that speak for a place, by slug."""
    return sorted(p["id"] for p in places.values() if p.get("speaks_for") == place)


def own(places: Places, place: str) -> list[str]:
    """The place and its agencies, itself first."""
    return [place, *agencies(places, place)]


def touches(places: Places, entry: Entry, place: str) -> bool:
    """Whether an act is the place's own."""
    # "an entry touches J when it names J or an agency of J"
    return any(name in entry["jurisdictions"] for name in own(places, place))


def family(places: Places, addressee: str) -> list[str]:
    """Those who may answer for an addressee."""
    # "the family of an addressee is itself, its agencies, and the state it speaks for"
    state = places[addressee].get("speaks_for") if addressee in places else None
    return [*own(places, addressee), *([state] if state else [])]


def of_family(places: Places, entry: Entry, addressee: str) -> bool:
    """Whether an act comes from the addressee's family, or concerns it."""
    # "an act comes from a family, or concerns it, when its `jurisdictions` name one of it"
    return any(name in entry["jurisdictions"] for name in family(places, addressee))


# --- Track 1: reviews ---------------------------------------------------------------------------------------

OPEN = ["warned", "preliminary_concern", "documents_demanded", "subpoenaed"]
ASKS_NOTHING = ["flagged", "no_evidence_of_violation", "violation_found", "resolved_by_agreement", "dormant"]


def review_of(entry: Entry) -> str | None:
    """The review to which an entry belongs."""
    # "An entry belongs to the review it names; a warning, finding, document demand or any entry with
    # `respond_by` that names none opens one of its own, whose id is the entry's. A report or an agreement
    # that names none moves nothing."
    if entry.get("review"):
        return str(entry["review"]["id"])
    if entry["kind"] in ("warning", "finding", "document_demand") or "respond_by" in entry:
        return str(entry["id"])
    return None


def is_demand_of_response(entry: Entry) -> bool:
    """Whether an entry is a demand where a review's response speaks of demands."""
    # "One that is `for: compliance` asks for a change: it has deadlines and can be answered, but where a
    # review's response speaks of demands it is none"
    return "respond_by" in entry and entry["respond_by"].get("for", "answer") != "compliance"


def stage_moves(places: Places, acts: list[Entry], review: str, place: str) -> list[tuple[str, Entry]]:
    """Each stage that the place entered in the review, with the act, in order of effect."""
    # "Every act in this table becomes the stage's `since` and `entry`, also where the stage stays what it
    # was."
    moves: list[tuple[str, Entry]] = []
    for act in acts:
        stage = moves[-1][0] if moves else "none_known"
        if act["kind"] in ("order", "guidance"):
            # "dormant: an order or guidance whose `ends_reviews` names the review, while the stage is open,
            # whomever it names."
            if review in act.get("ends_reviews", []) and stage in OPEN:
                moves.append(("dormant", act))
            continue
        if review_of(act) != review or not touches(places, act, place):
            continue
        match act["kind"]:
            case "report":
                # "flagged: a report, from any stage but flagged, an open one or violation_found"
                if stage not in ("flagged", *OPEN, "violation_found"):
                    moves.append(("flagged", act))
            case "warning":
                moves.append(("warned", act))
            case "finding":
                stage_of = {
                    "preliminary_concern": "preliminary_concern",
                    "no_evidence": "no_evidence_of_violation",
                    "violation": "violation_found",
                }
                moves.append((stage_of[act["outcome"]], act))
            case "document_demand":
                # "documents_demanded: a document demand (subpoena none or threatened)"; "subpoenaed: ...
                # subpoena issued"
                issued = act.get("subpoena", "none") == "issued"
                moves.append(("subpoenaed" if issued else "documents_demanded", act))
            case "agreement":
                moves.append(("resolved_by_agreement", act))
            case _:
                pass
    return moves


def response(places: Places, acts: list[Entry], review: str, place: str, as_of: str) -> Item:
    """What the review demands of the place, and whether it answered."""
    # "The response belongs to the review's current demand: of its demands that touch J, the last."
    demands = [a for a in acts if is_demand_of_response(a) and review_of(a) == review and touches(places, a, place)]
    if not demands:
        # "none_demanded: no demand is on record; ... without a demand all are null"
        return {"value": "none_demanded", "since": None, "entry": None, "demand": None, "due": None}
    demand = demands[-1]
    # "Its addressee is J where the demand names J, else the first of J's agencies (by slug) that it names."
    addressee = next(name for name in own(places, place) if name in demand["jurisdictions"])
    due, _, withdrawal = due_day(places, acts, demand, addressee)
    # "nothing is demanded any more, for after the demand an entry that is itself no demand moved the stage to
    # one that asks nothing, or the demand was withdrawn for the addressee (section 5). `since` and `entry`
    # are those of the first such entry, or of the withdrawal, whichever is earlier; ... `demand` and `due`
    # are null"
    ends = [
        act
        for stage, act in stage_moves(places, acts, review, place)
        if stage in ASKS_NOTHING and by_effect(act) > by_effect(demand) and not is_demand_of_response(act)
    ][:1]
    ends += [withdrawal] if withdrawal else []
    if ends:
        end = min(ends, key=by_effect)
        return {
            "value": "none_demanded",
            "since": end["occurred"],
            "entry": end["id"],
            "demand": None,
            "due": None,
        }
    # "responded: an entry names the current demand in `answers` and comes from the addressee's family; the
    # first such gives `since` and `entry`."
    answer = first_answer(places, acts, demand, addressee)
    known = {"demand": demand["id"], "due": due}
    if answer:
        return {"value": "responded", "since": answer["occurred"], "entry": answer["id"], **known}
    # "no_response_known: the day due has passed. ... Its `entry` is the demand, its `since` the day due"
    if due is not None and as_of > due:
        return {"value": "no_response_known", "since": due, "entry": demand["id"], **known}
    # "due: otherwise: ... Its `entry` is the demand, its `since` the day of the demand"
    return {"value": "due", "since": demand["occurred"], "entry": demand["id"], **known}


def reviews(places: Places, acts: list[Entry], place: str, as_of: str) -> dict[str, Item]:
    """Every review of the place with its stage and response."""
    # "A review is listed for J once an entry that belongs to it touches J."
    found: dict[str, Item] = {}
    for review in [review_of(a) for a in acts if touches(places, a, place)]:
        if review is not None:
            stage: Item = {"value": "none_known", "since": None, "entry": None}
            for value, act in stage_moves(places, acts, review, place):
                stage = {"value": value, "since": act["occurred"], "entry": act["id"]}
            found[review] = {"stage": stage, "response": response(places, acts, review, place, as_of)}
    return found


# --- Track 2: listing ---------------------------------------------------------------------------------------


def listing(places: Places, entries: list[Entry], acts: list[Entry], place: str) -> dict[str, Item]:
    """Where the place stands on each list."""
    lists: dict[str, Item] = {}

    def put(name: str, value: str, act: Entry) -> None:
        lists[name] = {"value": value, "since": act["occurred"], "entry": act["id"]}

    def stands(name: str) -> bool:
        return name in lists and lists[name]["value"] in ("listed", "listed_disputed")

    for act in acts:
        match act["kind"]:
            case "list_published":
                # "listed (published with it, or added, whatever it was before)"
                if touches(places, act, place):
                    put(act["list"]["id"], "listed", act)
            case "list_changed":
                # "removed (whether or not it stood there; after what the same entry adds)"
                if any(name in act.get("added", []) for name in own(places, place)):
                    put(act["list"]["id"], "listed", act)
                if any(name in act.get("removed", []) for name in own(places, place)):
                    put(act["list"]["id"], "removed", act)
            case "list_withdrawn":
                # "list_taken_down (the list was withdrawn while J stood on it, disputed or not; ...)"
                if stands(act["list"]["id"]):
                    put(act["list"]["id"], "list_taken_down", act)
            case "order" | "guidance":
                # "dormant (an order or guidance `ends_lists` it while J stood on it)"
                for name in act.get("ends_lists", []):
                    if stands(name):
                        put(name, "dormant", act)
            case "statement" | "response":
                # "listed_disputed (a statement or response that touches J and `disputes` an entry of a list,
                # while J is `listed`; the disputed entry need not count on the clocks)"; "links to [a
                # retracted entry], or to what is not on record on the clocks asked, count for nothing"
                for disputed in entries:
                    name = disputed["list"]["id"] if "list" in disputed else None
                    if (
                        disputed["id"] in act.get("disputes", [])
                        and not disputed["retracted"]
                        and touches(places, act, place)
                        and name in lists
                        and lists[name]["value"] == "listed"
                    ):
                        put(name, "listed_disputed", act)
            case _:
                pass
    return lists


# --- Track 3: funding ---------------------------------------------------------------------------------------


def funding(places: Places, acts: list[Entry], place: str) -> dict[str, Item]:
    """Where each grant of the place stands."""
    grants: dict[str, Item] = {}
    threats: dict[str, Entry] = {}
    for act in acts:
        touching = touches(places, act, place)
        value = {
            "grant_threat": "threatened",
            "warning": "threatened",
            "document_demand": "threatened",
            "finding": "threatened",
            "condition_imposed": "condition_in_award",
            "funds_withheld": "withheld",
            "funds_released": "released",
        }.get(act["kind"])
        # "threatened (grant_threat, warning, document demand, finding other than of no evidence)"
        if act["kind"] == "finding" and act["outcome"] == "no_evidence":
            value = None
        for grant in act.get("grants", []):
            stood = grants[grant]["value"] if grant in grants else None
            put = {"value": value, "since": act["occurred"], "entry": act["id"]}
            # "An act that touches J and names the grant makes it ...; the last one counts, but once
            # `withheld` nothing except a release moves it: the answer shows since when"
            if value and touching and (stood != "withheld" or value == "released"):
                grants[grant] = put
                threats[grant] = act
            # "condition_withdrawn: such an act touches J, or names nobody, while J stood at threatened or
            # condition_in_award."
            withdrawn = act["kind"] == "condition_withdrawn" and (touching or not act["jurisdictions"])
            if withdrawn and stood in ("threatened", "condition_in_award"):
                grants[grant] = {**put, "value": "condition_withdrawn"}
        # "threat_ended: the review to which the act of the standing threat belongs came, for J, to
        # no_evidence_of_violation, resolved_by_agreement or dormant; `entry` is the act that ended it. A
        # threat made in no review has no such end."
        for grant, item in grants.items():
            if item["value"] == "threatened":
                review = review_of(threats[grant])
                for stage, mover in stage_moves(places, acts, review, place) if review else []:
                    if mover is act and stage in (
                        "no_evidence_of_violation",
                        "resolved_by_agreement",
                        "dormant",
                    ):
                        grants[grant] = {
                            "value": "threat_ended",
                            "since": act["occurred"],
                            "entry": act["id"],
                        }
    return grants


# --- Track 4: court -----------------------------------------------------------------------------------------

# 28 U.S.C. 41: "The thirteen judicial circuits of the United States are constituted as follows".
CIRCUITS = {
    "dc": "DC",
    "1": "ME MA NH PR RI",
    "2": "CT NY VT",
    "3": "DE NJ PA VI",
    "4": "MD NC SC VA WV",
    "5": "LA MS TX",
    "6": "KY MI OH TN",
    "7": "IL IN WI",
    "8": "AR IA MN MO NE ND SD",
    "9": "AK AZ CA HI ID MT NV OR WA GU MP",
    "10": "CO KS NM OK UT WY",
    "11": "AL FL GA",
}


def circuit_of(entries: list[Entry], case: str) -> str | None:
    """The circuit of a case, from the first entry that gives it; what was introduced stays introduced."""
    for entry in sorted(entries, key=by_occurrence):
        if "case" in entry and entry["case"]["id"] == case and entry["case"].get("circuit") is not None:
            return str(entry["case"]["circuit"]).lower()
    return None


def reaches(places: Places, entries: list[Entry], holding: Item, case: str, place: str) -> bool:
    """Whether a holding's scope takes in a place that is no party."""
    # "it reaches J: nationwide; circuit (28 U.S.C. 41: the case's, by J's state; `dc` is the District's);
    # states (J's state is one of them); named."
    state = places[place]["state"]
    match holding["scope"]:
        case "nationwide":
            return True
        case "circuit":
            return state in CIRCUITS.get(circuit_of(entries, case) or "", "").split()
        case "states":
            return state in holding.get("states", [])
        case "named":
            return names(places, holding, place)
        case _:
            return False


def names(places: Places, holding: Item, place: str) -> bool:
    """Whether a holding names the place."""
    # "Roles, and `named` holdings, of J's agencies count as J's."
    return any(name in holding.get("jurisdictions", []) for name in own(places, place))


def court(
    places: Places, entries: list[Entry], acts: list[Entry], place: str, as_of: str
) -> dict[tuple[str, str], Item]:
    """A line per case and subject."""
    roles: dict[str, str] = {}
    lines: dict[tuple[str, str], Item] = {}
    for act in acts:
        if act["kind"] == "lawsuit_filed":
            file(places, act, place, roles, lines)
        if act["kind"] in ("ruling", "case_closed"):
            # "Holdings of one entry apply in the order written."
            for holding in act.get("holdings", []):
                hold(places, entries, act, holding, place, roles, lines)
        # "When an act ends the subject (`ends_subjects`, for everyone; the `subjects` of a
        # condition_withdrawn, for those whom it touches, or for everyone where it names nobody) a party's
        # line in any case stands at `moot`, until a later holding, and that of another is gone. A line
        # already moot stays as it was."
        ended = act.get("ends_subjects", []) if act["kind"] in ("order", "guidance") else []
        if act["kind"] == "condition_withdrawn" and (not act["jurisdictions"] or touches(places, act, place)):
            ended = [subject["id"] for subject in act.get("subjects", [])]
        for (case, subject), line in list(lines.items()):
            if subject in ended and case not in roles:
                del lines[case, subject]
            elif subject in ended and line["value"] != "moot":
                lines[case, subject] = new_line("moot", act, roles[case])
    # "After the day in `until` the line of a party stands at `challenged` (since that day, `entry` the ruling
    # that set it), and that of another is gone."
    for (case, subject), line in list(lines.items()):
        if line["until"] is not None and as_of > line["until"]:
            if case in roles:
                line.update(value="challenged", since=line["until"], entry=line["until_entry"])
            else:
                del lines[case, subject]
    return lines


def new_line(value: str, act: Entry, role: str) -> Item:
    """A line as an act makes it."""
    return {
        "role": role,
        "value": value,
        "since": act["occurred"],
        "entry": act["id"],
        "until": None,
        "until_entry": None,
    }


def run_out(line: Item, act: Entry) -> bool:
    """Whether an order made for a time was over when the act came."""
    # "it had run out: its `until` lies before the earliest bound of the new act"
    return line["until"] is not None and line["until"] < earliest(act)


def file(places: Places, act: Entry, place: str, roles: dict[str, str], lines: dict[tuple[str, str], Item]) -> None:
    """A filing."""
    # "A filing that gives J a role makes it a party of the case from then on; its first role stays (in one
    # filing its own before an agency's, agencies by slug)."
    case = act["case"]["id"]
    given = [act.get("roles", {})[name] for name in own(places, place) if name in act.get("roles", {})]
    if not given:
        return
    # "that of another is gone" once its day is over
    for (where, subject), line in list(lines.items()):
        if where == case and case not in roles and run_out(line, act):
            del lines[where, subject]
    roles.setdefault(case, given[0])
    # "It gets a line at `challenged` for each subject of the filing on which it has none"
    for subject in act.get("subjects", []):
        if (case, subject["id"]) not in lines:
            lines[case, subject["id"]] = new_line("challenged", act, roles[case])
    # "lines that it has in the case, also those it had as no party, keep value, since and entry and take the
    # role"
    for (where, _), line in lines.items():
        if where == case:
            line["role"] = roles[case]


def hold(
    places: Places,
    entries: list[Entry],
    act: Entry,
    holding: Item,
    place: str,
    roles: dict[str, str],
    lines: dict[tuple[str, str], Item],
) -> None:
    """A holding."""
    # "A holding says where a subject stands in its case (the entry's, or the one that the holding names)
    # after the act, and replaces what stood there, for everyone; only with scope `named` does it leave those
    # alone whom it does not name."
    case = holding.get("case") or act["case"]["id"]
    key = (case, holding["subject"])
    if holding["scope"] == "named" and not names(places, holding, place):
        return
    # "J is a party by then: its line on that subject, made if it has none, takes the holding's value,
    # whatever the scope. J is none: it has a line, value `enjoined`, role `covered_non_party`, if the
    # holding's value is `enjoined` and it reaches J. Otherwise J's line is gone."
    if case not in roles and not (holding["value"] == "enjoined" and reaches(places, entries, holding, case, place)):
        lines.pop(key, None)
        return
    # "If the value is the one that J's line has, the line keeps its `since` and `entry`, unless it had run
    # out"
    if key not in lines or lines[key]["value"] != holding["value"] or run_out(lines[key], act):
        lines[key] = new_line(holding["value"], act, roles.get(case, "covered_non_party"))
    # "The line's `until` is the new holding's, if it has one."
    lines[key]["until"] = holding.get("until")
    lines[key]["until_entry"] = act["id"]


# --- Track 5: policies --------------------------------------------------------------------------------------


def policies(places: Places, acts: list[Entry], place: str) -> dict[str, Item]:
    """Where each policy of the place stands."""
    # "Policies, per policy, the last change that touches J: `in_force` (adopted, or reaffirmed when none was
    # known: then `since` is null, for the policy is older), `amended`, `rescinded`; reaffirming changes
    # nothing else, not even the direction. `direction` is the change's own, else the one before, else
    # `limits`."
    known: dict[str, Item] = {}
    for act in acts:
        if act["kind"] != "policy_change" or not touches(places, act, place):
            continue
        policy = act["policy"]["id"] if act.get("policy") else act["id"]
        before = known.get(policy)
        if act["effect"] == "reaffirmed" and before:
            continue
        direction = act.get("direction") or (before["direction"] if before else "limits")
        value = "in_force" if act["effect"] in ("adopted", "reaffirmed") else act["effect"]
        since = None if act["effect"] == "reaffirmed" else act["occurred"]
        known[policy] = {"value": value, "since": since, "entry": act["id"], "direction": direction}
    return known


# --- Status -------------------------------------------------------------------------------------------------


def status(
    log: Sequence[Event],
    jurisdiction: str,
    as_of: str,
    public_by: str | None = None,
    recorded_by: int | None = None,
) -> Item:
    """The five tracks of a place, on three clocks."""
    # "A status answer carries `value` (the fold of what certainly counts) and, where the fold that takes in
    # all that may count ends in another value, `possibly`."
    places, entries = on_record(log, recorded_by)
    certain = acts_that(("certainly",), entries, as_of, public_by)
    wide = acts_that(("certainly", "maybe"), entries, as_of, public_by)
    return {
        "jurisdiction": jurisdiction,
        "as_of": as_of,
        "public_by": public_by,
        "reviews": reviews_answer(
            reviews(places, certain, jurisdiction, as_of), reviews(places, wide, jurisdiction, as_of)
        ),
        "listing": answer(
            ("list",),
            (),
            "not_listed",
            lambda acts: listing(places, entries, acts, jurisdiction),
            certain,
            wide,
        ),
        "funding": answer(
            ("grant",), (), "none_known", lambda acts: funding(places, acts, jurisdiction), certain, wide
        ),
        "court": answer(
            ("case", "subject"),
            ("role",),
            "none_known",
            lambda acts: court(places, entries, acts, jurisdiction, as_of),
            certain,
            wide,
        ),
        "policies": answer(
            ("policy",),
            ("direction",),
            "none_known",
            lambda acts: policies(places, acts, jurisdiction),
            certain,
            wide,
        ),
    }


def reviews_answer(certain: dict[str, Item], wide: dict[str, Item]) -> list[Item]:
    """The review track."""
    # "`possibly` holds bare values: of a review `stage` and `response`, where they differ"; "a review that
    # only may exist has `none_known` and `none_demanded`, and is listed even where `possibly` is empty. Items
    # are sorted by their keys."
    answers = []
    for review in sorted({*certain, *wide}):
        nothing = {
            "stage": {"value": "none_known", "since": None, "entry": None},
            "response": {"value": "none_demanded", "since": None, "entry": None, "demand": None, "due": None},
        }
        item = {"review": review, **certain.get(review, nothing)}
        may = wide.get(review, nothing)
        possibly = {part: may[part]["value"] for part in nothing if may[part]["value"] != item[part]["value"]}
        answers.append({**item, **({"possibly": possibly} if possibly else {})})
    return answers


def answer(
    keys: tuple[str, ...],
    also: tuple[str, ...],
    nothing: str,
    fold: Callable[[list[Entry]], dict[Any, Item]],
    certain: list[Entry],
    wide: list[Entry],
) -> list[Item]:
    """Any other track."""
    # "an item of another track carries its own [`possibly`] where it differs, with `none_known` or
    # `not_listed` where the item may be gone. An item that only may exist has itself the value `not_listed`
    # or `none_known`, and no entry"
    now, may = fold(certain), fold(wide)
    answers = []
    for key in sorted({*now, *may}):
        item = now.get(key, {"value": nothing, "since": None, "entry": None})
        possibly = may[key]["value"] if key in may else nothing
        named = dict(zip(keys, key if isinstance(key, tuple) else (key,), strict=True))
        shown = {name: item.get(name) for name in (*also, "value", "since", "entry")}
        answers.append({**named, **shown, **({"possibly": possibly} if possibly != item["value"] else {})})
    return answers


# --- Deadlines ----------------------------------------------------------------------------------------------


def is_holiday(day: date) -> bool:
    """Whether a day is a legal holiday of the United States, the day it is observed included."""
    return day in holidays.country_holidays("US", observed=True, years=day.year)


def computed_day(trigger: str, days: int) -> str:
    """The day that a period of days ends on."""
    # "leave out the trigger day (the latest bound of the act), count every day, and where the last is a
    # Saturday, Sunday or legal holiday run on to the next day that is none (`days` below zero: counted back,
    # and back to such a day)"
    day = date.fromisoformat(trigger) + timedelta(days=days)
    while day.weekday() >= 5 or is_holiday(day):
        day += timedelta(days=1 if days >= 0 else -1)
    return day.isoformat()


def set_day(demand: Entry) -> str | None:
    """The day that a demand itself sets, if any."""
    # "`{date: ...}`, or `days: 14` instead of `date` for a period to compute from the day of the act, or
    # neither"
    asked = demand["respond_by"]
    if asked.get("date") is not None:
        return str(asked["date"])
    if asked.get("days") is not None:
        return computed_day(latest(demand), asked["days"])
    return None


def due_day(
    places: Places, acts: list[Entry], demand: Entry, addressee: str
) -> tuple[str | None, str | None, Entry | None]:
    """The day due, the first one, and the withdrawal that stands."""
    # "An extension or withdrawal concerns the addressees of whose family it names one. In order of effect: an
    # extension moves the day due (or gives one to a demand that had none) and revives what was withdrawn,
    # `original_due` keeps the first day; a withdrawal withdraws."
    due = original = set_day(demand)
    withdrawal: Entry | None = None
    for act in acts:
        if act.get("demand") == demand["id"] and of_family(places, act, addressee):
            if act["kind"] == "deadline_extended":
                due = str(act["extended_to"])
                original = original or due
                withdrawal = None
            if act["kind"] == "deadline_withdrawn":
                withdrawal = withdrawal or act
    return due, original, withdrawal


def first_answer(places: Places, acts: list[Entry], demand: Entry, addressee: str) -> Entry | None:
    """The first act that answers the demand for the addressee."""
    # "`answers`, on whatever kind of entry, is the only link that closes a demand, in whatever order the two
    # come"
    found = [a for a in acts if demand["id"] in a.get("answers", []) and of_family(places, a, addressee)]
    return found[0] if found else None


def deadline(places: Places, acts: list[Entry], demand: Entry, addressee: str, as_of: str) -> Item | None:
    """One demand and one addressee; none where no day is known."""
    due, original, withdrawal = due_day(places, acts, demand, addressee)
    if due is None:
        return None
    answered = first_answer(places, acts, demand, addressee)
    # "`moot` (the addressee's stage in the demand's review moved, after the demand, by an act whose latest
    # bound is on or before the day due, to one that asks nothing, by an entry that is itself no demand)"
    mooted = any(
        stage in ASKS_NOTHING and by_effect(act) > by_effect(demand) and latest(act) <= due and "respond_by" not in act
        for stage, act in stage_moves(places, acts, str(review_of(demand)), addressee)
    )
    # "States on a day D, the first that fits: `withdrawn`; `answered`; `moot`; `lapsed` (D is past the day
    # due: no response known); `open`."
    if withdrawal:
        state = "withdrawn"
    elif answered:
        state = "answered"
    elif mooted:
        state = "moot"
    elif as_of > due:
        state = "lapsed"
    else:
        state = "open"
    return {
        "demand": demand["id"],
        "addressee": addressee,
        "due": due,
        "original_due": original,
        "words": demand["respond_by"].get("words"),
        "state": state,
        # "`late` where its earliest bound is past the day due"; "`late` is otherwise false, `answer` null
        # where there is none."
        "late": state == "answered" and answered is not None and earliest(answered) > due,
        "answer": answered["id"] if answered else None,
        # "`for` says whether an answer or compliance is due."
        "for": demand["respond_by"].get("for", "answer"),
        "time_zone": places[addressee]["time_zone"],
    }


def all_deadlines(
    log: Sequence[Event], as_of: str, public_by: str | None = None, recorded_by: int | None = None
) -> list[Item]:
    """The deadlines of every addressee."""
    # "One per entry with `respond_by` and addressee named in it, once a day is known"; "Only what certainly
    # counts on the clocks asked makes, moves or closes a deadline."; "Order: due, demand, addressee."
    places, entries = on_record(log, recorded_by)
    acts = acts_that(("certainly",), entries, as_of, public_by)
    found = [
        deadline(places, acts, demand, addressee, as_of)
        for demand in acts
        if "respond_by" in demand
        for addressee in demand["jurisdictions"]
    ]
    return sorted((d for d in found if d), key=lambda d: (d["due"], d["demand"], d["addressee"]))


def deadlines(
    log: Sequence[Event],
    jurisdiction: str,
    as_of: str,
    public_by: str | None = None,
    recorded_by: int | None = None,
) -> list[Item]:
    """The deadlines of a place."""
    # "`/jurisdictions/california/deadlines` takes in those of its agencies, `addressee` saying whose each
    # is."
    places, _ = on_record(log, recorded_by)
    mine = own(places, jurisdiction)
    return [d for d in all_deadlines(log, as_of, public_by, recorded_by) if d["addressee"] in mine]


# --- Timeline -----------------------------------------------------------------------------------------------


def timeline(
    log: Sequence[Event],
    jurisdiction: str | None,
    as_of: str,
    public_by: str | None = None,
    recorded_by: int | None = None,
    context: bool = False,  # noqa: FBT001, FBT002 - called as the rules are read, by position
) -> list[tuple[str, bool]]:
    """The acts that count or may count, with whether they certainly do; retracted ones too."""
    # "An act that names nobody ... appears on a jurisdiction's page as context (`?context=true`)"
    places, entries = on_record(log, recorded_by)
    return [
        (entry["id"], counts(entry, as_of, public_by) == "certainly")
        for entry in sorted(entries, key=by_occurrence)
        if counts(entry, as_of, public_by) != "no"
        if jurisdiction is None or touches(places, entry, jurisdiction) or (context and not entry["jurisdictions"])
    ]


# --- What is refused ----------------------------------------------------------------------------------------


def introduced(entries: Iterable[Entry], word: str) -> set[str]:
    """The reviews, policies, subjects, cases or lists that the entries introduce."""
    # "`{id: section-1373-jag, title: "..."}`, by id alone afterwards"; "left out, the act opens one whose id
    # is the entry's"
    found = set()
    for entry in entries:
        things = entry.get("subjects", []) if word == "subject" else [entry[word]] if entry.get(word) else []
        found |= {thing["id"] for thing in things if "title" in thing or "caption" in thing}
        if word == "review" and review_of(entry) == entry["id"]:
            found.add(entry["id"])
        if word == "policy" and entry["kind"] == "policy_change" and not entry.get("policy"):
            found.add(entry["id"])
    return found


def came_certainly_later(other: Entry, act: Entry) -> str | None:
    """Why `other` came certainly later than `act`, if it did: the field at fault."""
    # "its latest bound before the other's earliest, or the same single day and a lower place in the order of
    # occurrence: the error asks for a `sequence`"
    if latest(act) < earliest(other):
        return "occurred"
    if bounds(act["occurred"]) == bounds(other["occurred"]) and earliest(act) == latest(act):
        return "sequence" if by_occurrence(act) < by_occurrence(other) else None
    return None


def misplaced_days(entry: Entry, entries: dict[str, Entry], extends: list[str]) -> set[str]:
    """The fields that name a day which must come after another, and does not."""
    faults: set[str] = set()
    # "a day to answer before the act's earliest bound, `days` below 1"
    asked = entry.get("respond_by") or {}
    if asked.get("days") is not None and asked["days"] < 1:
        faults.add("respond_by")
    if asked.get("date") is not None and str(asked["date"]) < earliest(entry):
        faults.add("respond_by")
    # "an extension to a day before the demand's own or before the extension itself"
    if "extended_to" in entry:
        days = [set_day(entries[name]) for name in extends if "respond_by" in entries.get(name, {})]
        if any(entry["extended_to"] < day for day in [*days, earliest(entry)] if day is not None):
            faults.add("extended_to")
    # "an `until` before its ruling"
    if any(str(holding["until"]) < earliest(entry) for holding in entry.get("holdings", []) if holding.get("until")):
        faults.add("holdings")
    return faults


def refusals(log: Sequence[Event], entry: Entry, today: str, together: Iterable[Entry] = ()) -> list[str]:
    """The fields for which an entry is refused after the log; empty when it is accepted."""
    # "judged against the log and everything recorded together with it, so files may refer forward"
    places, recorded = on_record(log)
    before = {e["id"]: e for e in recorded}
    entries = {**before, **{e["id"]: e for e in together}, entry["id"]: entry}
    faults: set[str] = set()

    # "an unknown jurisdiction"
    groups = {name: entry.get(name, []) for name in ("jurisdictions", "added", "removed", "roles")}
    groups["holdings"] = [name for holding in entry.get("holdings", []) for name in holding.get("jurisdictions", [])]
    faults |= {field for field, group in groups.items() if any(name not in places for name in group)}
    # "added, removed: jurisdiction ids (all of them in `jurisdictions` too)"
    faults |= {f for f in ("added", "removed") if any(name not in entry["jurisdictions"] for name in entry.get(f, []))}

    # "an unknown ... entry"
    links = {name: entry.get(name, []) for name in ("answers", "disputes", "follows", "revokes")}
    links["demand"] = [entry["demand"]] if "demand" in entry else []
    faults |= {field for field, ids in links.items() if any(other not in entries for other in ids)}

    # "an unknown ... review, policy, subject, case or list"
    uses = {
        "review": [entry["review"]["id"]] if entry.get("review") else [],
        "ends_reviews": entry.get("ends_reviews", []),
        "policy": [entry["policy"]["id"]] if entry.get("policy") else [],
        "subjects": [subject["id"] for subject in entry.get("subjects", [])],
        "ends_subjects": entry.get("ends_subjects", []),
        "holdings": [holding["subject"] for holding in entry.get("holdings", [])],
        "case": [entry["case"]["id"]] if entry.get("case") else [],
        "list": [entry["list"]["id"]] if entry.get("list") else [],
        "ends_lists": entry.get("ends_lists", []),
    }
    words = {
        "ends_reviews": "review",
        "ends_subjects": "subject",
        "subjects": "subject",
        "ends_lists": "list",
    }
    for field, ids in uses.items():
        known = introduced(entries.values(), words.get(field, "subject" if field == "holdings" else field))
        faults |= {field} if any(name not in known for name in ids) else set()
    cases = [holding["case"] for holding in entry.get("holdings", []) if holding.get("case")]
    faults |= {"holdings"} if any(c not in introduced(entries.values(), "case") for c in cases) else set()

    # "an answer to a demand that went to nobody of the answerer's family"; "`answers` naming an entry without
    # `respond_by`"
    for demand in [entries[other] for other in links["answers"] if other in entries]:
        if "respond_by" not in demand or not any(of_family(places, entry, to) for to in demand["jurisdictions"]):
            faults.add("answers")
    # "an extension or withdrawal that names none of the family of any addressee"
    for demand in [entries[other] for other in links["demand"] if other in entries]:
        if "respond_by" not in demand:
            faults.add("demand")
        elif not any(of_family(places, entry, to) for to in demand["jurisdictions"]):
            faults.add("jurisdictions")

    # "a quote or claim whose source is not among the entry's"
    sources = [source["id"] for source in entry.get("sources", [])]
    faults |= {f for f in ("quotes", "claims") for said in entry.get(f, []) if said.get("source") not in sources}

    # "an act that answers, disputes, extends or withdraws one that came certainly later"
    for field in ("answers", "disputes", "demand"):
        for other in [entries[name] for name in links[field] if name in entries]:
            match came_certainly_later(other, entry):
                case "sequence":
                    faults.add("sequence")
                case "occurred":
                    faults.add(field)
                case _:
                    pass

    # "an act dated wholly in the future; an act public before its own earliest bound"
    if earliest(entry) > today:
        faults.add("occurred")
    if entry.get("public") and bounds(entry["public"])[1] < earliest(entry):
        faults.add("public")
    # "an act dated or public wholly in the future"
    if entry.get("public") and bounds(entry["public"])[0] > today and bounds(entry["public"])[0] > latest(entry):
        faults.add("public")

    faults |= misplaced_days(entry, entries, links["demand"])

    # "an id that exists with other content"
    old = before.get(entry["id"])
    if old is not None and {k: v for k, v in old.items() if k != "retracted"} != entry:
        faults.add("id")
    return sorted(faults)


# --- Where a sentence can be read in two ways ---------------------------------------------------------------

AMBIGUITIES = [
    (
        "Moved the stage: an act of the table that enters the stage where it already stood (a second "
        "finding of none after an inquiry) has moved it, for the response, `moot` and `threat_ended`. "
        "Else: only a change of value moves."
    ),
    "A second report while flagged is no act of the table and leaves since and entry. Else: it becomes them.",
    (
        "Itself no demand: for the response an act `for: compliance` is no demand (so it may end one); "
        "for a deadline's `moot` it is one, for only the response speaks otherwise. Else: none in both."
    ),
    "The withdrawal: of several that no extension parts, the first. Else: the last.",
    (
        "A withdrawal or extension that comes before its demand in order of effect (uncertain dates) "
        "counts all the same."
    ),
    "An extension revives what was withdrawn, and not a demand that a stage ended.",
    (
        "Published or added again while listed, and removed again: the last act is since and entry. Else:"
        " the first stays."
    ),
    "Withheld again while withheld: since and entry stay the first's, for nothing except a release moves it.",
    "Threat_ended needs an act after the threat; a threat made in a review already at such a stage stands.",
    "Only a value `threatened` is a standing threat: a condition in an award is not ended by a review.",
    "A finding with an outcome other than none threatens a grant only if it names it in `grants`.",
    (
        "A holding without `until` leaves the line without one, also where the line keeps since and "
        "entry. Else: the old stays."
    ),
    (
        "A filing finds a line that J had as no party gone when its `until` lies before the filing's "
        "earliest bound. Else: latest."
    ),
    "Moot clears `until`: a line at moot does not run out to challenged.",
    "Scope `named` leaves also the parties alone whom it does not name.",
    (
        "The circuit of a case: that of the first entry, in order of occurrence, that gives one, "
        "retracted or not, whatever the day asked; only the log position limits it."
    ),
    "Disputes: the list of the disputed entry is its list as it stands on the log position asked.",
    "An item that only may exist has a null role or direction. Else: those of the wide fold.",
    "`possibly` is left out where it is empty.",
    (
        "A deadline shows its answer in every state (also withdrawn); late only when answered. Else: null"
        " unless answered."
    ),
    "`original_due` of a demand that set no day is the first extension's day. Else: null.",
    "`words` stay those of the demand, also after an extension.",
    "A period of no days ends on the trigger day, or runs on from it.",
    (
        "Public before its own earliest bound: wholly before, the latest bound of `public` before it. "
        "Else: its earliest."
    ),
    "An extension or withdrawal of an entry without `respond_by` is refused (field demand), as for answers.",
    ("An act that came certainly before what it links to: the fault is the linking field; on one day, `sequence`."),
    "Introduced means given with a title (a case: a caption); by id alone, with no such entry, is unknown.",
    "A policy and a subject of one id are two things: each must be introduced as what it is used for.",
    "The source of `respond_by` is not judged: the rule speaks of quotes and claims.",
    "A timeline lists retracted entries.",
]
