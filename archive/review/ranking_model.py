"""Order the review queue by a small linear model of what this archive's reviewers confirm.

It never raises, hides or settles a flag. It needs the extra `train`; weights are plain arrays, without pickle.
"""

import io
import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from archive.review.queue import UNREVIEWED, rows

FORMAT = 1
# What the text is read by: character n-grams within words, hashed, around the words that matched.
NGRAMS, BUCKETS, AROUND = (2, 5), 1 << 16, 200
FEWEST_FLAGS, FEWEST_TEXTS, FOLDS = 20, 5, 5
FLAGS_A_BATCH = 5_000

FEATURES = """
select flags.id, flags.code, flags.rule, flags.status, coalesce(earlier.body, comments.body) as text,
  coalesce(earlier.body_sha256, comments.body_sha256) as digest,
  (select min(start) from flag_spans where flag_id = flags.id) as start,
  (select max("end") from flag_spans where flag_id = flags.id) as "end"
from flags
join comments on comments.id = flags.comment_id
left join comment_revisions as earlier on earlier.comment_id = comments.id and earlier.revision = flags.revision"""
# What people raise themselves says nothing of what they would confirm.
REVIEWED = """
where flags.status in ('confirmed', 'corrected', 'dismissed') and flags.id in (select flag_id from reviews)
  and flags.rule not in ('review.by-hand', 'review.correction') and flags.code between 'content.' and 'content/'
order by flags.id"""
WAITING = f"where {UNREVIEWED} and flags.id > :after order by flags.id limit :size"


class CannotRank(Exception):
    """Too few reviews, scikit-learn is not installed, or a model that this version cannot use."""


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """What a model was trained on, and its scores on flags of texts that it had not seen.

    `majority` is the accuracy of always predicting the more frequent class.
    """

    kept: int
    dismissed: int
    features: int
    accuracy: float
    majority: float
    auc: float


def train(connection: sqlite3.Connection, out: Path) -> TrainingReport:
    """Fit a model to what reviewers confirmed or corrected against what they dismissed.

    It is written to `out`, an .npz file, with a manifest beside it, a .json file of the same name.
    """
    _require()
    if out.suffix != ".npz":
        raise CannotRank(f"{out} is to be an .npz file")
    examples = rows(connection, FEATURES + REVIEWED)
    labels = [int(row["status"] != "dismissed") for row in examples]
    _require_enough(examples, labels)
    names = sorted({name for row in examples for name in _names(row)})
    features = _features(examples, names)
    model = _model().fit(features, labels)
    accuracy, auc = _cross_validate(features, labels, [row["digest"] for row in examples])
    kept = sum(labels)
    majority = max(kept, len(labels) - kept) / len(labels)
    report = TrainingReport(kept, len(labels) - kept, int(features.shape[1]), accuracy, majority, auc)
    _write(out, model, names, report)
    return report


def order(connection: sqlite3.Connection, model: Path) -> int:
    """Give every unreviewed content flag the model's probability as its priority, and return their number.

    The caller owns the transaction.
    """
    _require()
    names, weights, intercept = _load(model)
    ordered = after = 0
    while examples := rows(connection, FEATURES + "\n" + WAITING, after=after, size=FLAGS_A_BATCH):
        priorities = _probabilities(_features(examples, names), weights, intercept)
        changes = [(priority, row["id"]) for priority, row in zip(priorities, examples, strict=True)]
        connection.executemany("update flags set priority = ? where id = ?", changes)
        ordered, after = ordered + len(examples), examples[-1]["id"]
    return ordered


def _require() -> None:
    try:
        import sklearn  # noqa: F401
    except ImportError as error:
        raise CannotRank("this needs scikit-learn: pip install 'belowtheline[train]'") from error


def _require_enough(examples: Sequence[sqlite3.Row], labels: Sequence[int]) -> None:
    flags = Counter(labels)
    texts = Counter(label for _, label in {(row["digest"], label) for row, label in zip(examples, labels, strict=True)})
    if min(flags[0], flags[1]) < FEWEST_FLAGS or min(texts[0], texts[1]) < FEWEST_TEXTS:
        raise CannotRank(
            f"a model needs {FEWEST_FLAGS} flags that reviewers kept and as many that they dismissed, each of at least "
            f"{FEWEST_TEXTS} texts: there are {flags[1]} of {texts[1]} texts and {flags[0]} of {texts[0]}"
        )


def _names(row: sqlite3.Row) -> tuple[str, str]:
    return f"code {row['code']}", f"rule {row['rule']}"


def _words(row: sqlite3.Row) -> str:
    """Return the words that matched, with the text around them."""
    start, end = row["start"] or 0, row["end"] or 0
    return str(row["text"][max(start - AROUND, 0) : min(end, start + AROUND) + AROUND])


def _features(examples: Sequence[sqlite3.Row], names: Sequence[str]) -> Any:
    """Build one row a flag: hashed n-grams, then one column for each code and rule of the training."""
    from scipy.sparse import csr_matrix, hstack
    from sklearn.feature_extraction.text import HashingVectorizer

    vectorizer = HashingVectorizer(
        analyzer="char_wb", ngram_range=NGRAMS, n_features=BUCKETS, alternate_sign=False, lowercase=True
    )
    columns = {name: column for column, name in enumerate(names)}
    cells = [(i, columns[name]) for i, row in enumerate(examples) for name in _names(row) if name in columns]
    ones = ([1.0] * len(cells), ([i for i, _ in cells], [column for _, column in cells]))
    listed = csr_matrix(ones, shape=(len(examples), len(names)))
    return hstack([vectorizer.transform(map(_words, examples)), listed], format="csr")


def _model() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=1000)


def _cross_validate(features: Any, labels: Sequence[int], texts: Sequence[str]) -> tuple[float, float]:
    """Accuracy and area under the curve by cross-validation, with all flags of one text on the same side."""
    from sklearn.metrics import accuracy_score, roc_auc_score
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict

    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=0)
    predicted = cross_val_predict(_model(), features, labels, groups=texts, cv=folds, method="predict_proba")[:, 1]
    return float(accuracy_score(labels, predicted >= 0.5)), float(roc_auc_score(labels, predicted))


def _write(out: Path, model: Any, names: Sequence[str], report: TrainingReport) -> None:
    import numpy as np
    import sklearn

    buffer = io.BytesIO()
    np.savez(buffer, coef=model.coef_[0].astype(np.float32), intercept=model.intercept_.astype(np.float32))
    manifest = {
        "format": FORMAT,
        "features": _description(),
        "names": names,
        "sha256": sha256(buffer.getvalue()).hexdigest(),
        "scikit_learn": sklearn.__version__,
        "created_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "report": asdict(report),
    }
    out.write_bytes(buffer.getvalue())
    out.with_suffix(".json").write_text(json.dumps(manifest, ensure_ascii=False, indent=2) + "\n", "utf-8")


def _description() -> dict[str, Any]:
    """What the columns of a model mean; a model of other columns is of no use here."""
    return {"analyzer": "char_wb", "ngrams": list(NGRAMS), "buckets": BUCKETS, "around": AROUND}


def _load(model: Path) -> tuple[list[str], Any, float]:
    """The names of the last columns, the weights and the intercept."""
    import numpy as np

    try:
        manifest = json.loads(model.with_suffix(".json").read_text("utf-8"))
        buffer = model.read_bytes()
    except (OSError, ValueError) as error:
        raise CannotRank(f"{model} cannot be read with its manifest: {error}") from error
    if manifest.get("sha256") != sha256(buffer).hexdigest():
        raise CannotRank(f"{model} is not the file that its manifest describes")
    if (manifest.get("format"), manifest.get("features")) != (FORMAT, _description()):
        raise CannotRank(f"{model} was trained by another version: train it again")
    with np.load(io.BytesIO(buffer), allow_pickle=False) as arrays:
        return list(manifest["names"]), arrays["coef"], float(arrays["intercept"][0])


def _probabilities(features: Any, weights: Any, intercept: float) -> Iterator[float]:
    import numpy as np

    for score in features @ weights + intercept:
        yield round(float(1 / (1 + np.exp(-score))), 6)
