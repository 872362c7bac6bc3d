"""What the pages say about sheets of paper, and about how and by whom answers were given."""

from collections.abc import Mapping

from questionnaires.definition import Translated

PAPER: Mapping[str, Translated] = {
    "nav.transcriptions": Translated("纸质核对", "Paper to compare"),
    "paper.title": Translated("录入纸质问卷", "Type in a sheet of paper"),
    "paper.what": Translated(
        "她在纸上填好的问卷，由您原样录入，再由另一位工作人员对照原件核对。",
        "She filled in a sheet of paper; you type it in as it stands, and a colleague compares it "
        "with the sheet.",
    ),
    "paper.which": Translated("选择问卷", "Which form is it?"),
    "paper.none": Translated(
        "没有可以录入的问卷。已有回答的问卷不在这里。",
        "There is no form to type in. One that has an answer is not offered.",
    ),
    "paper.type": Translated("录入", "Type in"),
    "paper.at_once": Translated(
        "保存时立即检查有无危险情况，不等核对。如果纸上写有急症，请先处理，再录入。",
        "Danger is looked for when you save, before anybody compares. If the sheet tells of an "
        "emergency, act on it first and type afterwards.",
    ),
    "paper.sheet": Translated("这份原件", "The sheet"),
    "paper.written_at": Translated("纸上写的日期和时间", "Date and time on the sheet"),
    "paper.completer": Translated("谁给出的回答", "Who gave the answers"),
    "paper.language": Translated("原件的语言", "Language of the sheet"),
    "paper.reason": Translated("为什么用纸", "Why it was paper"),
    "paper.reason.hint": Translated("例如：手机送修", "For example: her phone is being repaired"),
    "paper.source": Translated("原件存放处", "Where the sheet is kept"),
    "paper.source.hint": Translated(
        "例如：受试者文件夹 3，第 12 页", "For example: binder 3, page 12"
    ),
    "paper.answers": Translated("纸上的回答", "What it says"),
    "paper.leaves_blank": Translated(
        "纸上这些题确实空着。保存为未完成。",
        "The sheet really leaves these questions blank. Keep it as incomplete.",
    ),
    "paper.save": Translated("保存", "Save"),
    "paper.then": Translated(
        "保存后会请另一位工作人员核对。您自己不能核对。",
        "A colleague is then asked to compare it. You cannot do that yourself.",
    ),
    "paper.list.hint": Translated(
        "这些回答已保存并检查过危险情况，但还没有第二个人核对一致。",
        "These answers are stored and were looked at for danger; no second person has found them "
        "equal to the sheet yet.",
    ),
    "paper.list.none": Translated("没有待核对的录入", "Nothing waits to be compared"),
    "paper.state": Translated("核对", "Comparison"),
    "paper.entered_by": Translated("录入人", "Typed by"),
    "paper.compare": Translated("对照原件核对", "Compare with the sheet"),
    "paper.compare.hint": Translated(
        "请取来原件，逐题比较。日期、时间和回答人也要比。",
        "Take the sheet and compare question by question; date, time and who answered as well.",
    ),
    "paper.look": Translated("查看", "Look"),
    "paper.checked": Translated("{name} 于 {time} 核对", "{name} compared it {time}"),
    "paper.typed": Translated("录入的内容", "What was typed"),
    "paper.differences": Translated("不一致的地方", "What differs"),
    "paper.differences.hint": Translated(
        "退回时填写：哪一题，纸上是什么",
        "Needed to return it: which question, and what the sheet says",
    ),
    "paper.equal": Translated("一致", "It is equal"),
    "paper.return": Translated("不一致，退回", "It differs: return it"),
    "paper.somebody_else": Translated(
        "您录入过这份问卷，请另一位工作人员核对。",
        "You typed some of this; a colleague has to compare it.",
    ),
    "paper.is_incomplete": Translated(
        "原件有空着的必答题，作为未完成保留。",
        "The sheet leaves questions blank that the form needs; it is kept as incomplete.",
    ),
    "paper.changed_since": Translated(
        "下面是按原件录入的内容；她后来更正过回答。",
        "Below is what was typed from the sheet; she has corrected her answers since.",
    ),
    "paper.as_it_stands": Translated("现在的回答", "The answers as they stand"),
    "paper.put_right": Translated("按原件更正", "Put right after the sheet"),
    "paper.put_right.hint": Translated(
        "照原件更正，并写明录入错误的原因。原来的录入会保留，之后请另一位同事再核对。",
        "Type what the sheet says and why it was typed otherwise. The first typing stays on "
        "record; a colleague compares again.",
    ),
    "paper.put_right.save": Translated("保存更正", "Save the correction"),
    "item.blank": Translated("纸上空着，或写了不想回答", "Blank on the sheet, or declined"),
    "completer.self": Translated("本人回答", "answered by herself"),
    "completer.read_to_me": Translated("读给她听，她回答", "read to her, she answered"),
    "completer.answered_for_me": Translated("别人代答", "somebody answered for her"),
    "sealing.open.transcription": Translated(
        "纸质录入 {number} 待核对", "Sheet of paper {number} to be compared"
    ),
    "refusal.goes_by_itself": Translated(
        "核对或更正完成后，这一项会自动消失。", "This line goes once what it asks for is done."
    ),
    "refusal.already_decided": Translated("这已经有人核对过。", "Somebody has done this already."),
    "refusal.nothing_corrected": Translated(
        "和现有的录入相同，没有更正。", "This is what is on record already."
    ),
}
# What is wrong with a field, by the words of the refusal.
SAID: Mapping[str, Translated] = {
    f"said.{english}": Translated(chinese, english)
    for english, chinese in {
        "This lies in the future.": "这是将来的时间。",
        "This is before she was enrolled.": "这早于她入组的时间。",
        "Please open this form anew.": "请重新打开这个表单。",
        "This item has no answer.": "这一题没有填。",
        "This item does not apply.": "按其他回答，这一题不该出现。请再看一下原件。",
        "This value is unusual; confirm it.": "这个数值不寻常，请确认。",
        "This value is not possible.": "不可能有这样的数值。",
        "This value is not possible; measure again.": "不可能有这样的数值。",
        "This answer is a number.": "这里应填数字。",
        "Missing data for required field.": "缺少这一项。",
        "Unknown field.": "不认识这一项。",
        "This item offers no such choice.": "这一题没有这个选项。",
        "This questionnaire asks no such item.": "问卷里没有这一题。",
        "This item is answered twice.": "这一题填了两次。",
        "This item cannot be declined.": "这一题不能选“不想回答”。",
        "Neither a value nor declined.": "既没有填，也没有选“不想回答”。",
        "An answer has a value or is declined, not both.": "填了回答，又选了“不想回答”。",
        "An answer holds a key that is not known.": "回答里有不认识的内容。",
        "An answer is an object with a link_id.": "看不出这是哪一题的回答。",
        "This answer is text.": "这里应填文字。",
        "This is true or false.": "这里应填是或否。",
        "A choice is one code.": "这里只能选一项。",
        "Choices are a list of codes.": "这里应是选中的各项。",
        "A choice is ticked twice.": "同一项选了两次。",
        "A rating is a whole number.": "评分应是整数。",
        "A count is a whole number from 0.": "次数应是 0 以上的整数。",
        "There is no such day.": "没有这一天。",
        "There is no such time.": "没有这个时间。",
        "The text holds a character that cannot be shown.": "文字里有不能显示的字符。",
        "This choice stands alone.": "选了这一项，就不能再选别的。",
    }.items()
}
WORDS_OF_PAPER: Mapping[str, Translated] = {**PAPER, **SAID}
