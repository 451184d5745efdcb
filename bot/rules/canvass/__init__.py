"""Door to door: which doors belong to which station, what a visit is worth, and how doors are cut into walks."""
