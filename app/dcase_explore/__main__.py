"""``dcase-explore``, and ``python -m dcase_explore``."""

from dcase_explore.ending import end_at_once


def main() -> None:
    """Run the command line; an interrupt is no traceback from the first import on."""
    end_at_once()
    from dcase_explore.cli import run

    run()


if __name__ == "__main__":
    main()
