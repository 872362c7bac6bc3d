"""The journal in words, for people who read an audit trail: who did what, and what changed."""

from typing import Any

from questionnaires.definition import Language, Translated

VERBS: dict[str, Translated] = {
    "activation.refused": Translated("激活被拒绝", "activation was refused"),
    "activation.locked": Translated("激活码因多次错误被锁定", "activation code was locked"),
    "activation_code.issued": Translated("发放了激活码", "issued an activation code"),
    "activation_code.revoked": Translated("作废了激活码", "revoked an activation code"),
    "anchor.corrected": Translated("更正了锚点 {event}", "corrected the anchor {event}"),
    "anchor.recorded": Translated("记录了锚点 {event}", "recorded the anchor {event}"),
    "assessment.cancelled": Translated(
        "取消了 {occurrence} 的 {questionnaire_code}",
        "cancelled {questionnaire_code} of {occurrence}",
    ),
    "assessment.completed": Translated(
        "完成了 {occurrence} 的 {questionnaire_code}",
        "completed {questionnaire_code} of {occurrence}",
    ),
    "assessment.moved": Translated(
        "调整了 {occurrence} 的 {questionnaire_code}",
        "moved {questionnaire_code} of {occurrence}",
    ),
    "assessment.not_offered": Translated(
        "{occurrence} 的 {questionnaire_code} 未能提供",
        "{questionnaire_code} of {occurrence} could not be offered",
    ),
    "assessment.planned": Translated(
        "安排了 {occurrence} 的 {questionnaire_code}",
        "planned {questionnaire_code} of {occurrence}",
    ),
    "assessment.revived": Translated(
        "恢复了 {occurrence} 的 {questionnaire_code}",
        "revived {questionnaire_code} of {occurrence}",
    ),
    "consent.given": Translated("记录了同意: {kind}", "recorded consent: {kind}"),
    "device_session.revoked": Translated("吊销了设备", "revoked a device"),
    "device_session.started": Translated("登录了一台设备", "signed in on a device"),
    "device_session.ended": Translated("退出了登录", "signed out"),
    "identity.read": Translated("查看了身份信息", "looked at identity"),
    "identity.recorded": Translated("登记了身份信息", "recorded identity"),
    "participant.activated": Translated("激活了日记", "activated the diary"),
    "participant.enrolled": Translated("登记了参与者", "enrolled the participant"),
    "pin.chosen": Translated("设置了密码", "chose a PIN"),
    "response.completed": Translated(
        "提交了 {questionnaire_code}(第 {revision} 版)",
        "submitted {questionnaire_code} (revision {revision})",
    ),
    "response.in_progress": Translated(
        "保存了填写中的 {questionnaire_code}(第 {revision} 版)",
        "saved {questionnaire_code} in progress (revision {revision})",
    ),
    "response.refused": Translated(
        "一份提交未被接受({refusal}),原文已保留",
        "a submission was refused ({refusal}) and kept as it came",
    ),
    "sign_in.refused": Translated("登录被拒绝", "sign-in was refused"),
    "site.added": Translated("添加了研究中心", "added a site"),
    "study_version.activated": Translated(
        "自 {from_on} 起启用方案 {version}", "activated study version {version} from {from_on}"
    ),
    "study_version.published": Translated(
        "发布了方案 {version}", "published study version {version}"
    ),
    "user.added": Translated("添加了工作人员", "added a user"),
}


def sentence(content: dict[str, Any], *, language: Language) -> str:
    """Return one entry as a sentence; a verb without words is named as it is."""
    words = VERBS.get(content["verb"])
    if words is None:
        return str(content["verb"])
    return words.in_language(language).format_map(_Known(content["after"]))


def changes(content: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what an entry changed, a row for each field: name, old value, new value."""
    return [
        {"field": name, "before": old, "after": content["after"].get(name)}
        for name, old in content["before"].items()
    ]


class _Known(dict[str, Any]):
    """Values for a sentence; one that an entry does not have shows as a dash."""

    def __missing__(self, key: str) -> str:
        return "–"
