"""What the keeper of the service decides about it, and the log keeps beside the acts."""

from typing import ClassVar

from domain.values import OneLine, Text, Value


class ClockAccepted(Value):
    """A clock was accepted that had leapt ahead of the last stamp further than is believed without being asked."""

    TOPIC: ClassVar[str] = "clock-accepted"
    VERSION: ClassVar[int] = 1
    last: OneLine
    """The last stamp of the log before, as it was written."""
    now: OneLine
    """What the clock said."""
    reason: Text


class SigningKeyReplaced(Value):
    """The log signs with another key from here on. Both are verifier keys, as `GET /log/key` has them."""

    TOPIC: ClassVar[str] = "signing-key-replaced"
    VERSION: ClassVar[int] = 1
    before: OneLine
    after: OneLine
    reason: Text


KeepingEvent = ClockAccepted | SigningKeyReplaced
