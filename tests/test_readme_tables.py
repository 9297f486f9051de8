"""The README says what is declared."""

from readme_tables import README, with_tables


def test_the_readme_has_every_table_as_it_is_made_of_the_declarations() -> None:
    text = README.read_text()
    assert with_tables(text) == text, "run python tests/readme_tables.py"
