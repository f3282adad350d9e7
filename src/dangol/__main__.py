"""python -m dangol is the command dangol."""

from dangol.cli import main

main()
