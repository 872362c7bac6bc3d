"""What the pages say that look back: timeline, answers, heat map, journal."""

from collections.abc import Mapping

from questionnaires.definition import Translated

TIME: Mapping[str, Translated] = {
    "nav.compliance": Translated("填写情况", "Compliance"),
    "nav.journal": Translated("稽查轨迹", "Journal"),
    "nav.group.record": Translated("记录", "The record"),
    "timeline": Translated("时间线", "Timeline"),
    "timeline.span": Translated("时间范围", "Time"),
    "timeline.days": Translated("{count} 天", "{count} days"),
    "timeline.charts": Translated("症状", "Symptoms"),
    "timeline.legend": Translated(
        "灰色：没有填写。竖线：输液访视。◆ 疑似严重，▲ 其他信号。",
        "Grey: nothing was entered. Lines: infusion visits. ◆ possibly serious, ▲ other flags.",
    ),
    "timeline.table": Translated("数据表", "As a table"),
    "timeline.day": Translated("日期", "Day"),
    "timeline.no_charts": Translated("这段时间没有数据。", "There are no data in this time."),
    "timeline.everything": Translated("全部记录", "Everything in order"),
    "timeline.journal": Translated("修改记录", "its journal"),
    "happening.answer": Translated("问卷", "Answers"),
    "happening.flag": Translated("信号", "Flags"),
    "happening.contact": Translated("联系", "Contacts"),
    "happening.message": Translated("消息", "Messages"),
    "happening.visit": Translated("访视", "Visits"),
    "happening.device": Translated("设备", "Devices"),
    "happening.review": Translated("审核", "Reviews"),
    "answers.on_time": Translated("按时", "on time"),
    "answers.late": Translated("晚填", "late"),
    "answers.out_of_window": Translated("窗口外，不计入", "outside its window, does not count"),
    "answers.unscheduled": Translated("随时报告", "unscheduled"),
    "answers.revision": Translated("第 {count} 版", "revision {count}"),
    "answers.clock_unsure": Translated("手机时钟不可靠", "her phone's clock was unsure"),
    "heat.sort": Translated("排序", "Order"),
    "heat.worst": Translated("最差在前", "Worst first"),
    "heat.by_day": Translated("当日 %", "Day, %"),
    "journal.entity": Translated("类型", "Kind of thing"),
    "journal.id": Translated("编号", "Its id"),
    "journal.by.recorded": Translated("按时间", "By time"),
    "journal.search": Translated("查找", "Search"),
    "journal.none": Translated("没有您可以查看的记录", "Nothing on record that you may read"),
    "journal.ask": Translated(
        "输入参与者编号，或从时间线上的“修改记录”进入。",
        "Type a participant's number, or come from “its journal” on a timeline.",
    ),
}
