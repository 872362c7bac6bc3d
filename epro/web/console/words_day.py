"""What the pages of a site's day say: today, contacts, messages, reviews, hand-over."""

from collections.abc import Mapping

from questionnaires.definition import Translated

TODAY: Mapping[str, Translated] = {
    "nav.today": Translated("今天", "Today"),
    "nav.contacts": Translated("联系记录", "Contacts"),
    "nav.messages": Translated("消息记录", "Messages"),
    "nav.reviews": Translated("数据审核", "Reviews"),
    "today.calls": Translated("需要致电", "To call"),
    "today.ratings": Translated("到期的 SLEDAI 评估", "SLEDAI ratings due"),
    "today.other": Translated("其他待办", "Other work"),
    "today.open": Translated("还没有填写", "Not filled in yet"),
    "today.visits": Translated("计划的访视", "Planned visits"),
    "today.visit_over": Translated(
        "时间已过，请记录实际时间", "is over: record when it took place"
    ),
    "today.codes": Translated("即将过期的激活码", "Codes that end soon"),
    "today.consents": Translated("待重新签署的知情同意", "Consents to sign anew"),
    "today.consents.hint": Translated(
        "研究用的是新版本的同意书。下次见面时请她签署，然后在她的页面上记录。",
        "The study uses a new version of the document. Have it signed at the next visit, and "
        "record it on her page.",
    ),
    "today.flags": Translated("无人负责的提示", "Flags that nobody has"),
    "today.flags.given_back": Translated(
        "负责人不再能处理，请转交", "whoever had it may not any more: hand it to somebody"
    ),
    "today.numbers": Translated("待试拨的号码", "Numbers to test-call"),
    "today.undelivered": Translated("未送达的消息", "Messages not delivered"),
    "today.unreviewed": Translated("人的数据待审核", "with unreviewed data"),
    "today.stale": Translated("数据接口停顿", "Clinical database fallen behind"),
    "today.stale.since": Translated("上次确认 {time}", "last acknowledged {time}"),
    "today.nothing": Translated("没有。", "Nothing."),
    "today.why": Translated("原因", "Why"),
    "today.since": Translated("自", "Since"),
    "today.until": Translated("可填至", "Can be filled in until"),
    "today.diary_of": Translated("问卷", "Form"),
    "today.done": Translated("完成", "Done"),
    "notes": Translated("交班记录", "Hand-over"),
    "notes.none": Translated("还没有交班记录。", "No note has been left yet."),
    "notes.write": Translated("写交班记录", "Leave a note"),
    "notes.text": Translated("告诉下一班", "For the next shift"),
    "deputy": Translated("代班", "Deputy"),
    "deputy.hint": Translated(
        "您不在时由谁跟进您负责的信号和电话。值班电话仍按值班表。",
        "Who follows up your flags and calls while you are away. Who is called at night stands on "
        "the roster.",
    ),
    "deputy.who": Translated("代班人", "Who"),
    "deputy.from_on": Translated("从", "From"),
    "deputy.to_on": Translated("至 (含)", "To (included)"),
    "deputy.name": Translated("指定代班人", "Name a deputy"),
    "deputy.for": Translated(
        "您代班 {name}，至 {to}。“我的”信号包括其信号。",
        "You stand in for {name} until {to}. “Mine” in the inbox holds those flags too.",
    ),
    "deputy.by": Translated(
        "{from_on} 至 {to} 由 {name} 为您代班", "{name} stands in for you from {from_on} to {to}"
    ),
    "deputy.end": Translated("提前结束", "End early"),
}

CONTACTS: Mapping[str, Translated] = {
    "contact.log": Translated("记录联系", "Record a contact"),
    "contact.is_done": Translated("同时从待办中划掉", "Take the call off the list as well"),
    "contact.more": Translated("方式、时间、下一步、备注", "How, when, next step, note"),
    "contact.by": Translated("记录人", "By"),
}

MESSAGES: Mapping[str, Translated] = {
    "message.outcome": Translated("状态", "State"),
    "message.failed": Translated("失败", "Failed"),
    "message.waiting": Translated("等待发送", "Waiting"),
    "message.sent": Translated("已交给服务商，是否送达未知", "Handed over, delivery unknown"),
    "message.delivered": Translated("已送达", "Delivered"),
    "message.unanswered": Translated("无人接听或占线", "Not answered or busy"),
    "message.said.busy": Translated("占线", "Busy"),
    "message.said.no-answer": Translated("无人接听", "Nobody answered"),
    "message.said.canceled": Translated("服务商已取消", "Cancelled by the provider"),
    "message.cancelled": Translated("已取消", "Cancelled"),
    "message.repeated": Translated("失败，已重新发送", "Failed, sent again"),
    "message.days": Translated("最近几天", "Last days"),
    "message.to": Translated("收件人", "To"),
    "message.template": Translated("模板和版本", "Template and version"),
    "message.written": Translated("写于", "Written"),
    "message.attempts": Translated("次数", "Attempts"),
    "message.provider": Translated("服务商编号", "Provider's id"),
    "message.again": Translated("重新发送", "Send again"),
    "message.none": Translated("这段时间没有消息", "No messages in this time"),
    "refusal.nothing_to_send_again": Translated(
        "只有发送失败的消息可以重新发送，而且只能一次",
        "Only a message that failed is sent again, and only once",
    ),
    "refusal.no_longer_wanted": Translated(
        "已不需要这条消息：表格已填写或已关闭，或预警已有人确认",
        "This message is not needed any more: the form is filled in or closed, or somebody has "
        "taken the flag",
    ),
    "refusal.not_to_be_reminded_now": Translated(
        "按提醒规则现在不能发给她：免打扰时间、当天条数已满，或这个渠道联系不到她。请致电",
        "By the rules of reminding she is not written to now: quiet hours, the messages of the day "
        "are used up, or this way does not reach her. Please call",
    ),
}

REVIEWS: Mapping[str, Translated] = {
    "review.hint": Translated(
        "研究者看过数据后在这里确认。之后有新的回答或更正，会重新列为待审核。",
        "The investigator confirms here what was looked at. New answers and corrections bring a "
        "participant back.",
    ),
    "review.all": Translated("全部参与者", "Everybody"),
    "review.days": Translated("待审核天数", "Unreviewed days"),
    "review.newest": Translated("最新数据", "Newest data"),
    "review.last": Translated("上次审核", "Last review"),
    "review.none": Translated("没有新数据", "nothing new"),
    "review.visit": Translated("访视", "Visit"),
    "review.mark": Translated("已审核", "Reviewed"),
    "review.empty": Translated("没有待审核的数据", "Nothing waits for a review"),
}

RATINGS: Mapping[str, Translated] = {
    "nav.ratings": Translated("SLEDAI-2K 评估", "SLEDAI-2K ratings"),
    "rating.room": Translated(
        "这里只显示评估表。请只按本次就诊的情况评定，不要打听日记、事件或输液。",
        "Only the ratings are shown here. Rate by this visit alone; do not ask about diaries, "
        "events "
        "or infusions.",
    ),
    "rating.until": Translated("可评定至", "Until"),
    "rating.done": Translated("{time} 已评定", "Rated {time}"),
    "rating.enter": Translated("评定", "Rate"),
    "rating.none": Translated("现在没有需要评定的参与者", "Nobody is to be rated now"),
    "rating.save": Translated("提交评估", "Submit the rating"),
    "rating.once": Translated(
        "提交后只能由您本人更正，并说明理由。",
        "Afterwards only you can put it right, with a reason.",
    ),
    "rating.correct": Translated("更正这次评定", "Put this rating right"),
    "rating.correct.hint": Translated(
        "原来的评定保留；总分重新计算。", "The rating before stays; the total is worked out anew."
    ),
    "rating.not_yours": Translated(
        "只有评定人本人可以更正。", "Only the person who rated can put it right."
    ),
    "rating.versions": Translated("版本", "Versions"),
    "refusal.rating_not_open": Translated(
        "现在不能评定：还没有开放，或者已经截止。没有保存。",
        "This cannot be rated now: it is not open yet, or no longer. Nothing was stored.",
    ),
    "refusal.review_outdated": Translated(
        "打开本页之后又有新的数据。请先看过，再标记。",
        "Something came in since this page was shown. Look at it first, and mark it then.",
    ),
    "refusal.not_the_rater": Translated(
        "只有评定人本人可以更正这次评定。",
        "Only the person who entered this rating can put it right.",
    ),
    "rating.total": Translated("总分", "Total"),
    "rating.no_total": Translated(
        "有未评估的项目，不计总分", "no total: something was not assessed"
    ),
    "item.declined": Translated("不想回答", "Declined to answer"),
    "item.confirm": Translated("数值不寻常，我确认无误", "This is unusual, and right"),
    "refusal.invalid_answers": Translated(
        "有些项目没有填，或不对。请看标出的内容。",
        "Something is missing or not right. Look at what is marked.",
    ),
    "refusal.revision_conflict": Translated(
        "这份问卷已经提交过，不能再改。", "This has been submitted already and cannot be changed."
    ),
}

DAY: Mapping[str, Translated] = {**TODAY, **CONTACTS, **MESSAGES, **REVIEWS, **RATINGS}
