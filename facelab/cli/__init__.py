"""The command line: one command is one library call; only here is a path, a name or an address told apart."""
