"""What the pages of the record say: requests to change data, events, the team, the system."""

from collections.abc import Mapping

from questionnaires.definition import Translated

CHANGES: Mapping[str, Translated] = {
    "nav.corrections": Translated("数据更正", "Data changes"),
    "change.hint": Translated(
        "更正必须来自参与者，并由研究者决定。原来的回答一直保留。",
        "A change comes from the participant and is decided by the investigator. The original "
        "stays.",
    ),
    "change.open": Translated("待处理", "Waiting"),
    "change.none": Translated("没有数据更正请求", "No requests to change data"),
    "change.asked": Translated("{time} 提出", "asked {time}"),
    "change.by.asked": Translated("按提出时间", "By when asked"),
    "change.by.participant": Translated("按参与者", "By participant"),
    "change.by.answered": Translated("按填写时间", "By when answered"),
    "change.question": Translated("问题", "Question"),
    "change.before": Translated("现在", "Now"),
    "change.after": Translated("更正为", "Should be"),
    "change.call": Translated("记下电话里她的话", "Put down what she said on the telephone"),
    "change.her_words": Translated("她的原话", "In her words"),
    "change.put_down": Translated("记下她要更正的内容", "Put down what she says was wrong"),
    "change.put_down.hint": Translated(
        "照她说的改，其余不动。她确认、研究者同意后才更正；在那之前只有安全规则先看一遍。",
        "Change what she says was wrong and leave the rest. It counts once she has confirmed it "
        "and an investigator has approved; the safety rules look at it now.",
    ),
    "change.how": Translated("怎么知道的", "How it became known"),
    "change.said_at": Translated("她说的时间", "When she said so"),
    "change.is_right": Translated("她确认是对的", "She says it is right"),
    "change.is_wrong": Translated("她说不对", "She says it is not"),
    "change.approve": Translated("同意更正", "Approve"),
    "change.decline": Translated("不同意", "Decline"),
    "change.awaiting_participant": Translated("等待参与者确认", "Waits for the participant"),
    "change.refused": Translated("参与者没有确认", "The participant did not confirm"),
    "change.awaiting_decision": Translated("等待研究者决定", "Waits for the investigator"),
    "change.declined": Translated("没有同意", "Declined"),
    "change.applied": Translated("已更正", "Changed"),
    "refusal.second_person_needed": Translated(
        "记录更正或打电话的人不能自己决定。", "Whoever put it down or called cannot decide."
    ),
    "refusal.not_confirmed_yet": Translated(
        "参与者还没有确认。", "The participant has not confirmed it yet."
    ),
    "refusal.correction_outdated": Translated(
        "回答在此期间有变化，请重新提出。", "The answers have changed meanwhile; ask anew."
    ),
}

EVENTS: Mapping[str, Translated] = {
    "nav.events": Translated("不良事件", "Adverse events"),
    "nav.event_table": Translated("TEAE 汇总表", "TEAE table"),
    "event.waiting": Translated("待判断", "To be decided"),
    "event.waiting.hint": Translated(
        "可能是不良事件的报告、信号和症状发作。由研究者判断。",
        "Reports, flags and episodes that might be events. The investigator decides.",
    ),
    "event.in_window": Translated("输液后 28 天内", "within 28 days of an infusion"),
    "event.decide": Translated("合并、关联或排除", "Merge, link or decline"),
    "event.disposition": Translated("决定", "Decision"),
    "event.number": Translated("事件编号", "Number of the event"),
    "event.number.hint": Translated("合并和关联时需要", "Needed to merge or link"),
    "event.began": Translated("开始于", "Began"),
    "event.by.began": Translated("按开始日期", "By day"),
    "event.by.participant": Translated("按参与者", "By participant"),
    "event.by.source": Translated("按来源", "By source"),
    "list.order": Translated("排序", "Order"),
    "list.up": Translated("升序", "ascending"),
    "list.down": Translated("降序", "descending"),
    "event.list": Translated("事件列表", "Events on record"),
    "event.emergent": Translated("输液后 28 天内开始", "Began within 28 days of an infusion"),
    "event.term": Translated("事件", "Event"),
    "event.onset": Translated("开始", "Onset"),
    "event.end": Translated("结束", "End"),
    "event.related": Translated("有关", "Related"),
    "event.serious": Translated("严重", "Serious"),
    "event.signed": Translated("签名", "Signed"),
    "event.none": Translated("还没有不良事件记录", "No event is on record"),
    "event_table.hint": Translated(
        "首次输液后 28 天内开始的事件，盲态合计。小于下限的数字隐藏。",
        "Events that began within 28 days, blinded totals. Small counts are hidden.",
    ),
    "event_table.infused": Translated("{count} 人接受过输液", "{count} were infused"),
    "event_table.undecided": Translated("待判断：", "to be decided:"),
    "event_table.hidden": Translated("隐藏", "hidden"),
    "event_table.row": Translated("类别", "Row"),
    "event_table.participants": Translated("人数", "Participants"),
    "event_table.events": Translated("事件数", "Events"),
    "event_row.any": Translated("任何 TEAE", "Any TEAE"),
    "event_row.grade_1": Translated("1 级", "Grade 1"),
    "event_row.grade_2": Translated("2 级", "Grade 2"),
    "event_row.grade_3": Translated("3 级", "Grade 3"),
    "event_row.grade_4": Translated("4 级", "Grade 4"),
    "event_row.grade_5": Translated("5 级", "Grade 5"),
    "event_row.serious": Translated("严重", "Serious"),
    "event_row.related": Translated("有关", "Related"),
    "event_row.serious_and_related": Translated("严重且有关", "Serious and related"),
}

TEAM: Mapping[str, Translated] = {
    "nav.group.team": Translated("团队", "The team"),
    "nav.delegations": Translated("授权表", "Delegation log"),
    "nav.staff": Translated("人员和角色", "Staff and roles"),
    "team.person": Translated("人员", "Person"),
    "team.task": Translated("任务", "Task"),
    "team.holds": Translated("今天有效", "Holds today"),
    "team.none": Translated("授权表还是空的", "Nothing is delegated yet"),
    "team.delegate": Translated("新的授权", "Delegate a task"),
    "team.sign": Translated("签名并授权", "Sign and delegate"),
    "team.end": Translated("终止", "End"),
    "team.last_day": Translated("最后一天", "Last day"),
    "team.until": Translated("至 (空白 = 不限)", "To (empty: for good)"),
    "undelegated.no_physician": Translated(
        "这项决定只能由研究医生作出。", "This decision is a study physician's."
    ),
    "undelegated.never_delegated": Translated(
        "主要研究者还没有把这项任务授权给您。",
        "The principal investigator has not delegated this task to you.",
    ),
    "undelegated.not_yet": Translated(
        "您的授权还没有开始。", "Your delegation for this task has not begun yet."
    ),
    "undelegated.over": Translated("您的授权已经结束。", "Your delegation for this task is over."),
    "undelegated.signature_broken": Translated(
        "授权的签名无效：请主要研究者重新签署。",
        "The signature under your delegation is broken: it has to be signed again.",
    ),
    "staff.hint": Translated(
        "账户由系统管理员开设和停用，每个人只用自己的账户。",
        "Accounts are opened and closed by the administrator; nobody shares one.",
    ),
    "staff.roles": Translated("角色", "Roles"),
    "staff.since": Translated("账户开设于", "Account since"),
    "staff.everywhere": Translated("全部中心", "all sites"),
}

SYSTEM: Mapping[str, Translated] = {
    "nav.system": Translated("系统状态", "The system"),
    "nav.versions": Translated("规则和表单版本", "Rules and forms"),
    "system.beat": Translated("秒前有心跳", "s since the last heartbeat"),
    "system.lag": Translated("条记录待编号", "entries wait for their place"),
    "system.unsent": Translated("分钟：最久未发送的消息", "min: the oldest unsent message"),
    "system.incidents": Translated("未解决的故障", "Open incidents"),
    "system.free": Translated("磁盘可用", "free on disk"),
    "system.jobs": Translated("后台任务", "Jobs"),
    "system.job": Translated("任务", "Job"),
    "job.amend": Translated("新版方案启用后调整安排", "Plans anew under a new edition"),
    "job.close_drafts": Translated("收存到期未提交的回答", "Closes what was never sent in"),
    "job.count_compliance": Translated("统计填写情况", "Counts compliance"),
    "job.digest": Translated("每日提示汇总", "Sends the daily list of flags"),
    "job.dispatch": Translated("发送消息", "Sends messages"),
    "job.escalate": Translated("无人确认时逐级通知", "Tells the next people of a flag"),
    "job.flag_idle_drafts": Translated(
        "检查填到一半的危险回答", "Looks at drafts with danger in them"
    ),
    "job.flag_unanswered_questions": Translated(
        "检查没有回答的安全提问", "Looks at safety questions without answer"
    ),
    "job.follow_up": Translated("再次询问未结束的不适", "Asks again about problems"),
    "job.housekeeping": Translated("清理过期内容", "Clears what has expired"),
    "job.look_for_baseline": Translated("检查基线数据", "Looks for a baseline"),
    "job.make_snapshots": Translated("生成数据快照", "Makes snapshots"),
    "job.notice": Translated("发现漏填和该致电的情况", "Notices what did not come"),
    "job.reckon_candidates": Translated("整理可能的不良事件", "Reckons candidates for events"),
    "job.remind": Translated("安排提醒", "Prepares reminders"),
    "job.ring": Translated("电话报警", "Lets phones ring"),
    "job.roster": Translated("检查值班表", "Watches the roster"),
    "job.sequence_journal": Translated("给记录编号", "Gives entries their place"),
    "job.serious_clock": Translated("严重事件时钟", "Watches the clock of serious events"),
    "job.training_rooms": Translated("维护培训室", "Keeps training rooms"),
    "job.watch_feed": Translated("检查数据接口", "Watches the feed"),
    "job.watchdog": Translated("监控发送和后台任务", "Watches sending and the jobs"),
    "job.worker_start": Translated("后台进程启动", "The worker began"),
    "system.started": Translated("上次开始", "Began"),
    "system.succeeded": Translated("上次成功", "Succeeded"),
    "system.failures": Translated("失败次数", "Failures"),
    "system.error": Translated("当前错误", "Error at present"),
    "system.no_jobs": Translated(
        "后台任务还没有运行过。请启动 worker。", "No job has ever run. Start a worker."
    ),
    "versions.hint": Translated(
        "已发布的版本不能更改，只能查看。", "Published editions are frozen; they can only be read."
    ),
    "versions.published": Translated("{time} 由 {by} 发布", "Published {time} by {by}"),
    "versions.diff": Translated("与 {version} 的差别", "What changed since {version}"),
    "versions.rules": Translated("安全规则", "Safety rules"),
    "versions.forms": Translated("表单", "Forms"),
    "versions.meaning": Translated("含义", "What it says"),
}

EXPORTS: Mapping[str, Translated] = {
    "nav.exports": Translated("导出", "Exports"),
    "export.hint": Translated(
        "每次导出需要密码和动态码，并留下记录和校验值。全部数据由数据接口提供。",
        "Each file takes password and one-time code, and goes on record with its checksum. All "
        "data "
        "leave through the feed.",
    ),
    "snapshot": Translated("数据接口快照", "Snapshots of the feed"),
    "snapshot.hint": Translated(
        "截至当前的全部数据，与临床数据库所得的内容相同；按您的权限，不含您看不到的部分。文件由后台生成，"
        "保留一周。每次下载都要签名并留痕。",
        "Everything up to now as a clinical database gets it, without what your role does not see. "
        "The files are made in the background and kept for a week; each download takes a signature "
        "and is put on record.",
    ),
    "snapshot.of.changes.ndjson": Translated("逐条变更", "Every change"),
    "snapshot.of.odm.xml": Translated("当前数据，CDISC ODM", "As it stands, CDISC ODM"),
    "snapshot.of.odm-history.xml": Translated("含修改历史，CDISC ODM", "With history, CDISC ODM"),
    "snapshot.of.qs.json": Translated("问卷数据", "Answers"),
    "snapshot.of.qs.csv": Translated("问卷数据", "Answers"),
    "snapshot.of.ae.json": Translated("不良事件", "Adverse events"),
    "snapshot.of.ae.csv": Translated("不良事件", "Adverse events"),
    "snapshot.of.code-book.csv": Translated("编码说明", "Code book"),
    "snapshot.files": Translated("文件 (都不选 = 全部)", "Files (none ticked: all)"),
    "snapshot.order": Translated("生成快照", "Make a snapshot"),
    "snapshot.upto": Translated("截至第 {seq} 条记录", "Up to entry {seq} of the journal"),
    "snapshot.until": Translated("保留到 {day}", "Kept until {day}"),
    "snapshot.pending": Translated(
        "正在生成：{there} / {of}，稍后刷新此页", "Being made: {there} of {of}; refresh in a moment"
    ),
    "snapshot.file": Translated("文件", "File"),
    "snapshot.size": Translated("字节", "Bytes"),
    "snapshot.take": Translated("下载所选文件", "Download the chosen file"),
    "snapshot.none": Translated("还没有快照。", "There is no snapshot yet."),
    "export.kind": Translated("内容", "What"),
    "export.take": Translated("导出 CSV", "Take the CSV"),
    "export.earlier": Translated("您以前的导出", "What you took before"),
    "export.rows": Translated("行数", "Rows"),
}

RECORD: Mapping[str, Translated] = {**EXPORTS, **CHANGES, **EVENTS, **TEAM, **SYSTEM}
