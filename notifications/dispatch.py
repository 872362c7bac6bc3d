"""The way out: claim, call the provider, record; and after a crash ask the provider what happened.

1. *Claim*: one short transaction takes one due message under a lease and writes the attempt down.
2. *Call*: address and text are looked up and the provider is called, with no transaction open.
3. *Record*: another transaction writes the outcome, if the lease is still this worker's.

A worker that dies between 1 and 3 leaves a message in doubt. Some time after its lease another one
asks the provider, and only then decides (ARCHITECTURE D9).
"""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from random import SystemRandom
from uuid import UUID, uuid4

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from epro.db import Database
from notifications import claims, lifecycle, receipts
from notifications.channels import Absent, Accepted, CannotTell, Found, Match, Refused, Unclear
from notifications.guard import GuardedHooks
from notifications.hooks import Hooks
from notifications.means import Means
from notifications.messages import (
    AttemptOutcome,
    ChannelName,
    MessageState,
    OutboxMessage,
    ProviderAnswer,
    SendAttempt,
)
from notifications.pace import Pace
from notifications.refusals import Refusal

logger = logging.getLogger(__name__)

# Asked after every call of a provider, so built once.
ATTEMPT = select(SendAttempt).where(
    SendAttempt.message_id == bindparam("message_id"), SendAttempt.number == bindparam("number")
)


@dataclass(frozen=True, slots=True)
class _Claim:
    """A message under this worker's lease; `since` when it is to be asked about, not sent."""

    message: OutboxMessage
    token: UUID
    attempt_number: int
    since: datetime | None = None


class _Settled:
    """A message that came to its end without a call of the provider."""


class Dispatcher:
    """Sends what is due. Any number of them, in any number of processes, share the work."""

    def __init__(
        self,
        database: Database,
        means: Means,
        *,
        now: Callable[[], datetime],
        wall_now: Callable[[], datetime],
        hooks: Hooks | None = None,
        pace: Pace | None = None,
        chance: Callable[[], float] | None = None,
    ) -> None:
        """Take the clocks as functions: a run may last, and each message is judged by its own time.

        `now` reads trial time, `wall_now` the wall's clock; `chance` gives numbers in [0, 1).
        """
        self._database = database
        self._means = means
        self._now = now
        self._wall_now = wall_now
        self._hooks = GuardedHooks(hooks or Hooks())
        self._pace = pace or Pace()
        self._chance = chance or SystemRandom().random

    def run(self) -> int:
        """Handle what is due, vital messages first; return how many steps were made.

        0 means that nothing is due. Raises HookFailed, after all else is done, when a hook raised:
        the message's own record stands all the same.
        """
        handled = 0
        # What one channel has to say must not wait behind another that does not answer.
        resting: set[ChannelName] = set()
        while handled < self._pace.most_per_run:
            claim = self._claim(resting)
            if claim is None:
                break
            if isinstance(claim, _Claim):
                is_answering = self._send(claim) if claim.since is None else self._ask(claim)
                if not is_answering:
                    resting.add(claim.message.channel)
            handled += 1
        self._hooks.raise_what_failed()
        return handled

    # --- claim ------------------------------------------------------------------------------------

    def _claim(self, resting: Collection[ChannelName]) -> _Claim | _Settled | None:
        """Take what comes next: alerts, doubts about alerts, all other doubts, then the rest.

        Doubts are few. After all that is due they would wait as long as there is a queue.
        """
        now, wall_now = self._now(), self._wall_now()
        with self._database.transaction() as session:
            if alert := claims.next_due(session, now, is_vital=True, resting=resting):
                return self._claim_attempt(session, alert, now=now, wall_now=wall_now)
            if doubt := claims.next_in_doubt(session, wall_now, resting=resting):
                return self._claim_question(session, doubt, wall_now=wall_now)
            if other := claims.next_due(session, now, is_vital=False, resting=resting):
                return self._claim_attempt(session, other, now=now, wall_now=wall_now)
        return None

    def _claim_attempt(
        self, session: Session, message: OutboxMessage, *, now: datetime, wall_now: datetime
    ) -> _Claim | _Settled:
        if lifecycle.is_over(message, now=now):
            lifecycle.expire(session, message, now=now, hooks=self._hooks)
            return _Settled()
        reason, is_judged = self._hooks.judge(session, message, now=now)
        if reason is not None:
            lifecycle.cancel(session, message, reason, now=now, hooks=self._hooks)
            return _Settled()
        if not is_judged and not message.is_vital:
            later = now + self._pace.longest_wait
            lifecycle.requeue(session, message, at=later, now=now, hooks=self._hooks)
            return _Settled()
        message.state = MessageState.SENDING
        message.attempt_count += 1
        attempt = SendAttempt(
            message_id=message.id, number=message.attempt_count, started_at=wall_now
        )
        session.add(attempt)
        return _Claim(message, self._lease(message, wall_now=wall_now), attempt.number)

    def _claim_question(
        self, session: Session, message: OutboxMessage, *, wall_now: datetime
    ) -> _Claim:
        attempts = session.scalars(
            select(SendAttempt)
            .where(SendAttempt.message_id == message.id)
            .order_by(SendAttempt.number)
        ).all()
        last = attempts[-1]
        if last.outcome is None:
            logger.warning("Message %s was left in the middle of an attempt.", message.id)
            last.outcome = AttemptOutcome.LOST
            message.doubt_count += 1
        message.state = MessageState.UNKNOWN
        since = min(
            (attempt.started_at for attempt in attempts if _is_open(attempt)),
            default=last.started_at,
        )
        return _Claim(message, self._lease(message, wall_now=wall_now), last.number, since)

    def _lease(self, message: OutboxMessage, *, wall_now: datetime) -> UUID:
        message.leased_by = uuid4()
        message.lease_until = wall_now + self._pace.lease
        message.asks_after = message.lease_until + self._pace.settle
        return message.leased_by

    # --- send -------------------------------------------------------------------------------------

    def _send(self, claim: _Claim) -> bool:
        """Call the provider and record what came of it; tell whether the channel is answering."""
        outcome = self._call(claim.message)
        now, wall_now = self._now(), self._wall_now()
        with self._database.transaction() as session:
            message, attempt = _locked(session, claim)
            attempt.ended_at = wall_now
            if isinstance(outcome, Accepted):
                attempt.outcome = AttemptOutcome.ACCEPTED
                attempt.provider_id = outcome.provider_id
                # A fact, even when the lease is gone: it keeps the message from going out again.
                lifecycle.accept(session, message, outcome.provider_id, now=now, hooks=self._hooks)
                return True
            attempt.error_code = outcome.code
            is_refused = isinstance(outcome, Refused)
            attempt.outcome = AttemptOutcome.REFUSED if is_refused else AttemptOutcome.UNCLEAR
            if message.leased_by != claim.token:
                return False
            if isinstance(outcome, Refused):
                self._follow_refusal(session, message, outcome, now=now)
                return outcome.is_permanent
            message.doubt_count += 1
            lifecycle.doubt(message, outcome.code, asks_after=wall_now + self._pace.settle)
            return False

    def _call(self, message: OutboxMessage) -> Accepted | Refused | Unclear:
        try:
            channel, outgoing = self._means.prepare(message, now=self._now())
        except Refused as refused:
            return refused
        except Exception as error:
            logger.exception("Message %s cannot be made ready.", message.id)
            return Refused(f"fault_{type(error).__name__}", meaning=Refusal.TRANSIENT)
        try:
            return channel.send(outgoing)
        except (Refused, Unclear) as outcome:
            return outcome
        except Exception as error:
            # Nobody knows how far it got, so it counts as if it might have left.
            logger.exception("The call for message %s failed in an unknown way.", message.id)
            return Unclear(f"fault_{type(error).__name__}")

    def _follow_refusal(
        self, session: Session, message: OutboxMessage, refused: Refused, *, now: datetime
    ) -> None:
        has_tried_enough = message.attempt_count >= self._pace.most_attempts
        if refused.is_permanent or (has_tried_enough and not message.is_vital):
            lifecycle.fail(session, message, refused.code, now=now, hooks=self._hooks)
            return
        message.last_error = refused.code
        wait = self._pace.wait_after(message, refused, chance=self._chance())
        lifecycle.requeue(session, message, at=now + wait, now=now, hooks=self._hooks)

    # --- ask --------------------------------------------------------------------------------------

    def _ask(self, claim: _Claim) -> bool:
        """Ask the provider about a message in doubt and decide; tell whether it is answering."""
        answer = self._question(claim)
        now, wall_now = self._now(), self._wall_now()
        with self._database.transaction() as session:
            message, attempt = _locked(session, claim)
            if message.leased_by != claim.token:
                return True
            message.ask_count += 1
            attempt.asked_at = wall_now
            match = claims.not_of_others(session, message, answer)
            if match is not None:
                attempt.answer, attempt.provider_id = ProviderAnswer.FOUND, match.provider_id
                self._follow_match(session, message, match, now=now)
            elif isinstance(answer, Found | Absent):
                attempt.answer = ProviderAnswer.ABSENT
                lifecycle.requeue(session, message, at=now, now=now, hooks=self._hooks)
            elif message.is_vital:
                attempt.answer = ProviderAnswer.CANNOT_TELL
                self._send_again(session, message, now=now)
            elif answer is None and not self._has_asked_enough(message, now=now):
                wait = self._pace.wait_before_asking_again(message)
                lifecycle.doubt(message, message.last_error, asks_after=wall_now + wait)
            else:
                attempt.answer = ProviderAnswer.CANNOT_TELL
                lifecycle.give_up(session, message, now=now, hooks=self._hooks)
            return answer is not None

    def _question(self, claim: _Claim) -> Found | Absent | CannotTell | None:
        """Return the answer, or None when the provider could not be asked now."""
        try:
            channel, outgoing = self._means.prepare(claim.message, now=self._now())
        except Refused:
            return CannotTell()
        except Exception:
            logger.exception("Message %s cannot be asked about.", claim.message.id)
            return None
        try:
            return channel.find(outgoing, since=claim.since or claim.message.created_at)
        except (Refused, Unclear) as error:
            logger.warning("Message %s: the provider cannot be asked, %s.",
                           claim.message.id, error.code)  # fmt: skip
        except Exception:
            logger.exception("The question about message %s failed.", claim.message.id)
        return None

    def _follow_match(
        self, session: Session, message: OutboxMessage, match: Match, *, now: datetime
    ) -> None:
        lifecycle.accept(session, message, match.provider_id, now=now, hooks=self._hooks)
        if match.status is not None:
            receipts.note(
                session, message.id, provider_id=match.provider_id, status=match.status,
                error_code=match.error_code, now=now, hooks=self._hooks,
            )  # fmt: skip

    def _send_again(self, session: Session, message: OutboxMessage, *, now: datetime) -> None:
        """Rather twice than never, but not without end."""
        if message.doubt_count < self._pace.most_doubts:
            lifecycle.requeue(session, message, at=now, now=now, hooks=self._hooks)
        else:
            lifecycle.give_up(session, message, now=now, hooks=self._hooks)

    def _has_asked_enough(self, message: OutboxMessage, *, now: datetime) -> bool:
        return message.ask_count >= self._pace.most_asks or lifecycle.is_over(message, now=now)


def _locked(session: Session, claim: _Claim) -> tuple[OutboxMessage, SendAttempt]:
    message = lifecycle.lock(session, claim.message.id)
    if message is None:
        raise LookupError("A message that was claimed is gone.")
    wanted = {"message_id": message.id, "number": claim.attempt_number}
    return message, session.scalars(ATTEMPT, wanted).one()


def _is_open(attempt: SendAttempt) -> bool:
    """Tell whether an attempt may have put the message out without anybody knowing."""
    is_doubtful = attempt.outcome in {AttemptOutcome.UNCLEAR, AttemptOutcome.LOST}
    return is_doubtful and attempt.answer is not ProviderAnswer.ABSENT
