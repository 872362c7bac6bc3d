"""The feed as data sets for statisticians: QS and AE, as Dataset-JSON and CSV, with a code book."""

from collections.abc import Callable, Iterator

from sqlalchemy.orm import Session

from epro.exchange.changes import Study
from epro.exchange.dataset_files import csv_file, dataset_json
from epro.exchange.datasets import AE, CODE_BOOK, QS, Dataset, Value, code_book, rows_of
from epro.services import feed_forms
from epro.services.feed_exports import Extent, as_of, changes_of, participants

Writer = Callable[[Session, Extent], Iterator[bytes]]


def _as_json(dataset: Dataset) -> Writer:
    def write(session: Session, extent: Extent) -> Iterator[bytes]:
        study = feed_forms.study_of(session, extent.catalogue)
        return dataset_json(
            dataset, _rows(session, study, dataset, extent),
            study=study.packages[0].code.upper(), version=study.packages[-1].version,
            as_of=as_of(session, extent),
        )  # fmt: skip

    return write


def _as_csv(dataset: Dataset) -> Writer:
    def write(session: Session, extent: Extent) -> Iterator[bytes]:
        study = feed_forms.study_of(session, extent.catalogue)
        names = [column.name for column in dataset.columns]
        return csv_file(names, _rows(session, study, dataset, extent))

    return write


def _rows(
    session: Session, study: Study, dataset: Dataset, extent: Extent
) -> Iterator[list[Value]]:
    for participant in participants(session, extent):
        yield from rows_of(study, dataset, list(changes_of(session, participant, extent)))


def code_book_csv(session: Session, extent: Extent) -> Iterator[bytes]:
    """Yield what each test code of QS means."""
    return csv_file(CODE_BOOK, code_book(feed_forms.study_of(session, extent.catalogue)))


qs_json, ae_json, qs_csv, ae_csv = _as_json(QS), _as_json(AE), _as_csv(QS), _as_csv(AE)
