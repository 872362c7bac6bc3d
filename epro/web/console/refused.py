"""A form that was not taken: why, and what had been typed into it."""

from dataclasses import dataclass

from epro.errors import DomainError, MayReveal, ReasonRequired, SignatureNotProven
from epro.errors_of_flags import SignatureMissing


@dataclass(frozen=True, slots=True)
class Refused:
    """What one form met, and what had been typed into it."""

    form: str
    refusal: DomainError
    typed: dict[str, list[str]]

    @property
    def places(self) -> set[str]:
        """The fields that were not right, or hold words to look at again."""
        problems = {one["place"] for one in self.refusal.details.get("problems", ())}
        named = {self.refusal.details["place"]} if "place" in self.refusal.details else set()
        return problems | named | self._lacking | set(self.refusal.details.get("fields", ()))

    def said_of(self, field: str) -> list[str]:
        """Return what is wrong with a field, as the refusal says it."""
        problems = self.refusal.details.get("problems", ())
        said = [one["message"] for one in problems if one["place"] == field and "message" in one]
        return said or ([self.refusal.text] if field in self._lacking else [])

    @property
    def is_unproven(self) -> bool:
        """Tell whether what was typed to sign is missing or not right."""
        return isinstance(self.refusal, SignatureMissing | SignatureNotProven)

    @property
    def _lacking(self) -> set[str]:
        """The field that a reason was expected in."""
        is_lacking = isinstance(self.refusal, ReasonRequired)
        return {self.refusal.details.get("place", "reason")} if is_lacking else set()

    @property
    def first_revealing(self) -> str | None:
        """The first field whose words might tell who received what; the form asks beneath it."""
        is_warning = isinstance(self.refusal, MayReveal)
        return next(iter(self.refusal.details["fields"]), None) if is_warning else None

    def needs_confirmation(self, field: str) -> bool:
        """Tell whether a value is unusual and has to be confirmed."""
        problems = self.refusal.details.get("problems", ())
        return any(
            one["place"] == field and one.get("code") == "needs_confirmation" for one in problems
        )

    def text(self, field: str) -> str:
        """Return what was typed into a field."""
        return next(iter(self.typed.get(field, ())), "")

    def ticked(self, field: str) -> list[str]:
        """Return what was ticked."""
        return self.typed.get(field, [])
