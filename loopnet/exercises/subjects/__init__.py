"""The exercises by subject. Each draws its cases and knows the answers, and what the usual mistakes would give."""
