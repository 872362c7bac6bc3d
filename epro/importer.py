"""The reference importer: pulls the feed into a SQLite file, once each, and proves it is complete.

It needs Python's standard library and nothing else of this project, so that whoever writes another
one can read here all there is to it:

- what comes again is recognised by its `change_id`;
- the cursor is stored in the transaction that stores what came before it, so that wherever the
  importer is killed, it goes on behind the last change that it has;
- the current state of an entity is its highest version, in whichever order versions came.
"""

import base64
import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any, Self
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

PAGE = 500
TIMEOUT_S = 120
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
FIELDS = (
    "seq", "change_id", "type", "op", "entity_id", "version", "participant", "site", "occurred_at",
    "recorded_at", "actor", "reason", "study_version", "data", "data_sha256", "hash",
)  # fmt: skip
STRUCTURED = {"actor", "data"}
TABLES = """
CREATE TABLE IF NOT EXISTS change (
  seq UNIQUE, change_id UNIQUE, type, op, entity_id, version, participant, site, occurred_at,
  recorded_at, actor, reason, study_version, data, data_sha256, hash, row_sha256);
CREATE TABLE IF NOT EXISTS progress (name UNIQUE, value);
CREATE INDEX IF NOT EXISTS change_by_entity ON change (type, entity_id, version);
CREATE VIEW IF NOT EXISTS current_state AS
  SELECT * FROM change GROUP BY type, entity_id HAVING version = max(version) AND op <> 'void';
"""
INSERT = """
INSERT INTO change VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (change_id) DO NOTHING
"""


class PullRefused(Exception):
    """The source did not hand over what was asked; the message says why and what to do."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class NoRedirects(HTTPRedirectHandler):
    """A redirect would carry the token to somebody else."""

    def redirect_request(self, *_what: Any) -> None:
        return None


class Source:
    """The system that changes come from: takes a token, and a new one when that has run out."""

    def __init__(self, url: str, client_id: str, secret: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
            raise PullRefused("The address must begin with https:// (http only on this machine).")
        self._base = f"{url.rstrip('/')}/api/edc/v1"
        pair = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
        self._credentials, self._token = f"Basic {pair}", ""
        proxies = [ProxyHandler({})] if parts.hostname in LOOPBACK else []
        self._opener = build_opener(NoRedirects, *proxies)

    def get(self, path: str, **query: str | int | None) -> Any:
        """Return what the source says, as values. Raises PullRefused."""
        given = {name: value for name, value in query.items() if value is not None}
        address = f"{self._base}{path}?{urlencode(given)}"
        self._token = self._token or self._new_token()
        try:
            return self._send(address, f"Bearer {self._token}")
        except PullRefused as refused:
            if refused.status != 401:
                raise
        self._token = self._new_token()
        return self._send(address, f"Bearer {self._token}")

    def _new_token(self) -> str:
        form = urlencode({"grant_type": "client_credentials"}).encode()
        return str(self._send(f"{self._base}/token", self._credentials, form)["access_token"])

    def _send(self, address: str, authorization: str, form: bytes | None = None) -> Any:
        headers = {"Authorization": authorization}
        request = Request(address, form, headers)  # noqa: S310  the scheme was checked at the start
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as answer:
                return json.loads(answer.read())
        except HTTPError as refused:
            with refused:
                raise PullRefused(_why(refused), status=refused.code) from refused
        except (OSError, HTTPException, ValueError) as lost:
            raise PullRefused(f"The source did not answer: {lost!r}. Run this again.") from lost


@dataclass(frozen=True, slots=True)
class Step:
    """One page is stored: how far the feed has come, how long it is, what was new."""

    seq: int
    head: int
    new_count: int


class Importer:
    """One SQLite file that becomes, and stays, a copy of the feed."""

    def __init__(self, source: Source, into: Path) -> None:
        self._source = source
        self._file = sqlite3.connect(into, isolation_level=None, timeout=60)
        self._file.executescript(TABLES)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_failure: object) -> None:
        self._file.close()

    def pull(self, *, page_size: int = PAGE) -> Iterator[Step]:
        """Store page after page until there is no more; say so after each. Raises PullRefused."""
        has_more = True
        while has_more:
            cursor = self._progress("cursor")
            page = self._source.get("/changes", cursor=cursor, limit=page_size)
            yield self._store(page)
            has_more = page["has_more"]

    def verify(self) -> list[str]:
        """Compare with the source's totals; return what does not agree, nothing when all does."""
        upto = self._progress("complete_upto") or 0
        totals = self._source.get("/manifest", upto=upto)["totals"]
        faults = [f"{change} was altered here." for change in self._altered()]
        for total in totals:
            here = self._total(total["type"], upto)
            if here != (total["count"], total["sha256"]):
                faults.append(
                    f"{total['type']}: {here[0]} changes here, {total['count']} at the source"
                    f"{'' if here[0] != total['count'] else ', with other checksums'}."
                )
                faults += self._differences(total["type"], upto)
        return faults

    def _store(self, page: Mapping[str, Any]) -> Step:
        """Store the changes and the cursor that leads on behind them, both or neither."""
        items, end = page["items"], page["items"][-1]["seq"] if page["items"] else 0
        before = self._file.total_changes
        self._file.execute("BEGIN IMMEDIATE")
        try:
            self._file.executemany(INSERT, [_row(item) for item in items])
            new_count = self._file.total_changes - before
            self._remember("cursor", page["next_cursor"])
            if not page["has_more"]:
                end = page["head"]
                self._remember("complete_upto", end)
            self._file.execute("COMMIT")
        except BaseException as failure:
            self._file.execute("ROLLBACK")
            if isinstance(failure, sqlite3.IntegrityError):
                raise PullRefused("This file is the copy of another feed.") from failure
            raise
        return Step(end, page["head"], new_count)

    def _progress(self, name: str) -> Any:
        row = self._file.execute("SELECT value FROM progress WHERE name = ?", [name]).fetchone()
        return row[0] if row else None

    def _remember(self, name: str, value: object) -> None:
        self._file.execute("INSERT OR REPLACE INTO progress VALUES (?, ?)", [name, value])

    def _total(self, kind: str, upto: int) -> tuple[int, str]:
        count, digest = 0, hashlib.sha256()
        for _seq, _change_id, change_hash in self._changes(kind, upto):
            count += 1
            digest.update(f"{change_hash}\n".encode())
        return count, digest.hexdigest()

    def _changes(self, kind: str, upto: int) -> Iterator[tuple[int, str, str]]:
        yield from self._file.execute(
            "SELECT seq, change_id, hash FROM change WHERE type = ? AND seq <= ? ORDER BY seq",
            [kind, upto],
        )

    def _altered(self) -> Iterator[str]:
        """Find rows that are no longer what was stored: they no longer give their checksum."""
        for seq, change_id, *rest, digest in self._file.execute("SELECT * FROM change"):
            if _sha256([seq, change_id, *rest]) != digest:
                yield f"Change {change_id} (number {seq})"

    def _differences(self, kind: str, upto: int) -> Iterator[str]:
        """Read the feed of one type again, storing nothing, and name each change that differs."""
        here = {change_id: digest for _, change_id, digest in self._changes(kind, upto)}
        cursor, has_more = None, True
        while has_more:
            page = self._source.get("/changes", type=kind, cursor=cursor, limit=PAGE)
            for item in page["items"]:
                known = here.pop(item["change_id"], None)
                if item["seq"] <= upto and known != item["hash"]:
                    what = "is missing" if known is None else "is another"
                    yield f"  {item['change_id']} (number {item['seq']}) {what} here."
            cursor, has_more = page["next_cursor"], page["has_more"]
        yield from (f"  {change_id} is not at the source." for change_id in here)


def _row(item: Mapping[str, Any]) -> list[Any]:
    if _sha256(item["data"]) != item["data_sha256"]:
        raise PullRefused(f"Change {item['change_id']} was altered on its way. Run this again.")
    row = [_canonical(item[name]) if name in STRUCTURED else item[name] for name in FIELDS]
    return [*row, _sha256(row)]


def _sha256(value: object) -> str:
    return hashlib.sha256(_canonical(value).encode()).hexdigest()


def _canonical(value: object) -> str:
    """Return the one text of a value that checksums are over: keys sorted, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _why(refused: HTTPError) -> str:
    if refused.code == 410:
        return "The source was restored from a backup. Begin a new file; keep this one."
    try:
        said = json.loads(refused.read())
        error = said["error"]
        reason = error["message"] if isinstance(error, dict) else said["error_description"]
    except (ValueError, KeyError, TypeError):
        reason = refused.reason
    return f"The source refused ({refused.code}): {reason}"
