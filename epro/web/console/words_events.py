"""What the form of an adverse event says, and what may be wrong with a field of any form."""

from collections.abc import Mapping

from questionnaires.definition import Translated

FORM: Mapping[str, Translated] = {
    "event.new": Translated("新的不良事件", "A new adverse event"),
    "event.accept": Translated("确认为新事件", "Accept as a new event"),
    "event.add": Translated("添加不良事件", "Add an adverse event"),
    "event.from_candidate": Translated("来源", "Rests on"),
    "event.from_candidate.hint": Translated(
        "只预填了开始日期。分级、严重性和关系由您判断。",
        "Only the first day is filled in. Grade, seriousness and relationship are yours to judge.",
    ),
    "event.term.hint": Translated("诊断，或没有诊断时的症状", "A diagnosis; without one, the sign"),
    "event.onset_at": Translated("开始时刻 (需要时)", "Hour of onset (where it matters)"),
    "event.onset_at.hint": Translated(
        "例如发生在输液当天。{zone} 时间", "As on the day of an infusion. Time in {zone}"
    ),
    "event.ended_on": Translated("结束日期 (空白 = 持续)", "Ended on (empty: it goes on)"),
    "event.grades": Translated("CTCAE 分级的变化", "CTCAE grades, as they changed"),
    "event.grades.hint": Translated(
        "每次分级变化一行。第一级从开始日期算起。空行不计。",
        "One line for each change. The first grade holds from the onset. Empty lines do not count.",
    ),
    "event.grade.row": Translated("第 {number} 行：分级", "Line {number}: grade"),
    "event.grade.from": Translated("第 {number} 行：从", "Line {number}: from"),
    "event.revise": Translated("修改事件", "Change the event"),
    "event.versions": Translated("版本", "Versions"),
    "event.basis": Translated("依据", "What it rests on"),
    "event.basis.changed": Translated("此后有变化", "has changed since"),
    "event.voided": Translated("已作废：{time}", "Voided {time}"),
    "event.duplicate_of": Translated("与事件 #{number} 重复", "the same as event #{number}"),
    "event.unsigned": Translated("评估尚未签名。", "The assessment is not signed."),
    "event.sign": Translated("签署评估", "Sign the assessment"),
    "event.sign.hint": Translated(
        "签名表示：本人已作出上述评估(第 {version} 版及其依据)。此后有变化，签名即失效。",
        "Your signature says: I made this assessment (version {version} and what it rests on). "
        "Whatever changes later breaks it.",
    ),
    "event.linked": Translated("用药和就诊", "Medicines and care"),
    "event.linked.none": Translated("没有关联的记录。", "Nothing is linked."),
    "event.link": Translated("关联记录", "Link reports"),
    "event.link.which": Translated("属于这个事件的记录", "Reports that belong to this event"),
    "event.link.nothing": Translated(
        "参与者还没有报告用药或就诊。", "She has reported neither medicines nor care."
    ),
    "event.void": Translated("作废事件", "Void the event"),
    "event.void.hint": Translated(
        "录入错误或重复录入的事件可以作废。它会保留在记录中但不再计入；归入它的线索要重新判断。",
        "For an event that was entered in error, or twice. It stays on record and counts no more; "
        "what belonged to it has to be decided again.",
    ),
    "event.void.duplicate": Translated("与事件重复 (编号)", "The same as event (number)"),
    "event.void.duplicate.hint": Translated(
        "不是重复录入时留空", "Empty unless it was entered twice"
    ),
    "refusal.event_changed": Translated(
        "事件在此期间有变化。请看上面现在的内容；您输入的还在，核对后可再次保存。",
        "The event has changed meanwhile. See above how it stands; what you typed is still here. "
        "Check it and save again.",
    ),
    "refusal.idempotency_conflict": Translated(
        "这张表已经保存过。请在事件列表中打开并修改。",
        "This form was saved before. Open the event in the list and change it there.",
    ),
}

# What is wrong with a field, by the words of the refusal.
SAID: Mapping[str, Translated] = {
    f"said.{english}": Translated(chinese, english)
    for english, chinese in {
        "Please choose one.": "请选择一项。",
        "This is not the SHA-256 of this copy's manifest.json.": (
            "这不是这份存档中 manifest.json 的 SHA-256。"
        ),
        "This is no instant.": "这不是带时区的时间。请重新打开本页。",
        "This is not a number.": "这不是数字。",
        "This is not a date.": "这不是日期。",
        "A date is needed.": "需要日期。",
        "This is not a time.": "这不是时间。",
        "A time is needed.": "需要时间。",
        "Something is needed here.": "请填写。",
        "An event cannot begin in the future.": "事件不能在将来开始。",
        "This instant is not on the day of onset, in the participant's zone.": (
            "按参与者所在时区，这个时刻不在开始的那一天。"
        ),
        "An event ends from its onset until today.": "结束日期在开始日期和今天之间。",
        "An event has at least one grade.": "事件至少有一个分级。",
        "The first grade holds from the day of onset.": "第一级从开始日期算起。",
        "Grades follow each other day by day.": "分级按日期先后填写，每天一级。",
        "A grade holds from a day of the event.": "分级的日期要在事件期间。",
        "A grade is 1 to 5.": "分级是 1 到 5。",
        "This is none of the protocol's categories.": "方案中没有这一类。",
        "Outcome and end of the event do not go together.": "转归与结束日期不一致。",
        "Grade 5 is death, and goes with the outcome fatal.": "5 级即死亡，转归应为死亡。",
        "The last day lies before the first one.": "最后一天早于第一天。",
        "These days are too far away.": "这些日期太远。",
        "The site lists no such number.": "中心没有列出这个号码。",
        "These days are over.": "这些日期已经过去。",
        "These hours do not lie within the days.": "这段时间不在所选日期之内。",
        "On call are physicians of the site.": "值班的人必须是本中心的医生。",
        "These hours overlap others of the same line or the same person.": (
            "这段时间与同一线或同一人的其他时间重叠。"
        ),
        "Please give the reason for this change.": "请写明理由。",
        "This participant has no such event.": "这位参与者没有这个事件。",
        "An event is no duplicate of itself.": "事件不会与自己重复。",
        "Only her reports of medicines and care can be linked.": "只能关联她的用药和就诊记录。",
        "A new event needs its facts.": "新事件需要填写内容。",
        "Say what you assessed, and why so.": "请写明评估的内容和理由。",
        "This belongs to an adverse event only.": "只有不良事件才填这一项。",
        "A grade is a number from 1 to 5.": "分级是 1 到 5。",
        "The protocol has no such category.": "方案中没有这一类。",
        "This is needed for an adverse event.": "不良事件需要填写这一项。",
        "Death, grade 5 and a fatal outcome come together or not at all.": (
            "死亡、5 级和转归死亡要同时填写。"
        ),
        "This is nobody who could take it over.": "这个人不能接手。",
        "A criterion is named more than once.": "有标准重复。",
        "This lies in the future.": "这个时间在将来。",
        "This lies before anybody knew of it.": "这个时间早于任何人知悉的时间。",
        "This is needed as proof of sending.": "作为发送凭证需要填写。",
        "A fatal event is serious by death.": "死亡的事件要选“死亡”这一严重性标准。",
    }.items()
}

EVENT_WORDS: Mapping[str, Translated] = {**FORM, **SAID}
