"""What messages, reminders and sessions are called on record: kinds of text, reasons, errors."""

import re
from collections.abc import Mapping

from epro.services.code_words import CODE_WORDS
from notifications.messages import ChannelName
from notifications.refusals import Refusal, meaning_of
from questionnaires.definition import Translated

# The texts of the shipped study, each without the channel that its key ends with.
_TEXTS: Mapping[str, Translated] = {
    "diary_open": Translated("填写日记的提醒", "Reminder of the diary"),
    "diary_last": Translated("填写日记的再次提醒", "Last reminder of the diary"),
    "morning_open": Translated("早晨问卷的提醒", "Reminder of the morning check"),
    "form_open": Translated("填写问卷的提醒", "Reminder of a form"),
    "alert": Translated("安全提示", "Flag alert"),
    "heard": Translated("安全提示电话的确认语", "Answer to a key pressed"),
    "escalation": Translated("无人确认的提示", "Flag that nobody has taken"),
    "digest": Translated("每日提示汇总", "Daily list of flags"),
    "drill": Translated("报警演练", "Drill of the alarm"),
    "account_renewed": Translated("账户已重置的通知", "Notice that an account was set back"),
    "account_set_up": Translated("账户已重新设置的通知", "Notice that an account was set up"),
    "account_way_in_changed": Translated("登录方式已更改的通知", "Notice of a changed way in"),
    "account_contact_changed": Translated("联系方式已更改的通知", "Notice of a changed number"),
    "handed": Translated("提示转交的通知", "Notice of a flag handed on"),
    "joined": Translated("已有人负责的提示有新触发", "More joined a flag that somebody has"),
    "serious_due": Translated("SAE 报告即将到期", "SAE report due soon"),
    "serious_overdue": Translated("SAE 报告已超期", "SAE report overdue"),
    "sponsor": Translated("致申办方的通知", "Notice to the sponsor"),
    "incident_undelivered": Translated("安全消息没有送达", "Safety message not delivered"),
    "incident_silent_worker": Translated("后台任务停止", "Worker silent"),
}

STEPS: Mapping[str, Translated] = {
    "first": Translated("第一次提醒", "first"),
    "day": Translated("当天的提醒", "day's"),
    "last": Translated("最后一次提醒", "last"),
}

# Why a reminder was skipped, a message stopped, a session ended, a name looked at.
REASONS: Mapping[str, Translated] = {
    "not_open": Translated("还没有开放", "not open yet"),
    "closed": Translated("已经截止", "closed already"),
    "quiet_hours": Translated("免打扰时间", "quiet hours"),
    "overtaken": Translated("已有更晚的提醒", "a later one took its place"),
    "too_late": Translated("已经太晚", "too late"),
    "budget": Translated("当天条数已满", "the messages of the day were used up"),
    "same_text": Translated("同样的内容已发送多次", "the same text too often"),
    "opted_out": Translated("她不要短信", "she wants none"),
    "not_taking_part": Translated("没有参加日记", "she does not take part"),
    "acknowledged": Translated("已有人确认", "somebody has acknowledged"),
    "answered": Translated("已填写", "answered"),
    "cancelled": Translated("问卷已取消", "the form was cancelled"),
    "urgent_again": Translated("提示重新变为紧急", "the flag became urgent again"),
    "enough": Translated("已经足够，不再询问", "enough was answered"),
    "expired": Translated("已过时", "came too late"),
    "not_confirmed": Translated("无法确认是否发出", "nobody can tell whether it left"),
    "unknown": Translated("原因不明", "not known why"),
    "undelivered": Translated("没有送达", "not delivered"),
    "console": Translated("在工作台查看", "on the console"),
    "signed_out": Translated("退出了登录", "signed out"),
    "revoked_by_site": Translated("研究中心吊销", "revoked by the site"),
    "refresh_token_reused": Translated(
        "登录凭证被重复使用，已停止", "its key was used twice: stopped"
    ),
    "phone_cleared": Translated("手机里的内容被清除", "the phone had lost what it kept"),
    "activated_elsewhere": Translated("在另一台设备上激活", "activated on another device"),
    "account_renewed": Translated("账户已重置", "the account was set back"),
    "account_set_up": Translated("账户已重新设置", "the account was set up anew"),
    "account_deactivated": Translated("账户已停用", "the account was closed"),
    # Reminders stop when she takes part in another way.
    **CODE_WORDS["life"],
}
# Reasons that end with the name of something.
_REASONS_ABOUT: Mapping[str, Translated] = {
    "data_request:": Translated("办理个人信息请求", "for a request about her data"),
    "flag ": Translated("跟进提示", "to follow up a flag"),
    "study version ": Translated("启用方案 {rest}", "study version {rest}"),
}

# Our own codes of what kept a message back; of a provider's only the number is known.
ERRORS: Mapping[str, Translated] = {
    "no_address": Translated("没有号码或地址", "no number or address"),
    "no_consent": Translated("没有同意使用这个渠道", "no consent to this way"),
    "no_cross_border_consent": Translated(
        "没有同意使用境外服务商", "no consent to a provider abroad"
    ),
    "wants_none": Translated("她不要短信", "she wants none"),
    "sender_busy": Translated("发送排队中", "the sender was busy"),
    "no_channel": Translated("没有这个发送渠道", "no such way of sending"),
    "no_text": Translated("没有这条消息的文本", "no text for this message"),
    "smtp_bad_address": Translated("邮件地址不对", "the mail address is not right"),
}
# Codes that name a step, and after it a number or a kind of error.
_ERRORS_AT: Mapping[str, Translated] = {
    "smtp_no_session": Translated("无法连接邮件服务器", "the mail server was not reached"),
    "smtp_lost": Translated("与邮件服务器的连接中断", "the mail server was lost"),
    "smtp_no_answer": Translated("邮件服务器没有答复", "the mail server did not answer"),
    "no_answer": Translated("服务商没有答复", "the provider did not answer"),
    "http": Translated("服务商报错", "the provider reported a fault"),
    "gateway": Translated("短信平台拒绝", "the gateway refused"),
    "smtp": Translated("邮件服务器拒绝", "the mail server refused"),
    "unreachable": Translated("无法连接服务商", "the provider was not reached"),
    "fault": Translated("系统内部故障", "a fault of this system"),
}
_MEANINGS: Mapping[Refusal, Translated] = {
    Refusal.TRANSIENT: Translated("暂时送不到", "not for now"),
    Refusal.PERMANENT: Translated("这个号码送不到", "not to this number"),
    Refusal.OPTED_OUT: Translated("收件人已退订", "the recipient wants none"),
    Refusal.UNKNOWN: Translated("服务商没有说明原因", "the provider gave no known reason"),
}
_BY_CHANNEL = re.compile(f"_(?:{'|'.join(ChannelName)})$")


def text_in_words(key: str) -> Translated:
    """Return what a text of the study is for, by its key; one that we do not know by its own."""
    purpose = _BY_CHANNEL.sub("", key)
    return _TEXTS.get(purpose, as_it_is(purpose))


def reason_in_words(reason: str) -> Translated:
    """Return why something was done: a code of ours in words, a person's words as they are."""
    if reason in REASONS:
        return REASONS[reason]
    for begin, words in _REASONS_ABOUT.items():
        if reason.startswith(begin):
            rest = reason.removeprefix(begin).removesuffix(" in force")
            return Translated(*(one.replace("{rest}", rest) for one in (words.zh, words.en)))
    return Translated(reason, reason)


def client_in_words(client: str) -> Translated | None:
    """Return how a device names itself, with the way of answering in words; None without a name."""
    zh = en = client
    for code, words in CODE_WORDS["mode"].items():
        zh, en = zh.replace(f"({code})", f"({words.zh})"), en.replace(f"({code})", f"({words.en})")
    return Translated(zh, en) if client else None


def error_in_words(code: str) -> Translated:
    """Return what kept a message back; a provider's code stays beside what it means."""
    if code in ERRORS:
        return ERRORS[code]
    if code in REASONS:
        return REASONS[code]
    for begin, words in _ERRORS_AT.items():
        if code.startswith(f"{begin}_"):
            return _beside(words, code.removeprefix(f"{begin}_"))
    return _beside(_MEANINGS[meaning_of(code)], code)


def as_it_is(code: str) -> Translated:
    """Return a code that only a study or a provider knows, at least without its underscores."""
    said = code.replace("_", " ")
    return Translated(said, said)


def _beside(words: Translated, code: str) -> Translated:
    said = code.replace("_", " ")
    return Translated(f"{words.zh}，{said}", f"{words.en}, {said}")
