"""What the pages of a flag's follow-up say: contacts, assessment, clock, closure."""

from collections.abc import Mapping

from questionnaires.definition import Translated

ACTS: Mapping[str, Translated] = {
    "act.hand_on": Translated("转交", "Hand on"),
    "act.hand_on.to": Translated("转交给 (用户名)", "To (user name)"),
    "act.contact": Translated("记录一次联系", "Record a contact"),
    "act.contacts.all": Translated("全部联系记录({count})", "All contacts ({count})"),
    "act.contacts": Translated("联系记录", "Contacts"),
    "act.no_contacts": Translated("还没有联系记录。", "No contact is on record yet."),
    "act.phone.show": Translated("显示电话号码 (会留下记录)", "Show the number (is put on record)"),
    "act.phone": Translated("参与者电话", "The participant's number"),
    "act.assess": Translated("2 评估", "2 Assess"),
    "act.assess.again": Translated("更改评估", "Change the assessment"),
    "act.assess.version": Translated("第 {version} 版", "Version {version}"),
    "act.clock": Translated("严重事件时钟", "Clock of a serious event"),
    "act.clock.none": Translated("没有运行中的时钟", "No clock is running"),
    "act.clock.left": Translated("24 小时时钟 剩 {span}", "24-hour clock: {span} left"),
    "act.clock.over": Translated("24 小时时钟 超时 {span}", "24-hour clock: {span} over"),
    "act.clock.sent": Translated("已报告申办者 {time}", "Reported to the sponsor {time}"),
    "act.earlier": Translated("更正知悉时间", "State another time of awareness"),
    "act.earlier.hint": Translated(
        "更早的时间任何人都可以记录。更晚的时间只有主要研究者可以，并需签名和理由；两者都会保留。",
        "Anybody may record an earlier time. A later one only the principal investigator may, "
        "signed and with the reason; both stay visible.",
    ),
    "act.sending": Translated("记录向申办者的报告", "Record the report to the sponsor"),
    "act.close": Translated("3 结案", "3 Close"),
    "act.closed": Translated("{by} 于 {at} 结案：{reason}", "{by} closed this {at}: {reason}"),
    "act.sign_again": Translated("重新签名", "Sign again"),
    "act.signature": Translated("签名", "Signature"),
    "act.signature.holds": Translated("有效", "holds"),
    "act.signature.broken": Translated(
        "已失效：记录在签名后有变化", "BROKEN: the record changed after it was signed"
    ),
    "act.cannot": Translated("现在不能：{why}", "Not now: {why}"),
    "act.not_yours": Translated("这一步由医生完成。", "A physician does this."),
    "act.save": Translated("保存", "Save"),
    "act.confirm": Translated(
        "我已核对，文字中没有会透露分组的内容",
        "I have checked: nothing here tells who received what",
    ),
}

FIELDS: Mapping[str, Translated] = {
    "field.reason": Translated("理由", "Reason"),
    "field.reason_for_change": Translated("更改的理由", "Reason for the change"),
    "field.note": Translated("备注", "Note"),
    "field.channel": Translated("方式", "How"),
    "field.outcome": Translated("结果", "What came of it"),
    "field.next_step": Translated("下一步", "Next step"),
    "field.contacted_at": Translated("联系时间 (空白 = 现在)", "When (empty: just now)"),
    "field.is_adverse_event": Translated("这是不良事件吗？", "Is this an adverse event?"),
    "field.seriousness": Translated(
        "严重性标准 (ICH E2A，可多选；都不选 = 不严重)",
        "Criteria of seriousness (ICH E2A; none ticked: not serious)",
    ),
    "field.grade": Translated("CTCAE 分级", "CTCAE grade"),
    "field.relationship": Translated("与研究用药的关系", "Relationship to the study drug"),
    "field.action_taken": Translated("对研究输液采取的措施", "Action on the study's infusions"),
    "field.event_outcome": Translated("事件的转归", "Outcome of the event"),
    "field.narrative": Translated("说明", "In words"),
    "field.at": Translated("知悉时间", "Aware at"),
    "field.sent_at": Translated("发送时间", "Sent at"),
    "field.sent_by": Translated("发送人", "Sent by"),
    "field.sent_to": Translated("发送给", "Sent to"),
    "field.proof": Translated("发送凭证 (编号)", "Proof of sending (reference)"),
    "field.choose": Translated("请选择", "Please choose"),
    "field.zone": Translated("{zone} 时间", "Time in {zone}"),
    "field.password": Translated("密码 (签名)", "Password (to sign)"),
    "field.totp": Translated("动态码 (签名)", "One-time code (to sign)"),
}

TIMES: Mapping[str, Translated] = {
    "time.created": Translated("收到", "Raised"),
    "time.delivered": Translated("送达", "Delivered"),
    "time.viewed": Translated("首次查看", "First viewed"),
    "time.acknowledged": Translated("确认", "Acknowledged"),
    "time.aware": Translated("中心知悉", "Site aware"),
    "time.due": Translated("24 小时截止", "24 hours end"),
    "time.sent": Translated("已报告", "Reported"),
    "time.sponsor": Translated("申办者期限 (供参考)", "The sponsor's limit (information)"),
}

CHOICES: Mapping[str, Translated] = {
    "next.nothing": Translated("无", "Nothing"),
    "next.call_again": Translated("再次致电", "Call again"),
    "next.clinic_visit": Translated("来中心就诊", "Visit to the clinic"),
    "next.emergency_department": Translated("去急诊", "Emergency department"),
    "next.ambulance_called": Translated("已叫救护车", "Ambulance called"),
    "next.physician_informed": Translated("已告知医生", "Physician informed"),
    "answer.yes": Translated("是", "Yes"),
    "answer.no": Translated("否", "No"),
}

# Refusals that a step of the follow-up can meet, by their code.
REFUSALS: Mapping[str, Translated] = {
    "refusal.already_acknowledged": Translated("已有人确认", "somebody has acknowledged this"),
    "refusal.flag_not_acknowledged": Translated("请先确认收到", "acknowledge this flag first"),
    "refusal.flag_closed": Translated("已结案", "this flag is closed"),
    "refusal.flag_not_closed": Translated("尚未结案", "this flag is not closed"),
    "refusal.disposition_missing": Translated(
        "需先由获授权的医生评估", "a delegated physician has to assess this first"
    ),
    "refusal.contact_missing": Translated("请先记录联系情况", "record the contact first"),
    "refusal.sending_missing": Translated(
        "请先记录向申办者报告的时间、人员和凭证",
        "record first when, by whom and with which proof it was reported to the sponsor",
    ),
    "refusal.signature_missing": Translated(
        "需要您的签名：密码和动态码", "this takes your signature: password and one-time code"
    ),
    "refusal.signature_holds": Translated("签名仍然有效", "the signature still holds"),
    "refusal.signature_not_proven": Translated(
        "密码或动态码不对；动态码每个只能用一次",
        "password or one-time code is not right; each works once",
    ),
    "refusal.awareness_not_possible": Translated(
        "这个知悉时间不能记录", "this time of awareness cannot be recorded"
    ),
    "refusal.not_delegated": Translated(
        "今天没有授权给您这项任务 (见授权表)",
        "this task is not delegated to you today (delegation log)",
    ),
    "refusal.reason_required": Translated("请写明理由", "please give the reason"),
    "refusal.invalid_input": Translated("请检查标出的内容", "please check what is marked"),
    "refusal.may_reveal": Translated(
        "文字中有可能透露分组的词：{words}。请改写；确认无误后再保存。",
        "Words here might tell who received what: {words}. Rewrite them, or confirm and save.",
    ),
    "refusal.too_many_attempts": Translated(
        "尝试次数太多。请 15 分钟后再试", "too many attempts; try again in 15 minutes"
    ),
}

FOLLOW_UP: Mapping[str, Translated] = {**ACTS, **FIELDS, **TIMES, **CHOICES, **REFUSALS}
