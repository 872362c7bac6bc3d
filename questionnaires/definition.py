"""The words of a study package: what is asked, what alarms, what is said, and to whom."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from questionnaires.adverse_events import AdverseEventPolicy as AdverseEventPolicy
from questionnaires.adverse_events import MasterList as MasterList
from questionnaires.escalating import EscalationPolicy
from questionnaires.lexicon import Lexicon
from questionnaires.licensing import EntryMode, FormModes, LicensedUse
from questionnaires.reminding import ReminderPolicy
from questionnaires.safety import AsksFirst as AsksFirst
from questionnaires.safety import CallNow as CallNow
from questionnaires.safety import Missed as Missed
from questionnaires.safety import MissedInARow as MissedInARow
from questionnaires.safety import MissedWhileOpen as MissedWhileOpen
from questionnaires.safety import SafetyRule as SafetyRule
from questionnaires.safety import SilencePolicy as SilencePolicy
from questionnaires.safety import Trigger as Trigger
from questionnaires.schedule import ScheduleOfAssessments
from questionnaires.scores import Score
from questionnaires.tiers import Channel
from questionnaires.trends import Trend
from questionnaires.words import AnswerValue as AnswerValue
from questionnaires.words import Behavior as Behavior
from questionnaires.words import Clause as Clause
from questionnaires.words import ClauseAnswer as ClauseAnswer
from questionnaires.words import Derivation as Derivation
from questionnaires.words import Language as Language
from questionnaires.words import Operator as Operator
from questionnaires.words import Translated as Translated


class ItemType(StrEnum):
    """What kind of answer an item takes; `validation.py` has one check for each.

    NRS: a whole number 0-10. VAS: a mark on a line, a whole number 0-100. TIME: HH:MM, as clocks
    show it where she is. A check list is no type: it is several items of one `group`.
    """

    NRS = "nrs"
    VAS = "vas"
    CHOICE = "choice"
    MULTI = "multi"
    BOOLEAN = "boolean"
    NUMBER = "number"
    TEXT = "text"
    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"
    INFO = "info"


class Recall(StrEnum):
    """The time a question asks about; its text says it in words, see `recalls.py`."""

    NOW = "now"
    PAST_24_HOURS = "past_24_hours"
    PAST_7_DAYS = "past_7_days"
    PAST_10_DAYS = "past_10_days"
    PAST_4_WEEKS = "past_4_weeks"
    PAST_30_DAYS = "past_30_days"
    SINCE_LAST_ENTRY = "since_last_entry"
    SINCE_IT_BEGAN = "since_it_began"


@dataclass(frozen=True, slots=True)
class Choice:
    """One option; an exclusive one ("none of these") cannot be ticked together with others.

    `score` is what it counts in a score, its ordinal value; a choice without one counts as missing.
    """

    code: str
    text: Translated
    exclusive: bool = False
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Ends:
    """What the lowest and the highest point of a scale mean."""

    low: Translated
    high: Translated


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One question, on a screen of its own; the recall period stands in its text.

    A skippable item may be declined, which is stored; an optional one may simply be left blank.
    Outside the hard limits a number is impossible, outside the soft ones it has to be confirmed;
    the limits belong to what is allowed. `skip_text` replaces the words of the declining button.
    Items of one `group` stand under the info item of that name as the rows of a check list. The
    number of a `vas` may be kept from view. {last_entry_on} in a text is a date that the server
    fills in; it belongs to the recall `since_last_entry`.
    """

    link_id: str
    type: ItemType
    text: Translated
    hint: Translated | None = None
    skip_text: Translated | None = None
    ends: Ends | None = None
    choices: tuple[Choice, ...] = ()
    enable_when: tuple[Clause, ...] = ()
    enable_behavior: Behavior = Behavior.ALL
    skippable: bool = True
    optional: bool = False
    unit: str | None = None
    decimals: int = 0
    hard_min: float | None = None
    hard_max: float | None = None
    soft_min: float | None = None
    soft_max: float | None = None
    max_length: int = 500
    recall: Recall | None = None
    group: str | None = None
    hides_value: bool = False

    @property
    def takes_answer(self) -> bool:
        """Tell whether there is anything to answer."""
        return self.type is not ItemType.INFO

    @property
    def codes(self) -> tuple[str, ...]:
        """Return the codes of the choices, in the order shown."""
        return tuple(choice.code for choice in self.choices)


class QuestionnaireKind(StrEnum):
    """How a questionnaire is used: the daily diary, a shorter one, a report at any hour."""

    DAILY = "daily"
    SHORT = "short"
    REPORT = "report"


@dataclass(frozen=True, slots=True, kw_only=True)
class Questionnaire:
    """One published edition; the content of a (code, version) never changes.

    `recall` is that of the instrument as its authors published it: no item may ask about another.
    """

    code: str
    version: str
    kind: QuestionnaireKind
    title: Translated
    intro: Translated | None = None
    minutes: int
    items: tuple[Item, ...]
    recall: Recall | None = None
    scores: tuple[Score, ...] = ()

    def item(self, link_id: str) -> Item | None:
        """Return the item of that link_id, if there is one."""
        return next((item for item in self.items if item.link_id == link_id), None)


class Audience(StrEnum):
    """Who reads a message."""

    PARTICIPANT = "participant"
    STAFF = "staff"
    SPONSOR = "sponsor"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageTemplate:
    """An approved text. Staff read {code} {tier} {rule} {time} {link}; the sponsor reads {site}.

    What was published under a `version` never changes; other words need a new one.
    """

    key: str
    version: str = "1"
    audience: Audience
    channel: Channel
    subject: Translated | None = None
    body: Translated


@dataclass(frozen=True, slots=True)
class TellingWords:
    """What a message to a participant must not say, in either language.

    English ones are beginnings of words, Chinese ones stand anywhere.
    """

    zh: tuple[str, ...] = ()
    en: tuple[str, ...] = ()


class SecondInfusionMode(StrEnum):
    """How a second infusion visit is kept from telling who got what."""

    UNIFORM_56_DAYS = "uniform_56_days"
    DUMMY_FOR_ALL = "dummy_for_all"
    OPEN_BY_DESIGN = "open_by_design"


@dataclass(frozen=True, slots=True)
class SecondInfusion:
    """The mode, and the sponsor's document that says so; every mode but the uniform needs one."""

    mode: SecondInfusionMode
    document: str | None = None


class ThermometerRoute(StrEnum):
    """Where a temperature is taken."""

    AXILLARY = "axillary"
    ORAL = "oral"
    EAR = "ear"
    FOREHEAD = "forehead"


class ConsentKind(StrEnum):
    """What a participant agrees to, each by itself."""

    TRIAL = "trial"
    SENSITIVE_DATA = "sensitive_data"
    SMS_PROCESSOR = "sms_processor"
    CROSS_BORDER = "cross_border"
    PARTIAL_ANSWERS = "partial_answers"
    CONTACT_PERSON = "contact_person"
    EMAIL_PROCESSOR = "email_processor"


@dataclass(frozen=True, slots=True)
class Consent:
    """One consent of the study; the required ones are needed before any answer is taken.

    `document_version` is the edition of the paper that is signed under this version of the study;
    None leaves it to the site. Who signed another one is asked to sign anew, and goes on meanwhile.
    """

    kind: ConsentKind
    title: Translated
    required: bool
    document_version: str | None = None


@dataclass(frozen=True, slots=True)
class SiteDefaults:
    """Telephone numbers where a site has none of its own; `study_phone` answers day and night."""

    site_phone: str
    study_phone: str
    emergency_number: str


@dataclass(frozen=True, slots=True)
class BlockTitle:
    """What a block of the schedule is called."""

    block: str
    title: Translated


@dataclass(frozen=True, kw_only=True)  # without slots: what follows from it is kept in it
class StudyPackage:
    """All that one version of the study is made of."""

    code: str
    version: str
    title: Translated
    languages: tuple[Language, ...]
    zone: str
    second_infusion: SecondInfusion | None
    thermometer_route: ThermometerRoute
    links_in_sms: bool
    consents: tuple[Consent, ...]
    adverse_events: AdverseEventPolicy
    sites: SiteDefaults
    questionnaires: tuple[Questionnaire, ...]
    schedule: ScheduleOfAssessments
    block_titles: tuple[BlockTitle, ...]
    reminders: ReminderPolicy
    rules: tuple[SafetyRule, ...]
    silence: SilencePolicy
    escalation: EscalationPolicy
    texts: tuple[MessageTemplate, ...]
    never_say: TellingWords = TellingWords()
    may_reveal: Lexicon | None = None
    trends: tuple[Trend, ...] = ()
    lexicons: tuple[Lexicon, ...] = ()
    modes: tuple[EntryMode, ...] = (EntryMode.OWN_DEVICE,)
    form_modes: tuple[FormModes, ...] = ()
    licensed: tuple[LicensedUse, ...] = ()

    @property
    def infusion_day_number(self) -> int:
        """Return 1 where the infusion day is D1, 0 where it is D0."""
        return self.schedule.infusion_day_number

    @cached_property
    def derived_names(self) -> frozenset[str]:
        """Return the names that a rule may read beside those of items."""
        own = [trend.name for trend in self.trends] + [one.name for one in self.lexicons]
        return frozenset(Derivation) | frozenset(own)

    @cached_property
    def free_texts(self) -> frozenset[str]:
        """Return the link_ids of the items that are answered in a participant's own words."""
        items = (item for one in self.questionnaires for item in one.items)
        return frozenset(item.link_id for item in items if item.type is ItemType.TEXT)

    def questionnaire(self, code: str) -> Questionnaire | None:
        """Return the edition of a questionnaire that this study version uses."""
        return next((one for one in self.questionnaires if one.code == code), None)

    def modes_of(self, code: str) -> tuple[EntryMode, ...]:
        """Return by which modes a questionnaire is answered: the study's, or fewer."""
        own = (one.modes for one in self.form_modes if one.questionnaire == code)
        return next(own, self.modes)

    def block_title(self, block: str) -> Translated | None:
        """Return what a block is called."""
        return next((one.title for one in self.block_titles if one.block == block), None)

    def rule_title(self, rule_id: str) -> Translated:
        """Return the title of a rule, or of silence; an unknown one is called by its id."""
        titles = {one.id: one.title for one in self.rules} | {self.silence.id: self.silence.title}
        return titles.get(rule_id, Translated(rule_id, rule_id))

    def text(self, key: str) -> MessageTemplate | None:
        """Return the message template of that key."""
        return next((one for one in self.texts if one.key == key), None)
