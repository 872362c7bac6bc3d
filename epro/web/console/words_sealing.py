"""What the pages of a record and of a site's copies say."""

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
    "nav.archives": Translated("研究者存档", "Investigator's copies"),
    "archive.hint": Translated(
        "每份存档包含本中心的全部记录，不需要本系统就能打开和核对(README.txt)。"
        "请用存档里的 check.py 核对，再在这里确认收到；存档由研究中心保管。",
        "Each copy holds the whole record of the site, and opens and can be checked without this "
        "system (README.txt). Check it with its check.py, then confirm here that you have it. It "
        "stays with the site.",
    ),
    "archive.none": Translated("还没有制作存档。", "No copy has been made yet."),
    "archive.how": Translated(
        "由管理服务器的人用下面的命令制作，再把文件夹交给研究者：",
        "Whoever runs the server makes one with this command and hands the folder over:",
    ),
    "archive.upto": Translated(
        "截至日志第 {seq} 条，{count} 位参与者",
        "Up to number {seq} of the journal, {count} people",
    ),
    "archive.made": Translated("由 {by} 制作", "made by {by}"),
    "archive.by.made": Translated("按制作时间", "By when made"),
    "archive.by.site": Translated("按中心", "By site"),
    "archive.by.received": Translated("按收到时间", "By when received"),
    "archive.received": Translated("{by} 于 {at} 收到", "received by {by}, {at}"),
    "archive.waiting": Translated("等待研究者确认收到", "An investigator has not confirmed it yet"),
    "archive.sha256": Translated(
        "存档中 manifest.json 的 SHA-256", "SHA-256 of manifest.json in your copy"
    ),
    "archive.sha256.hint": Translated(
        "check.py 在最后一行显示。", "check.py shows it in its last line."
    ),
    "archive.receive": Translated("确认收到", "I have received it"),
    "archive.kept": Translated("{site} 的记录保存至 {on}", "The record of {site} is kept to {on}"),
    "archive.kept.always": Translated(
        "{site} 的记录无限期保存：尚未登记上市批准或研究结束的日期。",
        "The record of {site} is kept without limit: neither marketing approval nor the end of the "
        "trial is on record.",
    ),
}
