"""python -m dangol is the command dangol."""

from dangol.cli import main

if __name__ == "__main__":
    main()
