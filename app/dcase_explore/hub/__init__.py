"""
The enriched dataset's repository on the hub: its files fetched, and read into a clip table.

Nothing of the repository is ever run: its loading script is not fetched, its pickles are read by `pickled` alone.
"""
