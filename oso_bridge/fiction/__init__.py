"""Fiction: dossiers of pupils that do not exist, and dossiers that are bad in just one way.

:mod:`~oso_bridge.fiction.make` fills a structure with invented values and then mends it by the rules themselves, so
that a new rule needs no new code here.  :mod:`~oso_bridge.fiction.spoil` breaks one rule of such a dossier and keeps
the rest.  The same seed gives the same bytes, whatever the day.
"""
