"""What the pages about staff accounts say, and the door for somebody with a new one."""

from collections.abc import Mapping

from questionnaires.definition import Translated

_PAGES = {
    "nav.accounts": Translated("账户管理", "Staff accounts"),
    "accounts.hint": Translated(
        "每个账户属于一个人。您发放的只是设置码；密码和动态码由本人设定，别人不会知道。",
        "Each account belongs to one person. You hand over a code; password and one-time codes are "
        "set by the owner, and nobody else knows them.",
    ),
    "accounts.open": Translated("开设账户", "Open an account"),
    "accounts.none": Translated("没有符合条件的账户。", "No account matches."),
    "accounts.find": Translated("姓名或用户名", "Name or user name"),
    "accounts.state": Translated("状态", "State"),
    "accounts.in_use": Translated("使用中", "in use"),
    "accounts.closed": Translated("已停用 {on}", "closed {on}"),
    "accounts.waits": Translated(
        "等待本人设置，设置码到 {time} 有效", "to be set up by its owner, code good until {time}"
    ),
    "accounts.code_over": Translated(
        "设置码已过期，请重新发放", "its code has ended: issue a new one"
    ),
    "accounts.username": Translated("用户名", "User name"),
    "accounts.username.hint": Translated(
        "3 至 32 个小写字母、数字、点或横线，字母开头；以后不能更改",
        "3 to 32 small letters, digits, dots or dashes, a letter first; it never changes",
    ),
    "accounts.full_name": Translated("姓名", "Full name"),
    "accounts.full_name.hint": Translated("签名上显示的姓名", "As it stands on signatures"),
    "accounts.email": Translated("邮箱", "E-mail"),
    "accounts.phone": Translated("手机号 (紧急短信)", "Phone (for urgent text messages)"),
    "accounts.phone.hint": Translated(
        "带国家代码，如 +8613800138000；可不填",
        "With country code, as in +8613800138000; may stay empty",
    ),
    "accounts.roles": Translated("角色", "Roles"),
    "accounts.everywhere": Translated("全部中心", "All sites"),
    "accounts.role": Translated("角色", "Role"),
    "accounts.give": Translated("增加角色", "Give a role"),
    "accounts.end_role": Translated("收回", "End it"),
    "accounts.addresses": Translated("在哪里收到提醒", "Where alerts reach the person"),
    "accounts.addresses.hint": Translated(
        "手机号或邮箱变更时使用；不填的保持不变。本人会收到通知，新号码须立即试拨。",
        "For another phone or mailbox; what is left empty stays. The owner is told, and a new "
        "number is due for a test call at once.",
    ),
    "accounts.addresses.change": Translated("更改联系方式", "Change it"),
    "accounts.no_phone": Translated(
        "没有手机号：紧急提醒只发邮件。", "No phone: urgent alerts go by e-mail alone."
    ),
    "accounts.phone_known": Translated("手机号和邮箱已登记。", "Phone and e-mail are on record."),
    "accounts.phone_since": Translated(
        "手机号和邮箱已登记，手机号自 {time} 起有效。",
        "Phone and e-mail are on record, the phone since {time}.",
    ),
    "accounts.removes_phone": Translated("不再有手机号", "There is no phone any more"),
    "accounts.renew": Translated("重新发放设置码", "Issue a new code"),
    "accounts.renew.hint": Translated(
        "忘记密码或丢失手机时使用。现在的密码、动态码、信任的手机和打开的会话立即失效，"
        "直到本人用新设置码重新设定。",
        "For a forgotten password or a lost phone. The present password, one-time codes, trusted "
        "phones and open sessions stop at once, until the owner has set up anew.",
    ),
    "accounts.close": Translated("停用账户", "Close the account"),
    "accounts.close.hint": Translated(
        "不能恢复；已做的记录和签名保留。", "For good; what was done and signed stays on record."
    ),
    "accounts.own": Translated(
        "这是您自己的账户：由同事更改。", "This is your own account: a colleague changes it."
    ),
    "accounts.beyond": Translated(
        "这个人在您不管理的中心也有角色；只能更改您管理的中心的角色。",
        "This person also holds roles at sites that you do not keep: you can change those at your "
        "own sites only.",
    ),
    "accounts.apart": Translated(
        "一个人只能属于以下一类：研究团队 (协调员、研究者、主要研究者)、结局评估者、监查员、"
        "数据管理员、稽查员、系统管理员。",
        "One person belongs to one kind only: study team (coordinator, investigator, principal "
        "investigator), outcomes assessor, monitor, data manager, inspector, or system "
        "administrator.",
    ),
}

_OWN = {
    "nav.own_account": Translated("我的账户", "My account"),
    "own.hint": Translated(
        "更改后，您在其他设备上的登录立即结束，系统会发消息通知您。",
        "Your sessions on other devices end at once, and you get a message that it was changed.",
    ),
    "own.password": Translated("更改密码", "Change the password"),
    "own.authenticator": Translated("更换验证器 (新手机)", "Move the authenticator (new phone)"),
    "own.authenticator.hint": Translated(
        "旧手机还在手边时使用。新手机扫码确认后，旧的动态码立即失效。",
        "While you still have the old phone. Once the new one is confirmed, codes of the old one "
        "are good no more.",
    ),
    "own.authenticator.take": Translated("启用新验证器", "Take the new authenticator"),
    "own.authenticator.until": Translated(
        "确认之前，旧的验证器仍然有效。", "Until you confirm, the old authenticator stays good."
    ),
    "own.lost": Translated(
        "忘记密码或手机已丢失：请系统管理员重新发放设置码。",
        "Password forgotten or phone lost: the administrator issues a new code for your account.",
    ),
    "own.done.password": Translated("密码已更改。", "Your password is changed."),
    "own.done.authenticator": Translated("新验证器已启用。", "The new authenticator is in force."),
}

_SHEET = {
    "setup": Translated("账户设置单：{name}", "To set up an account: {name}"),
    "setup.once": Translated(
        "设置码只显示这一次。请打印后当面交给本人。",
        "The code is shown this once. Print the sheet and hand it over in person.",
    ),
    "setup.open": Translated("打开 {address}", "Open {address}"),
    "setup.type": Translated(
        "输入用户名 {username} 和上面的设置码", "Type the user name {username} and the code above"
    ),
    "setup.choose": Translated(
        "选择自己的密码，并用验证器应用扫描显示的二维码",
        "Choose a password of your own, and scan the picture there with an authenticator app",
    ),
    "setup.until": Translated(
        "设置码到 {time} ({zone}) 有效，只能用一次。",
        "The code is good until {time} ({zone}), once.",
    ),
    "setup.told": Translated(
        "系统已通知本人：账户已被重置，由谁重置，以及如果不是本人要求应致电何处。",
        "The owner is told that her account was set back, by whom, and whom to call if she did "
        "not ask for it.",
    ),
    "setup.untold": Translated(
        "现行研究版本中没有这项通知的文本：请您亲自告知本人账户已被重置。",
        "The study version in force has no text to tell the owner: tell her yourself that her "
        "account was set back.",
    ),
    "setup.nobody": Translated(
        "不要把密码或动态码告诉任何人，系统管理员也不需要。",
        "Tell nobody your password or one-time codes; the administrator needs neither.",
    ),
}

_WELCOME = {
    "welcome": Translated("设置账户", "Set up your account"),
    "welcome.intro": Translated(
        "请输入设置单上的用户名和设置码。", "Type the user name and the code from your sheet."
    ),
    "welcome.wrong": Translated(
        "用户名或设置码不对，或设置码已用过或过期。请核对，或向系统管理员要新的。",
        "User name or code is not right, or the code was used or has ended. Check them, or ask the "
        "administrator for a new one.",
    ),
    "welcome.code": Translated("设置码", "Code"),
    "welcome.go": Translated("继续", "Go on"),
    "welcome.link": Translated(
        "有设置单？设置新账户", "Have a sheet with a code? Set up your account"
    ),
    "welcome.password": Translated(
        "新密码 (至少 12 个字符)", "New password (at least 12 characters)"
    ),
    "welcome.password_again": Translated("再输入一次", "The same password again"),
    "welcome.scan": Translated(
        "用验证器应用扫描这张图，或输入下面的密钥。",
        "Scan this with an authenticator app, or type the key below into it.",
    ),
    "welcome.picture": Translated("验证器应用的二维码", "QR code for the authenticator app"),
    "welcome.key": Translated("密钥", "Key"),
    "welcome.totp": Translated("应用现在显示的 6 位动态码", "The 6 digits that the app shows now"),
    "welcome.finish": Translated("完成设置", "Finish"),
    "welcome.done": Translated("账户已设置好", "Your account is set up"),
    "welcome.done.next": Translated(
        "请等下一个动态码出现后登录：每个动态码只能用一次。",
        "Sign in with the next one-time code: each works once.",
    ),
    "problem.passwords_differ": Translated(
        "两次输入的密码不同。", "The two passwords are not the same."
    ),
    "problem.weak_password": Translated(
        "密码太容易猜到：至少 12 个字符，不含用户名，不用常见密码。",
        "This password is too easy to guess: at least 12 characters, without your user name, and "
        "no common one.",
    ),
    "problem.wrong_first_code": Translated(
        "动态码不对。请确认手机时间是自动设置的，再输入新的动态码。",
        "These are not the digits. Check that the phone sets its clock by itself, and type new "
        "ones.",
    ),
}

_REFUSALS = {
    "refusal.own_account": Translated(
        "这是您自己的账户：请由同事更改。", "This is your own account: a colleague has to do this."
    ),
    "refusal.name_taken": Translated("这个用户名已有人使用。", "This user name is taken."),
    "refusal.role_held": Translated("已经担任这个角色。", "This role is held already."),
    "refusal.roles_apart": Translated(
        "这些角色不能由同一个人担任。", "One person must not hold these roles together."
    ),
    "refusal.has_seen_data": Translated(
        "此人担任过能看到参与者数据的角色，不能再做盲法评估。",
        "This person has held a role that sees participants' data, and cannot rate masked.",
    ),
    "refusal.last_role": Translated(
        "这是账户唯一的角色。请停用账户。",
        "This is the only role of the account. Close the account instead.",
    ),
    "refusal.account_closed": Translated("这个账户已停用。", "This account is closed."),
}

_SAID = {
    f"said.{english}": Translated(chinese, english)
    for english, chinese in {
        "3 to 32 small letters, digits, dots, dashes; a letter first.": (
            "3 至 32 个小写字母、数字、点或横线，字母开头。"
        ),
        "This is the present password.": "这就是现在的密码，请换一个。",
        "The two passwords are not the same.": "两次输入的密码不同。",
        "This password is too easy to guess.": (
            "密码太容易猜到：至少 12 个字符，不含用户名，不用常见密码。"
        ),
        "Accounts belong to one named person.": "账户属于一个有姓名的人。",
        "This is not an e-mail address.": "这不是邮箱地址。",
        "At least one staff role, and no other.": "请至少选择一个角色。",
    }.items()
}

ACCOUNTS: Mapping[str, Translated] = {**_PAGES, **_OWN, **_SHEET, **_WELCOME, **_REFUSALS, **_SAID}
