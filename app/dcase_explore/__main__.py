"""``python -m dcase_explore``."""

from dcase_explore.cli import run

if __name__ == "__main__":
    run()
