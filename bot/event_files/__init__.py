"""Events in files: a spreadsheet or a calendar is read, with every fault by its line; events become a calendar."""
