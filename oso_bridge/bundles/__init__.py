"""Official bundles: a release that the user has and this package has not, installed as a folder of data.

``source`` reads a ZIP, a folder or an XSD within limits; ``schema`` finds its schema and makes one file of it;
``compiling`` compiles that in a process with limits; ``binding_`` lays the table of the nearest release on it;
``installing`` puts it together and moves it to its place, or leaves nothing behind.
"""
