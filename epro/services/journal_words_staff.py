"""The journal in words: staff and their numbers, training rooms, how long the record is kept."""

from questionnaires.definition import Translated

STAFF: dict[str, Translated] = {
    "archive.made": Translated(
        "制作了研究者存档，截至日志第 {upto_seq} 条(manifest {manifest_sha256})",
        "made the investigator's copy up to number {upto_seq} (manifest {manifest_sha256})",
    ),
    "archive.received": Translated(
        "确认收到研究者存档(manifest {manifest_sha256})",
        "received the investigator's copy (manifest {manifest_sha256})",
    ),
    "number_check.logged": Translated(
        "记录了试拨 {called}，接通: {is_answered}",
        "logged a test call of {called}; answered: {is_answered}",
    ),
    "retention.stated": Translated(
        "声明保存期限: {years} 年，自 {from_on}，合同至 {contract_until_on}({document})",
        "stated how long to keep: {years} years from {from_on}, by contract to"
        " {contract_until_on} ({document})",
    ),
    "site.phones_set": Translated(
        "设定了中心的电话: {phone}，24 小时电话 {phone_24h}",
        "set the site's numbers: {phone}, at any hour {phone_24h}",
    ),
    "study.decommissioned": Translated(
        "确认删除研究 {study} 的整个数据库", "confirmed that the database of {study} is deleted"
    ),
    "training_room.opened": Translated("开放了培训室 {code}", "opened the training room {code}"),
    "training_room.cleared": Translated("清空了培训室 {code}", "cleared the training room {code}"),
    "training_room.filled": Translated("备好了培训室 {code}", "filled the training room {code}"),
    "training_room.not_filled": Translated("未能备好培训室: {fault}", "could not fill it: {fault}"),
    "training_room.entered": Translated(
        "进入了培训室 {code}", "went into the training room {code}"
    ),
    "training_room.removed": Translated("移除了已关闭的培训室", "removed a closed training room"),
    "user.added": Translated("添加了工作人员", "added a user"),
    "user.authenticator_begun": Translated("开始更换验证器", "began to move the authenticator"),
    "user.authenticator_moved": Translated("更换了验证器", "moved the authenticator"),
    "user.password_changed": Translated("更改了自己的密码", "changed her own password"),
    "user.contact_changed": Translated(
        "更改了工作人员的联系方式", "changed where a user is alerted"
    ),
    "user.let_in": Translated("进入了培训室", "came into the training room"),
    "user.deactivated": Translated("停用了工作人员账户", "closed a user's account"),
    "user.role_ended": Translated("收回了角色 {role}", "ended the role {role}"),
    "user.role_given": Translated("给予了角色 {role}", "gave the role {role}"),
    "user.set_up": Translated("设定了密码和动态码", "set up password and one-time codes"),
    "user.setup_begun": Translated("开始设置账户", "began to set up the account"),
    "user.setup_code_issued": Translated("发放了账户设置码", "issued a code to set up the account"),
    "user.setup_refused": Translated("账户设置被拒绝", "setting up an account was refused"),
}
