"""What the pages say about training rooms, and what every page inside one says."""

from collections.abc import Mapping

from questionnaires.definition import Translated

TRAINING: Mapping[str, Translated] = {
    "nav.training": Translated("培训室", "Training room"),
    "training.mark": Translated("培训 TRAINING", "TRAINING 培训"),
    "training.banner": Translated(
        "这里的人和数据都是虚构的。任何消息都不会发出，任何记录都不会进入试验。",
        "Everybody here is invented. No message leaves, nothing gets into the trial's record.",
    ),
    "training.banner.where": Translated(
        "培训室 {code} · 第 {number} 间", "Room {code} · number {number}"
    ),
    "training.back": Translated("回到试验", "Back to the trial"),
    "training.what": Translated(
        "在培训室里可以放心练习：入组并打印激活单、确认提示、评估、签名、关闭、更正、交班。"
        "里面的参与者和同事都是虚构的；短信、邮件和电话只留在房间里的消息记录中，不会发给任何人；"
        "里面的任何内容都不会进入数据库传输、导出或统计。请用您自己的密码和验证码练习签名，"
        "不要输入真实患者的信息。",
        "Practise without fear: enrol and print the sheet, acknowledge, assess, sign, close, "
        "correct, hand over. Participants and colleagues inside are invented; text messages, mails "
        "and calls stay in the room's own message log and reach nobody; nothing inside gets into "
        "the transfer to the database, an export or a figure. Sign with your own password and "
        "one-time code. Never type in anything of a real patient.",
    ),
    "training.none": Translated("还没有开放的培训室。", "No training room is open."),
    "training.no_place": Translated(
        "系统管理员还没有给培训室准备数据库 (EPRO_TRAINING_DATABASE_URL)。",
        "The operator has not given training rooms a database yet (EPRO_TRAINING_DATABASE_URL).",
    ),
    "training.open": Translated("开放培训室", "Open the training room"),
    "training.enter": Translated("进入培训室", "Enter the training room"),
    "training.filling": Translated(
        "正在准备虚构的参与者，大约需要一分钟。",
        "Invented participants are moving in. This takes about a minute.",
    ),
    "training.look_again": Translated("再看一次", "Look again"),
    "training.failed": Translated("没有准备好：{fault}", "It could not be filled: {fault}"),
    "training.opened": Translated(
        "培训室 {code} · 第 {number} 间，{by} 于 {time} 开放",
        "Room {code} · number {number}, opened by {by} at {time}",
    ),
    "training.clear": Translated("清空并重新准备", "Clear it and fill it anew"),
    "training.clear.hint": Translated(
        "正在里面练习的人会回到这一页。谁在何时清空，会留在稽查轨迹里。",
        "Whoever practises inside is led back to this page. The journal keeps who cleared it.",
    ),
    "training.clear.confirm": Translated(
        "我知道房间里所做的一切都会消失", "I know that everything done in the room is gone"
    ),
    "said.This needs your tick: everything done in the room is gone.": Translated(
        "请先勾选：房间里所做的一切都会消失。",
        "This needs your tick: everything done in the room is gone.",
    ),
    "training.messages": Translated(
        "这些消息只在培训室里显示，没有一条真的发出。“已发出”表示：在试验中，此时会发出。",
        "These messages are shown in the training room only; none has left. “Sent” means that it "
        "would have been sent then.",
    ),
    "training.text": Translated("会发出的内容", "What it would say"),
    "training.sheet": Translated(
        "培训 · TRAINING · 不要交给患者 · not for a patient",
        "TRAINING · 培训 · not for a patient · 不要交给患者",
    ),
    "training.no_call": Translated("虚构号码，不能拨打", "invented, cannot be called"),
}
