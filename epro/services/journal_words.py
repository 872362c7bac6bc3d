"""The journal in words, for people who read an audit trail: who did what, and what changed."""

from typing import Any

from epro.services.journal_words_paper import PAPER
from epro.services.journal_words_protection import PROTECTION
from epro.services.journal_words_staff import STAFF
from questionnaires.definition import Translated

VERBS: dict[str, Translated] = {
    **PAPER,
    **PROTECTION,
    **STAFF,
    "activation.refused": Translated("激活被拒绝", "activation was refused"),
    "activation.locked": Translated("激活码因多次错误被锁定", "activation code was locked"),
    "activation_code.issued": Translated("发放了激活码", "issued an activation code"),
    "activation_code.revoked": Translated("作废了激活码", "revoked an activation code"),
    "anchor.corrected": Translated("更正了 {event} 的时间", "corrected the time of {event}"),
    "anchor.recorded": Translated("记录了 {event} 的时间", "recorded the time of {event}"),
    "anchor.withdrawn": Translated("撤销了 {event} 的时间", "took back the time of {event}"),
    "anchor_query.decided": Translated(
        "对数据库给出的 {event} 时间作出了决定",
        "decided about the time of {event} that the database gave",
    ),
    "anchor_query.opened": Translated(
        "数据库给出的 {event} 时间与中心不同",
        "the database gave another time of {event} than the site",
    ),
    "assessment.cancelled": Translated(
        "取消了 {occurrence} 的 {questionnaire_code}",
        "cancelled {questionnaire_code}, {occurrence}",
    ),
    "assessment.completed": Translated(
        "完成了 {occurrence} 的 {questionnaire_code}",
        "completed {questionnaire_code}, {occurrence}",
    ),
    "assessment.missed": Translated(
        "{occurrence} 的 {questionnaire_code} 未填写",
        "{questionnaire_code}, {occurrence}, was missed",
    ),
    "assessment.moved": Translated(
        "调整了 {occurrence} 的 {questionnaire_code}",
        "moved {questionnaire_code}, {occurrence}",
    ),
    "assessment.not_offered": Translated(
        "{occurrence} 的 {questionnaire_code} 未能提供",
        "{questionnaire_code}, {occurrence}, could not be offered",
    ),
    "assessment.planned": Translated(
        "安排了 {occurrence} 的 {questionnaire_code}",
        "planned {questionnaire_code}, {occurrence}",
    ),
    "assessment.suspended": Translated(
        "暂停了 {occurrence} 的 {questionnaire_code}",
        "suspended {questionnaire_code}, {occurrence}",
    ),
    "assessment.resumed": Translated(
        "重新开放了 {occurrence} 的 {questionnaire_code}",
        "resumed {questionnaire_code}, {occurrence}",
    ),
    "assessment.revived": Translated(
        "恢复了 {occurrence} 的 {questionnaire_code}",
        "revived {questionnaire_code}, {occurrence}",
    ),
    "adverse_event_list.reconciled": Translated(
        "与另一系统的不良事件清单核对，{difference_count} 处不同",
        "compared with another system's list of adverse events: {difference_count} differences",
    ),
    "adverse_event.linked": Translated(
        "把用药和就诊记录关联到不良事件 {number}",
        "linked reports of medicines and care to adverse event {number}",
    ),
    "adverse_event.recorded": Translated(
        "记录了不良事件 {number}: {term}", "recorded adverse event {number}: {term}"
    ),
    "adverse_event.revised": Translated(
        "修改了不良事件 {number}: {term}", "revised adverse event {number}: {term}"
    ),
    "adverse_event.voided": Translated(
        "作废了不良事件 {number}: {term}", "voided adverse event {number}: {term}"
    ),
    "candidate.decided": Translated(
        "对可能的不良事件({source})作出了决定: {disposition}",
        "decided about a possible adverse event ({source}): {disposition}",
    ),
    "code_break.recorded": Translated(
        "登记了一次揭盲事实({kind}, 由 {done_by})", "logged a code break ({kind}, by {done_by})"
    ),
    "consent.given": Translated("记录了同意: {kind}", "recorded consent: {kind}"),
    "consent.superseded": Translated(
        "新签的同意代替了: {kind}", "a newer consent replaced: {kind}"
    ),
    "consent.withdrawn": Translated("记录了撤回同意: {kind}", "recorded that she withdrew: {kind}"),
    "correction.approved": Translated(
        "同意更正({decision_reason})", "approved a correction ({decision_reason})"
    ),
    "correction.asked": Translated(
        "请求更正自己的回答({reason})", "asked to correct own answers ({reason})"
    ),
    "correction.confirmed": Translated(
        "参与者确认了更正", "the participant confirmed a correction"
    ),
    "correction.declined": Translated(
        "没有同意更正({decision_reason})", "declined a correction ({decision_reason})"
    ),
    "correction.made": Translated("更正了自己的回答({reason})", "corrected own answers ({reason})"),
    "correction.put_down": Translated(
        "记下了参与者要求的更正({reason})", "put down a correction the participant wants ({reason})"
    ),
    "correction.refused": Translated("参与者没有确认更正", "the participant refused a correction"),
    "audit_review.marked": Translated(
        "审核了截至 {upto_on} 的稽查轨迹: {remark}",
        "reviewed the audit trail up to {upto_on}: {remark}",
    ),
    "compliance.counted": Translated(
        "更新完成情况计数: 应完成 {expected}，已完成 {completed}",
        "counted compliance anew: {completed} of {expected} expected",
    ),
    "contact.logged": Translated(
        "登记了一次联系({channel}: {outcome})", "logged a contact ({channel}: {outcome})"
    ),
    "data_review.marked": Translated(
        "审核了截至当时的数据({visit})", "reviewed the data received so far ({visit})"
    ),
    "delegation.ended": Translated(
        "终止了对 {person} 的授权: {task}", "ended a delegation to {person}: {task}"
    ),
    "delegation.signed": Translated(
        "签署授权 {person}: {task}", "signed a delegation to {person}: {task}"
    ),
    "deputy.ended": Translated(
        "结束了 {deputy} 对 {person} 的代班", "ended that {deputy} stands in for {person}"
    ),
    "deputy.named": Translated(
        "{person} 由 {deputy} 代班，{from_on} 至 {to_on}",
        "{deputy} stands in for {person} from {from_on} to {to_on}",
    ),
    "device_session.cleared": Translated(
        "手机里的内容已被清除，用密码重新登录；没送达的记录可能丢失",
        "came back with the PIN on a phone that had lost what it kept; records not delivered may "
        "be lost",
    ),
    "device_session.revoked": Translated("吊销了设备", "revoked a device"),
    "device_session.started": Translated("登录了一台设备", "signed in on a device"),
    "device_session.ended": Translated("退出了登录", "signed out"),
    "drill.acknowledged": Translated(
        "{acknowledged_by} 确认了报警演练", "{acknowledged_by} acknowledged a drill of the alarm"
    ),
    "drill.started": Translated(
        "开始报警演练，通知了 {told}", "began a drill of the alarm; told {told}"
    ),
    "edc_client.added": Translated("添加了数据接口客户端", "added an EDC client"),
    "edc_client.refused": Translated("数据接口客户端被拒绝", "an EDC client was refused"),
    "edc_client.revoked": Translated("停用了数据接口客户端", "shut an EDC client out"),
    "digest.sent": Translated(
        "{count} 条提示待查看，写信给 {told}", "wrote to {told} that {count} flags wait"
    ),
    "edc_client.secret_rotated": Translated(
        "更换了数据接口客户端的密钥", "gave an EDC client a new secret"
    ),
    "edc_epoch.begun": Translated("恢复后重新开始数据接口", "began the feed anew after a restore"),
    "edc_token.issued": Translated("数据接口客户端取得了令牌", "an EDC client took a token"),
    "entity.read": Translated("数据接口读取了一条 {type}", "an EDC client read one {type}"),
    "export.taken": Translated(
        "导出了 {kind} ({rows} 行)", "took away a file: {kind} ({rows} rows)"
    ),
    "feed.acknowledged": Translated(
        "数据接口确认已存至 {seq}", "an EDC client has stored the feed up to {seq}"
    ),
    "feed.read": Translated("数据接口读取了 {rows} 条", "an EDC client read {rows} changes"),
    "feed.reconciled": Translated(
        "数据接口核对至 {upto_seq}", "an EDC client reconciled up to {upto_seq}"
    ),
    "fhir.read": Translated("FHIR 接口读取了 {rows} 条 {kind}", "read {rows} {kind} as FHIR"),
    "flag.acknowledged": Translated(
        "{acknowledged_by} 确认了 {tier} 提示", "{acknowledged_by} acknowledged the {tier} flag"
    ),
    "flag.assessed": Translated("评估了 {tier} 提示", "assessed the {tier} flag"),
    "flag.assessed_again": Translated(
        "更正了对 {tier} 提示的评估", "corrected the assessment of the {tier} flag"
    ),
    "flag.awareness_stated": Translated(
        "声明研究中心知晓 {tier} 提示的时间: {aware_at}",
        "stated when the site became aware of the {tier} flag: {aware_at}",
    ),
    "flag.called": Translated("打电话给 {told}", "let the phones of {told} ring"),
    "flag.closed": Translated(
        "{closed_by} 关闭了 {tier} 提示", "{closed_by} closed the {tier} flag"
    ),
    "flag.delivered": Translated(
        "{tier} 提示已送达研究中心人员", "the {tier} flag reached somebody of the site"
    ),
    "flag.escalated": Translated(
        "无人确认，又通知了 {told}", "nobody acknowledged; told {told} as well"
    ),
    "flag.joined": Translated("已有的 {tier} 提示又有新的触发", "more joined the {tier} flag"),
    "flag.noted": Translated(
        "回答被更正，{tier} 提示保留并加注", "answers were corrected; noted on the {tier} flag"
    ),
    "device_session.opened_on_behalf": Translated(
        "在研究中心的设备上代为打开日记", "opened the diary for her on the site's own device"
    ),
    "flag.said_mistaken": Translated(
        "参与者说是按错了，{tier} 提示保留并加注",
        "said it was pressed by mistake; noted on the {tier} flag",
    ),
    "flag.raised": Translated("提示 {tier}: {rules}", "raised a {tier} flag: {rules}"),
    "flag.given_back": Translated(
        "负责人不再能处理，{tier} 提示交回研究中心",
        "gave the {tier} flag back to the site: whoever had it may not act on it any more",
    ),
    "flag.reassigned": Translated(
        "把 {tier} 提示转交给 {owner}", "handed the {tier} flag to {owner}"
    ),
    "flag.report_due": Translated(
        "提醒: {tier} 提示的报告期限临近或已过",
        "warned that the report on the {tier} flag is due",
    ),
    "flag.reported": Translated(
        "登记了 {tier} 提示的报告已发送: {sent_at}",
        "recorded that the report on the {tier} flag was sent: {sent_at}",
    ),
    "flag.viewed": Translated("查看了 {tier} 提示", "looked at the {tier} flag"),
    "flag.told": Translated("通知了 {told}", "told {told}"),
    "flag.urgent_again": Translated(
        "{tier} 提示重新变为紧急: {rules}", "the {tier} flag is urgent again: {rules}"
    ),
    "identity.read": Translated("查看了身份信息", "looked at identity"),
    "identity.resealed": Translated(
        "用新密钥重新封存了身份信息", "sealed identity anew with the newest key"
    ),
    "identity.recorded": Translated("登记了身份信息", "recorded identity"),
    "incident.opened": Translated("系统故障: {kind}", "something failed: {kind}"),
    "incident.resolved": Translated("系统故障已结束: {kind}", "a failure is over: {kind}"),
    "message.cancelled": Translated(
        "取消了发给 {to} 的 {template}", "a message to {to} was stopped ({template})"
    ),
    "message.expired": Translated(
        "发给 {to} 的 {template} 已过时，未发送", "a message to {to} came too late ({template})"
    ),
    "message.failed": Translated(
        "发给 {to} 的 {template} 发送失败({error})",
        "a message to {to} could not be sent ({template}, {error})",
    ),
    "message.heard": Translated(
        "{to} 在电话中按键表示听到了 {template}",
        "{to} pressed the key: the call was heard ({template})",
    ),
    "message.not_confirmed": Translated(
        "无法确认 {template} 是否已发给 {to}",
        "nobody can tell whether a message to {to} was sent ({template})",
    ),
    "message.sent": Translated(
        "通过 {channel} 向 {to} 发送了 {template}", "sent {template} to {to} by {channel}"
    ),
    "message.sent_again": Translated(
        "重新发送给 {to} 的 {template}({channel})", "sent {template} to {to} again ({channel})"
    ),
    "message.undelivered": Translated(
        "发给 {to} 的 {template} 没有送达({error})",
        "a message to {to} was not delivered ({template}, {error})",
    ),
    "hand_over_note.written": Translated("写下交班记录", "wrote a hand-over note"),
    "participant.activated": Translated("激活了日记", "activated the diary"),
    "participant.diary_slot_chosen": Translated(
        "选择了填写日记的时段: {diary_slot}", "chose when to keep the diary: {diary_slot}"
    ),
    "participant.life_cycle_changed": Translated(
        "参与状态变为: {life_cycle}", "how she takes part became: {life_cycle}"
    ),
    "participant.moved_to_zone": Translated("时区改为 {zone}", "went to the time zone {zone}"),
    "participant.enrolled": Translated("登记了参与者", "enrolled the participant"),
    "pin.refused": Translated("更改密码被拒绝", "a change of PIN was refused"),
    "pin.chosen": Translated("设置了密码", "chose a PIN"),
    "record.locked": Translated("锁定了数据记录", "locked the record"),
    "record.signed": Translated(
        "{signer_name} 签署了 {entity_type}({meaning})",
        "{signer_name} signed the {entity_type} ({meaning})",
    ),
    "record.unlocked": Translated("解锁了数据记录", "unlocked the record"),
    "rehearsal_clock.moved": Translated(
        "把演练时钟调到 {now}", "moved the rehearsal clock to {now}"
    ),
    "number.opted_in": Translated("号码恢复接收短信", "a number takes text messages again"),
    "number.opted_out": Translated("号码退订短信", "a number wants no text messages"),
    "participant.preferences_changed": Translated(
        "更改了提醒偏好", "changed how she is reminded, or her language"
    ),
    "reminder.not_sent": Translated(
        "{step}未送达({not_sent_reason})",
        "the {step} reminder did not reach her ({not_sent_reason})",
    ),
    "reminder.rerouted": Translated(
        "改用 {channel} 发送{step}", "sent the {step} reminder by {channel} instead"
    ),
    "reminder.sent": Translated(
        "通过 {channel} 发出了{step}", "the {step} reminder left by {channel}"
    ),
    "reminder.queued": Translated("准备了{step}", "prepared the {step} reminder"),
    "reminder.skipped": Translated(
        "没有发送{step}({skipped_reason})", "skipped the {step} reminder ({skipped_reason})"
    ),
    "metadata.read": Translated(
        "数据接口读取了研究版本 {version} 的定义", "an EDC client read what edition {version} asks"
    ),
    "odm.exported": Translated("导出了 ODM 文件（{kind}）", "exported an ODM file ({kind})"),
    "response.completed": Translated(
        "提交了 {questionnaire_code}(第 {revision} 版)",
        "submitted {questionnaire_code} (revision {revision})",
    ),
    "response.corrected": Translated(
        "{questionnaire_code} 已更正(第 {revision} 版)",
        "corrected {questionnaire_code} (revision {revision})",
    ),
    "response.incomplete": Translated(
        "{questionnaire_code} 未提交就已截止，作为未完成保留",
        "{questionnaire_code} closed without being sent in; kept as incomplete",
    ),
    "response.in_progress": Translated(
        "保存了填写中的 {questionnaire_code}(第 {revision} 版)",
        "saved {questionnaire_code} in progress (revision {revision})",
    ),
    "response.refused": Translated(
        "一份提交未被接受({refusal}),原文已保留",
        "a submission was refused ({refusal}) and kept as it came",
    ),
    "safety_question.answered": Translated(
        "回答了关于自己文字的提问", "answered what was asked about own words"
    ),
    "safety_question.asked": Translated(
        "询问是否需要帮助，等到 {answer_by}", "asked whether help is needed, until {answer_by}"
    ),
    "safety_question.unanswered": Translated(
        "没有及时回答是否需要帮助", "did not answer in time whether help is needed"
    ),
    "screening.met": Translated("回答符合规则 {rules}", "answers met the rules {rules}"),
    "sign_in.refused": Translated("登录被拒绝", "sign-in was refused"),
    "roster.entered": Translated(
        "录入了 {from_on} 至 {to_on} 的值班表", "entered the roster from {from_on} to {to_on}"
    ),
    "signature.refused": Translated("签名未通过验证", "a signature was not proven"),
    "site.alerting_set": Translated(
        "设定了中心的报警方式: 电话 {calls_by_voice}，每日邮件 {digest_at}",
        "set how the site is alerted: calls {calls_by_voice}, daily mail {digest_at}",
    ),
    "site.added": Translated("添加了研究中心", "added a site"),
    "snapshot.read": Translated(
        "读取了数据快照的文件 {file}", "took the file {file} of a snapshot"
    ),
    "snapshot.requested": Translated(
        "请求了截至 {upto_seq} 的数据快照", "asked for a snapshot of all up to {upto_seq}"
    ),
    "study.read": Translated(
        "数据接口读取了研究版本列表", "an EDC client read the list of editions"
    ),
    "sponsor_contact.set": Translated(
        "设定了 {site} 的申办方联系人", "set the sponsor's contact of {site}"
    ),
    "study_version.activated": Translated(
        "自 {from_on} 起启用方案 {version}", "activated study version {version} from {from_on}"
    ),
    "study_version.published": Translated(
        "发布了方案 {version}", "published study version {version}"
    ),
    "trusted_phone.added": Translated("信任了一部手机", "trusted a phone"),
    "trusted_phone.revoked": Translated("不再信任一部手机", "ended the trust in a phone"),
    "words.confirmed": Translated(
        "确认文字不会透露分组: {words}", "confirmed that these words tell nothing: {words}"
    ),
    "work_item.added": Translated("待办新增: {kind}", "added to the work list: {kind}"),
    "work_item.done": Translated("完成待办: {kind}", "did what was on the work list: {kind}"),
}


def changes(content: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what an entry changed, a row for each field: name, old value, new value."""
    return [
        {"field": name, "before": old, "after": content["after"].get(name)}
        for name, old in content["before"].items()
    ]
