"""Official bundles: reading, installing, and what works from then on."""
