"""What the registers of data protection say: requests about personal data, and breaches."""

from collections.abc import Mapping

from questionnaires.definition import Translated

REQUESTS: Mapping[str, Translated] = {
    "nav.data_requests": Translated("个人信息请求", "Data requests"),
    "request.hint": Translated(
        "参与者要求查阅、复制、更正、删除自己的信息或撤回同意时，当天登记。期限由中心设定，"
        "最迟一个月内答复；不能满足的要说明理由。",
        "What a participant asks about her own data is written down the day she asks. The site "
        "sets by when it answers, within a month; what is refused is explained to her.",
    ),
    "request.which.open": Translated("未办结", "Open"),
    "request.which.pressing": Translated("到期或将到期", "Due or overdue"),
    "request.which.all": Translated("全部", "All"),
    "request.none": Translated("没有这样的请求。", "There is no such request."),
    "request.record": Translated("登记请求", "Record a request"),
    "request.kind": Translated("请求", "What she asks"),
    "request.asked_by": Translated("谁提出", "Who asks"),
    "request.asked_by.herself": Translated("本人", "She herself"),
    "request.asked_by.representative": Translated("代理人", "A representative"),
    "request.check": Translated("如何确认身份", "How it was made sure who asks"),
    "request.check.known_in_person": Translated("当面，工作人员认识", "In person, known to staff"),
    "request.check.document_seen": Translated("看过证件", "A document was seen"),
    "request.check.called_back": Translated("回拨登记的电话", "Called back on her number on file"),
    "request.check.authority_seen": Translated("看过授权书", "The written authority was seen"),
    "request.check.hint": Translated(
        "不要记录证件号码。", "Do not write down any number of a document."
    ),
    "request.received_on": Translated("收到日期", "Received on"),
    "request.words": Translated("她要求什么", "What she asks for"),
    "request.due": Translated("答复期限", "To be answered by"),
    "request.owner": Translated("负责人", "Owner"),
    "request.state": Translated("状态", "State"),
    "request.overdue": Translated("已超期", "Overdue"),
    "request.soon": Translated("将到期", "Due soon"),
    "request.later": Translated("处理中", "In time"),
    "request.extended": Translated("已延长", "extended"),
    "request.told": Translated("向她的说明", "What she was told"),
    "request.ended_by": Translated("{by} 说明并办结", "explained and ended by {by}"),
    "request.recorded_by": Translated("{by} 登记", "recorded by {by}"),
    "request.steps": Translated("处理过程", "What was done"),
    "request.steps.none": Translated("还没有处理记录。", "Nothing is noted yet."),
    "request.step": Translated("记下处理，或转交同事", "Note what was done, or hand it over"),
    "request.step.words": Translated("做了什么", "What was done"),
    "request.step.owner": Translated("转交给 (可不选)", "Hand over to (may stay empty)"),
    "request.extend": Translated("延长期限", "Extend"),
    "request.extend.hint": Translated(
        "只能一次，在原期限内告知她理由；最迟 {day}。",
        "Once, with the reason told to her before the first day is over; at the latest {day}.",
    ),
    "request.extend.on": Translated("新期限", "New day"),
    "request.extend.reason": Translated("告知她的理由", "The reason she was told"),
    "request.help.copy": Translated(
        "她自己的信息，用她的语言：联系方式、参与情况、同意、回答、中心与她的联系。"
        "不含医护人员的评估。下载后当面或按她要求的方式交给她。",
        "Her own data in her language: contact data, how she takes part, consents, answers, when "
        "the site was in touch. Not what staff assessed. Hand it to her in the way she asked for.",
    ),
    "request.copy": Translated("制作副本", "Make the copy"),
    "request.help.correction": Translated(
        "回答的更正走数据更改流程；其他信息在参与者页面更改。",
        "Answers are corrected by a data change; everything else on her page.",
    ),
    "request.help.withdrawal": Translated(
        "撤回立即生效：今天就在参与者页面更改参与状态。已收集的数据依法保留。",
        "A withdrawal counts at once: change today how she takes part, on her page. What was "
        "collected before is kept.",
    ),
    "request.help.erasure": Translated(
        "只能删除联系信息，且在不再需要联系她之后。试验记录依法保存：拒绝这一部分并说明理由。",
        "Only contact data can be erased, once nobody has to reach her. The records of the trial "
        "are kept by law: refuse that part and tell her why.",
    ),
    "request.erase": Translated("删除联系信息", "Erase contact data"),
    "request.erase.hint": Translated(
        "手机号码、邮箱和出生年份会被删除，不能恢复。",
        "Telephone, mail and year of birth are removed and cannot be brought back.",
    ),
    "request.needed.takes_part": Translated(
        "她仍在研究中，或仍可能需要联系，联系信息还不能删除。",
        "She takes part, or may still have to be reached: her contact data cannot go yet.",
    ),
    "request.needed.open_flag": Translated(
        "她还有未关闭的提示，联系信息还不能删除。",
        "A flag of hers is open: her contact data cannot go yet.",
    ),
    "request.needed.open_event": Translated(
        "她有严重不良事件尚未结束，仍需随访，联系信息还不能删除。",
        "A serious event of hers goes on and is followed up: her contact data cannot go yet.",
    ),
    "request.to_participant": Translated("参与者页面", "Her page"),
    "request.to_corrections": Translated("数据更改", "Data changes"),
    "request.end": Translated("办结", "End"),
    "request.outcome": Translated("结果", "Outcome"),
    "request.kept": Translated(
        "您为这项研究提供的记录不能删除：药物临床试验质量管理规范要求保存试验记录，以便核查结果的真实性"
        "和参与者的安全。保存期限届满之前，我们只为这一目的保存，并且只用研究编号。您的联系信息在不再需要"
        "联系您之后可以删除。您对此有异议，可以向医院的个人信息保护负责人、伦理委员会或网信部门提出。",
        "The records you gave for this study cannot be erased: the rules for clinical trials have "
        "them kept, so that the results and the safety of participants can be verified. Until that "
        "time is over we keep them for this purpose alone, under your study number. Your contact "
        "data can be erased once nobody needs to reach you. If you disagree you can turn to the "
        "hospital's data protection officer, the ethics committee or the authority.",
    ),
    "participant.contact_erased": Translated(
        "没有联系信息：已删除或从未登记。", "No contact data: erased, or never recorded."
    ),
    "refusal.request_ended": Translated("这个请求已经办结", "this request has ended"),
    "refusal.must_be_kept": Translated(
        "试验记录必须保存。请先删除联系信息，再按“部分拒绝”办结；或拒绝并说明理由。",
        "The records of the trial have to be kept. Erase the contact data first and refuse the "
        "rest; or refuse it all and explain.",
    ),
    "refusal.contact_still_needed": Translated(
        "还需要联系她：她仍在研究中，有未关闭的提示，或有严重不良事件尚未结束。",
        "She has still to be reached: she takes part, a flag of hers is open, or a serious event "
        "goes on.",
    ),
}

COPY: Mapping[str, Translated] = {
    "copy.title": Translated("您的个人信息副本", "A copy of your data"),
    "copy.of": Translated("研究编号 {code}，{time} 制作", "Study number {code}, made {time}"),
    "copy.why": Translated(
        "我们为这项研究和您的安全处理这些信息。研究的数据库只收到研究编号和回答，收不到您的联系方式。"
        "记录按临床试验的规定保存。您可以要求更正、撤回同意或投诉，请联系您的研究中心。",
        "We use these data for this study and for your safety. The study's database receives your "
        "number and your answers, not how to reach you. The records are kept as the rules for "
        "trials ask. To have something corrected, to withdraw or to complain, ask your study site.",
    ),
    "copy.contact": Translated("联系方式", "How to reach you"),
    "copy.no_contact": Translated("没有保存联系方式。", "Nothing is kept here."),
    "copy.email": Translated("电子邮箱", "E-mail"),
    "copy.taking_part": Translated("参与情况", "Taking part"),
    "copy.consents": Translated("您的同意", "Your consents"),
    "copy.visits": Translated("日期", "Dates"),
    "copy.in_touch": Translated("研究中心与您的联系", "When the site was in touch"),
    "copy.answers": Translated("您的回答", "Your answers"),
    "copy.revision": Translated("第 {count} 版", "version {count}"),
    "copy.none": Translated("没有。", "None."),
}

INCIDENTS: Mapping[str, Translated] = {
    "nav.data_incidents": Translated("数据安全事件", "Data breaches"),
    "incident.hint": Translated(
        "手机丢失、发错人、越权查看、数据丢失或被改、盲态被破坏：发现后立即登记，先处置，再按时告知。"
        "不写姓名和号码。",
        "A lost telephone, a wrong recipient, somebody who looked, data lost or changed, a broken "
        "blind: enter it at once, contain it, tell whom it concerns in time. No names, no numbers.",
    ),
    "incident.which.open": Translated("未结案", "Open"),
    "incident.which.all": Translated("全部", "All"),
    "incident.which.exercises": Translated("演练", "Exercises"),
    "incident.exercise": Translated("演练", "Exercise"),
    "incident.none": Translated("没有登记。", "Nothing is entered."),
    "incident.record": Translated("登记事件或演练", "Enter a breach or an exercise"),
    "incident.is_exercise": Translated("这是演练", "This is an exercise"),
    "incident.kind": Translated("类型", "Kind"),
    "incident.blind": Translated(
        "只写发生了什么，不写知道了什么；另请按揭盲事实登记。",
        "Say that it happened, never what became known; log the code break as well.",
    ),
    "incident.severity": Translated("严重程度", "Severity"),
    "incident.found_at": Translated("发现时间", "Found at"),
    "incident.found_by": Translated("发现人 (职务)", "Found by (function)"),
    "incident.happened": Translated("发生了什么", "What happened"),
    "incident.data": Translated("涉及哪些数据", "What data"),
    "incident.persons": Translated("涉及人数", "How many persons"),
    "incident.persons.hint": Translated("还不清楚时留空", "Empty while nobody knows"),
    "incident.persons.unknown": Translated("人数未明", "number not known yet"),
    "incident.next": Translated("下一个告知期限", "Next to be told by"),
    "incident.open": Translated("结案前还要：", "Before it can be closed:"),
    "incident.open.containment": Translated("控制住", "contain it"),
    "incident.open.persons_counted": Translated("查明涉及人数", "find out how many persons"),
    "incident.contained": Translated("已控制 {time}", "Contained {time}"),
    "incident.not_contained": Translated("未控制", "Not contained"),
    "incident.closed": Translated("已结案 {time}，{by}", "Closed {time} by {by}"),
    "incident.steps": Translated("处置", "Containment"),
    "incident.step": Translated("记录处置", "Add a step"),
    "incident.step.at": Translated("时间", "When"),
    "incident.step.by": Translated("谁做的 (职务)", "By whom (function)"),
    "incident.step.words": Translated("做了什么", "What was done"),
    "incident.step.contained": Translated(
        "至此已控制，不再泄露", "With this it is contained: nothing more can leak"
    ),
    "incident.step.more": Translated("现在知道的情况 (有变化时)", "As it is known now, if changed"),
    "incident.notices": Translated("告知", "Whom to tell"),
    "incident.due": Translated("期限 {time}", "by {time}"),
    "incident.overdue": Translated("已超期", "overdue"),
    "incident.soon": Translated("将到期", "due soon"),
    "incident.later": Translated("待告知", "to be told"),
    "incident.told": Translated("已于 {time} 告知：{proof}", "Told {time}: {proof}"),
    "incident.not_needed": Translated("不需要：{reason}", "Not needed: {reason}"),
    "incident.settle": Translated("登记", "Settle"),
    "incident.told_at": Translated("告知时间", "Told at"),
    "incident.proof": Translated("凭证", "Proof"),
    "incident.not_needed.why": Translated("或：为什么不需要", "Or: why it is not needed"),
    "incident.close": Translated("结案", "Close"),
    "incident.cause": Translated("原因", "Cause"),
    "incident.prevention": Translated("如何防止再次发生", "What keeps it from happening again"),
    "refusal.incident_closed": Translated("这个事件已经结案", "this entry is closed"),
    "refusal.incident_still_open": Translated(
        "还不能结案：先控制、查明人数、处理每一项告知",
        "it cannot be closed yet: contain it, count the persons, settle whom to tell",
    ),
    "today.requests": Translated("个人信息请求到期", "Data requests due"),
    "today.incidents": Translated("数据安全事件待告知", "Breaches to be told of"),
}

SAID: Mapping[str, Translated] = {
    f"said.{english}": Translated(chinese, english)
    for english, chinese in {
        "This needs your tick: it cannot be undone.": "请勾选确认：删除后不能恢复。",
        "At most 4,000 characters, please.": "最多 4000 个字。",
        "Leave out telephone and identity numbers.": "请不要写电话和证件号码。",
        "A representative, and nobody else, shows that she may ask.": (
            "代理人须出示授权书；本人不需要。"
        ),
        "This is nobody who may do this at the site.": "中心没有这个人，或没有权限。",
        "This was extended before; that is possible once.": "已经延长过，只能一次。",
        "It was due before; it cannot be extended any more.": "原期限已过，不能再延长。",
        "A later day, at most three months after she asked.": "须晚于原期限，最迟提出后三个月。",
        "She has not asked for erasure.": "她没有要求删除。",
        "She has not asked for her data.": "她没有要求查阅或复制。",
        "This is before it was found.": "早于发现时间。",
        "This is before it was found, or in the future.": "早于发现时间，或在将来。",
        "Say when it was told, or why that is not needed.": "请写告知时间，或不需要的理由。",
        "Leave out what might tell who received what; its kind says enough.": (
            "请不要写可能透露分组的词；类型已经说明。"
        ),
    }.items()
}

PROTECTION: Mapping[str, Translated] = {**REQUESTS, **COPY, **INCIDENTS, **SAID}
