"""Tests of the road between documents and the model: tables, reading, writing, losses."""
