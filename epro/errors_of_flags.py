"""Refusals about flags: what is done about one, by whom, and who is on call at which hour."""

from epro.errors import DomainError


class FlagNotAcknowledged(DomainError):
    """Nobody has taken the flag since it last became urgent; that comes first."""

    code = "flag_not_acknowledged"
    status = 409
    message = "Acknowledge this flag first."


class FlagClosed(DomainError):
    """The flag is closed; only its assessment can still be corrected."""

    code = "flag_closed"
    status = 409
    message = "This flag is closed."


class FlagNotClosed(DomainError):
    """The signature of a closure is given anew only when there is a closure."""

    code = "flag_not_closed"
    status = 409
    message = "This flag is not closed."


class DispositionMissing(DomainError):
    """A physician has not assessed the flag since it last became urgent."""

    code = "disposition_missing"
    status = 409
    message = "A physician has to assess this flag before it can be closed."


class ContactMissing(DomainError):
    """No contact is on record for the flag since it last became urgent."""

    code = "contact_missing"
    status = 409
    message = "Write down the contact first: when, how, and what came of it."


class SendingMissing(DomainError):
    """A serious event closes only with time, person and proof of its report to the sponsor."""

    code = "sending_missing"
    status = 409
    message = "Record first when, by whom and with which proof the report went to the sponsor."


class SignatureMissing(DomainError):
    """A RED or ORANGE flag closes with a signature only."""

    code = "signature_missing"
    message = "Closing this flag takes your signature: password and one-time code."


class SignatureHolds(DomainError):
    """The closure carries an unbroken signature; another one would say nothing new."""

    code = "signature_holds"
    status = 409
    message = "The signature under this still holds."


class AwarenessNotPossible(DomainError):
    """A time that lies in the future, or is not earlier (later) than the one that counts."""

    code = "awareness_not_possible"
    message = "This time of awareness cannot be recorded."


class RosterGap(DomainError):
    """Hours at which a line of the roster has nobody; `details.gaps` names each."""

    code = "roster_gap"
    message = "At these hours nobody would be on call."
