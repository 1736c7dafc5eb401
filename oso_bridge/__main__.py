"""``python -m oso_bridge``: the program, where its folder is not on the path."""

from oso_bridge.cli import main

main()
