"""Stylesheets of bundles: screening, finding messages, running apart."""
