"""The catalogue never holds two contents under one name."""

from dataclasses import replace

import pytest

from questionnaires.catalogue import (
    Catalogue,
    ConflictingEditions,
    UnknownQuestionnaire,
    UnknownStudyVersion,
)
from questionnaires.definition import Questionnaire, StudyPackage
from tests.questionnaires.forms import clause, form, item, shipped


def asking(questionnaire: Questionnaire) -> StudyPackage:
    return replace(shipped(), questionnaires=(questionnaire,))


@pytest.mark.req("Q-01")
def test_packages_are_found_by_the_id_of_their_version() -> None:
    assert Catalogue({7: shipped()}).package(7) is shipped()


@pytest.mark.req("Q-01")
def test_an_old_edition_stays_beside_the_new_one() -> None:
    old, new = form(item("a")), replace(form(item("b")), version="1.1.0")

    catalogue = Catalogue({1: asking(old), 2: asking(new)})

    assert catalogue.questionnaire("form", "1.0.0") == old
    assert catalogue.questionnaire("form", "1.1.0") == new


@pytest.mark.req("Q-01")
def test_an_edition_may_stand_unchanged_in_several_packages() -> None:
    catalogue = Catalogue({1: asking(form(item("a"))), 2: asking(form(item("a")))})

    assert catalogue.questionnaire("form", "1.0.0") == form(item("a"))


@pytest.mark.req("Q-01")
@pytest.mark.parametrize("literal", [1, 0])
def test_a_published_edition_never_changes(literal: int) -> None:
    before = form(item("a"), item("b", enable_when=(clause("a", "=", False),)))
    after = form(item("a"), item("b", enable_when=(clause("a", "=", literal),)))

    with pytest.raises(ConflictingEditions, match=r"form 1\.0\.0"):
        Catalogue({1: asking(before), 2: asking(after)})


@pytest.mark.req("Q-01")
def test_what_was_never_published_is_unknown() -> None:
    catalogue = Catalogue({7: shipped()})

    with pytest.raises(UnknownStudyVersion):
        catalogue.package(8)
    with pytest.raises(UnknownQuestionnaire):
        catalogue.questionnaire("daily", "0.0.1")
