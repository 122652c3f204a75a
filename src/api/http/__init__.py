"""What HTTP asks of every answer, whatever it is about: validators, the clock of Memento, limits, other origins."""
