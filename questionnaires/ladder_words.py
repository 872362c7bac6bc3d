"""Who is told of a flag, in words: every ladder with its calls, its night and the daily digest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from questionnaires.escalating import (
    Calls,
    Digest,
    EscalationPolicy,
    Ladder,
    LadderCase,
    LadderStep,
    Moment,
    OnWorkingDay,
    Recipient,
    SinceOpening,
)
from questionnaires.hours import LocalHours, Weekday
from questionnaires.schedule import ClockTime
from questionnaires.tiers import Tier
from questionnaires.words import Translated

TIERS = {
    Tier.RED_A: Translated("红 A：可能危及生命", "RED-A: life may be in danger"),
    Tier.RED_B: Translated("红 B：可能严重，数小时内处理", "RED-B: possibly serious, hours matter"),
    Tier.ORANGE: Translated("橙：当天需要医生", "ORANGE: needs a clinician today"),
    Tier.YELLOW: Translated("黄：下一个工作日查看", "YELLOW: review on the next working day"),
}
_SHORT = {
    Tier.RED_A: Translated("红 A", "RED-A"), Tier.RED_B: Translated("红 B", "RED-B"),
    Tier.ORANGE: Translated("橙", "ORANGE"), Tier.YELLOW: Translated("黄", "YELLOW"),
}  # fmt: skip
_CASES = {
    LadderCase.ALWAYS: Translated("", ""),
    LadderCase.TONIGHT: Translated("当晚", "tonight"),
    LadderCase.IN_OFFICE_HOURS: Translated("上班时间", "in office hours"),
    LadderCase.OUTSIDE_OFFICE_HOURS: Translated("下班以后", "outside office hours"),
}
_PEOPLE = {
    Recipient.COORDINATOR: Translated("协调员", "coordinator"),
    Recipient.ON_CALL: Translated("值班医生", "doctor on call"),
    Recipient.BACKUP: Translated("后备医生", "backup"),
    Recipient.INVESTIGATOR: Translated("研究者", "investigator"),
    Recipient.PRINCIPAL_INVESTIGATOR: Translated("主要研究者", "principal investigator"),
    Recipient.SPONSOR_CONTACT: Translated(
        "申办方联系人（只告知中心编号）", "sponsor's contact (told which site, nothing else)"
    ),
}
_CHANNELS = {
    "sms": Translated("短信", "text message"), "email": Translated("邮件", "mail"),
    "voice": Translated("语音电话", "voice call"),
}  # fmt: skip
_DAYS = {
    Weekday.MON: Translated("周一", "Mon"), Weekday.TUE: Translated("周二", "Tue"),
    Weekday.WED: Translated("周三", "Wed"), Weekday.THU: Translated("周四", "Thu"),
    Weekday.FRI: Translated("周五", "Fri"), Weekday.SAT: Translated("周六", "Sat"),
    Weekday.SUN: Translated("周日", "Sun"),
}  # fmt: skip


def told_of(policy: EscalationPolicy, tier: Tier, *, tonight: bool) -> Iterator[Translated]:
    """Yield everything by which people learn of a flag of a tier; `tonight` as its rule says."""
    if policy.digest is not None and tier in policy.digest.tiers:
        yield _digest(policy.digest)
    for ladder in policy.ladders:
        is_tonight = ladder.case is LadderCase.TONIGHT
        if ladder.tier is tier and (tier is not Tier.ORANGE or is_tonight is tonight):
            yield from _ladder(ladder)
    if tonight and tier.urgency < policy.night.tier.urgency:
        yield from _night(policy)


def who_is_told(policy: EscalationPolicy) -> Sequence[tuple[Translated, Sequence[Translated]]]:
    """Return for each tier, and for what is marked tonight apart, who is told of its flags."""
    told = []
    for tier, title in TIERS.items():
        told.append((title, list(told_of(policy, tier, tonight=False))))
        if tier is Tier.ORANGE:
            name, case = _SHORT[tier], _CASES[LadderCase.TONIGHT]
            tonight = Translated(f"{name.zh}，{case.zh}", f"{name.en}, marked {case.en}")
            told.append((tonight, list(told_of(policy, tier, tonight=True))))
    return told


def office_hours(policy: EscalationPolicy) -> Translated:
    """Return when a site counts as staffed."""
    office = policy.office_hours
    days = [_DAYS[one] for one in office.days]
    span = _span(LocalHours(office.begin, office.end))
    return Translated(
        f"时间均为中心当地时间。上班时间：{'、'.join(one.zh for one in days)} {span}，节假日除外"
        f"（{len(office.holidays)} 天放假，{len(office.working_days)} 天调休上班，见研究包）。",
        f"All times are the site's. Office hours: {', '.join(one.en for one in days)} {span}, but"
        f" for holidays ({len(office.holidays)} free days and {len(office.working_days)} worked"
        " weekend days are listed in the package).",
    )


def _digest(digest: Digest) -> Translated:
    to = _people(digest.to)
    return Translated(
        f"立即出现在工作清单上，不单独发消息；每个工作日在中心定的时间给{to.zh}发一封邮件，"
        "只说还有几条未确认",
        f"on the work list at once, without a message of its own; on each working day, at the"
        f" site's hour, one mail to the {to.en} says how many are not acknowledged",
    )


def _night(policy: EscalationPolicy) -> Iterator[Translated]:
    night = policy.night
    name, begin = _SHORT[night.tier], _clock(night.hours.begin)
    yield Translated(
        f"到 {begin} 仍未确认，或在 {_span(night.hours)} 之间出现：从那时起按{name.zh}处理，"
        f"即从头通知：",
        f"not acknowledged at {begin}, or raised within {_span(night.hours)}: handled as"
        f" {name.en} from then on, from its first step:",
    )
    for ladder in policy.ladders:
        if ladder.tier is night.tier:
            yield from _ladder(ladder)


def _ladder(ladder: Ladder) -> Iterator[Translated]:
    steps = [_step(one) for one in ladder.steps]
    case, by = _CASES[ladder.case], _deadline(ladder.acknowledge)
    zh = f"{' → '.join(one.zh for one in steps)}（应在{by.zh}确认）"
    en = f"{' → '.join(one.en for one in steps)} (to be acknowledged {by.en})"
    yield Translated(f"{case.zh}：{zh}" if case.zh else zh, f"{case.en}: {en}" if case.en else en)
    if ladder.calls is not None:
        yield _calls(ladder.calls)


def _calls(calls: Calls) -> Translated:
    every = calls.every_minutes
    return Translated(
        "在启用语音电话的中心：轮到的各级人员（申办方除外）的电话立即响起，"
        f"之后每 {every} 分钟一次，直到有人确认",
        f"where a site has calls switched on: the phones of everybody whose step has come, but for"
        f" the sponsor's, ring at once and then every {every} min until somebody acknowledges",
    )


def _step(step: LadderStep) -> Translated:
    when, to = _moment(step.when), _people(step.to)
    by = [_CHANNELS[one.value] for one in step.by]
    by_zh, by_en = "、".join(one.zh for one in by), ", ".join(one.en for one in by)
    new = Translated("中尚未通知者", ", whoever was not told yet") if step.someone_new else None
    task = "；工作清单要求致电主要研究者" if step.phone_task else ""
    task_en = "; the work list asks to phone the principal investigator" if step.phone_task else ""
    return Translated(
        f"{when.zh} {to.zh}{new.zh if new else ''}（{by_zh}{task}）",
        f"{when.en} {to.en}{new.en if new else ''} ({by_en}{task_en})",
    )


def _people(to: Sequence[Recipient]) -> Translated:
    said = [_PEOPLE[one] for one in to]
    return Translated("、".join(one.zh for one in said), ", ".join(one.en for one in said))


def _moment(when: Moment) -> Translated:
    if isinstance(when, OnWorkingDay):
        clock = _clock(when.at)
        return Translated(
            f"第 {when.number} 个工作日 {clock}", f"working day {when.number}, {clock}"
        )
    if isinstance(when, SinceOpening):
        after = _length(when.minutes_after_opening)
        if not when.minutes_after_opening:
            return Translated("上班时", "when the site opens")
        return Translated(f"上班后 {after.zh}", f"{after.en} after opening")
    after = _length(when.minutes)
    if not when.minutes:
        return Translated("立即", "at once")
    return Translated(f"{after.zh}未确认", f"{after.en} unacknowledged")


def _deadline(when: Moment) -> Translated:
    if isinstance(when, OnWorkingDay):
        said = _moment(when)
        return Translated(f"{said.zh} 前", f"by {said.en}")
    if isinstance(when, SinceOpening):
        after = _length(when.minutes_after_opening)
        if not when.minutes_after_opening:
            return Translated("上班前", "by the time the site opens")
        return Translated(f"上班后 {after.zh}内", f"within {after.en} of opening")
    after = _length(when.minutes)
    return Translated(f" {after.zh}内", f"within {after.en}")


def _length(minutes: int) -> Translated:
    hours, rest = divmod(minutes, 60)
    if hours > 1 and not rest:
        return Translated(f"{hours} 小时", f"{hours} h")
    return Translated(f"{minutes} 分钟", f"{minutes} min")


def _span(hours: LocalHours) -> str:
    return f"{_clock(hours.begin)}-{_clock(hours.end)}"


def _clock(at: ClockTime) -> str:
    return f"{at.minute // 60:02d}:{at.minute % 60:02d}"
