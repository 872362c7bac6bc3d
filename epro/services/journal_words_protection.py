"""The journal in words: requests about personal data, and breaches."""

from questionnaires.definition import Translated

PROTECTION: dict[str, Translated] = {
    "data_incident.closed": Translated(
        "结案数据安全事件({kind})，原因: {cause}", "closed a breach ({kind}), cause: {cause}"
    ),
    "data_incident.notice_settled": Translated(
        "登记了数据安全事件的告知: {recipient}", "settled whom to tell of a breach: {recipient}"
    ),
    "data_incident.recorded": Translated(
        "登记了数据安全事件({kind}，{severity})", "recorded a breach ({kind}, {severity})"
    ),
    "data_incident.step_taken": Translated(
        "数据安全事件的处置: {step}", "took a step against a breach: {step}"
    ),
    "data_request.ended": Translated(
        "办结个人信息请求({kind}): {outcome}", "ended a request about her data ({kind}): {outcome}"
    ),
    "data_request.recorded": Translated(
        "登记了个人信息请求({kind})，应于 {due_on} 前答复",
        "recorded a request about her data ({kind}), to be answered by {due_on}",
    ),
    "data_request.step_taken": Translated(
        "处理个人信息请求({act}): {step}", "worked on a request about her data ({act}): {step}"
    ),
    "identity.corrected": Translated("更正了身份信息", "corrected identity"),
    "identity.erased": Translated("删除了身份信息", "erased identity"),
    "site.data_protection_set": Translated(
        "设定了中心的个人信息期限: 请求 {request_days} 天，事件 {breach_hours} 小时",
        "set by when the site answers requests ({request_days} days) and tells of breaches "
        "({breach_hours} hours)",
    ),
}
