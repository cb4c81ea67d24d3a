"""The operator's commands, one module for each group; manage.py puts them together."""
