"""Pure tools for text: dates, addresses, phrases, encodings, personal data, CSV cells."""
