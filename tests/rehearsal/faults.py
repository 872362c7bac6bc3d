"""What a fault of the system would leave behind: one thing in a record that did not happen so.

Each takes the record of a rehearsal as it was read from JSON, changes it, and says in which words
the difference has to be told.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

Record = dict[str, Any]
HOUR = timedelta(hours=1)


class Fault(NamedTuple):
    """What happens to the record, and the words in which the difference is told."""

    happens: Callable[[Record], None]
    told: str


def _rows(record: Record, kind: str) -> list[Any]:
    rows: list[Any] = record["seen"]["rows"][kind]
    return rows


def _act(record: Record, verb: str) -> Any:
    return next(one for one in record["seen"]["acts"] if one["verb"] == verb)


def _of(record: Record, did: str) -> Any:
    return next(one for one in record["script"]["facts"] if one["did"] == did)


def _number_of(record: Record, person: str) -> str:
    enrolled = (one for one in record["script"]["facts"] if one["did"] == "enrolled")
    number: str = next(one for one in enrolled if one["person"] == person)["what"]["number"]
    return number


def _text(record: Record, *, is_hers: bool) -> Any:
    hers = {one["what"].get("number") for one in record["script"]["facts"]}
    return next(
        one
        for one in record["seen"]["arrived"]
        if (one["number"] in hers) is is_hers and one["template"] in {"diary_open", "alert_sms"}
    )


def _lose_row(kind: str) -> Callable[[Record], None]:
    def happens(record: Record) -> None:
        rows = _rows(record, kind)
        rows.remove(next(one for one in rows if not one["data"].get("skipped_reason")))

    return happens


def _lose_state(record: Record) -> None:
    next(one for one in _rows(record, "assessment") if one["count"] > 1)["count"] -= 1


def _lose_entry(verb: str) -> Callable[[Record], None]:
    return lambda record: record["seen"]["acts"].remove(_act(record, verb))


def _name_another(record: Record) -> None:
    _act(record, "flag.acknowledged")["actor"] = "principal.sz01"


def _double_entry(record: Record) -> None:
    record["seen"]["acts"].append(dict(_act(record, "anchor.recorded")))


def _alter_answer(record: Record) -> None:
    answers = (item for row in _rows(record, "response") for item in row["data"]["answers"])
    next(one for one in answers if one["link_id"] == "help_now")["value"] = "otherwise"


def _leave_step_out(record: Record) -> None:
    """Leave out who was told at once; whoever takes a flag later than that was not told before."""
    next(one for one in record["seen"]["flags"] if one["told"])["told"].pop(0)


def _lose_text(record: Record) -> None:
    record["seen"]["arrived"].remove(_text(record, is_hers=False))


def _send_twice(record: Record) -> None:
    record["seen"]["arrived"].append(dict(_text(record, is_hers=True)))


def _write_to_who_left(record: Record) -> None:
    left = _of(record, "left")
    at = datetime.fromisoformat(left["at"]) + HOUR
    text = {"number": _number_of(record, left["person"]), "template": "diary_open"}
    record["seen"]["arrived"].append(text | {"at": at.isoformat()})


def _write_at_night(record: Record) -> None:
    text = _text(record, is_hers=True)
    at = datetime.fromisoformat(text["at"]).replace(hour=18)  # 02:00 in Shanghai
    record["seen"]["arrived"].append(text | {"at": at.isoformat()})


def _forget_who_took_it(record: Record) -> None:
    next(one for one in record["seen"]["flags"] if one["acknowledged_at"])["acknowledged_at"] = None


def _keep_consent(record: Record) -> None:
    gone = next(one for one in _rows(record, "consent") if one["data"].get("withdrawn_at"))
    gone["data"]["withdrawn_at"] = None


def _let_her_stay(record: Record) -> None:
    left = _of(record, "left")["person"]
    row = next(one for one in _rows(record, "participant") if one["id"] == left)
    row["data"]["life_cycle"] = "active"


def _sign_too_early(record: Record) -> None:
    """Let the first try at the record of her whose flags were open still have been taken."""
    tries = [one for one in record["script"]["facts"] if one["did"] == "signed_off"]
    first = next(one for one in tries if sum(it["person"] == one["person"] for it in tries) > 1)
    signature = next(
        one
        for one in _rows(record, "signature")
        if one["person"] == first["person"] and one["data"]["meaning"] == "signed_off"
    )
    signature["data"]["signed_at"] = first["at"]


def _lose_lock(record: Record) -> None:
    """Lose the newest; without an earlier one all that follow would be taken for the one before."""
    locks = _rows(record, "record_lock")
    locks.remove(max(locks, key=lambda one: one["data"]["locked_at"]))


def _let_signature_break(record: Record) -> None:
    next(iter(record["seen"]["records"].values()))[0] = False


def _let_neighbour_look(record: Record) -> None:
    record["seen"]["across"].append("coordinator.ur02 found SZ01-001 in /flags")


def _mail(record: Record, words: str) -> Any:
    return next(one for one in record["seen"]["mails"] if words in one["subject"] + one["body"])


def _lose_mail(record: Record) -> None:
    record["seen"]["mails"].remove(_mail(record, "请登录后确认收到"))


def _mail_twice(record: Record) -> None:
    record["seen"]["mails"].append(dict(_mail(record, "请登录后确认收到")))


def _mail_otherwise(pattern: str, words: str, *, of: str = "请登录") -> Callable[[Record], None]:
    def happens(record: Record) -> None:
        mails = record["seen"]["mails"]
        mail = next(one for one in mails if of in one["body"] and re.search(pattern, one["body"]))
        for part in ("subject", "body"):
            mail[part] = re.sub(pattern, words, mail[part])

    return happens


def _unlock_nothing(record: Record) -> None:
    locks = _rows(record, "record_lock")
    next(one for one in locks if one["data"]["unlocked_at"])["data"]["unlocked_at"] = None


def _sign_once_too_often(record: Record) -> None:
    rows = _rows(record, "signature")
    signed = next(one for one in rows if one["data"]["meaning"] == "signed_off")
    rows.append(signed | {"id": "another"})


def _rating(record: Record) -> Any:
    rows = _rows(record, "response")
    return next(one for one in rows if one["data"]["questionnaire_code"] == "sledai_2k")


def _lose_rating(record: Record) -> None:
    _rows(record, "response").remove(_rating(record))


def _add_up_wrongly(record: Record) -> None:
    score = _rating(record)["data"]["scores"][0]
    score["value"] = (score["value"] or 0) + 1


def _forget_to_compare(record: Record) -> None:
    rows = _rows(record, "response")
    copy = next(one for one in rows if one["data"]["source_check"])
    copy["data"]["source_check"] = "not_checked"


FAULTS: Mapping[str, Fault] = {
    "a response missing in the feed": Fault(_lose_row("response"), "expected one, found none"),
    "a reminder missing in the feed": Fault(_lose_row("reminder"), ", found none"),
    "a visit missing in the feed": Fault(_lose_row("anchor"), "in the feed"),
    "a state missing in the feed": Fault(_lose_state, "states in the feed"),
    "an entry missing in the trail": Fault(
        _lose_entry("response.completed"), "response.completed on record"
    ),
    "a consent missing in the trail": Fault(
        _lose_entry("consent.withdrawn"), "consent.withdrawn on record"
    ),
    "an entry too many in the trail": Fault(_double_entry, "anchor.recorded on record"),
    "an entry in another's name": Fault(_name_another, "flag.acknowledged on record"),
    "an answer that was altered": Fault(_alter_answer, ", answer help_now"),
    "a step of the ladder left out": Fault(_leave_step_out, ", telling at"),
    "an alert that rang nowhere": Fault(_lose_text, ", text to"),
    "a reminder sent twice": Fault(_send_twice, "a text on her phone"),
    "a reminder after she left": Fault(_write_to_who_left, "a text on her phone"),
    "a reminder at night": Fault(_write_at_night, "a text on her phone"),
    "a flag that nobody took": Fault(_forget_who_took_it, "acknowledged_at"),
    "a consent that still stands": Fault(_keep_consent, "consents"),
    "a record signed while a flag was open": Fault(_sign_too_early, "record, signed off"),
    "a lock missing in the feed": Fault(_lose_lock, "record_lock in the feed"),
    "a signature that broke by itself": Fault(_let_signature_break, "record, is signed off"),
    "an event missing in the feed": Fault(_lose_row("adverse_event"), "adverse events"),
    "a neighbour who looks in": Fault(_let_neighbour_look, "what people of another site see"),
    "a mail that never came": Fault(_lose_mail, ", mail to"),
    "a mail sent twice": Fault(_mail_twice, "a mail to"),
    "a mail that names another tier": Fault(
        _mail_otherwise(" (RED_A|RED_B|ORANGE) ", " YELLOW "), ", tier: expected"
    ),
    "a mail that names another": Fault(
        _mail_otherwise(r"(SZ01|UR02)-\d+", "SZ01-099"), ", code: expected"
    ),
    "a mail that leads to another's page": Fault(
        _mail_otherwise("flags/[0-9a-f]{8}", "flags/01234567"), ", link: expected"
    ),
    "a mail in words of no text": Fault(
        _mail_otherwise("请登录后确认收到", "请查看"), "words of no text"
    ),
    "a daily mail that counts wrongly": Fault(
        _mail_otherwise(r"\d+ 条", "9 条", of="YELLOW 提示"), ", count: expected"
    ),
    "a declined correction that nobody declined": Fault(
        _lose_entry("correction.declined"), "correction.declined on record"
    ),
    "a correction that she refused unheard": Fault(
        _lose_entry("correction.refused"), "correction.refused on record"
    ),
    "an unlocking missing in the feed": Fault(
        _unlock_nothing, "record_lock in the feed, unlocked"
    ),
    "a record signed once too often": Fault(_sign_once_too_often, "record, signed off"),
    "a rating missing in the feed": Fault(_lose_rating, "response sledai_2k in the feed"),
    "a rating added up wrongly": Fault(_add_up_wrongly, "response sledai_2k, total"),
    "a copy that stays unchecked": Fault(_forget_to_compare, ", source_check"),
    "a comparison missing in the trail": Fault(
        _lose_entry("transcription.confirmed"), "transcription.confirmed on record"
    ),
    "somebody who left and takes part": Fault(_let_her_stay, "participant, life_cycle"),
}  # fmt: skip
