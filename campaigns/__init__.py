"""Example campaigns, shipped with the package."""
