"""XML: safe parsing with named limits, the plan of a release, reading, writing and the schema layer."""
