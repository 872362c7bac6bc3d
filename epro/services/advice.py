"""What a participant is told to do: the text of a rule, with the numbers of her site in it."""

from epro.models import Site
from questionnaires.definition import Language, SafetyRule, StudyPackage


def in_words(rule: SafetyRule, site: Site, package: StudyPackage, language: Language) -> str:
    """Return a rule's advice with telephone numbers filled in, on one line."""
    text = rule.advice.in_language(language).format(**numbers(site, package))
    return " ".join(text.split())


def numbers(site: Site, package: StudyPackage) -> dict[str, str]:
    """Return the telephone numbers that advice may name."""
    return {
        "site_phone": site.phone,
        "study_phone": site.phone_24h,
        "emergency_number": package.sites.emergency_number,
    }
