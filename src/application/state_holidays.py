"""Where the library's list of a state's holidays differs from the state's statute: each difference, with its source.

Rule 6(a)(6)(C) of Fed. R. Civ. P. takes in "any other day declared a holiday by the state where the district court is
located". The library lists what public offices of a state keep, which is near to that and not the same: statutes
declare days on which offices stay open (Lincoln's birthday in Illinois), and lists for employees have optional days.
So every statute was compared with the library for the years since 2016, and what differs on a day from Monday to
Friday that is no federal holiday is here. Where it is not sure what a statute declares, the library's word stands and
a note says so; a holiday of some counties alone is none of the state.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = range(7)
TABLE_VERSION = 1
"""Raised whenever a line of the table changes, so that an answer says by which table it was given."""

DayOfYear = Callable[[int], date]
"""The day on which a holiday falls in a year."""
Years = Callable[[int], bool]
"""Whether a line holds in a year."""


@dataclass(frozen=True, slots=True)
class Statute:
    """What declares a state's holidays.

    `read`: whether its words were compared. Where they were not, the lines below rest on what is commonly said of it.
    """

    citation: str
    read: bool = False


@dataclass(frozen=True, slots=True)
class Declared:
    """A day that the statute declares a holiday and the library lacks.

    `from_sunday`, `from_saturday`: whether one that falls on such a day is kept on the Monday after or the Friday
    before it.
    """

    state: str
    name: str
    day: DayOfYear
    source: str
    years: Years = lambda _: True
    from_sunday: bool = False
    from_saturday: bool = False
    note: str | None = None


@dataclass(frozen=True, slots=True)
class NotDeclared:
    """A day that the library lists under `name` and the statute does not declare.

    `weekday`: only where it falls on that day of the week.
    """

    state: str
    name: str
    source: str
    years: Years = lambda _: True
    weekday: int | None = None
    note: str | None = None


def _on(month: int, day: int) -> DayOfYear:
    return lambda year: date(year, month, day)


def _nth(number: int, weekday: int, month: int) -> DayOfYear:
    """The first, second, ... such day of a month."""

    def day(year: int) -> date:
        first = date(year, month, 1)
        return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))

    return day


def _good_friday(year: int) -> date:
    return easter(year) - timedelta(days=2)


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar: the algorithm of Meeus, Jones and Butcher, exact for every year."""
    golden, century, of_century = year % 19, year // 100, year % 100
    correction = (century - (century + 8) // 25 + 1) // 3
    moon = (19 * golden + century - century // 4 - correction + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (of_century // 4) - moon - of_century % 4) % 7
    shift = (golden + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * shift + 114, 31)
    return date(year, month, day + 1)


def _day_after_thanksgiving(year: int) -> date:
    return _nth(4, THURSDAY, 11)(year) + timedelta(days=1)


def _election_day(year: int) -> date:
    """The Tuesday after the first Monday in November."""
    return _nth(1, MONDAY, 11)(year) + timedelta(days=1)


def _monday_of_juneteenth(year: int) -> date:
    """Utah's: the Monday of a 19 June from Monday to Friday, the Monday after one on a weekend."""
    day = date(year, 6, 19)
    return day - timedelta(days=day.weekday()) + timedelta(days=0 if day.weekday() < SATURDAY else 7)


def _even(year: int) -> bool:
    return year % 2 == 0


def _presidential(year: int) -> bool:
    return year % 4 == 0


def _since(first: int) -> Years:
    return lambda year: year >= first


def _until(last: int) -> Years:
    return lambda year: year <= last


STATUTES = {
    "AK": Statute("Alaska Stat. §§ 44.12.010, 44.12.025"),
    "AL": Statute("Ala. Code § 1-3-8"),
    "AR": Statute("Ark. Code § 1-5-101", read=True),
    "AZ": Statute("Ariz. Rev. Stat. § 1-301"),
    "CA": Statute("Cal. Gov. Code §§ 6700-6701, Cal. Code Civ. Proc. § 135", read=True),
    "CO": Statute("Colo. Rev. Stat. § 24-11-101", read=True),
    "CT": Statute("Conn. Gen. Stat. § 1-4"),
    "DC": Statute("D.C. Code § 28-2701"),
    "DE": Statute("Del. Code tit. 1, § 501"),
    "FL": Statute("Fla. Stat. § 683.01", read=True),
    "GA": Statute("Ga. Code § 1-4-1 and the Governor's yearly list"),
    "HI": Statute("Haw. Rev. Stat. §§ 8-1, 8-2", read=True),
    "IA": Statute("Iowa Code § 1C.1"),
    "ID": Statute("Idaho Code § 73-108"),
    "IL": Statute("205 Ill. Comp. Stat. 630/17", read=True),
    "IN": Statute("Ind. Code § 1-1-9-1"),
    "KS": Statute("Kan. Stat. § 35-107", read=True),
    "KY": Statute("Ky. Rev. Stat. §§ 2.110, 18A.190", read=True),
    "LA": Statute("La. Rev. Stat. § 1:55", read=True),
    "MA": Statute("Mass. Gen. Laws ch. 4, § 7, cl. 18"),
    "MD": Statute("Md. Code, Gen. Prov. § 1-111", read=True),
    "ME": Statute("Me. Rev. Stat. tit. 4, § 1051"),
    "MI": Statute("Mich. Comp. Laws § 435.101"),
    "MN": Statute("Minn. Stat. § 645.44, subd. 5", read=True),
    "MO": Statute("Mo. Rev. Stat. § 9.010", read=True),
    "MS": Statute("Miss. Code § 3-3-7"),
    "MT": Statute("Mont. Code § 1-1-216"),
    "NC": Statute("N.C. Gen. Stat. § 103-4", read=True),
    "ND": Statute("N.D. Cent. Code § 1-03-01", read=True),
    "NE": Statute("Neb. Rev. Stat. § 62-301"),
    "NH": Statute("N.H. Rev. Stat. § 288:1"),
    "NJ": Statute("N.J. Stat. §§ 36:1-1, 36:1-1.2", read=True),
    "NM": Statute("N.M. Stat. § 12-5-2"),
    "NV": Statute("Nev. Rev. Stat. § 236.015"),
    "NY": Statute("N.Y. Gen. Constr. Law § 24", read=True),
    "OH": Statute("Ohio Rev. Code § 1.14"),
    "OK": Statute("Okla. Stat. tit. 25, § 82.1"),
    "OR": Statute("Or. Rev. Stat. § 187.010"),
    "PA": Statute("44 Pa. Stat. § 11"),
    "RI": Statute("R.I. Gen. Laws § 25-1-1", read=True),
    "SC": Statute("S.C. Code § 53-5-10", read=True),
    "SD": Statute("S.D. Codified Laws § 1-5-1"),
    "TN": Statute("Tenn. Code § 15-1-101", read=True),
    "TX": Statute("Tex. Gov't Code § 662.003"),
    "UT": Statute("Utah Code § 63G-1-301"),
    "VA": Statute("Va. Code § 2.2-3300"),
    "VT": Statute("Vt. Stat. tit. 1, § 371"),
    "WA": Statute("Wash. Rev. Code § 1.16.050"),
    "WI": Statute("Wis. Stat. §§ 995.20, 230.35(4)", read=True),
    "WV": Statute("W. Va. Code § 2-2-1"),
    "WY": Statute("Wyo. Stat. § 8-4-101"),
}
"""The statute of each of the fifty states and of the District. Territories have the library's list alone."""

DECLARED = (
    Declared(
        "AR",
        "Christmas Eve",
        _on(12, 24),
        "Ark. Code § 1-5-101",
        from_saturday=True,
        note="where it falls on a Sunday, the Monday is Christmas Day",
    ),
    Declared("CA", "Lincoln Day", _on(2, 12), "Cal. Gov. Code §§ 6700(a), 6701", from_sunday=True),
    Declared("CA", "Genocide Remembrance Day", _on(4, 24), "Cal. Gov. Code § 6700(a)", _since(2023)),
    Declared("CA", "Admission Day", _on(9, 9), "Cal. Gov. Code §§ 6700(a), 6701", from_sunday=True),
    Declared("CA", "Native American Day", _nth(4, FRIDAY, 9), "Cal. Gov. Code § 6700(a)"),
    Declared("FL", "Birthday of Martin Luther King, Jr.", _on(1, 15), "Fla. Stat. § 683.01(1)(c)", from_sunday=True),
    Declared("FL", "Birthday of Robert E. Lee", _on(1, 19), "Fla. Stat. § 683.01(1)(d)", from_sunday=True),
    Declared("FL", "Lincoln's Birthday", _on(2, 12), "Fla. Stat. § 683.01(1)(e)", from_sunday=True),
    Declared(
        "FL",
        "Tuskegee Airmen Commemoration Day",
        _nth(4, THURSDAY, 3),
        "Fla. Stat. § 683.01(1)(h), Laws of Florida ch. 2024-83",
        _since(2025),
    ),
    Declared("FL", "Good Friday", _good_friday, "Fla. Stat. § 683.01(1)(i)"),
    Declared("FL", "Pascua Florida Day", _on(4, 2), "Fla. Stat. § 683.01(1)(j)", from_sunday=True),
    Declared("FL", "Confederate Memorial Day", _on(4, 26), "Fla. Stat. § 683.01(1)(k)", from_sunday=True),
    Declared("FL", "Birthday of Jefferson Davis", _on(6, 3), "Fla. Stat. § 683.01(1)(m)", from_sunday=True),
    Declared("FL", "Flag Day", _on(6, 14), "Fla. Stat. § 683.01(1)(n)", from_sunday=True),
    Declared("FL", "General Election Day", _election_day, "Fla. Stat. § 683.01(1)(s)", _even),
    Declared("HI", "Good Friday", _good_friday, "Haw. Rev. Stat. § 8-1"),
    Declared("IL", "Good Friday", _good_friday, "205 Ill. Comp. Stat. 630/17(a)"),
    Declared("IN", "Lincoln's Birthday", _on(2, 12), "Ind. Code § 1-1-9-1(a)", from_sunday=True),
    Declared("KY", "Robert E. Lee Day", _on(1, 19), "Ky. Rev. Stat. § 2.110(1)"),
    Declared("KY", "Franklin D. Roosevelt Day", _on(1, 30), "Ky. Rev. Stat. § 2.110(1)"),
    Declared("KY", "Lincoln's Birthday", _on(2, 12), "Ky. Rev. Stat. § 2.110(1)"),
    Declared("KY", "Confederate Memorial Day and Jefferson Davis Day", _on(6, 3), "Ky. Rev. Stat. § 2.110(1)"),
    Declared("KY", "Presidential election day", _election_day, "Ky. Rev. Stat. § 18A.190(1)(h)", _presidential),
    Declared("KY", "Day After Thanksgiving", _day_after_thanksgiving, "Ky. Rev. Stat. § 18A.190(1)(i)"),
    Declared("LA", "Battle of New Orleans", _on(1, 8), "La. Rev. Stat. § 1:55(A)(1)"),
    Declared(
        "LA",
        "Robert E. Lee Day",
        _on(1, 19),
        "La. Rev. Stat. § 1:55(A)(1) as it was",
        _until(2022),
        note="gone from the statute in 2022",
    ),
    Declared(
        "LA",
        "Confederate Memorial Day",
        _on(6, 3),
        "La. Rev. Stat. § 1:55(A)(1) as it was",
        _until(2022),
        note="gone from the statute in 2022, with effect from August",
    ),
    Declared("LA", "Huey P. Long Day", _on(8, 30), "La. Rev. Stat. § 1:55(A)(1)"),
    Declared("LA", "All Saints' Day", _on(11, 1), "La. Rev. Stat. § 1:55(A)(1)"),
    Declared(
        "LA",
        "Day after Thanksgiving",
        _day_after_thanksgiving,
        "La. Rev. Stat. § 1:55(E)(1)(a)",
        note="closes the offices of the clerks of court",
    ),
    Declared("MD", "Lincoln's Birthday", _on(2, 12), "Md. Code, Gen. Prov. § 1-111(a)(3)", from_sunday=True),
    Declared("MD", "Maryland Day", _on(3, 25), "Md. Code, Gen. Prov. § 1-111(a)(5)", from_sunday=True),
    Declared("MD", "Good Friday", _good_friday, "Md. Code, Gen. Prov. § 1-111(a)(6)"),
    Declared("MD", "Defenders' Day", _on(9, 12), "Md. Code, Gen. Prov. § 1-111(a)(11)", from_sunday=True),
    Declared("MD", "General election day", _election_day, "Md. Code, Gen. Prov. § 1-111(a)(17)", _even),
    Declared("MI", "Lincoln's Birthday", _on(2, 12), "Mich. Comp. Laws § 435.101"),
    Declared("MO", "Lincoln Day", _on(2, 12), "Mo. Rev. Stat. § 9.010", from_sunday=True),
    Declared("NC", "Robert E. Lee's Birthday", _on(1, 19), "N.C. Gen. Stat. § 103-4(a)(2)", from_sunday=True),
    Declared("NC", "Greek Independence Day", _on(3, 25), "N.C. Gen. Stat. § 103-4(a)(3a)", from_sunday=True),
    Declared("NC", "Halifax Resolves", _on(4, 12), "N.C. Gen. Stat. § 103-4(a)(4)", from_sunday=True),
    Declared("NC", "Confederate Memorial Day", _on(5, 10), "N.C. Gen. Stat. § 103-4(a)(5)", from_sunday=True),
    Declared("NC", "Mecklenburg Declaration", _on(5, 20), "N.C. Gen. Stat. § 103-4(a)(6)", from_sunday=True),
    Declared(
        "NC",
        "General election day",
        _election_day,
        "N.C. Gen. Stat. § 103-4(a)(13)",
        _even,
        note="Yom Kippur, § 103-4(a)(11a), is not worked out here: a period that ends on it runs out a day early",
    ),
    Declared("ND", "Good Friday", _good_friday, "N.D. Cent. Code § 1-03-01"),
    Declared("NE", "Day After Thanksgiving", _day_after_thanksgiving, "Neb. Rev. Stat. § 62-301"),
    Declared("NJ", "Juneteenth Day", _nth(3, FRIDAY, 6), "N.J. Stat. § 36:1-1, P.L. 2020, c. 76", _since(2021)),
    Declared("NJ", "General election day", _election_day, "N.J. Stat. § 36:1-1: every year, as its Assembly is chosen"),
    Declared("PA", "Good Friday", _good_friday, "44 Pa. Stat. § 11"),
    Declared("PA", "Flag Day", _on(6, 14), "44 Pa. Stat. § 11"),
    Declared("PA", "Election Day", _election_day, "44 Pa. Stat. § 11: every year"),
    Declared("RI", "Rhode Island Independence Day", _on(5, 4), "R.I. Gen. Laws § 25-1-1", from_sunday=True),
    Declared("RI", "Election day", _election_day, "R.I. Gen. Laws § 25-1-1", _even),
    Declared("SC", "Confederate Memorial Day", _on(5, 10), "S.C. Code § 53-5-10"),
    Declared("SC", "Day after Thanksgiving", _day_after_thanksgiving, "S.C. Code § 53-5-10"),
    Declared("SC", "Christmas Eve", _on(12, 24), "S.C. Code § 53-5-10"),
    Declared("SC", "Day after Christmas", _on(12, 26), "S.C. Code § 53-5-10"),
    Declared("TN", "November election", _election_day, "Tenn. Code § 15-1-101", _even),
    Declared(
        "TN",
        "August election",
        _nth(1, THURSDAY, 8),
        "Tenn. Code §§ 15-1-101, 2-1-104",
        _even,
        note="primaries of presidents and counties are not listed: their days move",
    ),
    Declared(
        "UT",
        "Juneteenth National Freedom Day",
        _monday_of_juneteenth,
        "Utah Code § 63G-1-301",
        _since(2022),
    ),
    Declared("WI", "January 15", _on(1, 15), "Wis. Stat. § 995.20"),
    Declared("WI", "Partisan primary", _nth(2, TUESDAY, 8), "Wis. Stat. §§ 995.20, 5.02(12s)", _even),
    Declared("WI", "General election", _election_day, "Wis. Stat. § 995.20", _even),
    Declared(
        "WV",
        "Primary election day",
        _nth(2, TUESDAY, 5),
        "W. Va. Code §§ 2-2-1, 3-5-1",
        lambda year: _even(year) and year != 2020,  # noqa: PLR2004 - that year's primary was moved to June
    ),
    Declared("WV", "Primary election day", _on(6, 9), "W. Va. Executive Order 20-20", lambda year: year == 2020),  # noqa: PLR2004
)

NOT_DECLARED = (
    NotDeclared("CA", "Susan B. Anthony Day", "Cal. Educ. Code § 37222: a day of exercises in schools"),
    NotDeclared("CO", "Cesar Chavez Day", "Colo. Rev. Stat. § 24-11-112: an employee may take it for another day"),
    NotDeclared(
        "IN",
        "Primary Election Day",
        "Ind. Code §§ 1-1-9-1, 3-10-1-3: none is held in the year after a president's election",
        lambda year: year % 4 == 1,
    ),
    NotDeclared(
        "IN", "Election Day", "Ind. Code §§ 1-1-9-1, 3-10-2: none is held in that year", lambda year: year % 4 == 1
    ),
    NotDeclared("KS", "Christmas Eve", "Kan. Stat. § 35-107: the governor may give it to employees"),
    NotDeclared("KS", "Christmas Eve (observed)", "Kan. Stat. § 35-107: the governor may give it to employees"),
    NotDeclared("MD", "Inauguration Day", "5 U.S.C. 6103(c): for federal employees around Washington alone"),
    NotDeclared("NY", "Susan B. Anthony Day", "N.Y. Exec. Law § 168-a: a day of commemoration"),
    NotDeclared(
        "NY",
        "Lincoln's Birthday (observed)",
        "N.Y. Gen. Constr. Law § 24: the day after a Sunday alone",
        weekday=FRIDAY,
    ),
    NotDeclared("SC", "Confederate Memorial Day", "S.C. Code § 53-5-10: the tenth of May", weekday=MONDAY),
    NotDeclared("TX", "Cesar Chavez Day", "Tex. Gov't Code §§ 662.003(c), 662.013: optional, for another day"),
    NotDeclared("TX", "Good Friday", "Tex. Gov't Code § 662.003(c): optional, for another day"),
    NotDeclared("TX", "Christmas Eve (observed)", "Tex. Gov't Code § 662.003(b): the day itself"),
    NotDeclared("VA", "Inauguration Day", "5 U.S.C. 6103(c): for federal employees around Washington alone"),
    NotDeclared("WI", "Susan B. Anthony Day", "Wis. Stat. § 118.02: a day of observance in schools"),
    NotDeclared("WI", "Christmas Eve (observed)", "Wis. Stat. § 230.35(4)(a): the day itself"),
    NotDeclared("WI", "New Year's Eve (observed)", "Wis. Stat. § 230.35(4)(a): the day itself"),
)

UNSURE = {
    "AL": "Mardi Gras is a holiday of Mobile and Baldwin counties, and is not counted",
    "CA": "Lunar New Year (since 2023) is not worked out; Good Friday is one from noon to three and is not counted; "
    "the day after Thanksgiving is one of the courts (Cal. Code Civ. Proc. § 135)",
    "CT": "Good Friday is proclaimed by the governor every year",
    "FL": "the day after Thanksgiving is one of employees (Fla. Stat. § 110.117); Shrove Tuesday is one of counties",
    "GA": "days are those of the governor's lists, and those of years to come may differ",
    "KS": "days that the governor gives to employees for one year are not counted",
    "KY": "half of Good Friday is a holiday; the extra days at Christmas and New Year are the governor's to choose",
    "LA": "Mardi Gras was one of parishes, New Orleans among them, before it was one of the state",
    "MA": "17 March and 17 June are holidays of Suffolk County, and are not counted",
    "MI": "Christmas Eve, New Year's Eve and the day after Thanksgiving are those of state employees",
    "MN": "the Friday after Thanksgiving is a holiday of the executive branch, and is not counted",
    "NC": "Christmas Eve, the day after Christmas and that after Thanksgiving are those of state employees",
    "NJ": "Lincoln's Birthday is a holiday on which the State's offices are open (N.J. Stat. § 36:1-1(d))",
    "PA": "the day after Thanksgiving is one of state employees",
    "WI": "elections of cities of the first class are holidays there, and are not counted",
}
"""What is not sure, or does not hold in the whole state; said with the answer."""
