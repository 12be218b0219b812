"""What btl exports as JSON Lines comes back as it was, with what datasets say of it."""

from archive.export.write import export
from archive.importers.run import import_files
from archive.store.archive import Archive
from archive.takedown import withhold
from archive.thread import Dataset, Flag, Label
from tests.archive.store.test_save import DAYS, save
from tests.trees import made, said

CLOSED = Dataset("harbour corpus", "2", None, "Quay & Orr (2024)", None, is_shareable=False)
LABELS = """
select threads.native_id, comments.body, datasets.name, version, citation, is_shareable, labels.name, value, number,
  raters from labels join datasets on datasets.id = labels.dataset_id join comments on comments.id = comment_id
join threads on threads.id = comments.thread_id order by labels.id"""


def test_datasets_and_labels_come_back(archive, path, tmp_path, query):
    labels = (Label("rude", "0.2", 0.2, 10), Label("mood", "cross", None, None, Dataset("second corpus")))
    flags = (Flag("content.insult", "label:rude>=0.2", "rude = 0.2", dataset=CLOSED),)
    late = said("The ferry was late.", labels=labels, flags=flags)
    save(archive, made(late, at=DAYS[0], native_id="t1", dataset=CLOSED))
    secret = said("A ferry of old.", "tom", labels=(Label("rude", "1", 1.0),))
    save(archive, made(secret, at=DAYS[0], native_id="t2", url="https://courier.example/b", dataset=CLOSED))
    withhold.withhold(archive, "comment", 2, "privacy")
    lines = tmp_path / "threads.jsonl"
    with lines.open("wb") as file:
        export(path, "jsonl", file)
    with Archive(tmp_path / "copy.db") as copy:
        progress = import_files(copy, [str(lines)], workers=0)
        assert (progress.errors, progress.counts["labels_new"]) == ([], 2)
        assert copy.read(LABELS) == query(LABELS + " limit 2")
        assert copy.read("select name from threads left join datasets on datasets.id = dataset_id") == [
            ("harbour corpus",),
            ("harbour corpus",),
        ]
        by_label = "select code, rule, name, version from flags join detectors on detectors.id = detector_id where code like 'content.%'"
        assert (
            copy.read(by_label)
            == query(by_label)
            == [("content.insult", "label:rude>=0.2", "dataset:harbour corpus", "2")]
        )
        assert import_files(copy, [str(lines)], workers=0).counts["labels_new"] == 0
