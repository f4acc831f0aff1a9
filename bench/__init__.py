"""How fast verification is, beside what else answers the same question. `make bench` runs it."""
