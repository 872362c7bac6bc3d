"""What is wrong with a field of a form, by the words of the refusal, where no page has its own.

Beside it what is wrong with a body that a phone sent: its answers, and the shape of the whole.
"""

import re
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
        "Leave an unanswered item out.": "没有回答的题不应发送。",
        "declined is true, or left out.": "“不想回答”的标记不对。",
        "A date is YYYY-MM-DD.": "日期的格式不对。",
        "A time of day is HH:MM, from 00:00 to 23:59.": "时间的格式不对。",
        "A time is YYYY-MM-DDThh:mm with its offset.": "日期和时间的格式不对。",
        "A device cannot say this.": "手机不能这样标记。",
        "Printable ASCII, at most 40 characters.": "应用版本的写法不对。",
        "Field may not be null.": "这一项不能为空。",
        "Invalid input type.": "这一项的类型不对。",
        "Invalid type.": "这一项的类型不对。",
        "Invalid value.": "这一项的值不对。",
        "Not a valid UUID.": "这不是有效的编号。",
        "Not a valid date.": "这不是日期。",
        "Not a valid aware datetime.": "这不是带时区的日期和时间。",
        "Not a valid datetime.": "这不是日期和时间。",
        "Not a valid integer.": "这里应是整数。",
        "Not a valid list.": "这里应是一个列表。",
        "Not a valid number.": "这里应填数字。",
        "Not a valid string.": "这里应填文字。",
        "Not a valid utf-8 string.": "文字的编码不对。",
        "Number too large.": "数字太大。",
        "Special numeric values (nan or infinity) are not permitted.": "这里应填数字。",
    }.items()
}
# The same with values in them.
_WITH_VALUES = [
    (re.compile("(.+)".join(map(re.escape, english.split("{}")))), chinese)
    for english, chinese in {
        "A rating lies between 0 and {}.": "评分应在 0 到 {} 之间。",
        "At most {} decimals.": "最多 {} 位小数。",
        "At most {} characters.": "最多 {} 个字。",
        "Longer than maximum length {}.": "太长，最多 {}。",
        "Must be one of: {}.": "只能是：{}。",
        "Must be greater than or equal to {} and less than or equal to {}.": "应在 {} 到 {} 之间。",
    }.items()
]


def with_values(said: str) -> Translated:
    """Return what is said, values and all; as it is said where it is not known."""
    for pattern, chinese in _WITH_VALUES:
        if found := pattern.fullmatch(said):
            return Translated(chinese.format(*found.groups()), said)
    return Translated(said, said)
