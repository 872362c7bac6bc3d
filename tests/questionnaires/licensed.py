"""A licensed instrument in a folder of its own, with an invented wording and an invented holder."""

from pathlib import Path

LICENCE = """\
holder: Example Garden Society
reference: EGS-2026-017
languages: [zh, en]
modes: [own_device, site_tablet]
valid_until: "2026-12-31"
"""
GARDEN = """\
code: garden
version: 1.0.0
kind: short
minutes: 1
title: {zh: 花园问卷, en: Garden scale}
items:
  - link_id: garden_weeds
    type: choice
    text:
      zh: 过去 7 天，花园里的杂草多吗？
      en: In the past 7 days, were there many weeds in the garden?
    choices:
      - {code: few, text: {zh: 不多, en: Not many}}
      - {code: many, text: {zh: 很多, en: Many}}
"""
ROWS = """\
items:
  - link_id: garden_birds
    type: boolean
    text:
      zh: 过去 7 天，您在花园里看到鸟了吗？
      en: In the past 7 days, did you see birds in the garden?
"""


def garden_folder(home: Path, *, licence: str | None = LICENCE) -> Path:
    """Write the invented instrument `garden_scale` into a folder of licensed instruments."""
    folder = home / "licensed" / "garden_scale"
    (folder / "parts").mkdir(parents=True)
    (folder / "garden.yaml").write_text(GARDEN, encoding="utf-8")
    (folder / "parts" / "garden_rows.yaml").write_text(ROWS, encoding="utf-8")
    if licence is not None:
        (folder / "licence.yaml").write_text(licence, encoding="utf-8")
    return folder.parent
