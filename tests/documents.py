"""Documents in the seed format for tests: mild, invented and small."""

HARBOUR = """\
Ferry timetable to change in spring

The first ferry of the day will leave at 05:40 from April, the council decided.

Residents of the quay fear the noise.

  • quayside_anna

    Half past five! Have any of them ever slept next to a diesel engine?

    • Tom Billes

      We who work nights have waited three years for this boat.

      • Mrs. P.

        Move inland then, both of you.

    • harbourmaster77

      The engine is new and quieter than the old one.

  • 山田

    A later ferry on Sundays would help visitors too.
"""

HARBOUR_TREE = [
    ("quayside_anna", None),
    ("Tom Billes", 0),
    ("Mrs. P.", 1),
    ("harbourmaster77", 0),
    ("山田", None),
]


def numbered(number: int, comments: int = 3) -> str:
    """A document of its own with so many comments, each with words of its own."""
    items = "".join(
        f"  • reader {number}-{i}\n\n    Comment {i} of document {number} about the bakery on the corner.\n\n"
        for i in range(comments)
    )
    return f"Bakery news {number}\n\nThe bakery number {number} opens earlier from Monday, its owner said.\n\n{items}"
