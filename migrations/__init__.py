"""Changes of what is stored, one numbered module each; utils/migrations.py says what such a module holds."""
