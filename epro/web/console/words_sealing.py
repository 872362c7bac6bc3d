"""What the page of a record says: signed off, locked, unlocked."""

from collections.abc import Mapping

from questionnaires.definition import Translated

SEALING: Mapping[str, Translated] = {
    "sealing": Translated("数据记录", "Record"),
    "sealing.hint": Translated(
        "锁定后，参与者的报告和回答照常接收和筛查，并使签名显示为失效。",
        "Once locked, what the participant reports or answers is still taken and screened; it "
        "shows the signature broken.",
    ),
    "sealing.locked": Translated("已锁定", "Locked"),
    "sealing.unlocked": Translated("未锁定", "Not locked"),
    "sealing.signed": Translated("签署有效", "Signed off"),
    "sealing.unsigned": Translated("未签署", "Not signed off"),
    "sealing.changed": Translated("签署之后有改动", "Changed since it was signed off"),
    "sealing.sign_off": Translated("签署数据记录", "Sign off"),
    "sealing.sign_off.hint": Translated(
        "签名表示：本人确认数据完整准确。",
        "Your signature says: I confirm that these data are complete and accurate.",
    ),
    "sealing.open": Translated(
        "签署前还要处理：", "To be closed or decided before it can be signed off:"
    ),
    "sealing.open.flag": Translated("未关闭的提示 {number}", "Open flag {number}"),
    "sealing.open.candidates": Translated(
        "待判断的不良事件线索：{count}", "Event candidates to decide: {count}"
    ),
    "sealing.open.corrections": Translated(
        "未决定的更正：{count}", "Corrections not decided: {count}"
    ),
    "sealing.open.anchor_queries": Translated(
        "与临床数据库不一致的时间：{count}", "Times that differ from the clinical database: {count}"
    ),
    "sealing.lock": Translated("锁定", "Lock"),
    "sealing.lock.hint": Translated(
        "锁定后，更正、不良事件和时间都不能再改，直到说明原因并解锁。",
        "Corrections, events and times can then not be changed until it is unlocked for a reason.",
    ),
    "sealing.lock.first": Translated(
        "有有效的签署才能锁定。", "It can be locked once a sign-off holds."
    ),
    "sealing.unlock": Translated("解锁", "Unlock"),
    "sealing.by": Translated("{by} 锁定", "locked by {by}"),
    "sealing.undone_by": Translated("{by} 解锁", "unlocked by {by}"),
    "sealing.never": Translated("从未锁定。", "It has never been locked."),
    "meaning.assessed": Translated("已作出评估", "Assessed"),
    "meaning.signed_off": Translated("数据完整准确", "Complete and accurate"),
}
