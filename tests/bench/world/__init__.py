"""What the bench measures Staffroom in: real servers, simulated teachers who know what they said, and a bot's folder.

The servers' own folder speaks of itself as ``networks``, as all tests do; so ``tests/`` is put where imports look.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
