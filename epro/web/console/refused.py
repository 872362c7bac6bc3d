"""A form that was not taken: why, and what had been typed into it."""

from dataclasses import dataclass

from epro.errors import DomainError


@dataclass(frozen=True, slots=True)
class Refused:
    """What one form met, and what had been typed into it."""

    form: str
    refusal: DomainError
    typed: dict[str, list[str]]

    @property
    def places(self) -> set[str]:
        """The fields that were not right."""
        return {one["place"] for one in self.refusal.details.get("problems", ())}

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
