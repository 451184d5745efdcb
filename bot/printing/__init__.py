"""What is printed or scanned: lists on paper with their font, QR codes."""
