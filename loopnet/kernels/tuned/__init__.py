"""The tuned rung: the same loops, with many images side by side so that the innermost one is long. Start with
``lanes.py``.
"""
