"""Words that might tell who received what, and the everyday sentences that tell nothing."""

import pytest

from questionnaires.lexicon import find
from tests.questionnaires.forms import shipped

pytestmark = pytest.mark.req("B-03")

REVEALING = [
    "她说她觉得自己输的是安慰剂",
    "患者被分到高剂量组",
    "护士说他在对照组",
    "考虑为低剂量组",
    "应该是第三组的",
    "随机到细胞组",
    "因急救已揭盲",
    "破盲后告知家属",
    "家属问是不是假输液",
    "3百万/kg那批",
    "可能在A组",
    "分到了治疗组",
    "双剂量后出现发热",
    "她没输细胞，怎么会发热",
    "He thinks he is on placebo",
    "Patient was told she is in the high-dose cohort",
    "randomised to the treatment arm",
    "Randomized to control",
    "probably a sham infusion",
    "received 3 million cells/kg",
    "unblinded in the emergency department",
    "She is in the double dose part",
    "got saline only, says the nurse",
    "Control group, so unlikely to be related",
]
HARMLESS = [
    "泼尼松剂量从 10 mg 减到 5 mg",
    "右臂肿胀，输液侧手臂疼痛",
    "低剂量阿司匹林继续服用",
    "激素用到高剂量，一周后减量",
    "入组前就有蛋白尿",
    "已电话联系，明天来中心就诊",
    "没有揭盲，由研究者评估",
    "血压组、血糖组化验正常",
    "患者小组活动后疲劳",
    "细胞计数偏低，白细胞 3.2",
    "药物过敏史不变",
    "上呼吸道感染，与研究输液关系可能",
    "住院三天，已出院",
    "Left arm swollen since yesterday",
    "Pain in arm a bit better today",
    "Takes low-dose aspirin every morning",
    "High dose steroids for three days, then tapered",
    "White cells 3.2, red cells in urine",
    "Missed one dose of hydroxychloroquine",
    "The dose of prednisolone was lowered to 5 mg",
    "Called her; she will come to the clinic",
    "Fever after the infusion visit, settled by itself",
    "Treatment of the cough with antibiotics",
    "Not unblinded; treated as infection",
    "Support group meeting in the evening",
]


def words_in(text: str) -> tuple[str, ...]:
    lexicon = shipped().may_reveal
    assert lexicon
    return find(lexicon, text)


@pytest.mark.parametrize("text", REVEALING)
def test_a_text_that_might_tell_is_warned_of(text: str) -> None:
    assert words_in(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_an_everyday_text_raises_no_false_alarm(text: str) -> None:
    assert words_in(text) == ()
