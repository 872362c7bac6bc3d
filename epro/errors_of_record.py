"""The refusals about corrections and adverse events; the rest of the catalogue is `errors.py`."""

from epro.errors import DomainError, RecordedRefusal


class NotSubmittedYet(DomainError):
    """A form that was not sent off yet is gone on with, not corrected."""

    code = "not_submitted_yet"
    status = 409
    message = "This form was not sent off yet. It can still be filled in."


class CorrectionOutdated(DomainError):
    """The response has changed since the revision that this would correct."""

    code = "correction_outdated"
    status = 409
    message = "These answers have changed meanwhile. Look at them again."


class NothingCorrected(DomainError):
    """A correction that says what is on record already."""

    code = "nothing_corrected"
    message = "This is what is on record already."


class NotConfirmedYet(DomainError):
    """The participant has not said that the correction is right; without her word it is none."""

    code = "not_confirmed_yet"
    status = 409
    message = "The participant has not confirmed this correction."


class AlreadyDecided(DomainError):
    """It was decided otherwise, or by somebody else, before; `details` says how it stands."""

    code = "already_decided"
    status = 409
    message = "This was decided already."


class SecondPersonNeeded(DomainError):
    """Whoever put a correction down, or heard it confirmed, does not decide about it.

    Nor does anybody compare with the sheet what she typed from it, or type it again and compare.
    """

    code = "second_person_needed"
    status = 403
    message = "Somebody else has to decide this."


class ModeNotAllowed(RecordedRefusal):
    """The study does not take answers to this form in this way; `details` names mode and form."""

    code = "mode_not_allowed"
    status = 409
    message = "This study does not take answers to this form in this way."


class GoesByItself(DomainError):
    """Nobody ticks off a comparison that was not made."""

    code = "goes_by_itself"
    status = 409
    message = "This line goes when what it asks for has been done."


class EventChanged(DomainError):
    """The event has another version than the one that was looked at, or was voided."""

    code = "event_changed"
    status = 409
    message = "This event has changed meanwhile. Look at it again."


class UnreadableEventList(DomainError):
    """A list of another system that cannot be read; `details.problems` names each line."""

    code = "unreadable_event_list"
    message = "This list cannot be read."


class NothingToSendAgain(DomainError):
    """The message has not failed, or was sent again already; calls are repeated by themselves."""

    code = "nothing_to_send_again"
    status = 409
    message = "Only a message that failed is sent again, and only once."


class NoLongerWanted(DomainError):
    """What a failed message was about is over: answered, closed, acknowledged, or told anew."""

    code = "no_longer_wanted"
    status = 409
    message = "Nobody needs this message any more."


class NotToBeRemindedNow(DomainError):
    """The policy of reminding stands against it; `details.reason` names what."""

    code = "not_to_be_reminded_now"
    status = 409
    message = "By the rules of reminding she is not written to now."


class RecordLocked(RecordedRefusal):
    """The record was signed off and locked; a correction that she sends is kept all the same."""

    code = "record_locked"
    status = 409
    message = "This record is locked. It has to be unlocked, with a reason, before it is changed."


class RatingNotOpen(DomainError):
    """A rating counts only within its window; `details` names `opens_at` and `late_until`."""

    code = "rating_not_open"
    status = 409
    message = "This rating cannot be entered now: it is not open, or no longer."


class ReviewOutdated(DomainError):
    """Something came in after the page was shown; nobody has seen it."""

    code = "review_outdated"
    status = 409
    message = "Something came in since this page was shown. Look at it, and mark it then."


class RecordNotReady(DomainError):
    """A record with something open is not signed off; `details` names each by its id."""

    code = "record_not_ready"
    status = 409
    message = "Something in this record is still open. Close or decide it first."


class NotSignedOff(DomainError):
    """No sign-off stands, or the record has changed since."""

    code = "not_signed_off"
    status = 409
    message = "This record is not signed off, or has changed since it was."


class NotTheRater(DomainError):
    """A rating is put right by whoever entered it, and by nobody else."""

    code = "not_the_rater"
    status = 403
    message = "Only the person who entered this rating can put it right."


class DecommissionRefused(DomainError):
    """The record has to be kept, or nobody holds a copy of it; `details` gives every reason."""

    code = "decommission_refused"
    status = 409
    message = "The record stays."
