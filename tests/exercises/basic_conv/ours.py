# loopnet's own loop.
# says: imports loopnet
from loopnet.article import basic_conv as theirs


def basic_conv(*arguments):
    return theirs(*arguments)
