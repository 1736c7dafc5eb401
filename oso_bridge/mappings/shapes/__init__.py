"""The outside shapes: csv, xlsx, json and files of fixed width.

A shape reads and writes sheets of cells and knows nothing of models.  Each has a reader, whose rows can be asked for
more than once, and a writer, which leaves nothing behind unless it is told that all went well.
"""
