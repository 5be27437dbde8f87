"""A regular package: IPython 7 puts a folder with another `tests` on the path."""
