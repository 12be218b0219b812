"""What people say of flags: verdicts, the queue, agreement, spreadsheets."""
