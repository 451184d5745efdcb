"""The rules of communes: found as people type them, near a point, or by code. Pure, in memory."""
