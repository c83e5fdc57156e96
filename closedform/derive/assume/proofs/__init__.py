"""Proofs and counterexamples: a normal form of sizes, bounded cases, and sizes that are tried."""
