"""The languages of code, one file each."""
