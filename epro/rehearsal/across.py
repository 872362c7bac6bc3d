"""What people of one site are shown of another's participants: it has to be nothing (C-01)."""

from collections.abc import Mapping

from epro.rehearsal.facts import site_of
from epro.rehearsal.staff import Colleague, Team

ROLES = ("coordinator", "investigator", "principal_investigator")
LISTS = ("/participants", "/flags", "/adverse-event-candidates?decided=true", "/work-items")
ABOUT_HER = ("", "/life-cycle", "/record", "/adverse-events", "/adverse-event-candidates")


class Across:
    """Somebody of each site and role who looks where she has no business; what she saw is kept."""

    def __init__(self, teams: Mapping[str, Team]) -> None:
        self._teams = teams
        self.seen: list[str] = []

    def look(self) -> None:
        """Let everybody read her own lists, and ask for one participant of every other site."""
        codes = {site: self._codes(site) for site in self._teams}
        for site, team in self._teams.items():
            for role in ROLES:
                who = team.with_role(role)[0]
                for path in LISTS:
                    self._list(site, team, who, path)
                for others in (codes[other] for other in codes if other != site):
                    if others:
                        self._her(team, who, others[0])

    def _codes(self, site: str) -> list[str]:
        team = self._teams[site]
        who = team.with_role("coordinator")[0]
        shown = team.need(200, who, "GET", "/participants", kind="participants")
        return sorted(one["code"] for one in shown["items"] if site_of(one["code"]) == site)

    def _list(self, site: str, team: Team, who: Colleague, path: str) -> None:
        shown = team.ask(who, "GET", path, kind="own list")
        items = shown.body["items"] if shown.status == 200 else []
        named = {one.get("participant") or one.get("code") for one in items}
        for code in sorted(one for one in named if one and site_of(one) != site):
            self.seen.append(f"{who.username} found {code} in {path}")

    def _her(self, team: Team, who: Colleague, code: str) -> None:
        for part in ABOUT_HER:
            path = f"/participants/{code}{part}"
            answer = team.ask(who, "GET", path, kind="another site's participant")
            if answer.status not in {403, 404}:
                self.seen.append(f"{who.username} got {answer.status} for {path}")
        query = {"participant": code}
        journal = team.ask(who, "GET", "/journal", query=query, kind="another site's journal")
        if journal.status == 200 and journal.body["items"]:
            self.seen.append(f"{who.username} read the journal of {code}")
