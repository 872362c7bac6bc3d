"""The journal in words: sheets of paper that were typed in and compared."""

from questionnaires.definition import Translated

PAPER: dict[str, Translated] = {
    "correction.copied": Translated(
        "按纸质原件更正录入({reason})", "put the copy right after the sheet ({reason})"
    ),
    "response.compared": Translated(
        "{questionnaire_code} 与纸质原件的核对结果: {source_check}",
        "compared {questionnaire_code} with its sheet: {source_check}",
    ),
    "transcription.confirmed": Translated(
        "{checked_by} 核对了纸质原件，录入一致",
        "{checked_by} compared the sheet and found the copy equal",
    ),
    "transcription.entered": Translated(
        "{entered_by} 录入了纸质问卷(原件: {source_reference})",
        "{entered_by} typed in a sheet of paper (kept: {source_reference})",
    ),
    "transcription.put_right": Translated(
        "按纸质原件更正了录入(第 {revision} 版)，待重新核对",
        "typed the sheet anew (revision {revision}); it waits for another look",
    ),
    "transcription.returned": Translated(
        "{checked_by} 发现录入与纸质原件不符: {differences}",
        "{checked_by} found that the copy differs from the sheet: {differences}",
    ),
}
