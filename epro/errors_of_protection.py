"""The refusals about requests on personal data and about breaches; `errors.py` has the rest."""

from epro.errors import DomainError


class RequestEnded(DomainError):
    """A request that has ended is not worked on; another one can be recorded."""

    code = "request_ended"
    status = 409
    message = "This request has ended."


class MustBeKept(DomainError):
    """Records of a trial are not erased while the law has them kept; she is told which and why."""

    code = "must_be_kept"
    status = 409
    message = "What she gave for the trial has to be kept. Only her contact data can be erased."


class ContactStillNeeded(DomainError):
    """She takes part, or is still called about a flag or event; `details.because` says which."""

    code = "contact_still_needed"
    status = 409
    message = "Her telephone number is still needed."


class IncidentClosed(DomainError):
    """A breach that was closed stays as it is; what comes later is another entry."""

    code = "incident_closed"
    status = 409
    message = "This entry is closed."


class IncidentStillOpen(DomainError):
    """A breach is closed once it is contained and everybody was told; `details.open` names what."""

    code = "incident_still_open"
    status = 409
    message = "This cannot be closed yet."
