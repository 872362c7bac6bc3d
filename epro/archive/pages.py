"""How to open and check a copy: a page to begin with, and the same as plain text."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jinja2

from epro.archive.words import say
from questionnaires.definition import Language

README = """\
研究者存档 / The investigator's copy: {site[code]} {site[name_zh]} / {site[name_en]}

怎样打开
  用浏览器打开 index.html，不需要网络，也不需要原来的系统。
  participants/   每位参与者一份 PDF：问题、回答、时间、更正、安全提示、不良事件、签名
  data/           数据：CSV、Dataset-JSON、CDISC ODM-XML 1.3.2
  audit/          稽查轨迹：.csv 用文字说明，.ndjson 是生成校验值时的原文，chain.csv 是整个链
  definitions/    方案、问卷、安全规则、编码说明（code-book.csv）
怎样核对
  sha256sum -c SHA256SUMS      每个文件都没有改动（Windows：certutil -hashfile 文件 SHA256）
  python3 check.py             同上，并核对数量和日志链；只需要 Python 3.9 或更新版本
  日志链：每条的 hash = SHA-256(前一条的 hash + 换行 + 编号 + 换行 + body)，UTF-8。
  其他中心的记录不在这里；chain.csv 里只有它们的 hash。
  控制台“研究者存档”页只显示 manifest.json 的 SHA-256 的开头；研究者在那里输入全部 64 位，
  确认收到。
保存
  请按法规和合同的期限保存；这份文件由研究中心保管，不可只留在申办方。

To open
  Open index.html in a browser. No network is needed, and not the system it came from.
  participants/   one PDF for each participant: questions, answers, times, corrections, flags,
                  adverse events, signatures
  data/           CSV, Dataset-JSON, CDISC ODM-XML 1.3.2
  audit/          the audit trail: .csv in words, .ndjson as hashed, chain.csv the whole chain
  definitions/    study, questionnaires, safety rules, code book
To check
  sha256sum -c SHA256SUMS      no file was changed (Windows: certutil -hashfile FILE SHA256)
  python3 check.py             the same, with the counts and the chain of the journal; it needs
                               Python 3.9 or newer and nothing else
  The chain: hash = SHA-256(hash of the entry before + newline + number + newline + body), UTF-8.
  Entries of other sites are not here; of them chain.csv has the hash alone.
  The console's page "Investigator's copies" shows how the SHA-256 of manifest.json begins; the
  investigator types all 64 digits of it there, and so confirms that she has received this copy.
To keep
  Keep it as long as law and contract ask. It belongs to the site; the sponsor is not to hold the
  only one.

{made_at}  {made_by}  epro {release}
"""


def readme(said: Mapping[str, Any]) -> str:
    """Return how to open, check and keep the copy, in both languages."""
    return README.format(**said)


def index(said: Mapping[str, Any], people: Sequence[str], languages: Sequence[Language]) -> str:
    """Return one self-contained page: no script, nothing fetched."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True,
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    zone = ZoneInfo(said["site"]["zone"])
    made_at = datetime.fromisoformat(said["made_at"]).astimezone(zone)
    return environment.get_template("index.html").render(
        said=said, people=people, made_at=made_at.isoformat(sep=" ", timespec="minutes"),
        counts=[
            (*(say(f"count.{name}", one) for one in Language), count)
            for name, count in said["counts"].items()
        ], languages=[str(one) for one in languages],
        document_of=document_of,
    )  # fmt: skip


def document_of(code: str, language: str) -> str:
    """Return where a participant's document lies."""
    return f"participants/{code}-{language}.pdf"
