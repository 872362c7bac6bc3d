"""What the pages about participants say: list, enrolment, sheet, anchors, taking part, devices."""

from collections.abc import Mapping

from questionnaires.definition import Translated

LIST: Mapping[str, Translated] = {
    "behalf.title": Translated("代为填写", "Fill in for"),
    "behalf.app": Translated("在这台设备上打开她的日记", "Her diary on this device"),
    "behalf.what": Translated(
        "在这台设备上打开她的日记，最多两小时。填写的内容算她的回答，并记录由谁打开、用什么方式。",
        "Opens her diary on this device, for two hours at most. What is filled in counts as her "
        "own answers; who opened it, and how, is on record.",
    ),
    "behalf.how": Translated("怎样填写？", "How are the answers taken?"),
    "behalf.site_tablet": Translated(
        "她在研究中心的平板上自己填", "She fills it in herself on the site's tablet"
    ),
    "behalf.telephone_interview": Translated(
        "电话访谈：研究人员读题，并填写她的回答",
        "Telephone interview: you read the questions out and fill in what she answers",
    ),
    "behalf.not_for": Translated("不适用于：", "Not for:"),
    "behalf.none": Translated(
        "本研究只接受参与者自己填写。", "In this study only the participant herself fills in."
    ),
    "refusal.mode_not_allowed": Translated(
        "本研究的这份问卷不接受这种填写方式。",
        "This study does not take answers to this form in this way.",
    ),
    "behalf.open": Translated("打开日记", "Open the diary"),
    "people.total": Translated("共 {count} 人", "{count} in all"),
    "people.enrol": Translated("入组新参与者", "Enrol a participant"),
    "people.state": Translated("状态", "State"),
    "people.having": Translated("需要注意", "Stands out"),
    "people.day": Translated("研究日", "Study day"),
    "people.week": Translated("近 7 天日记", "Diary, last 7 days"),
    "people.contact": Translated("上次联系", "Last contact"),
    "people.flags": Translated("未关闭信号", "Open flags"),
    "people.open_flags": Translated("{count} 个未关闭", "{count} open"),
    "people.device": Translated("设备", "Device"),
    "people.refused": Translated("{count} 份提交未被接受", "{count} refused"),
    "people.none": Translated(
        "还没有参与者。入组第一位后会显示在这里。",
        "There are no participants yet. The first one you enrol appears here.",
    ),
    "list.none_found": Translated("没有符合筛选的内容", "Nothing fits the filter"),
    "people.none_found": Translated("没有符合筛选的参与者", "No participant fits the filter"),
    "people.zone": Translated("时区", "Time zone"),
    "people.zone.hint": Translated("例如 Asia/Shanghai", "As in Asia/Shanghai"),
    "people.zone.change": Translated("更改时区", "Change the time zone"),
    "people.slot": Translated("日记时段", "Diary time"),
    "people.slot.change": Translated("从明天起更改", "Change from tomorrow"),
    "people.language": Translated("语言", "Language"),
    "people.enrolled": Translated("{time} 入组", "Enrolled {time}"),
    "people.activated": Translated("{time} 激活", "Activated {time}"),
    "people.identity_missing": Translated(
        "由临床数据库入组，还没有联系方式",
        "Enrolled by the clinical database; who she is, is missing",
    ),
    "identity.correct": Translated("更正联系方式或出生年份", "Correct how to reach her"),
    "identity.correct.hint": Translated(
        "不填的保持不变。以后的短信发到新号码。如果她曾在旧号码上退订短信，请问她新号码是否接收。",
        "What is left empty stays. Messages go to the new number from now on. If she had stopped "
        "text messages on the old one, ask whether she wants them on the new one.",
    ),
    "identity.no_email": Translated("不再有电子邮箱", "She has no e-mail any more"),
    "people.taking_part": Translated("参与情况", "Taking part"),
    "people.times": Translated("时区和日记时段", "Time zone and diary time"),
    "list.keys": Translated(
        "键盘：j / k 移动，Enter 打开，/ 查找，? 帮助",
        "Keys: j / k move, Enter opens, / finds, ? helps",
    ),
    "pages": Translated("分页", "Pages"),
    "pages.here": Translated("第 {page} / {pages} 页", "Page {page} of {pages}"),
    "pages.earlier": Translated("上一页", "Back"),
    "pages.first": Translated("回到第一页", "First page"),
    "pages.later": Translated("下一页", "Next"),
    "having.flag": Translated("有未关闭的信号", "Has an open flag"),
    "having.not_activated": Translated("还没有激活", "Not activated yet"),
    "having.no_device": Translated("没有可用的设备", "No device signed in"),
    "having.refused": Translated("有未被接受的提交", "Has refused submissions"),
    "language.zh": Translated("中文", "Chinese"),
    "language.en": Translated("英文", "English"),
    "thermometer.axillary": Translated("腋下", "Armpit"),
    "thermometer.oral": Translated("口腔", "Mouth"),
    "thermometer.ear": Translated("耳", "Ear"),
    "thermometer.forehead": Translated("额头", "Forehead"),
}

BODIES: Mapping[str, Translated] = {
    "bodies": Translated("未被接受的提交", "Refused submissions"),
    "bodies.hint": Translated(
        "手机发来、系统没有接受的内容。它不是记录里的回答，但原样保留，也由安全规则看过。"
        "需要时请致电，或请她在手机上重新填写。",
        "What her phone sent and was not taken. It is no answer on record; it is kept as it came, "
        "and the safety rules have looked at it. Call her, or ask her to answer again, if needed.",
    ),
    "bodies.none": Translated("没有未被接受的提交", "Nothing was refused"),
    "bodies.by.received": Translated("按收到时间", "By when received"),
    "bodies.by.reason": Translated("按原因", "By reason"),
    "bodies.why": Translated("没有接受的原因", "Why it was refused"),
    "bodies.answered": Translated("{time} 填写", "answered {time}"),
    "bodies.no_form": Translated("不认识的内容", "Not known what form"),
    "bodies.no_question": Translated("问卷里没有这一题", "No question of this form"),
    "bodies.hidden": Translated("按其他回答，这一题不该出现", "By other answers it does not apply"),
    "bodies.unread": Translated(
        "读不出回答，下面是原文。", "No answer can be read from it; this is how it came."
    ),
    "bodies.raw": Translated("原文", "As it came"),
    "bodies.help": Translated("是否需要帮助的回答", "An answer whether she needs help"),
    "bodies.help.yes": Translated("她说现在需要紧急帮助", "She says that she needs help now"),
    "bodies.help.no": Translated("她说现在不需要紧急帮助", "She says that she needs no help now"),
    "bodies.hospital.no": Translated("没有住院", "not in hospital"),
    "bodies.hospital.planned": Translated("事先安排的住院", "in hospital, as planned"),
    "bodies.hospital.unplanned": Translated("临时决定的住院", "in hospital, not planned"),
    "bodies.hospital.longer": Translated("住院时间延长", "in hospital longer than planned"),
}

MARKS: Mapping[str, Translated] = {
    "marks.legend": Translated(
        "✓ 按时  L 晚填  · 未填  ○ 还可以填  P 暂停  – 不需要填",
        "✓ on time  L late  · missed  ○ can still be filled in  P paused  – not due",
    ),
    "mark.on_time": Translated("按时", "on time"),
    "mark.late": Translated("晚填", "late"),
    "mark.missed": Translated("未填", "missed"),
    "mark.not_offered": Translated("不需要填", "not due"),
    "mark.suspended": Translated("暂停", "paused"),
    "mark.not_yet": Translated("还可以填", "can still be filled in"),
    "mark.not_counted": Translated("不计算", "not counted"),
    "mark.nothing": Translated("不需要填", "not due"),
    "mark.sign.on_time": Translated("✓", "✓"),
    "mark.sign.late": Translated("L", "L"),
    "mark.sign.missed": Translated("·", "·"),
    "mark.sign.not_offered": Translated("–", "–"),
    "mark.sign.suspended": Translated("P", "P"),
    "mark.sign.not_yet": Translated("○", "○"),
    "mark.sign.not_counted": Translated("–", "–"),
    "mark.sign.nothing": Translated("–", "–"),
    "compliance": Translated("填写情况", "Compliance"),
    "compliance.whole": Translated(
        "应填 {expected} 份，已填 {completed} 份 ({percent} %)",
        "{completed} of {expected} answered ({percent} %)",
    ),
    "compliance.month": Translated("月份", "Month"),
    "compliance.completed": Translated("已填 / 应填", "Answered / expected"),
    "compliance.none": Translated("还没有应填的问卷。", "Nothing has been expected yet."),
}

LIFE: Mapping[str, Translated] = {
    "life.act.active": Translated("恢复，或撤回误记", "Resume, or take a mistake back"),
    "life.act.paused": Translated(
        "暂停：不提醒，不算未填", "Pause: no reminders, nothing counts as missed"
    ),
    "life.act.completed": Translated("完成研究", "Complete"),
    "life.act.withdrawn_from_infusion": Translated(
        "退出输液：日记继续", "Withdraw from infusions: the diary goes on"
    ),
    "life.act.withdrawn_from_diary": Translated(
        "退出日记：仍可报告不适", "Withdraw from the diary: she can still report problems"
    ),
    "life.act.withdrawn_from_contact": Translated(
        "退出联系：不再联系她", "Withdraw from contact: nobody contacts her"
    ),
    "life.act.withdrawn_from_all": Translated("完全退出", "Withdraw from everything"),
    "life.act.lost": Translated("失访", "Lost to follow-up"),
    "life.act.deceased": Translated("死亡", "Deceased"),
    "life.change": Translated("暂停、恢复或退出", "Pause, resume or withdraw"),
    "life.to": Translated("改为", "Change to"),
    "life.since": Translated("从何时起 (空白 = 现在)", "Since when (empty: now)"),
    "life.hint": Translated(
        "保存后提醒立即停止或恢复；已填写的内容都会保留。",
        "Reminders stop or go on as you save; what was answered stays.",
    ),
}

CODES: Mapping[str, Translated] = {
    "devices": Translated("激活码和设备", "Activation code and devices"),
    "devices.none": Translated("还没有登录过的设备。", "No device has signed in yet."),
    "devices.since": Translated("首次登录", "Signed in"),
    "devices.seen": Translated("最近使用", "Last seen"),
    "devices.ended": Translated("{time} 已退出", "Ended {time}"),
    "devices.ended.phone_cleared": Translated(
        "{time} 手机里的内容被清除，没送达的记录可能丢失；之后用密码重新登录",
        "{time} The phone had lost what it kept, records not delivered may be lost; it came back "
        "with the PIN",
    ),
    "devices.revoke": Translated("吊销设备", "Revoke"),
    "code.issued": Translated("{time} 发放激活码", "Code handed out {time}"),
    "code.used": Translated("{time} 已激活", "Activated {time}"),
    "code.revoked": Translated("{time} 已作废", "Revoked {time}"),
    "code.expired": Translated("已于 {time} 过期", "Expired {time}"),
    "code.until": Translated("等待激活，有效期至 {time}", "Waiting to be used, good until {time}"),
    "code.failed": Translated("出生年份错误 {count} 次", "{count} times with a wrong year"),
    "code.new": Translated("新的激活码", "New activation code"),
    "code.new.hint": Translated(
        "旧码立即作废。她用新码激活后，旧手机自动退出。远程时请先核对身份，再电话告知激活码，"
        "不要用短信。",
        "The old code ends at once. Her old phone is signed out when she uses the new one. From "
        "afar: "
        "make sure it is her, then read the code out on the telephone; never send it by text "
        "message.",
    ),
    "sheet": Translated("{code} 的激活单", "Activation sheet of {code}"),
    "sheet.once": Translated(
        "激活码只显示这一次。请现在打印或抄写。",
        "The code is shown this once. Print it or write it down now.",
    ),
    "sheet.print": Translated("打印 (A5)", "Print (A5)"),
    "sheet.print.hint": Translated(
        "没有反应时请用浏览器的打印菜单", "Or use the print menu of your browser"
    ),
    "sheet.title": Translated("{study}：打开您的日记", "{study}: opening your diary"),
    "sheet.qr": Translated("激活二维码", "QR code for activation"),
    "sheet.step.open": Translated(
        "用手机相机扫描二维码，或在浏览器输入 {address}",
        "Scan the code with your phone's camera, or open {address}",
    ),
    "sheet.step.wechat": Translated(
        "在微信中打开时：点右上角 ··· ，选“在浏览器打开”",
        "In WeChat: tap ··· at the top, then “Open in browser”",
    ),
    "sheet.step.code": Translated(
        "输入上面的激活码和您的出生年份", "Type the code above and the year you were born"
    ),
    "sheet.step.pin": Translated(
        "设置只有您自己知道的 6 位数字密码", "Choose a six-digit PIN that only you know"
    ),
    "sheet.until": Translated(
        "有效期至 {time} ({zone})，只能用一次。", "Good until {time} ({zone}), once."
    ),
    "sheet.site": Translated(
        "有问题请打给研究中心：{phone}，夜间 {night}",
        "Questions? Call the site: {phone}, at night {night}",
    ),
    "sheet.emergency": Translated(
        "紧急情况请拨 120。没有人实时查看日记。",
        "In an emergency call 120. Nobody watches the diary around the clock.",
    ),
}

ANCHORS: Mapping[str, Translated] = {
    "anchors": Translated("访视和时间点", "Visits and dates"),
    "anchors.event": Translated("事件", "Event"),
    "anchors.at": Translated("发生时间", "When"),
    "anchors.recorded": Translated("记录于", "Recorded"),
    "anchors.replaced": Translated("{time} 更正", "corrected {time}"),
    "anchors.record": Translated("记录或更正", "Record or correct"),
    "anchors.preview": Translated("先看会改变什么", "See what would change"),
    "anchors.preview.hint": Translated(
        "输入实际时间，过去的日子也可以。下一步先显示哪些问卷会移动，确认后才保存。",
        "Type when it really happened; days in the past are fine. The next step shows what moves; "
        "nothing is saved before you confirm.",
    ),
    "anchors.take_back": Translated("撤回误记的事件", "Take back one recorded by mistake"),
    "anchors.query": Translated(
        "临床数据库的时间不同：{event}", "The clinical database differs: {event}"
    ),
    "anchors.query.ours": Translated("本中心：", "Here:"),
    "anchors.query.theirs": Translated("对方：", "There:"),
    "anchors.query.accept": Translated("采用对方的时间", "Theirs is right"),
    "anchors.query.keep": Translated("保留本中心的时间", "Ours is right"),
    "preview": Translated("{code}：{event}", "{code}: {event}"),
    "preview.nothing_yet": Translated(
        "还没有保存任何内容。已填写的答案不会改变。",
        "Nothing is saved yet. Answers that were given stay as they are.",
    ),
    "preview.nothing_moves": Translated("没有问卷会移动。", "Nothing would move."),
    "preview.moves": Translated("移动 {count} 份", "{count} move"),
    "preview.comes": Translated("新增 {count} 份", "{count} are added"),
    "preview.goes": Translated("取消 {count} 份", "{count} are cancelled"),
    "preview.stays": Translated("不变 {count} 份", "{count} stay"),
    "preview.form": Translated("问卷", "Form"),
    "preview.before": Translated("原来", "Now"),
    "preview.after": Translated("改为", "Would be"),
    "preview.not_offered": Translated("已来不及填写", "too late to be offered"),
    "preview.record": Translated("记录", "Record"),
    "preview.correct": Translated("更正", "Correct"),
    "preview.back": Translated("不保存，返回", "Back without saving"),
}

ENROL: Mapping[str, Translated] = {
    "enrol.do": Translated("入组并生成激活单", "Enrol and make the sheet"),
    "enrol.more": Translated("其他 (通常不用填)", "More (seldom needed)"),
    "enrol.no_study": Translated(
        "这个中心还没有生效的研究版本，现在不能入组。请联系数据管理员。",
        "No study version is in force at this site, so nobody can be enrolled. Ask the data "
        "manager.",
    ),
    "consents": Translated("知情同意", "Consent"),
    "consents.hint": Translated(
        "按签字的纸质同意书逐项勾选。", "Tick each one as it stands on the signed paper."
    ),
    "consents.required": Translated("必需", "needed"),
    "consents.version": Translated("同意书版本", "Version of the document"),
    "consents.given": Translated("签字时间", "Signed at"),
    "consents.paper": Translated("纸质原件存放处", "Where the paper is kept"),
    "consents.explained_by": Translated("说明人", "Explained by"),
    "consents.withdrawn": Translated("{time} 撤回", "withdrawn {time}"),
    "consents.withdraw": Translated("她撤回一项同意", "She withdraws one of them"),
    "consents.kind": Translated("哪一项", "Which"),
    "consents.withdrawn_at": Translated(
        "何时撤回 (空白 = 现在)", "When she withdrew it (empty: now)"
    ),
    "consents.said": Translated(
        "她怎么说 (可不填，撤回不需要理由)", "What she said (may stay empty: no reason is needed)"
    ),
    "consents.withdraw.hint": Translated(
        "立即生效：撤回短信、境外或邮件服务商后，不再经其发送任何消息，改为打电话；日记继续。"
        "已填写的内容都会保留。",
        "Counts at once: without a provider nothing is sent that way any more, you call her "
        "instead, and her diary goes on. What was answered stays.",
    ),
    "consents.leaves": Translated("之后她怎样参与", "How she takes part from then on"),
    "consents.leaves.hint": Translated(
        "没有这些同意，日记不能继续，必须选择：{kinds}。其他各项请留空。",
        "Her diary cannot go on without one of these, so choose: {kinds}. Leave it empty for "
        "the others.",
    ),
    "consents.give": Translated("记录新签的一项同意", "Record one that she signed since"),
    "consents.give.hint": Translated(
        "同一项的新版本会代替旧版本，旧版本保留在记录中。",
        "Another version of one that stands takes its place; the one before stays on record.",
    ),
    "consents.superseded": Translated("{time} 改签新版本", "signed anew {time}"),
    "consents.anew": Translated(
        "{kind}：请她签署 {version} 版同意书。在此之前一切照常，报告不受影响。",
        "{kind}: version {version} of the document is to be signed. Until then all goes on as "
        "before, reports too.",
    ),
    "consents.signed_is": Translated("她签的是 {version} 版", "she signed version {version}"),
    "field.code": Translated("参与者编号", "Participant's number"),
    "field.code.hint": Translated(
        "中心代码-三位数字。中心：{sites}", "Site code, dash, three digits. Sites: {sites}"
    ),
    "field.year_of_birth": Translated("出生年份", "Year of birth"),
    "field.year_of_birth.hint": Translated("四位数字，满 18 岁", "Four digits; 18 or older"),
    "field.phone": Translated("手机号码", "Mobile number"),
    "field.phone.hint": Translated(
        "带国家代码，例如 +8613800138000", "With its country code, as in +8613800138000"
    ),
    "field.email": Translated("电子邮箱", "E-mail"),
    "field.thermometer": Translated("体温测量部位", "Thermometer"),
}

REFUSALS: Mapping[str, Translated] = {
    "refusal.already_exists": Translated(
        "这个编号已经入组，或已有记录。", "This number is enrolled or on record already."
    ),
    "refusal.consent_missing": Translated(
        "缺少必需的知情同意，不能入组。", "A consent that is needed is missing; nobody is enrolled."
    ),
    "refusal.consent_is_needed": Translated(
        "没有这项同意，日记不能继续。请选择她之后怎样参与。",
        "Her diary cannot go on without this consent. Choose how she takes part from then on.",
    ),
    "refusal.no_active_study_version": Translated(
        "这个中心还没有生效的研究版本。", "No study version is in force at this site."
    ),
    "refusal.identity_missing": Translated(
        "请先填写联系方式，再发放激活码。", "Write down who she is before you hand out a code."
    ),
    "refusal.anchor_not_possible": Translated(
        "这个时间不能记录：事件不能在未来 (计划和结束除外)，不能早于入组，输液访视 2 不能早于 1。",
        "This cannot be recorded: it may not lie in the future (a plan and the end may), nor "
        "before "
        "the enrolment, nor visit 2 before visit 1.",
    ),
    "refusal.second_infusion_not_settled": Translated(
        "研究还没有说明如何处理输液访视 2，不能记录。",
        "The study does not say yet how infusion visit 2 is handled.",
    ),
    "refusal.life_cycle_not_possible": Translated(
        "不能这样更改：时间不能在未来或早于入组，且须与当前状态相符。",
        "This change is not possible: not in the future, not before the enrolment, and only from a "
        "state that allows it.",
    ),
    "refusal.record_locked": Translated(
        "数据记录已锁定。要更改，请主要研究者先解锁并说明原因。",
        "This record is locked. The principal investigator unlocks it first, with a reason.",
    ),
    "refusal.record_not_ready": Translated(
        "还有没处理完的事项，不能签署。", "Something is still open; it cannot be signed off yet."
    ),
    "refusal.not_signed_off": Translated(
        "还没有有效的签署，不能锁定。", "No sign-off holds; it cannot be locked."
    ),
    "refusal.already_decided": Translated("已经有人决定。", "Somebody has decided this already."),
}

PARTICIPANTS: Mapping[str, Translated] = {
    **LIST, **BODIES, **MARKS, **LIFE, **CODES, **ANCHORS, **ENROL, **REFUSALS,
}  # fmt: skip
