"""What is kept on this side: the audit trail and the ledgers, in SQLite or PostgreSQL."""
