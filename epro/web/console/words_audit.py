"""What the audit review says: each figure, what it is counted out of, the facts of a case."""

from collections.abc import Mapping

from epro.services.audit_figures import NIGHT_ENDS, SHORTEST_S_AN_ANSWER
from questionnaires.definition import Translated

PAGE: Mapping[str, Translated] = {
    "nav.audit_review": Translated("稽查轨迹审核", "Audit review"),
    "audit.hint": Translated(
        "这些数字指出应当细看之处，本身不是结论：有人上夜班，有的家庭共用一部手机。每个数字都可以点开，"
        "看到它由哪些记录组成。",
        "These figures tell where to look and are no findings: some work at night, and some "
        "families share a telephone. Each leads to the cases it is made of.",
    ),
    "audit.from": Translated("从", "From"),
    "audit.to": Translated("到", "To"),
    "audit.by": Translated("按什么列出", "Listed by"),
    "audit.by.site": Translated("研究中心", "Site"),
    "audit.by.participant": Translated("参与者", "Participant"),
    "audit.by.user": Translated("工作人员", "Staff"),
    "audit.csv": Translated("下载 CSV", "Download as CSV"),
    "audit.csv.hint": Translated(
        "需要密码和动态码，并留下记录和校验值。",
        "Takes password and one-time code, and goes on record with its checksum.",
    ),
    "audit.figures": Translated("{first} 至 {last}", "{first} to {last}"),
    "audit.figures.hint": Translated(
        "情形数 / 总数。日期按各中心的时区，首尾两天都算在内。",
        "Cases / whole. Days are those of each site's zone, both ends included.",
    ),
    "audit.meaning": Translated("每个数字的含义", "What each figure means"),
    "audit.all": Translated("全部", "All"),
    "audit.no_site": Translated("不属于任何中心", "Of no site"),
    "audit.nothing": Translated("这段时间没有记录", "Nothing in this period"),
    "audit.everybody": Translated("显示所有人", "Show everybody"),
    "audit.journal": Translated("查看记录", "Journal"),
    "audit.facts": Translated("详情", "Details"),
    "audit.reviews": Translated("审核记录", "Reviews"),
    "audit.reviews.none": Translated("还没有人登记过审核。", "No review is on record yet."),
    "audit.reviewed": Translated("{by} 审核到 {upto}", "{by} reviewed up to {upto}"),
    "audit.review": Translated("登记一次审核", "Put a review on record"),
    "audit.upto": Translated("已审核到(含当天)", "Reviewed up to and including"),
    "audit.upto.hint": Translated("中心当地的日期", "A local day of the site"),
    "audit.remark": Translated("备注", "Remark"),
    "audit.remark.hint": Translated(
        "看了什么、发现了什么、与谁联系。没有发现也请写明。",
        "What was looked at, what was found, who was asked. Say so, too, if nothing was found.",
    ),
    "audit.mark": Translated("登记审核", "Record the review"),
    "said.This day lies ahead.": Translated("这一天还没有到。", "This day lies ahead."),
    "said.At most 2,000 characters, please.": Translated(
        "最多 2000 个字。", "At most 2,000 characters, please."
    ),
}  # fmt: skip

FIGURES: Mapping[str, Translated] = {
    "audit.late": Translated("补填", "Late"),
    "audit.late.means": Translated(
        "窗口关闭之后补填的回答，占所有计入完成情况的回答。",
        "Answers given in the late part of their window, out of all that count.",
    ),
    "audit.corrected": Translated("更正", "Corrections"),
    "audit.corrected.means": Translated(
        "提出的更正，与同期提交的回答之比；按工作人员列出时，占全部更正。",
        "Corrections asked for, out of what was sent in; by staff, out of all corrections.",
    ),
    "audit.night": Translated("夜间填写", "At night"),
    "audit.night.means": Translated(
        f"参与者当地时间 0 点至 {NIGHT_ENDS} 点之间提交的回答，占所有提交的回答。",
        f"Answers given between midnight and {NIGHT_ENDS} by her own clock, out of all sent in.",
    ),
    "audit.fast": Translated("填写过快", "Very fast"),
    "audit.fast.means": Translated(
        f"每个回答平均不到 {SHORTEST_S_AN_ANSWER:g} 秒的表单，占所有知道打开时间的表单。",
        f"Forms that took less than {SHORTEST_S_AN_ANSWER:g} seconds an answer, out of those whose "
        "opening is known.",
    ),
    "audit.on_behalf": Translated("代填", "On her behalf"),
    "audit.on_behalf.means": Translated(
        "由中心代为录入、或他人代答的回答，占所有提交的回答；按工作人员列出时，占全部代填。",
        "Answers taken by the site or given by somebody for her, out of all sent in; by staff, out "
        "of all that were taken so.",
    ),
    "audit.shared_device": Translated("共用设备", "Shared device"),
    "audit.shared_device.means": Translated(
        "有别人(参与者或工作人员)在同一浏览器登录过的参与者，占这段时间用过日记的参与者。"
        "中心代为打开的日记不算。",
        "Participants on whose browser somebody else, participant or staff, signed in too; out of "
        "those whose diary was in use. What the site opened on her behalf is left out.",
    ),
    "audit.shared_address": Translated("共用网络", "Shared address"),
    "audit.shared_address.means": Translated(
        "与别的参与者用过同一网络地址的参与者，占这段时间用过日记的参与者。在医院无线网激活、"
        "运营商共用出口都会造成共用。",
        "Participants seen at an address where another one was seen too, out of those whose diary "
        "was in use. A hospital's network, and a carrier's shared gateway, do this.",
    ),
    "audit.refused": Translated("登录被拒", "Refused"),
    "audit.refused.means": Translated(
        "被拒绝的登录和激活，占全部尝试。",
        "Sign-ins and activations that were refused, out of all attempts.",
    ),
    "audit.exports": Translated("导出", "Exports"),
    "audit.exports.means": Translated(
        "带走的文件数，没有总数可比。", "Files taken away: a count, out of nothing."
    ),
}

FACTS: Mapping[str, Translated] = {
    "audit.fact.questionnaire": Translated("表单", "form"),
    "audit.fact.local_time": Translated("当地时间", "local time"),
    "audit.fact.taken_s": Translated("用时(秒)", "seconds taken"),
    "audit.fact.answers": Translated("回答数", "answers"),
    "audit.fact.mode": Translated("方式", "way"),
    "audit.fact.completer": Translated("谁回答", "answered"),
    "audit.fact.source": Translated("来源", "source"),
    "audit.fact.state": Translated("状态", "state"),
    "audit.fact.delay_s": Translated("距填写(小时)", "hours after answering"),
    "audit.fact.tag": Translated("标记", "mark"),
    "audit.fact.with": Translated("同用者", "shared with"),
    "audit.fact.more": Translated("另有人数", "and others"),
    "audit.fact.verb": Translated("事项", "what"),
    "audit.fact.why": Translated("原因", "why"),
    "audit.fact.address": Translated("地址标记", "mark of the address"),
    "audit.fact.kind": Translated("内容", "what"),
    "audit.fact.file": Translated("文件", "file"),
    "audit.fact.size": Translated("字节", "bytes"),
    "audit.fact.rows": Translated("行数", "rows"),
    "audit.fact.sha256": Translated("SHA-256", "SHA-256"),
    "audit.completer.self": Translated("本人", "by herself"),
    "audit.completer.read_to_me": Translated("家人读给她听", "read to her"),
    "audit.completer.answered_for_me": Translated("别人代答", "by somebody for her"),
    "audit.mode.own_device": Translated("自己的手机", "her own device"),
    "audit.mode.provisioned_device": Translated("研究发放的设备", "a provisioned device"),
    "audit.mode.site_tablet": Translated("中心的平板", "the site's tablet"),
    "audit.mode.telephone_interview": Translated("电话访谈", "an interview by telephone"),
    "audit.mode.paper_transcription": Translated("纸质录入", "typed in from paper"),
    "audit.why.wrong_password_or_code": Translated(
        "密码或动态码不对", "wrong password or code"
    ),
    "audit.why.wrong_first_code": Translated(
        "新验证器的首个验证码不对", "wrong first code of a new authenticator"
    ),
    "audit.why.wrong_setup_code": Translated("设置码不对", "wrong set-up code"),
    "audit.why.wrong_pin": Translated("密码不对", "wrong PIN"),
    "audit.why.wrong_year": Translated("出生年份不对", "wrong year of birth"),
    "audit.why.unknown_code": Translated("编号或激活码不存在", "unknown code"),
    "audit.why.used_code": Translated("激活码已用过", "a code used before"),
    "audit.why.revoked_code": Translated("激活码已作废", "a revoked code"),
    "audit.why.expired_code": Translated("激活码已过期", "an expired code"),
    "audit.why.locked": Translated("已被锁定", "locked"),
}  # fmt: skip

AUDIT: Mapping[str, Translated] = {**PAGE, **FIGURES, **FACTS}
