"""The page that scores a predictions file in the browser, without a server and without an installation."""
