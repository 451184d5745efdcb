"""The SQL: schema, queries, migrations, engines."""
