"""What the page of the roster, of drills and of test calls says."""

from collections.abc import Mapping

from questionnaires.definition import Translated

DUTY: Mapping[str, Translated] = {
    "nav.duty": Translated("值班与演练", "Roster and drills"),
    "duty.roster": Translated("今后 7 天的值班", "On call in the next 7 days"),
    "duty.none": Translated(
        "没有值班表：提示会通知中心的所有医生。",
        "There is no roster: an alert tells all physicians of the site.",
    ),
    "duty.gap": Translated("无人值班", "Nobody"),
    "duty.day": Translated("日期", "Day"),
    "duty.free": Translated("休息日", "free day"),
    "duty.on_call": Translated("一线", "On call"),
    "duty.backup": Translated("二线", "Backup"),
    "duty.deputy": Translated("替班", "deputy"),
    "duty.drills": Translated("报警演练", "Drills of the alarm"),
    "duty.start": Translated("开始演练", "Start a drill"),
    "duty.start.hint": Translated(
        "此刻遇到紧急情况会最先通知的人，现在会收到写明是演练的消息。演练不产生提示。",
        "Whoever an emergency would tell first at this hour is told now, plainly as a drill. "
        "It raises no flag.",
    ),
    "duty.started": Translated("开始", "Begun"),
    "duty.heard": Translated("确认收到", "Heard"),
    "duty.hear": Translated("我收到了", "I heard it"),
    "duty.not_heard": Translated("还没有人确认", "Nobody has heard it yet"),
    "duty.numbers": Translated("试拨号码", "Test calls of the numbers"),
    "duty.numbers.hint": Translated(
        "告知参与者的号码和值班人员的号码，接通后 {days} 天内要再试拨一次。"
        "值班人员的号码不在此显示。",
        "The numbers that participants are told, and those of people on duty, are called again "
        "within {days} days of an answered call. Numbers of people on duty are not shown here.",
    ),
    "duty.number": Translated("号码", "Number"),
    "duty.number.last": Translated("上次试拨", "Last call"),
    "duty.number.by": Translated("拨打人", "By"),
    "duty.number.answered": Translated("接通", "Answered"),
    "duty.number.due": Translated("下次试拨", "Due"),
    "duty.number.never_called": Translated("从未试拨", "Never called"),
    "duty.number.changed": Translated("号码已更改", "The number has changed"),
    "duty.number.unanswered": Translated("无人接听", "Was not answered"),
    "duty.number.overdue": Translated("该试拨了", "Due"),
    "duty.number.log": Translated("记录试拨", "Log a test call"),
    "duty.number.called_at": Translated("拨打时间", "Called at"),
    "duty.number.is_answered": Translated("接通了吗？", "Was it answered?"),
    "duty.number.note": Translated("备注", "Note"),
    "roster.enter": Translated("填写值班表", "Enter the roster"),
    "roster.days": Translated("日期范围", "Which days"),
    "roster.site": Translated("中心", "Site"),
    "roster.from": Translated("从", "From"),
    "roster.to": Translated("到 (含)", "To (included)"),
    "roster.show_days": Translated("显示这些日期", "Show these days"),
    "roster.hint": Translated(
        "时间按 {zone}，一次最多 {count} 天。每天都要有一线和二线。新的值班表代替同一天原来的。",
        "Times are those of {zone}, {count} days at most. Each day needs both lines. A new roster "
        "counts instead of what was there for the same days.",
    ),
    "roster.turns_at": Translated("交班时刻", "Hand-over at"),
    "roster.turns_at.hint": Translated(
        "例如 08:00：夜班跨过零点算一个班", "As in 08:00: a night is one shift, past midnight"
    ),
    "roster.before": Translated("前一夜，到 {on} {time}", "the night before, until {on} {time}"),
    "roster.to_next": Translated("{on} {time} 至次日 {time}", "{on} {time} to {time} next day"),
    "roster.to_midnight": Translated("{on} {time} 至 24:00", "{on} {time} to midnight"),
    "roster.deputies": Translated("替班", "Deputies"),
    "roster.deputies.hint": Translated(
        "有人几个小时不在时，替班的人在这些时间优先。空行不计。",
        "For hours somebody is away: a deputy counts first in them. Empty lines do not count.",
    ),
    "roster.deputy": Translated("替班 {number}", "Deputy {number}"),
    "roster.line": Translated("代替", "In place of"),
    "roster.begins": Translated("开始", "Begins"),
    "roster.ends": Translated("结束", "Ends"),
    "roster.save": Translated("保存值班表", "Save the roster"),
    "refusal.roster_gap": Translated(
        "没有保存：以下时间没有人值班。", "Not saved: nobody would be on call at these hours."
    ),
    "duty.no_drills": Translated("还没有演练过。", "There has been no drill yet."),
}
