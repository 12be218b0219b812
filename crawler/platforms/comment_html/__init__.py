"""Comments in HTML, whatever system printed them: where their list is, which elements are one, and what each states.

`elements`, `numbers` and `parents_by_number` read lists whose comments have numbers, as WordPress and its like print
them; `page_index`, `repeated_groups`, `section_evidence` and `comment_list` look for a list by what repeats in a page.
Author, date and text of one comment are read by the same modules in both.
"""
