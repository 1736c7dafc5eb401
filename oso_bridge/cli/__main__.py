"""``python -m oso_bridge.cli``."""

from oso_bridge.cli import main

main()
