"""Explore anomalous machine sound: load clips and scores into a table, and see and hear them in a page."""
