"""The last look before a message leaves: law, hours, caps, consent, wording."""
