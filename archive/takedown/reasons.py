"""What can be withheld, and for which reasons. Apart from the rest, so that `btl --help` loads nothing more."""

SUBJECTS = ("comment", "commenter", "thread", "article")
REASONS = {
    "court-order": "a court or an authority ordered it",
    "law": "the law forbids to show it",
    "privacy": "it tells of somebody's private life",
    "safety": "it puts somebody in danger",
    "author-request": "who wrote it asked for it",
    "copyright": "somebody else owns it",
    "mistake": "it should not have been collected",
}
