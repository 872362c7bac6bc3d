"""The refusals about staff accounts; the rest of the catalogue is `errors.py`."""

from epro.errors import DomainError, RecordedRefusal


class OwnAccount(DomainError):
    """Nobody gives herself a role, takes one from herself, or renews her own way in."""

    code = "own_account"
    status = 403
    message = "This is your own account: a colleague has to do this."


class NameTaken(DomainError):
    """An account, open or closed, has this user name: it stays with the one who had it."""

    code = "name_taken"
    status = 409
    message = "This user name is taken."


class RoleHeld(DomainError):
    """The person has this role at this site already."""

    code = "role_held"
    status = 409
    message = "This role is held already."


class RolesApart(DomainError):
    """Roles that one person must not hold together; `details` names both."""

    code = "roles_apart"
    status = 409
    message = "One person must not hold these roles together."


class HasSeenData(DomainError):
    """Somebody who has seen diaries or visits cannot rate masked any more."""

    code = "has_seen_data"
    status = 409
    message = "This person has held a role that sees participants' data, and cannot rate masked."


class LastRole(DomainError):
    """An account without any role is a closed one."""

    code = "last_role"
    status = 409
    message = "This is the only role of the account. Close the account instead."


class AccountClosed(DomainError):
    """A closed account stays closed; a person who comes back gets a new one."""

    code = "account_closed"
    status = 409
    message = "This account is closed."


class WrongFirstCode(RecordedRefusal):
    """The authenticator shows another code than the secret that was just handed over makes."""

    code = "wrong_first_code"
    message = "This is not the code that the app should show now. Check the clock of the phone."
