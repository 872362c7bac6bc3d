"""Participants over HTTP: enrolled once, seen by their own site, named to nobody off the record."""

from typing import Any

import pytest
from sqlalchemy import func, select

from epro.models import IdempotencyKey, JournalEntry, Participant
from tests.api.conftest import PHONE, YEAR_OF_BIRTH, Caller, Trial
from tests.threads import at_once


@pytest.fixture
def coordinator(trial: Trial) -> Caller:
    return trial.signed_in("sz.coordinator")


@pytest.fixture
def enrolled(trial: Trial, coordinator: Caller) -> dict[str, Any]:
    """The answer to enrolling SZ01-014."""
    body: dict[str, Any] = coordinator.post("/participants", trial.enrolment()).get_json()
    return body


def error_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.get_json()["error"]["code"]


# --- enrolment ------------------------------------------------------------------------------------


@pytest.mark.req("P-02")
def test_an_enrolled_participant_can_activate_with_the_code_in_the_answer(
    trial: Trial, enrolled: dict[str, Any]
) -> None:
    body = trial.activation(enrolled["activation_code"])

    assert trial.anybody.post("/sessions/activation", body).status_code == 200


@pytest.mark.req("P-01")
def test_no_answer_about_a_participant_names_her(
    coordinator: Caller, enrolled: dict[str, Any]
) -> None:
    texts = [
        coordinator.get(path).get_data(as_text=True)
        for path in ("/participants", "/participants/SZ01-014", "/participants/SZ01-014/devices")
    ]

    assert all(PHONE not in text and str(YEAR_OF_BIRTH) not in text for text in texts)


@pytest.mark.req("P-07")
def test_a_missing_consent_is_named_by_its_kind(trial: Trial, coordinator: Caller) -> None:
    body = trial.enrolment()
    missing = body["consents"].pop()

    answer = coordinator.post("/participants", body)

    assert error_of(answer) == (422, "consent_missing")
    assert answer.get_json()["error"]["details"] == {"kinds": [missing["kind"]]}


@pytest.mark.req("P-07")
def test_a_participant_is_shown_with_her_consents(
    coordinator: Caller, enrolled: dict[str, Any], trial: Trial
) -> None:
    shown = coordinator.get("/participants/SZ01-014").get_json()

    kinds = {consent["kind"] for consent in shown["consents"]}
    assert kinds == {consent["kind"] for consent in trial.enrolment()["consents"]}
    assert shown["latest_activation_code"]["used_at"] is None


@pytest.mark.req("S-01")
@pytest.mark.parametrize(
    ("asked", "slot", "blocks"),
    [({}, "evening", {"S1"}), ({"diary_slot": "morning"}, "morning", {"S1m"})],
)
def test_whoever_works_at_night_is_enrolled_with_her_diary_in_the_morning(
    trial: Trial, coordinator: Caller, asked: dict[str, Any], slot: str, blocks: set[str]
) -> None:
    enrolled = coordinator.post("/participants", trial.enrolment() | asked)

    visit = {"event": "INF1_PLANNED", "occurred_at": "2026-03-20T10:00:00+08:00"}
    preview = coordinator.post("/participants/SZ01-014/anchors/preview", visit).get_json()

    assert enrolled.get_json()["participant"]["diary_slot"] == slot
    diaries = {one["after"]["block"] for one in preview["comes"] if one["family"] == "daily"}
    assert diaries == blocks


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"year_of_birth": "1968"}, "year_of_birth"),
        ({"diary_slot": "noon"}, "diary_slot"),
        ({"language": "fr"}, "language"),
        ({"phone": "+86" + "1" * 40}, "phone"),
        ({"nickname": "x"}, "nickname"),
        ({"zone": "Mars"}, "zone"),
        ({"year_of_birth": 10**30}, "year_of_birth"),
    ],
)
def test_what_is_wrong_with_an_enrolment_is_named_by_its_place(
    trial: Trial, coordinator: Caller, change: dict[str, Any], place: str
) -> None:
    answer = coordinator.post("/participants", trial.enrolment() | change)

    assert answer.status_code == 422
    assert [one["place"] for one in answer.get_json()["error"]["details"]["problems"]] == [place]


@pytest.mark.req("P-06")
def test_a_monitor_enrols_nobody(trial: Trial) -> None:
    answer = trial.signed_in("monitor").post("/participants", trial.enrolment())

    assert error_of(answer) == (403, "not_permitted")


# --- the same request again -----------------------------------------------------------------------


def test_the_same_enrolment_again_is_answered_again_without_the_code(
    trial: Trial, coordinator: Caller
) -> None:
    first = coordinator.post("/participants", trial.enrolment(), Idempotency_Key="k1")
    again = coordinator.post("/participants", trial.enrolment(), Idempotency_Key="k1")

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.get_json() == first.get_json() | {"activation_code": None}


def test_a_key_is_good_for_one_request_only(trial: Trial, coordinator: Caller) -> None:
    coordinator.post("/participants", trial.enrolment(), Idempotency_Key="k1")

    other = coordinator.post("/participants", trial.enrolment("SZ01-015"), Idempotency_Key="k1")

    assert error_of(other) == (409, "idempotency_conflict")


@pytest.mark.parametrize("given_at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_time_at_the_end_of_all_times_is_refused(
    trial: Trial, coordinator: Caller, given_at: str
) -> None:
    body = trial.enrolment()
    body["consents"][0]["given_at"] = given_at

    assert error_of(coordinator.post("/participants", body)) == (422, "invalid_request")


@pytest.mark.parametrize("key", ["", "k" * 201, "two words"])
def test_a_key_is_one_short_word(trial: Trial, coordinator: Caller, key: str) -> None:
    answer = coordinator.post("/participants", trial.enrolment(), Idempotency_Key=key)

    assert error_of(answer) == (422, "invalid_request")


def test_a_key_that_led_to_a_refusal_is_free_again(trial: Trial, coordinator: Caller) -> None:
    wrong = trial.enrolment() | {"zone": "Mars"}
    coordinator.post("/participants", wrong, Idempotency_Key="k1")

    answer = coordinator.post("/participants", trial.enrolment(), Idempotency_Key="k1")

    assert answer.status_code == 201


def test_without_a_key_enrolling_again_is_a_conflict(trial: Trial, coordinator: Caller) -> None:
    coordinator.post("/participants", trial.enrolment())

    answer = coordinator.post("/participants", trial.enrolment())

    assert error_of(answer) == (409, "already_exists")


def test_one_request_sent_twice_at_the_same_moment_enrols_once(
    trial: Trial, coordinator: Caller
) -> None:
    body = trial.enrolment()

    def send() -> int:
        return coordinator.post("/participants", body, Idempotency_Key="k1").status_code

    assert at_once(send, send) == [201, 201]
    with trial.database.reading() as session:
        assert session.scalar(select(func.count(Participant.id))) == 1


@pytest.mark.req("P-02")
def test_a_repeated_wish_for_a_new_activation_code_issues_one(
    coordinator: Caller, enrolled: dict[str, Any]
) -> None:
    path = "/participants/SZ01-014/activation-codes"
    first = coordinator.post(path, Idempotency_Key="k2").get_json()
    again = coordinator.post(path, Idempotency_Key="k2").get_json()

    assert first["activation_code"] not in (None, enrolled["activation_code"])
    assert again["activation_code"] is None


@pytest.mark.req("P-01")
def test_what_recognises_a_repeat_cannot_be_guessed_from_the_database(
    trial: Trial, coordinator: Caller
) -> None:
    """A plain hash would let anybody try all phone numbers."""
    coordinator.post("/participants", trial.enrolment(), Idempotency_Key="k1")
    coordinator.post("/participants", trial.enrolment("SZ01-015"), Idempotency_Key="k2")

    with trial.database.reading() as session:
        fingerprints = session.scalars(select(IdempotencyKey.request_sha256)).all()
    assert len(set(fingerprints)) == 2
    assert all(len(one) == 64 for one in fingerprints)


# --- out of reach ---------------------------------------------------------------------------------


@pytest.mark.req("P-06")
@pytest.mark.parametrize("rest", ["", "/identity", "/devices", "/anchors", "/assessments"])
def test_another_sites_participant_looks_like_nobody(
    trial: Trial, enrolled: dict[str, Any], rest: str
) -> None:
    stranger = trial.signed_in("gz.coordinator")

    theirs = stranger.get(f"/participants/SZ01-014{rest}")
    nobodys = stranger.get(f"/participants/SZ01-999{rest}")

    assert theirs.status_code == 404
    assert theirs.data == nobodys.data


@pytest.mark.req("P-06")
def test_another_sites_participant_gets_no_new_activation_code(
    trial: Trial, enrolled: dict[str, Any]
) -> None:
    answer = trial.signed_in("gz.coordinator").post("/participants/SZ01-014/activation-codes")

    assert error_of(answer) == (404, "not_found")


@pytest.mark.req("P-06")
def test_the_system_administrator_sees_no_participant(
    trial: Trial, enrolled: dict[str, Any]
) -> None:
    admin = trial.signed_in("admin")

    for path in ("/participants", "/participants/SZ01-014", "/participants/SZ01-014/identity"):
        assert error_of(admin.get(path)) == (403, "not_permitted")


@pytest.mark.parametrize("code", ["%00", "..%2F..", "SZ01 014", "é", "A" * 33])
def test_a_code_that_could_be_none_is_not_found(coordinator: Caller, code: str) -> None:
    assert error_of(coordinator.get(f"/participants/{code}")) == (404, "not_found")


def test_a_long_list_comes_in_pages(trial: Trial, coordinator: Caller) -> None:
    for number in (1, 2, 3):
        coordinator.post("/participants", trial.enrolment(f"SZ01-00{number}"))

    first = coordinator.get("/participants?limit=2").get_json()
    second = coordinator.get(f"/participants?limit=2&cursor={first['next_cursor']}").get_json()

    codes = [[one["code"] for one in page["items"]] for page in (first, second)]
    assert codes == [["SZ01-001", "SZ01-002"], ["SZ01-003"]]
    assert second["next_cursor"] is None


# --- identity and devices -------------------------------------------------------------------------


@pytest.mark.req("P-01")
def test_reading_identity_shows_it_and_leaves_an_access_entry(
    trial: Trial, coordinator: Caller, enrolled: dict[str, Any]
) -> None:
    shown = coordinator.get("/participants/SZ01-014/identity?reason=fever").get_json()

    assert (shown["phone"], shown["year_of_birth"]) == (PHONE, YEAR_OF_BIRTH)
    with trial.database.reading() as session:
        query = select(JournalEntry.participant_code).where(JournalEntry.verb == "identity.read")
        assert session.scalars(query).all() == ["SZ01-014"]


@pytest.mark.req("P-01", "N-01")
def test_another_number_and_no_mailbox_are_written_down_with_the_reason(
    coordinator: Caller, enrolled: dict[str, Any]
) -> None:
    path = "/participants/SZ01-014/identity"

    answer = coordinator.patch(path, {"phone": "+8613900139015", "email": None, "reason": "lost"})
    again = coordinator.patch(path, {"phone": "+8613900139015", "reason": "lost"})
    bare = coordinator.patch(path, {"phone": "+8613900139015"})

    assert answer.get_json() == {"changed": ["phone"]}
    assert again.get_json() == {"changed": []}
    assert error_of(bare)[0] == 422
    assert coordinator.get(path).get_json()["phone"] == "+8613900139015"


@pytest.mark.req("P-01", "P-06")
def test_a_monitor_does_not_read_identity(trial: Trial, enrolled: dict[str, Any]) -> None:
    answer = trial.signed_in("monitor").get("/participants/SZ01-014/identity")

    assert error_of(answer) == (403, "not_permitted")


@pytest.mark.req("P-04")
def test_a_lost_phone_is_signed_out_by_the_site(
    trial: Trial, coordinator: Caller, enrolled: dict[str, Any]
) -> None:
    activation = trial.activation(enrolled["activation_code"])
    phone = trial.anybody.post("/sessions/activation", activation).get_json()
    (device,) = coordinator.get("/participants/SZ01-014/devices").get_json()["items"]

    answer = coordinator.delete(f"/participants/SZ01-014/devices/{device['id']}")

    assert answer.status_code == 204
    revoked = Caller(trial.app, phone["access_token"]).get("/me")
    assert error_of(revoked) == (401, "session_revoked")
