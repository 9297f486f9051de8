"""The page: Spotlight's own server and page, run in this process. Importing this package imports no Spotlight yet."""
