"""What runs in the process of its own in which a learner's code is called. It knows the questions, never the answers.

Nothing here imports the rest of loopnet: a check starts many of these processes, and each should start at once.
"""
