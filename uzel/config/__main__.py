"""`python -m uzel.config`: the same as the command `uzel`."""

from uzel.config.cli import main

if __name__ == "__main__":
    main()
