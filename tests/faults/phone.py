"""A participant's phone, seen from afar: it sends, and repeats what was not answered."""

import json
import time
from dataclasses import dataclass, field
from random import Random
from uuid import uuid4

import httpx

from epro.clock import wall_clock_now
from questionnaires.invented import calm_answers
from tests.factories import shipped_package

REVISIONS = 3
PATIENCE_S = 90


@dataclass
class Phone:
    """One participant who sends, revision by revision, and repeats what was not answered."""

    url: str
    token: str
    chance: Random
    acknowledged: set[tuple[str, int]] = field(default_factory=set)
    repeated: int = 0

    def live(self, reports: int) -> None:
        with httpx.Client(base_url=self.url, timeout=20, trust_env=False) as client:
            for _ in range(reports):
                self._report(client)

    def _report(self, client: httpx.Client) -> None:
        """Fill in a report in steps: each is a version of it, and the last one completes it."""
        form = shipped_package().questionnaire("ae_report")
        assert form
        response_id, at = str(uuid4()), wall_clock_now()
        answers = calm_answers(form, answered_at=at, chance=self.chance)
        for revision in range(1, REVISIONS + 1):
            is_last = revision == REVISIONS
            body = {
                "questionnaire": {"code": form.code, "version": form.version},
                "revision": revision, "status": "completed" if is_last else "in_progress",
                "language": "zh", "answered_at": at.isoformat(),
                "answers": answers if is_last else answers[:revision],
            }  # fmt: skip
            self._put(client, response_id, json.dumps(body).encode())
            self.acknowledged.add((response_id, revision))

    def _put(self, client: httpx.Client, response_id: str, body: bytes) -> None:
        headers = {
            "Authorization": f"Bearer {self.token}", "Content-Type": "application/json",
            "Answer-Age": "1",
        }  # fmt: skip
        ends_at = time.monotonic() + PATIENCE_S
        while time.monotonic() < ends_at:
            try:
                answer = client.put(
                    f"/api/v1/me/responses/{response_id}", content=body, headers=headers
                )
            except httpx.TransportError:
                self.repeated += 1
                continue
            if answer.status_code in {200, 201}:
                # Now and then the reply is lost on the way, and the same is sent again.
                if self.chance.random() > 0.1:
                    return
            else:
                assert answer.status_code in {500, 503}, answer.text
            self.repeated += 1
        raise AssertionError(f"{response_id} was never taken.")
