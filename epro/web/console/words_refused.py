"""What is wrong with a field of a form, by the words of the refusal, where no page has its own."""

from collections.abc import Mapping

from epro.services.enrolment_form import MIN_AGE
from questionnaires.definition import Translated

REFUSED: Mapping[str, Translated] = {
    f"said.{english}": Translated(chinese, english)
    for english, chinese in {
        "This is needed.": "请填写这一项。",
        "A participant's code begins with the code of her site.": (
            "参与者编号以她所在中心的代码开头。"
        ),
        "A participant's code reads like SZ01-014.": "参与者编号的写法如 SZ01-014。",
        "A phone number has its country code, as in +8613800138000.": (
            "请写上国家代码，例如 +8613800138000。"
        ),
        "This is not a year of birth.": "这不是出生年份。",
        f"Participants are at least {MIN_AGE} years old.": f"参与者须满 {MIN_AGE} 岁。",
        "This is not the name of an IANA time zone.": (
            "没有这个时区。请用 IANA 名称，例如 Asia/Shanghai。"
        ),
        "This kind is given more than once.": "同一种同意填了两次。",
        "A year is needed.": "请填写年份。",
        "A participant's code begins with her site's.": "参与者编号以她所在中心的代码开头。",
        "She is screened until she activates.": "激活以前，她处于筛选状态。",
        "This lies before the consent was given.": "这早于同意的时间。",
        "This lies before the consent that it takes the place of.": "这早于它所代替的同意。",
        "She has not agreed to this, or not any more.": "她没有同意这一项，或已经撤回。",
        "This is no colleague of yours at this site.": "本中心没有这位同事。",
        "A note has words, at most 2,000 characters.": "请写交接内容，最多 2,000 字。",
        "These days are over, or end before they begin.": "这些日子已经过去，或结束早于开始。",
        "Say what is to be changed.": "请填写要更改的内容。",
        "A task is not delegated for days that are over.": "不能授权已经过去的日子。",
        "It can end on a day of its own, not before yesterday.": (
            "结束日须在授权期内，且不早于昨天。"
        ),
        "This account is closed.": "这个账户已停用。",
        "This task is not for somebody of that role.": "这个角色不能承担这项任务。",
        "This is no physician of the site.": "这不是本中心的医生。",
    }.items()
}
