"""Search methods, one file each; every one leads a library's own loop through the recorder."""
