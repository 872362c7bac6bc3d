"""`python -m epro` is the command `epro`."""

from epro.cli import main

if __name__ == "__main__":
    main(prog_name="epro")
