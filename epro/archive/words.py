"""What a copy says beside the words of the pages: headings and labels."""

from collections.abc import Mapping
from typing import Any

from epro.web.console.words import WORDS
from questionnaires.definition import Language, Translated

ARCHIVE: Mapping[str, Translated] = {
    "record": Translated("参与者记录", "Record of a participant"),
    "record.upto": Translated(
        "包含截至日志第 {seq} 条的全部内容。时间均注明与 UTC 的时差；参与者的姓名和电话不在其中。",
        "Everything up to number {seq} of the journal. Times give their offset from UTC; her name"
        " and telephone numbers are not in it.",
    ),
    "about": Translated("参与者", "The participant"),
    "about.site": Translated("研究中心", "Site"),
    "about.language": Translated("语言", "Language"),
    "about.zone": Translated("时区", "Time zone"),
    "about.route": Translated("体温计用法", "Thermometer"),
    "about.enrolled": Translated("登记", "Enrolled"),
    "about.activated": Translated("激活日记", "Diary activated"),
    "about.life": Translated("参与状态", "Takes part"),
    "about.visit": Translated("访视", "Visit"),
    "about.consent": Translated("知情同意", "Consent"),
    "about.consent.given": Translated(
        "版本 {version}，{at}，由 {by} 说明，存放 {place}",
        "version {version}, {at}, explained by {by}, kept in {place}",
    ),
    "about.consent.withdrawn": Translated("，{at} 撤回", ", withdrawn {at}"),
    "about.consent.superseded": Translated("，{at} 改签新版本", ", signed anew {at}"),
    "taking_part": Translated("参与经过", "How she took part"),
    "answers": Translated("回答", "Answers"),
    "answers.none": Translated("没有。", "None."),
    "answers.answered": Translated("回答于 {at} ({zone})", "Answered {at} ({zone})"),
    "answers.received": Translated("收到于 {at}", "received {at}"),
    "answers.status.completed": Translated("已提交", "sent in"),
    "answers.status.in_progress": Translated("填写中，未提交", "in progress, not sent in"),
    "answers.status.incomplete": Translated("未提交即截止", "closed without being sent in"),
    "answers.score": Translated("评分", "Score"),
    "answers.duplicate": Translated("重复提交，不计入", "a second answer, does not count"),
    "answers.sheet": Translated(
        "纸质原件 {reference}，填写于 {at}，由 {by} 录入；{check}",
        "sheet {reference}, written {at}, typed in by {by}; {check}",
    ),
    "changed.corrected": Translated(
        "第 {revision} 版：{at} 更正，{by}，{source}，理由：{reason}",
        "Revision {revision}: corrected {at}, {by}, {source}, reason: {reason}",
    ),
    "changed.decided": Translated(
        "，{by} 于 {at} 同意：{reason}", ", approved by {by} {at}: {reason}"
    ),
    "changed.before": Translated(
        "第 {revision} 版：提交前更改，收到于 {at}",
        "Revision {revision}: changed before it was sent in, received {at}",
    ),
    "changed.to": Translated("{question}：{old} → {new}", "{question}: {old} → {new}"),
    "changed.not_applied": Translated(
        "未采用的更正请求（{state}），{at}，{by}，理由：{reason}",
        "A correction that was not applied ({state}), {at}, {by}, reason: {reason}",
    ),
    "state.awaiting_participant": Translated("等待参与者确认", "waits for her word"),
    "state.awaiting_decision": Translated("等待决定", "waits for a decision"),
    "state.refused": Translated("参与者没有确认", "she did not confirm it"),
    "state.declined": Translated("没有同意", "declined"),
    "unanswered": Translated("没有回答的日记和问卷", "Diaries and forms without an answer"),
    "unanswered.missed": Translated("未填写", "missed"),
    "unanswered.not_offered": Translated("未能提供", "could not be offered"),
    "unanswered.suspended": Translated("暂停", "suspended"),
    "refused": Translated("未被接受的提交（原文）", "Refused submissions (as they came)"),
    "refused.one": Translated("{at} 收到：{why}", "received {at}: {why}"),
    "flags": Translated("安全提示", "Safety flags"),
    "flags.rule": Translated("规则", "Rule"),
    "flags.assessed": Translated(
        "第 {version} 次评估，{at}，{by}", "Assessment {version}, {at}, {by}"
    ),
    "flags.not_event": Translated("不是不良事件", "no adverse event"),
    "flags.event": Translated("是不良事件", "an adverse event"),
    "contacts": Translated("联系记录", "Contacts"),
    "events": Translated("不良事件", "Adverse events"),
    "events.number": Translated("不良事件 {number}：{term}", "Adverse event {number}: {term}"),
    "events.onset": Translated("开始", "Onset"),
    "events.ended": Translated("结束", "Ended"),
    "events.goes_on": Translated("持续", "goes on"),
    "events.grade": Translated("{grade} 级，自 {on}", "grade {grade} from {on}"),
    "events.not_serious": Translated("非严重", "not serious"),
    "events.voided": Translated("已作废", "voided"),
    "events.version": Translated(
        "第 {version} 版，{at}，{by}，理由：{reason}",
        "Version {version}, {at}, {by}, reason: {reason}",
    ),
    "decisions": Translated("对可能的不良事件的决定", "Decisions about possible adverse events"),
    "decisions.one": Translated(
        "{at}，{by}：{source} {key} → {disposition}，理由：{reason}",
        "{at}, {by}: {source} {key} → {disposition}, reason: {reason}",
    ),
    "signatures": Translated("签名", "Signatures"),
    "signatures.one": Translated(
        "{name}（{role}），{at}：“{meaning}”，签署 {kind}，内容 SHA-256 {sha256}",
        "{name} ({role}), {at}: “{meaning}”, signing the {kind}, content SHA-256 {sha256}",
    ),
    "sign_off": Translated("数据记录的签署与锁定", "Sign-off and lock of the record"),
    "sign_off.holds": Translated("签署有效", "the sign-off holds"),
    "sign_off.broken": Translated("签署之后有改动", "changed since it was signed off"),
    "sign_off.none": Translated("未签署", "not signed off"),
    "kind.participant_record": Translated("数据记录", "record"),
    "kind.flag": Translated("安全提示", "safety flag"),
    "kind.adverse_event": Translated("不良事件", "adverse event"),
    "kind.response": Translated("回答", "answers"),
    "route.axillary": Translated("腋下", "axillary"),
    "route.oral": Translated("口腔", "oral"),
    "route.tympanic": Translated("耳温", "tympanic"),
    "count.participants": Translated("参与者", "participants"),
    "count.responses": Translated("回答的表单", "forms answered"),
    "count.assessments": Translated("安排的表单", "forms planned"),
    "count.corrections": Translated("更正请求", "corrections asked for"),
    "count.refused_submissions": Translated("未被接受的提交", "refused submissions"),
    "count.flags": Translated("安全提示", "safety flags"),
    "count.contacts": Translated("联系记录", "contacts"),
    "count.adverse_events": Translated("不良事件", "adverse events"),
    "count.event_decisions": Translated(
        "对可能的不良事件的决定", "decisions about possible events"
    ),
    "count.consents": Translated("知情同意", "consents"),
    "count.signatures": Translated("签名", "signatures"),
    "count.journal_entries": Translated("日志", "entries of the journal"),
    "page": Translated("{code}，第 {page} 页", "{code}, page {page}"),
}


def say(key: str, language: Language, /, **values: Any) -> str:
    """Return a text of the copy or of the pages; a key without words stands as it is."""
    words = ARCHIVE.get(key) or WORDS.get(key)
    if words is None:
        return key.rpartition(".")[2]
    text = words.in_language(language)
    return text.format(**values) if values else text
