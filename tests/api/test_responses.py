"""Sending answers over HTTP: whatever comes has its clear answer, and nothing given is gone."""

import json
import logging
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from epro.access import Role
from epro.models import Assessment, Participant, Quarantine, QuestionnaireResponse, StudyVersion
from tests.api.world import API, ELSEWHERE, NOBODY, PARTICIPANT, World, submission
from tests.factories import add_assessment
from tests.statements import heard_by

REPORT = "ae_report"
TRANSACTION = ("BEGIN", "PRAGMA")  # what opens one on SQLite


class Phone:
    """A participant's phone: sends bodies as bytes, as they are."""

    def __init__(self, world: World, name: str = Role.PARTICIPANT) -> None:
        self.world = world
        self.headers = world.sign_in(name)
        diary = world.request("GET", f"{API}/me/assessments", headers=self.headers).get_json()
        self.diary: dict[str, Any] = next(d for d in diary["items"] if d["state"] == "scheduled")
        self.sent: list[UUID] = []

    def put(
        self,
        body: Any,
        *,
        response_id: UUID | None = None,
        age: str | None = "0",
        content_type: str = "application/json",
    ) -> TestResponse:
        self.sent.append(response_id or uuid4())
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        ages = {} if age is None else {"Answer-Age": age}
        headers = self.headers | {"Content-Type": content_type} | ages
        return self.world.request(
            "PUT", f"{API}/me/responses/{self.sent[-1]}", data=data,
            headers=headers,
        )  # fmt: skip

    def answer(self, **changes: Any) -> dict[str, Any]:
        """Return a draft of tomorrow's diary, for which no answer is needed yet."""
        return {
            "assessment_id": self.diary["id"], "questionnaire": self.diary["questionnaire"],
            "revision": 1, "status": "in_progress", "language": "zh",
            "answered_at": "2026-03-02T19:00:00+08:00", "answers": [], **changes,
        }  # fmt: skip

    def kept(self) -> list[Quarantine]:
        """Return what was kept of what this phone sent."""
        with self.world.database.reading() as session:
            kept = select(Quarantine).where(Quarantine.response_id.in_(self.sent))
            return list(session.scalars(kept))


@pytest.fixture
def phone(world: World) -> Phone:
    return Phone(world)


def a_diary_that_is_open(world: World) -> dict[str, Any]:
    """Add one more diary of hers that nobody has answered; return what a phone needs of it."""
    with world.database.transaction() as session:
        known = session.get_one(Assessment, world.known.assessment)
        her = session.get_one(Participant, known.participant_id)
        version = session.get_one(StudyVersion, known.study_version_id)
        opened = add_assessment(session, her, version, block="S5", occurrence=str(uuid4()))
        form = {"code": opened.questionnaire_code, "version": opened.questionnaire_version}
        return {"id": str(opened.id), "questionnaire": form}


def code_of(answer: TestResponse) -> str:
    error = answer.get_json()["error"]
    assert set(error) == {"code", "message", "details"}
    return str(error["code"])


@pytest.mark.req("Q-10")
def test_the_first_storing_is_201_a_repeat_and_a_further_revision_200(phone: Phone) -> None:
    response_id = uuid4()

    first = phone.put(phone.answer(), response_id=response_id)
    again = phone.put(phone.answer(), response_id=response_id, age="3600")
    further = phone.put(phone.answer(revision=2), response_id=response_id)

    assert [one.status_code for one in (first, again, further)] == [201, 200, 200]
    assert again.get_json() == first.get_json()
    assert further.get_json()["revision"] == 2
    assert first.headers["Cache-Control"] == "no-store"


# Each is a round trip, while which nobody else may write for her. Who adds one says why here:
# signing in 1, versions 1, locks 2, what is known 1, writing 5, screening 2.
STATEMENTS_OF_A_DIARY = 12


@pytest.mark.req("Q-10")
def test_storing_a_calm_diary_asks_the_database_so_often_and_no_oftener(world: World) -> None:
    headers = world.sign_in(PARTICIPANT) | {"Answer-Age": "2"}
    due = a_diary_that_is_open(world)

    with heard_by(world.database.engine) as statements:
        stored = world.request(
            "PUT", f"{API}/me/responses/{uuid4()}", json=submission(due), headers=headers
        )

    assert stored.get_json()["counts"]
    assert len([one for one in statements if not one.startswith(TRANSACTION)]) == (
        STATEMENTS_OF_A_DIARY
    ), statements


@pytest.mark.req("Q-10")
def test_a_different_body_is_409_and_kept_byte_for_byte(phone: Phone) -> None:
    response_id = uuid4()
    phone.put(phone.answer(), response_id=response_id)
    other = json.dumps(phone.answer(answered_at="2026-03-02T19:00:01+08:00"), indent=3).encode()

    refused = phone.put(other, response_id=response_id)

    assert (refused.status_code, code_of(refused)) == (409, "revision_conflict")
    assert [kept.body for kept in phone.kept()] == [other]


@pytest.mark.req("S-08", "P-10")
def test_a_report_in_any_script_comes_back_as_it_was_written(phone: Phone) -> None:
    response_id = uuid4()
    body = phone.answer(
        assessment_id=None, questionnaire=report_of(phone.world),
        answers=[{"link_id": text_item(phone.world), "value": "头很痛 😀 é"}],
    )  # fmt: skip

    assert phone.put(body, response_id=response_id).status_code == 201

    path = f"{API}/me/responses/{response_id}"
    read = phone.world.request("GET", path, headers=phone.headers).get_json()
    assert read["answers"] == body["answers"]
    assert read["timeliness"] == "unscheduled"


def report_of(world: World) -> dict[str, str]:
    headers = world.sign_in(Role.PARTICIPANT)
    diary = world.request("GET", f"{API}/me/assessments", headers=headers).get_json()
    listed = next(q for q in diary["always_open"] if q["code"] == REPORT)
    return {"code": listed["code"], "version": listed["version"]}


def text_item(world: World) -> str:
    reference = report_of(world)
    path = f"{API}/questionnaires/{reference['code']}/{reference['version']}"
    read = world.request("GET", path, headers=world.sign_in(Role.PARTICIPANT)).get_json()
    plain = [i for i in read["items"] if i["type"] == "text" and not i["enable_when"]]
    return str(plain[0]["link_id"])


# --- bodies that cannot be taken ------------------------------------------------------------------

MALFORMED = {
    "no JSON": b"{'revision': 1",
    "nothing": b"",
    "not UTF-8": b'{"revision": 1, "note": "\xff\xfe"}',
    "cut off": b'{"revision": 1, "answers": [',
    "nested without end": b"[" * 100_000,
    "nested and closed": b"[" * 50_000 + b"]" * 50_000,
    "a number without end": b'{"revision": ' + b"9" * 5_000 + b"}",
}


@pytest.mark.req("Q-10", "X-05")
@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_is_not_json_is_refused_and_kept(phone: Phone, body: bytes) -> None:
    refused = phone.put(body)

    assert refused.status_code in {400, 422}
    assert code_of(refused) in {"malformed_body", "invalid_request"}
    assert [kept.body for kept in phone.kept()] == [body]


FAULTY: dict[str, dict[str, Any]] = {
    "no revision": {"revision": None},
    "revision 0": {"revision": 0},
    "half a revision": {"revision": 1.5},
    "revision as text": {"revision": "1"},
    "endless revision": {"revision": float("inf")},
    "revision that is no number": {"revision": float("nan")},
    "revision true": {"revision": True},
    "unknown status": {"status": "done"},
    "unknown language": {"language": "fr"},
    "unknown completer": {"completer": "nurse"},
    "time without offset": {"answered_at": "2026-03-02T19:00:00"},
    "a time before all calendars": {"answered_at": "0001-01-01T00:00:00+14:00"},
    "a time after all calendars": {"answered_at": "9999-12-31T23:59:59-12:00"},
    "wrong zone": {"answered_at": "2026-03-02T19:00:00 Asia/Atlantis"},
    "no such day": {"answered_at": "2026-02-30T19:00:00+08:00"},
    "answers as object": {"answers": {"pain": 7}},
    "too many answers": {"answers": [None] * 201},
    "unknown key": {"note": "so ashamed"},
    "assessment that is no id": {"assessment_id": "tomorrow"},
    "questionnaire as text": {"questionnaire": "daily"},
    "NUL": {"answers": [{"link_id": "a\x00", "value": 1}]},
    "half a surrogate pair": {"answers": [{"link_id": "pain", "value": "\ud83d"}]},
    "half a surrogate pair as key": {"answers": [{"\ud83d": "pain"}]},
    "a deep answer": {"answers": [json.loads("[" * 400 + "]" * 400)]},
    "a very deep answer": {"answers": [json.loads("[" * 900 + "]" * 900)]},
}


@pytest.mark.req("Q-10", "X-05", "Q-07")
@pytest.mark.parametrize("changes", FAULTY.values(), ids=FAULTY.keys())
def test_a_faulty_envelope_is_422_and_kept(phone: Phone, changes: dict[str, Any]) -> None:
    body = json.dumps(phone.answer(**changes)).encode()

    refused = phone.put(body)

    assert (refused.status_code, code_of(refused)) in {
        (422, "invalid_request"), (422, "invalid_answers"),
    }  # fmt: skip
    assert [kept.body for kept in phone.kept()] == [body]
    assert "ashamed" not in refused.text


@pytest.mark.req("T-03", "Q-10")
@pytest.mark.parametrize("age", [None, "", "nan", "inf", "soon", "1e300", "12,5"])
def test_an_unreadable_age_is_422_and_the_body_kept(phone: Phone, age: str | None) -> None:
    refused = phone.put(phone.answer(), age=age)

    assert (refused.status_code, code_of(refused)) == (422, "invalid_request")
    assert len(phone.kept()) == 1


@pytest.mark.req("T-03", "S-02")
@pytest.mark.parametrize("age", ["-86400", "300000000", "-0.5"])
def test_an_impossible_age_is_taken_and_marked(phone: Phone, age: str) -> None:
    stored = phone.put(phone.answer(), age=age)

    assert stored.status_code == 201
    assert stored.get_json()["clock_unsure"] is True


@pytest.mark.req("T-03")
@pytest.mark.parametrize(
    "answered_at",
    ["1970-01-01T00:00:00Z", "2099-12-31T23:59:59-12:00", "2026-03-02T19:00:00.123456+08:00"],
)
def test_a_device_clock_of_any_year_is_a_remark(phone: Phone, answered_at: str) -> None:
    assert phone.put(phone.answer(answered_at=answered_at)).status_code == 201


@pytest.mark.req("X-05")
def test_two_megabytes_are_413(phone: Phone) -> None:
    refused = phone.put(b'{"note": "' + b"x" * 2_000_000 + b'"}')

    assert (refused.status_code, code_of(refused)) == (413, "body_too_large")


def test_a_body_of_another_type_is_422_and_kept(phone: Phone) -> None:
    refused = phone.put(b"revision=1", content_type="application/x-www-form-urlencoded")

    assert (refused.status_code, code_of(refused)) == (422, "invalid_request")
    assert [kept.body for kept in phone.kept()] == [b"revision=1"]


@pytest.mark.req("Q-10")
def test_a_faulty_envelope_that_comes_again_is_kept_once(phone: Phone) -> None:
    response_id = uuid4()

    for _ in range(3):
        phone.put(b"{", response_id=response_id)

    assert [kept.body for kept in phone.kept()] == [b"{"]


@pytest.mark.req("X-07")
def test_no_answer_is_in_an_error_or_a_log(phone: Phone, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="epro")
    secret = "so ashamed"
    bodies: list[Any] = [
        phone.answer(answers=[{"link_id": "pain", "value": secret}]),
        phone.answer(answers=[{"link_id": secret, "value": 1}]),
        phone.answer(answers=[{"link_id": "remark", "value": f"{secret}\x00"}]),
        phone.answer(answers=secret),
        phone.answer(status=secret),
        phone.answer(answered_at=secret),
        f'{{"{secret}'.encode(),
    ]

    said = [phone.put(body).text for body in bodies]

    assert len(phone.kept()) == len(bodies)
    assert not [text for text in [*said, caplog.text] if secret in text]


# --- who may see what -----------------------------------------------------------------------------


@pytest.mark.req("P-06")
def test_anothers_assessment_looks_like_none(world: World, phone: Phone) -> None:
    other = world.sign_in(ELSEWHERE)
    path = f"{API}/me/assessments"
    theirs = world.request("GET", path, headers=other).get_json()["items"][0]["id"]

    anothers = phone.put(phone.answer(assessment_id=theirs))
    absent = phone.put(phone.answer(assessment_id=str(uuid4())))

    assert (anothers.status_code, anothers.get_json()) == (absent.status_code, absent.get_json())
    assert (absent.status_code, code_of(absent)) == (404, "unknown_assessment")
    assert len(phone.kept()) == 2


@pytest.mark.req("P-06")
def test_anothers_response_looks_like_none(world: World) -> None:
    path = f"{API}/me/responses/"
    other = world.sign_in(ELSEWHERE)

    anothers = world.request("GET", f"{path}{world.known.response}", headers=other)
    absent = world.request("GET", f"{path}{uuid4()}", headers=other)
    own = world.request("GET", f"{path}{world.known.response}", headers=world.sign_in(PARTICIPANT))

    assert (anothers.status_code, anothers.get_json()) == (404, absent.get_json())
    assert own.status_code == 200


@pytest.mark.req("P-06")
def test_the_list_of_another_site_looks_like_that_of_nobody(world: World) -> None:
    headers = world.sign_in(Role.COORDINATOR)

    elsewhere = world.request("GET", f"{API}/participants/{ELSEWHERE}/responses", headers=headers)
    nobody = world.request("GET", f"{API}/participants/{NOBODY}/responses", headers=headers)
    own = world.request("GET", f"{API}/participants/{PARTICIPANT}/responses", headers=headers)

    assert (elsewhere.status_code, elsewhere.get_json()) == (404, nobody.get_json())
    assert str(world.known.response) in [item["id"] for item in own.get_json()["items"]]


@pytest.mark.req("P-06", "B-01")
@pytest.mark.parametrize("role", [Role.PARTICIPANT, Role.OUTCOMES_ASSESSOR, Role.SYSTEM_ADMIN])
def test_who_reads_no_responses_is_told_so(world: World, role: Role) -> None:
    path = f"{API}/participants/{PARTICIPANT}/responses"

    refused = world.request("GET", path, headers=world.sign_in(role))

    assert (refused.status_code, code_of(refused)) == (403, "not_permitted")


@pytest.mark.req("P-06")
def test_staff_do_not_answer_for_a_participant(world: World) -> None:
    response_id = uuid4()

    refused = world.request(
        "PUT", f"{API}/me/responses/{response_id}", json={}, headers=world.sign_in(Role.COORDINATOR)
    )

    assert refused.status_code == 403
    with world.database.reading() as session:
        assert session.get(QuestionnaireResponse, response_id) is None
