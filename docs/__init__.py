"""The strings that appear in the API pages; imports nothing."""
