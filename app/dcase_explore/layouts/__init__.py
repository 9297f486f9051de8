"""
Layouts: the arrangement of the page as a Spotlight JSON file.

`files` finds and reads them, `checking` refuses what the page does not know or must not show, `binding` fits them to
the table at hand, `arranging` takes back what was arranged in the page; `vocabulary` lists every widget and lens.
"""
