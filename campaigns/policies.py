"""Who has to agree to what: the risk decides how many, files name the teams, and nobody agrees to their own work (S19).

>>> [need] = needs(risk="high", sections=["logic"])
>>> need.count
2
>>> state = standing(need, [Vote("logic", person=7, teams=frozenset())])
>>> state.is_met, state.says
(False, '1 of 2')
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

#: Risk → how many people agree to each section. There is no switch that makes it fewer.
APPROVERS: Mapping[str, int] = {"low": 0, "medium": 1, "high": 2}
#: So long a request waits for an answer, and so long an approval waits for its going live.
OPEN_FOR, APPROVED_FOR = timedelta(days=7), timedelta(days=30)
#: Who has not answered is asked again after so long.
REMIND_AFTER = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Need:
    """What one section takes: so many people, and of each team that is named at least one."""

    section: str
    count: int
    #: Keys of teams; nobody else is asked. Empty: any approver.
    teams: tuple[str, ...] = ()

    @property
    def plain(self) -> dict[str, object]:
        return {"section": self.section, "count": self.count, "teams": list(self.teams)}


@dataclass(frozen=True, slots=True)
class Vote:
    """Somebody agrees to a section."""

    section: str
    #: Whose word it is: of two people who speak for the same third one, one counts.
    person: int
    #: Keys of that person's teams.
    teams: frozenset[str]


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a section is."""

    need: Need
    have: int
    #: Named teams of which nobody has agreed.
    lacks: tuple[str, ...]

    @property
    def is_met(self) -> bool:
        return self.have >= self.need.count and not self.lacks

    @property
    def says(self) -> str:
        return f"{min(self.have, self.need.count)} of {self.need.count}" if self.need.count else "nobody needed"


def needs(*, risk: str, sections: Iterable[str], teams: Sequence[str] = ()) -> tuple[Need, ...]:
    """What each section takes. A file that names teams raises the number, and never lowers it.

    >>> needs(risk="low", sections=["content"], teams=["legal"])[0].count
    1
    >>> needs(risk="high", sections=["content"], teams=["legal", "sales", "brand"])[0].count
    3
    """
    named = tuple(dict.fromkeys(teams))
    count = max(APPROVERS[risk], len(named))
    return tuple(Need(section, count, named) for section in sections) if count else ()


def standing(need: Need, votes: Iterable[Vote]) -> Standing:
    """
    >>> votes = [Vote("logic", 7, frozenset({"sales"})), Vote("logic", 7, frozenset({"sales"}))]
    >>> standing(Need("logic", 2, ("sales", "legal")), votes)
    Standing(need=Need(section='logic', count=2, teams=('sales', 'legal')), have=1, lacks=('legal',))
    """
    of_section = [vote for vote in votes if vote.section == need.section and _may_speak(need, vote.teams)]
    there = frozenset().union(*(vote.teams for vote in of_section))
    return Standing(
        need=need,
        have=len({vote.person for vote in of_section}),
        lacks=tuple(team for team in need.teams if team not in there),
    )


def are_met(wanted: Iterable[Need], votes: Sequence[Vote]) -> bool:
    """Has every section what it takes?"""
    return all(standing(need, votes).is_met for need in wanted)


def may_speak(need: Need, teams: Iterable[str]) -> bool:
    """Is somebody of these teams asked about the section?"""
    return _may_speak(need, frozenset(teams))


def _may_speak(need: Need, teams: frozenset[str]) -> bool:
    return not need.teams or bool(teams & set(need.teams))
