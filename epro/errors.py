"""The catalogue of refusals: each names a fact, carries a stable code and holds no answers.

`status` is the HTTP status an edge answers with; `details` is small, safe to show and safe to log.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class DomainError(Exception):
    """Something was asked that the rules of the trial or of access do not allow."""

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 422
    message: ClassVar[str] = "This is not possible."

    def __init__(
        self, message: str | None = None, *, details: Mapping[str, Any] | None = None
    ) -> None:
        self.text = message or self.message
        self.details = dict(details or {})
        super().__init__(self.text)


class RecordedRefusal(DomainError):
    """A refusal that leaves traces: `transaction()` commits what was written, then re-raises."""


# --- the request itself ---------------------------------------------------------------------------


class MalformedBody(DomainError):
    """The body is not JSON."""

    code = "malformed_body"
    status = 400
    message = "The body of this request is not JSON."


class BodyTooLarge(DomainError):
    """The body is larger than any honest request."""

    code = "body_too_large"
    status = 413
    message = "This request is too large."


class InvalidRequest(DomainError):
    """The schema refuses the request; `details.problems` names each place."""

    code = "invalid_request"
    message = "Something in this request is not right."


class DatabaseUnavailable(DomainError):
    """The database did not answer in time; the same request may succeed in a moment."""

    code = "database_unavailable"
    status = 503
    message = "Please try again in a moment."


# --- access ---------------------------------------------------------------------------------------


class NotSignedIn(DomainError):
    """No session, or one that has ended, was revoked or cannot be read."""

    code = "not_signed_in"
    status = 401
    message = "Please sign in."


class OtherParticipant(DomainError):
    """The request names a participant whose session it is not: another tab has changed the cookies.

    Nothing of it was looked at or kept; whoever sent it keeps it and may send it again.
    """

    code = "other_participant"
    status = 401
    message = "This browser is signed in for another participant."


class SessionRevoked(RecordedRefusal):
    """The session was ended by the site, by signing out, or because a used-up token came back."""

    code = "session_revoked"
    status = 401
    message = "This session has ended. Please sign in again."


class NotPermitted(DomainError):
    """The actor's roles do not hold the permission that the route asks for."""

    code = "not_permitted"
    status = 403
    message = "Your role does not allow this."


class MayReveal(DomainError):
    """A text holds words that might tell who received what; sent again and confirmed it is kept.

    `details` name the fields and the words, never the text.
    """

    code = "may_reveal"
    status = 409
    message = "Words here might tell who received what. Rewrite them, or confirm and send again."


class NotFound(DomainError):
    """It does not exist, or the actor may not know that it does: both look alike."""

    code = "not_found"
    status = 404
    message = "There is nothing here that you can see."


class WrongCredentials(RecordedRefusal):
    """Wrong, unknown, used, expired or locked: one same answer for all of them."""

    code = "wrong_credentials"
    status = 401
    message = "These details are not right, or no longer valid."


class WrongPin(RecordedRefusal):
    """The PIN that was given as the present one is another; the attempt is recorded."""

    code = "wrong_pin"
    status = 422
    message = "This is not your present PIN."


class TooManyAttempts(RecordedRefusal):
    """Too many refused attempts for this account or from this address."""

    code = "too_many_attempts"
    status = 429
    message = "Too many attempts. Please wait, or call the site."


class SignatureNotProven(RecordedRefusal):
    """Password or one-time code, typed again to sign, were not right; counted to the lock-out."""

    code = "signature_not_proven"
    status = 403
    message = "This was not signed: password or one-time code are not right, or were used before."


class NotDelegated(DomainError):
    """The task is not delegated to this person on this day; `details` names task and why."""

    code = "not_delegated"
    status = 403
    message = "The principal investigator has not delegated this task to you for today."


class WeakSecret(DomainError):
    """A PIN or password that is too easy to guess."""

    code = "weak_secret"
    message = "Please choose one that is harder to guess."


class SignatureInvalid(DomainError):
    """A report that claims to come from a provider and was not signed by it."""

    code = "signature_invalid"
    status = 403
    message = "This report is not signed as it should be."


# --- trial ----------------------------------------------------------------------------------------


class InvalidInput(DomainError):
    """A value that the schema lets through but the trial does not know, with its place."""

    code = "invalid_input"
    message = "Something in this request is not right."


class AlreadyExists(DomainError):
    """The code or name is taken."""

    code = "already_exists"
    status = 409
    message = "This already exists."


class LicenceExpired(DomainError):
    """A licensed instrument may not be used on the day in question."""

    code = "licence_expired"
    message = "The licence of an instrument has expired."


class ActivationInThePast(DomainError):
    """What has been asked stays asked: a further study version takes effect on a later day."""

    code = "activation_in_the_past"
    message = "A further study version can take effect from tomorrow on."


class ConsentMissing(DomainError):
    """A kind of consent that the study needs before any data is not recorded."""

    code = "consent_missing"
    message = "A needed consent is not recorded."


class ConsentIsNeeded(DomainError):
    """A consent that the study needs is withdrawn while the diary would go on."""

    code = "consent_is_needed"
    message = "Without this consent she cannot keep her diary: say how she takes part from now on."


class ReasonRequired(DomainError):
    """A correction of something on record needs a reason."""

    code = "reason_required"
    message = "Please give the reason for this change."


class AnchorNotPossible(DomainError):
    """An anchor that lies in the future, comes before enrolment, or contradicts another one."""

    code = "anchor_not_possible"
    message = "This anchor cannot be recorded."


class SecondInfusionNotSettled(DomainError):
    """The study does not say how a second infusion visit is kept from telling who got what."""

    code = "second_infusion_not_settled"
    status = 409
    message = (
        "The study package does not say how second infusion visits are handled. Its study.yaml "
        "must name second_infusion before one is recorded."
    )


class LifeCycleNotPossible(DomainError):
    """How a participant takes part cannot change in that way, or not at that time."""

    code = "life_cycle_not_possible"
    status = 409
    message = "This change is not possible."


class NoActiveStudyVersion(DomainError):
    """No study version is activated at the site on that date."""

    code = "no_active_study_version"
    status = 409
    message = "No study version is active at this site."


class InvalidAnswers(RecordedRefusal):
    """Answers that break the questionnaire's rules; kept in quarantine all the same."""

    code = "invalid_answers"
    message = "Some answers are not valid."

    def __init__(self, problems: Sequence[Mapping[str, str]]) -> None:
        super().__init__(details={"problems": [dict(problem) for problem in problems]})


class UnknownQuestionnaire(RecordedRefusal):
    """The named questionnaire version is not the one that was asked, or does not exist."""

    code = "unknown_questionnaire"
    message = "This questionnaire version is not known here."


class UnknownAssessment(RecordedRefusal):
    """No such assessment for this participant; the body is kept in quarantine."""

    code = "unknown_assessment"
    status = 404
    message = "This assessment is not known."


class RevisionConflict(RecordedRefusal):
    """A different body for a revision that is stored, an outdated one, or a completed response.

    Final: sending it again will never succeed. The refused body is kept in quarantine.
    """

    code = "revision_conflict"
    status = 409
    message = "A different version of this response is already stored."


class AlreadyAcknowledged(DomainError):
    """Somebody else took the flag first; `details` says who and when."""

    code = "already_acknowledged"
    status = 409
    message = "Somebody has acknowledged this flag already."


class IdentityMissing(DomainError):
    """A participant who was enrolled by code alone: nobody has written down who she is."""

    code = "identity_missing"
    status = 409
    message = "Write down her phone number and year of birth first."


class IdempotencyConflict(DomainError):
    """The Idempotency-Key was used before with a different request."""

    code = "idempotency_conflict"
    status = 409
    message = "This Idempotency-Key was used for a different request."


# --- feed -----------------------------------------------------------------------------------------


class CursorInvalid(DomainError):
    """The cursor was not made here, or was changed on its way."""

    code = "cursor_invalid"
    status = 400
    message = "This cursor was not given by this feed."


class CursorFilterMismatch(DomainError):
    """The cursor belongs to a feed of other types; going on with it would lose changes."""

    code = "cursor_filter_mismatch"
    status = 400
    message = "This cursor belongs to another choice of types."


class CursorEpochUnknown(DomainError):
    """The cursor comes from before this database was restored; its place no longer exists."""

    code = "cursor_epoch_unknown"
    status = 410
    message = "This database was restored since. Start anew without a cursor: take a snapshot."


class ScopeNotGranted(DomainError):
    """A token was asked for with a scope that is unknown or that the client does not have."""

    code = "invalid_scope"
    status = 400
    message = "This client does not have the scope."


# --- rehearsal ------------------------------------------------------------------------------------


class ClockNeverGoesBack(DomainError):
    """A rehearsal's time moves ahead only: what happened would else lie in the future."""

    code = "clock_never_goes_back"
    message = "The trial's clock is past that instant. It only moves ahead."


class WorkerNotRunning(DomainError):
    """The clock has moved, but no worker did what fell due; it will, as soon as one runs."""

    code = "worker_not_running"
    status = 504
    message = "The clock has moved, but no worker settled what fell due. Start one: epro worker"
