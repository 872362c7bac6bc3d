"""All published study versions at hand, built once at start and passed in; never changed."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from questionnaires.canonical import to_text
from questionnaires.definition import Questionnaire, StudyPackage


class UnknownStudyVersion(LookupError):
    """No study version of that id has been published."""


class UnknownQuestionnaire(LookupError):
    """No published study version holds that edition of a questionnaire."""


class ConflictingEditions(ValueError):
    """Two study versions hold the same edition of a questionnaire with different content."""


class Catalogue:
    """Study packages by the id of their stored version, questionnaires by code and version."""

    def __init__(self, packages: Mapping[int, StudyPackage]) -> None:
        """Raise ConflictingEditions where a published edition would have changed."""
        self._packages = MappingProxyType(dict(packages))
        self._questionnaires: dict[tuple[str, str], Questionnaire] = {}
        for package in self._packages.values():
            for one in package.questionnaires:
                known = self._questionnaires.setdefault((one.code, one.version), one)
                # Compared as text: to Python False equals 0, to a participant it does not.
                if known is not one and to_text(known) != to_text(one):
                    raise ConflictingEditions(
                        f"Questionnaire {one.code} {one.version} was published with other content;"
                        f" study version {package.version} needs a new edition of it."
                    )

    def package(self, version_id: int) -> StudyPackage:
        """Return a study version. Raises UnknownStudyVersion."""
        try:
            return self._packages[version_id]
        except KeyError:
            raise UnknownStudyVersion(version_id) from None

    @property
    def packages(self) -> tuple[StudyPackage, ...]:
        """Return every study version, in the order published."""
        return tuple(self._packages[version_id] for version_id in sorted(self._packages))

    @property
    def questionnaires(self) -> tuple[Questionnaire, ...]:
        """Return every published edition, by code and version."""
        return tuple(self._questionnaires[key] for key in sorted(self._questionnaires))

    def questionnaire(self, code: str, version: str) -> Questionnaire:
        """Return one edition, whichever study version brought it. Raises UnknownQuestionnaire."""
        try:
            return self._questionnaires[code, version]
        except KeyError:
            raise UnknownQuestionnaire(f"{code} {version}") from None
