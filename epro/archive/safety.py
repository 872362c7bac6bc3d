"""The other half of a record in words: flags and their path, events, contacts, signatures."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from epro.archive.record import Block, Heading, Line, Pairs, Reader
from epro.models import (
    AdverseEvent,
    AdverseEventVersion,
    CandidateDecision,
    Contact,
    FlagAssessment,
    JournalEntry,
    SafetyFlag,
    Signature,
)
from epro.services import assessing, flags, journal, locking, signing
from epro.services.journal_reading import JournalReader
from questionnaires.definition import StudyPackage

# More than ever happened to one flag.
MOST_STEPS = 10_000
TAKING_PART = (
    "anchor", "anchor_query", "code_break", "consent", "data_request", "participant",
)  # fmt: skip


def flags_of(reader: Reader) -> Iterator[Block]:
    """Yield each flag: what made it, everything that was done about it, and its assessments."""
    rows = reader.session.scalars(
        select(SafetyFlag)
        .where(SafetyFlag.participant_id == reader.participant.id)
        .order_by(SafetyFlag.raised_at, SafetyFlag.id)
    ).all()
    if rows:
        yield Heading(reader.say("flags"))
    for flag in rows:
        reader.told["flags"] += 1
        package = reader.catalogue.package(flag.study_version_id)
        tier = reader.say(f"tier.{flag.tier}")
        tonight = f" · {reader.say('tier.tonight')}" if flag.tonight else ""
        yield Heading(f"{reader.at(flag.raised_at)} · {tier}{tonight}", 2)
        titles = {one.id: one.title.in_language(reader.language) for one in package.rules}
        triggers = flags.triggers_of(reader.session, flag)
        yield Pairs(
            [
                (
                    f"{reader.say('flags.rule')} {trigger.rule}",
                    f"{reader.at(trigger.met_at)} · {titles.get(trigger.rule, '')}"
                    f" · {reader.say(f'source.{screening.source}')}",
                )
                for trigger, screening in triggers
            ]
        )
        yield from _path(reader, entity_type="flag", entity_id=str(flag.id))
        for assessment in assessing.versions_of(reader.session, flag.id):
            yield from _assessment(reader, assessment, package)


def taking_part(reader: Reader) -> Iterator[Block]:
    """Yield how she took part: enrolment, consents, visits, pauses, each change with old and new.

    That blinding was lifted for her stands here too, the fact alone, as it was logged.
    """
    yield Heading(reader.say("taking_part"))
    yield from _path(
        reader, shows_changes=True, participant_code=reader.participant.code,
        within=JournalEntry.entity_type.in_(TAKING_PART),
    )  # fmt: skip


def _path(reader: Reader, *, shows_changes: bool = False, **of: Any) -> Iterator[Block]:
    """Yield what the journal tells of one thing, in words: when, who, what, why."""
    in_words = JournalReader(
        language=reader.language, catalogue=reader.catalogue, zone=ZoneInfo(reader.site.zone),
        people=reader.staff.full_names,
    )  # fmt: skip
    for entry in journal.history_of(reader.session, limit=MOST_STEPS, **of):
        content = entry.content
        at = reader.at(datetime.fromisoformat(content["recorded_at"]))
        said, why = in_words.sentence(content), in_words.reason(content)
        reason = f" – {why}" if why else ""
        yield Line(f"{at} · {in_words.actor(content)}: {said}{reason}", is_small=True)
        for one in in_words.changes(content) if shows_changes else ():
            text = reader.say("changed.to", question=one.field, old=one.before, new=one.after)
            yield Line(text, is_small=True)


def _assessment(reader: Reader, one: FlagAssessment, package: StudyPackage) -> Iterator[Block]:
    yield Line(
        reader.say(
            "flags.assessed", version=one.version, at=reader.at(one.assessed_at),
            by=reader.by(one.assessed_by_id),
        )
    )  # fmt: skip
    verdict = reader.say("flags.event" if one.is_adverse_event else "flags.not_event")
    rows = [(reader.say("field.is_adverse_event"), verdict)]
    if one.is_adverse_event:
        rows += [
            (reader.say("field.seriousness"), _serious(reader, one.seriousness)),
            (reader.say("field.grade"), str(one.grade or "–")),
            (reader.say("field.relationship"), _related(reader, package, one.relationship)),
            (reader.say("field.action_taken"), reader.say(f"action.{one.action_taken}")),
            (reader.say("field.event_outcome"), reader.say(f"outcome.{one.outcome}")),
        ]
    rows.append((reader.say("field.narrative"), one.narrative))
    if one.reason:
        rows.append((reader.say("field.reason_for_change"), one.reason))
    yield Pairs(rows)


def contacts(reader: Reader) -> Iterator[Block]:
    """Yield each contact with her or about her."""
    rows = reader.session.scalars(
        select(Contact)
        .where(Contact.participant_id == reader.participant.id)
        .order_by(Contact.contacted_at, Contact.id)
    ).all()
    if rows:
        yield Heading(reader.say("contacts"))
    for one in rows:
        reader.told["contacts"] += 1
        said = [
            reader.at(one.contacted_at), reader.by(one.recorded_by_id),
            reader.say(f"channel.{one.channel}"), reader.say(f"outcome.{one.outcome}"),
            reader.say(f"next.{one.next_step}"), one.note,
        ]  # fmt: skip
        yield Line(" · ".join(filter(None, said)))


def events(reader: Reader) -> Iterator[Block]:
    """Yield each adverse event as it stands, each of its versions, and what was decided."""
    rows = reader.session.scalars(
        select(AdverseEvent)
        .where(AdverseEvent.participant_id == reader.participant.id)
        .order_by(AdverseEvent.number)
    ).all()
    if rows:
        yield Heading(reader.say("events"))
    for event in rows:
        reader.told["adverse_events"] += 1
        title = reader.say("events.number", number=event.number, term=event.term)
        voided = f" · {reader.say('events.voided')}" if event.voided_at else ""
        yield Heading(f"{title}{voided}", 2)
        package = reader.catalogue.package(event.study_version_id)
        facts = {
            name: getattr(event, name)
            for name in ("onset_on", "ended_on", "grades", "seriousness", "relationship",
                         "action_taken", "outcome")
        }  # fmt: skip
        yield Pairs(list(_facts(reader, package, facts)))
        earlier: dict[str, str] = {}
        for version in reader.session.scalars(
            select(AdverseEventVersion)
            .where(AdverseEventVersion.event_id == event.id)
            .order_by(AdverseEventVersion.version)
        ):
            said = reader.say(
                "events.version", version=version.version, at=reader.at(version.recorded_at),
                by=reader.by(version.recorded_by_id), reason=version.reason or "–",
            )  # fmt: skip
            voided = f" · {reader.say('events.voided')}" if version.content["voided_at"] else ""
            yield Line(f"{said}{voided}", is_small=True)
            told = dict(_facts(reader, package, version.content))
            for name, value in told.items():
                if earlier and earlier.get(name) != value:
                    yield Line(
                        reader.say(
                            "changed.to", question=name, old=earlier.get(name, "–"), new=value
                        ),
                        is_small=True,
                    )
            earlier = told
    yield from _decisions(reader)


def _facts(
    reader: Reader, package: StudyPackage, facts: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    grades = "; ".join(
        reader.say("events.grade", grade=one["grade"], on=one["from_on"]) for one in facts["grades"]
    )
    yield reader.say("events.onset"), str(facts["onset_on"])
    yield reader.say("events.ended"), str(facts["ended_on"] or reader.say("events.goes_on"))
    yield reader.say("field.grade"), grades
    yield reader.say("field.seriousness"), _serious(reader, facts["seriousness"])
    yield reader.say("field.relationship"), _related(reader, package, facts["relationship"])
    yield reader.say("field.action_taken"), reader.say(f"action.{facts['action_taken']}")
    yield reader.say("field.event_outcome"), reader.say(f"outcome.{facts['outcome']}")


def _decisions(reader: Reader) -> Iterator[Block]:
    rows = reader.session.scalars(
        select(CandidateDecision)
        .where(CandidateDecision.participant_id == reader.participant.id)
        .order_by(CandidateDecision.number)
    ).all()
    if rows:
        yield Heading(reader.say("decisions"))
    for one in rows:
        reader.told["event_decisions"] += 1
        text = reader.say(
            "decisions.one", at=reader.at(one.decided_at), by=reader.by(one.decided_by_id),
            source=reader.say(f"event.source.{one.source}"), key=one.source_key,
            disposition=reader.say(f"disposition.{one.disposition}"), reason=one.reason or "–",
        )  # fmt: skip
        yield Line(text)


def signatures(reader: Reader) -> Iterator[Block]:
    """Yield each signature with its meaning, then whether the sign-off holds and each lock."""
    hers = select(JournalEntry.entity_id).where(
        JournalEntry.entity_type == "signature",
        JournalEntry.participant_code == reader.participant.code,
    )
    known = [UUID(one) for one in reader.session.scalars(hers)]
    rows = reader.session.scalars(
        select(Signature).where(Signature.id.in_(known)).order_by(Signature.signed_at, Signature.id)
    ).all()
    if rows:
        yield Heading(reader.say("signatures"))
    for one in rows:
        reader.told["signatures"] += 1
        text = reader.say(
            "signatures.one", name=one.signer_name, role=reader.say(f"role.{one.signer_role}"),
            at=reader.at(one.signed_at, one.zone), kind=reader.say(f"kind.{one.entity_type}"),
            meaning=signing.MEANINGS[one.meaning].in_language(reader.language),
            sha256=one.record_sha256,
        )  # fmt: skip
        yield Line(text)
    record = locking.record_of(reader.session, reader.participant)
    shown = signing.signatures_of(reader.session, record)
    state = "none" if not shown else "broken"
    if any(one.meaning in locking.SIGNED_OFF and not one.is_broken for one in shown):
        state = "holds"
    yield Heading(reader.say("sign_off"))
    yield Line(reader.say(f"sign_off.{state}"))
    yield from _path(reader, entity_type="record_lock", participant_code=reader.participant.code)


def _serious(reader: Reader, criteria: Iterable[str]) -> str:
    said = "; ".join(reader.say(f"serious.{one}") for one in criteria)
    return said or reader.say("events.not_serious")


def _related(reader: Reader, package: StudyPackage, code: str | None) -> str:
    known = package.adverse_events.relationship(code) if code else None
    return known.title.in_language(reader.language) if known else (code or "–")
