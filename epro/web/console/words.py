"""What the pages of the console say, in both languages. A key is a place; nothing is said twice."""

from collections.abc import Mapping

from epro.services.code_words import CODE_WORDS
from epro.web.console.words_accounts import ACCOUNTS
from epro.web.console.words_audit import AUDIT
from epro.web.console.words_day import DAY
from epro.web.console.words_duty import DUTY
from epro.web.console.words_events import EVENT_WORDS
from epro.web.console.words_follow_up import FOLLOW_UP
from epro.web.console.words_paper import WORDS_OF_PAPER
from epro.web.console.words_participants import PARTICIPANTS
from epro.web.console.words_protection import PROTECTION
from epro.web.console.words_record import RECORD
from epro.web.console.words_refused import REFUSED
from epro.web.console.words_sealing import SEALING
from epro.web.console.words_time import TIME
from epro.web.console.words_training import TRAINING
from questionnaires.definition import Translated

_FRAME = {
    "app": Translated("ePRO 工作台", "ePRO console"),
    "skip": Translated("跳到内容", "Skip to content"),
    "nav": Translated("主菜单", "Main menu"),
    "nav.open": Translated("菜单", "Menu"),
    "nav.close": Translated("关闭菜单", "Close the menu"),
    "nav.group.day": Translated("今天", "The day"),
    "nav.group.people": Translated("参与者", "Participants"),
    "nav.group.own": Translated("我的", "My own"),
    "nav.flags": Translated("安全收件箱", "Safety inbox"),
    "nav.participants": Translated("参与者名单", "Participants"),
    "nav.phones": Translated("信任的手机", "Trusted phones"),
    "nav.waiting": Translated("{count} 条待确认", "{count} to acknowledge"),
    "sign_out": Translated("退出登录", "Sign out"),
    "language.other": Translated("English", "中文"),
    "pin_session": Translated(
        "用手机密码登录：只能查看和确认提示", "Signed in by PIN: you can see and take flags"
    ),
    "problem": Translated("有一个问题", "There is a problem"),
    "back_to_start": Translated("回到首页", "Back to the start"),
    "back_to_inbox": Translated("回到安全收件箱", "Back to the safety inbox"),
}

_DOOR = {
    "sign_in": Translated("登录", "Sign in"),
    "sign_in.intro": Translated("研究中心工作人员登录。", "For the staff of the site."),
    "username": Translated("用户名", "User name"),
    "password": Translated("密码", "Password"),
    "totp": Translated("动态码 (6 位)", "One-time code (6 digits)"),
    "totp.hint": Translated("来自您的验证器应用", "From your authenticator app"),
    "unlock": Translated("输入手机密码", "Enter the PIN of this phone"),
    "unlock.intro": Translated(
        "这部手机已被信任。用手机密码只能查看和确认提示。",
        "This phone is trusted. With its PIN you can see flags and take them.",
    ),
    "unlock.full": Translated("用密码和动态码登录", "Sign in with password and one-time code"),
    "pin": Translated("6 位数字密码", "PIN (6 digits)"),
    "pin_again": Translated("再输入一次", "The same PIN again"),
    "problem.wrong_credentials": Translated(
        "登录信息不对，或已经失效。请核对后再试；动态码每个只能用一次。",
        "These details are not right, or no longer valid. Check them and try again; each one-time "
        "code works once.",
    ),
    "problem.too_many_attempts": Translated(
        "尝试次数太多。请 15 分钟后再试。", "Too many attempts. Please try again in 15 minutes."
    ),
    "problem.pins_differ": Translated(
        "两次输入的密码不一样。请重新输入。", "The two PINs differ. Please type them again."
    ),
    "problem.weak_secret": Translated(
        "这个密码太容易猜到。请用 6 个不连续、不重复的数字。",
        "This PIN is too easy to guess. Use six digits that neither repeat nor run on.",
    ),
}

_PHONES = {
    "phones": Translated("信任的手机", "Trusted phones"),
    "phones.intro": Translated(
        "在信任的手机上，用 6 位数字密码就能查看和确认提示，夜里不需要验证器。"
        "评估和结案仍需要密码和动态码。信任 30 天后到期；输错 5 次即失效。",
        "On a phone you trust, six digits are enough to see and take flags; at night no "
        "authenticator is needed. Assessing and closing still need password and one-time code. "
        "Trust ends after 30 days, or with five wrong PINs.",
    ),
    "phones.none": Translated("还没有信任的手机。", "No phone is trusted yet."),
    "phones.this": Translated("信任这部手机", "Trust this phone"),
    "phones.until": Translated("有效期至", "Until"),
    "phones.since": Translated("信任于", "Since"),
    "phones.device": Translated("设备", "Device"),
    "phones.end": Translated("不再信任", "Trust no more"),
}

_TIERS = {
    "tier.tonight": Translated("今晚", "tonight"),
}

_INBOX = {
    "inbox": Translated("安全收件箱", "Safety inbox"),
    "inbox.filters": Translated("筛选", "Filter"),
    "inbox.counts": Translated("数量", "Counts"),
    "inbox.all": Translated("全部未关闭", "All open"),
    "inbox.overdue": Translated("超时未确认", "Overdue"),
    "inbox.waiting": Translated("待确认", "To acknowledge"),
    "inbox.running": Translated("SAE 时钟运行中", "Serious-event clock running"),
    "inbox.news": Translated("新触发 {time}，无人查看", "New {time}, nobody has looked"),
    "inbox.taken": Translated("已有人负责", "Taken"),
    "inbox.site": Translated("中心", "Site"),
    "inbox.tier": Translated("级别", "Tier"),
    "inbox.owner": Translated("负责人", "Owner"),
    "inbox.any": Translated("全部", "All"),
    "inbox.me": Translated("我", "Me"),
    "inbox.find": Translated("查找参与者", "Find a participant"),
    "inbox.apply": Translated("应用", "Apply"),
    "inbox.clear": Translated("清除筛选", "Clear the filter"),
    "inbox.clock": Translated("时钟", "Clock"),
    "inbox.signal": Translated("信号", "Signal"),
    "inbox.participant": Translated("参与者", "Participant"),
    "inbox.raised": Translated("触发", "Raised"),
    "inbox.action": Translated("操作", "Action"),
    "inbox.open": Translated("打开", "Open"),
    "inbox.acknowledge": Translated("确认收到", "Acknowledge"),
    "inbox.sure": Translated(
        "确认收到 {code} 的提示？由您负责跟进。", "Take the flag of {code}? You will follow it up."
    ),
    "inbox.nobody": Translated("无人", "Nobody"),
    "inbox.times": Translated("{count} 次", "{count} times"),
    "inbox.empty": Translated("没有未关闭的信号", "No open signals"),
    "inbox.empty_filtered": Translated("没有符合筛选的信号", "No signal fits the filter"),
    "inbox.last": Translated("上次信号 {time}", "The last one came {time}"),
    "inbox.never": Translated("还没有过信号", "There has been none yet"),
    "inbox.fresh": Translated("数据更新于 {time}", "As of {time}"),
    "inbox.refresh": Translated("刷新", "Refresh"),
    "inbox.keys": Translated(
        "键盘：j / k 移动，Enter 打开，a 确认，/ 查找，? 帮助",
        "Keys: j / k move, Enter opens, a acknowledges, / finds, ? helps",
    ),
    "clock.overdue": Translated("超时 {span}", "{span} overdue"),
    "clock.left": Translated("剩 {span}", "{span} left"),
    "clock.report": Translated("报告剩 {span}", "{span} to report"),
    "clock.report_over": Translated("报告超时 {span}", "report {span} late"),
    "clock.taken": Translated("{time} 已确认", "Taken {time}"),
    "span.minutes": Translated("{minutes} 分", "{minutes} min"),
    "span.hours": Translated("{hours} 小时 {minutes} 分", "{hours} h {minutes} min"),
    "span.days": Translated("{days} 天 {hours} 小时", "{days} d {hours} h"),
}

_FLAG = {
    "flag.step.acknowledge": Translated("1 确认收到", "1 Acknowledge"),
    "flag.taken_before": Translated(
        "{by} 已在 {at} 确认。不必重复处理。", "{by} took this {at}. Nothing is needed twice."
    ),
    "flag.taken_by": Translated("{by} 于 {at} 确认", "{by} took this {at}"),
    "flag.not_taken": Translated("还没有人确认", "Nobody has taken this yet"),
    "flag.acknowledge_by": Translated("请在 {at} 前确认", "To be acknowledged by {at}"),
    "flag.answers": Translated("答案", "Answers"),
    "flag.trend": Translated("近 7 天", "Last 7 days"),
    "flag.triggers": Translated("触发", "What made it"),
    "flag.rule": Translated("规则", "Rule"),
    "flag.when": Translated("时间", "Time"),
    "flag.source": Translated("来源", "Source"),
    "flag.history": Translated("历史", "History"),
    "flag.notes": Translated("备注", "Notes"),
    "flag.notes.hint": Translated(
        "备注不降低提示的级别，也不关闭提示。", "A note neither lowers this flag nor closes it."
    ),
    "flag.note.pressed_by_mistake": Translated(
        "参与者说是按错了", "the participant said that it was pressed by mistake"
    ),
    "flag.note.said_at": Translated("手机时间 {at}", "{at} by the phone's clock"),
    "flag.note.corrected": Translated("回答被更正", "the answers were corrected"),
    "flag.note.answered_after_all": Translated(
        "没有收到的回答后来收到了", "the answer that did not come has come after all"
    ),
    "flag.possible_serious": Translated(
        "可能的严重事件，由研究者评估", "Possible serious event, for the investigator to assess"
    ),
    "flag.acknowledge_hint": Translated(
        "确认表示由您负责跟进，不是结案。不能撤销，可以转交。",
        "Acknowledging means that you follow this up; it closes nothing and cannot be undone, only "
        "handed on.",
    ),
    "source.response": Translated("提交的回答", "An answer"),
    "source.quarantine": Translated("未被接受的提交", "A refused submission"),
    "source.question": Translated("对系统提问的回答", "An answer to our question"),
    "source.silence": Translated("没有收到回答", "An answer that did not come"),
}

_REFUSALS = {
    "refusal.not_found": Translated(
        "这里没有您可以查看的内容。请检查地址，或回到收件箱。",
        "There is nothing here that you can see. Check the address, or go back to the inbox.",
    ),
    "refusal.not_permitted": Translated(
        "您的角色不能打开这一页。需要时请联系系统管理员。",
        "Your role does not allow this page. Ask the system administrator if you need it.",
    ),
    "refusal.foreign_form": Translated(
        "这个表单已经失效。请返回、刷新页面后再试。",
        "This form is no longer valid. Go back, refresh the page and try again.",
    ),
}

CODES = {
    f"{about}.{code}": said for about, words in CODE_WORDS.items() for code, said in words.items()
}

WORDS: Mapping[str, Translated] = {
    **CODES,
    **FOLLOW_UP, **DUTY, **PARTICIPANTS, **DAY, **TIME, **RECORD, **EVENT_WORDS,
    **REFUSED, **SEALING, **AUDIT, **ACCOUNTS, **WORDS_OF_PAPER, **TRAINING, **PROTECTION,
    **_FRAME, **_DOOR, **_PHONES, **_TIERS, **_INBOX, **_FLAG, **_REFUSALS,
}  # fmt: skip
