"""The safety rules: written out to sign, tried on the answers so far, simulated beforehand."""

import csv
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from epro.commands.common import opened_parts
from epro.commands.study import licensed_option
from epro.models import Participant, StudyVersion
from epro.services import replaying
from epro.services.replaying import Difference, Replayed
from questionnaires.alert_load import RATES, read_rates, simulate
from questionnaires.canonical import sha256, to_text
from questionnaires.catalogue import Catalogue
from questionnaires.checking import check_folder
from questionnaires.definition import StudyPackage
from questionnaires.preview.rules_page import html_of, markdown_of
from questionnaires.preview.rules_pdf import pdf_of
from questionnaires.replaying import Change, Verdict
from questionnaires.rule_book import rule_book
from questionnaires.tiers import Tier

COLUMNS = (
    "participant", "day", "answered_at", "form", "change", "tier_before", "tier_after",
    "rules_before", "rules_after",
)  # fmt: skip
NO_FLAG = "none"
FILE = click.Path(dir_okay=False, path_type=Path)
LOAD_TIERS = {
    "RED": (Tier.RED_A, Tier.RED_B), "ORANGE": (Tier.ORANGE,), "YELLOW": (Tier.YELLOW,)
}  # fmt: skip


@click.group()
def safety() -> None:
    """The safety rules: write them out to sign, try other ones, count the flags to expect."""


@safety.command()
@click.argument("tried", metavar="FOLDER|VERSION")
@licensed_option
@click.option("--participant", "code", metavar="CODE", help="Only this participant's answers.")
@click.option(
    "--csv", "out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Write every difference as a line of this file.",
)  # fmt: skip
def replay(tried: str, licensed_in: tuple[Path, ...], code: str | None, out: Path | None) -> None:
    """Judge all answers so far by other rules and show what would differ; nothing is written.

    FOLDER is a study folder with changed rules, VERSION a published study version. Every form is
    judged by what was known when it came. Silence (no answer) is not judged again.

    \b
    Example:
      epro safety replay my-study --csv differences.csv
    """
    with opened_parts() as parts, parts.database.reading() as session:
        catalogue = parts.studies.catalogue(session)
        package = _package(session, tried, licensed_in, catalogue)
        query = select(Participant).order_by(Participant.code)
        if code is not None:
            query = query.where(Participant.code == code)
        participants = session.scalars(query).all()
        if code is not None and not participants:
            raise click.ClickException(f"There is no participant {code}.")
        found: list[Replayed] = []
        with click.progressbar(
            length=len(participants), label="Judging again", file=sys.stderr
        ) as progress:
            for participant in participants:
                progress.update(1)
                found.append(replaying.replay(session, participant, package, catalogue=catalogue))
                session.expunge_all()  # so that a long trial is not held in memory at once
    differences = [one for each in found for one in each.differences]
    for line in _summary(package, found):
        click.echo(line)
    for difference in differences:
        click.echo(_in_words(difference))
    if out is not None:
        _write(out, differences)
        click.echo(f"Wrote {len(differences)} differences to {out}.")


@safety.command()
@click.argument(
    "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="FOLDER"
)
@licensed_option
@click.option("--participants", type=click.IntRange(min=1), help="How many (default: 58).")
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed, other people.")
@click.option(
    "--rates", type=click.Path(exists=True, dir_okay=False, path_type=Path), default=RATES,
    metavar="FILE", help="How often what happens (default: the reviewed rates).",
)  # fmt: skip
def load(
    folder: Path, licensed_in: tuple[Path, ...], participants: int | None, seed: int, rates: Path
) -> None:
    """Simulate 28 days of diaries and count the flags that the rules of a study folder would raise.

    Nothing is read from the database or written. The rates are fixed in a reviewed file; the target
    is fewer than 1 RED and fewer than 3 ORANGE flags per participant.

    \b
    Example:
      epro safety load questionnaires/studies/bk-sle-i-01
    """
    package = check_folder(folder, licensed_in=licensed_in).package
    found = simulate(package, read_rates(rates), seed=seed, participants=participants)
    forms = found.answered + found.missed
    click.echo(
        f"{len(found.flags)} participants, {found.days} days, {forms} forms"
        f" ({found.missed / forms:.0%} missed), seed {seed}."
    )
    for name, tiers in LOAD_TIERS.items():
        most = " ".join(f"{rule} {count:.2f}" for rule, count in found.by_rule(*tiers)[:6])
        click.echo(
            f"{name:<7}{found.per_participant(*tiers):5.2f} per participant, at most"
            f" {found.most(*tiers)}; {found.share_with_any(*tiers):.0%} have any. {most}"
        )
    is_met = found.per_participant(Tier.RED_A, Tier.RED_B) < 1
    is_met &= found.per_participant(Tier.ORANGE) < 3
    click.echo("Within the target." if is_met else "NOT within the target: RED < 1, ORANGE < 3.")


@safety.command()
@click.argument(
    "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="FOLDER"
)
@licensed_option
@click.option("--html", type=FILE, metavar="FILE", help="Write one page, in both languages.")
@click.option("--pdf", type=FILE, metavar="FILE", help="Write it to print and sign.")
@click.option("--markdown", type=FILE, metavar="FILE", help="Write the English text.")
def rules(
    folder: Path,
    licensed_in: tuple[Path, ...],
    html: Path | None,
    pdf: Path | None,
    markdown: Path | None,
) -> None:
    """Write the rules of a study folder in words, for those who sign them.

    Every rule with its tier, conditions, who is told and what is said, the word lists, the numbers,
    SHA-256 and lines to sign on.

    \b
    Example:
      epro safety rules questionnaires/studies/bk-sle-i-01 --pdf rules.pdf
    """
    if not (html or pdf or markdown):
        raise click.UsageError("Name at least one of --html, --pdf and --markdown.")
    book = rule_book(check_folder(folder, licensed_in=licensed_in).package)
    if html is not None:
        html.write_text(html_of(book), encoding="utf-8")
    if pdf is not None:
        pdf.write_bytes(pdf_of(book))
    if markdown is not None:
        markdown.write_text(markdown_of(book), encoding="utf-8")
    for out in filter(None, (html, pdf, markdown)):
        click.echo(f"Wrote {out}.")
    click.echo(f"{len(book.entries)} rules, SHA-256 {book.rules_sha256}")


def _package(
    session: Session, tried: str, licensed_in: tuple[Path, ...], catalogue: Catalogue
) -> StudyPackage:
    if Path(tried).is_dir():
        return check_folder(Path(tried), licensed_in=licensed_in).package
    published = session.execute(select(StudyVersion.version, StudyVersion.id))
    ids = {version: version_id for version, version_id in published}  # noqa: C416  rows are typed
    if tried not in ids:
        known = ", ".join(sorted(ids)) or "none"
        raise click.ClickException(f"{tried} is no folder and no published version ({known}).")
    return catalogue.package(ids[tried])


def _summary(package: StudyPackage, found: Iterable[Replayed]) -> Iterable[str]:
    found = list(found)
    judged = [pair for one in found for pair in one.judged]
    yield (
        f"{len(judged)} forms of {len(found)} participants, judged again by the rules of"
        f" {package.code} {package.version} ({sha256(to_text(package.rules))[:12]})."
    )
    unrepeated = sum(one.unrepeated for one in found)
    if unrepeated:
        yield (
            f"{unrepeated} of them come out otherwise under their own rules as well: her zone or"
            " thermometer was changed since."
        )
    yield _counts("before", [before for before, _ in judged])
    yield _counts("after", [after for _, after in judged])
    changes = Counter(one.change for each in found for one in each.differences)
    yield "  ".join(f"{one.value.replace('_', ' ')} {changes[one]}" for one in Change)


def _counts(title: str, verdicts: Iterable[Verdict]) -> str:
    counts = Counter(_tier(one) for one in verdicts)
    names = (*(tier.value for tier in reversed(Tier)), NO_FLAG)
    return f"{title:<7}" + "  ".join(f"{name} {counts[name]}" for name in names)


def _tier(one: Verdict) -> str:
    return one.tier.value if one.tier else NO_FLAG


def _in_words(one: Difference) -> str:
    before, after = (
        f"{_tier(said)}{' tonight' if said.tonight else ''} {' '.join(said.rules)}".rstrip()
        for said in (one.before, one.after)
    )
    return f"{one.participant} {one.on} {one.form}: {one.change.value}, {before} -> {after}"


def _write(out: Path, differences: Iterable[Difference]) -> None:
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(
            (
                one.participant, one.on, one.answered_at.isoformat(), one.form, one.change.value,
                _tier(one.before), _tier(one.after),
                " ".join(one.before.rules), " ".join(one.after.rules),
            )
            for one in differences
        )  # fmt: skip


COMMANDS = (safety,)
