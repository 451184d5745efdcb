"""Updates in, messages out: durable, paced, never twice."""
