"""Use cases: record, load, replay, verify. The composition root, the settings, and the only clock."""

import gc

# By default Python looks for cycles after every 700 objects made. What a batch of acts makes has none and lives as long
# as the batch, and what modules make lives for ever, so most of that time is lost: two fifths of a load's, a sixth of a
# start's.
gc.set_threshold(50_000)
