"""The stylesheet that places blocks: classes instead of `style` attributes, which the policy forbids.

python -m tests.web.calendar_grid > static/css/calendar-grid.css
"""

import sys

ROWS = 24 * 60 // 5
LANES = 6
REACH = 7


def grid_css() -> str:
    """Return it: `r` and `h` are where a block starts and how long it is in rows, `l` of `w` its lane, `s` the strips
    that it leaves room for; `u` and `d` how far up and down it can be hit beyond what is seen of it, in half rows."""
    rules = [f".r{row}{{--r:{row}}}" for row in range(ROWS)]
    rules += [f".h{rows}{{--h:{rows}}}" for rows in range(1, ROWS + 1)]
    rules += [
        f".l{lane}{{--l:{lane}}}.w{lane + 1}{{--w:{lane + 1}}}.s{lane + 1}{{--s:{lane + 1}}}" for lane in range(LANES)
    ]
    rules += [f".u{steps}{{--u:{steps}}}.d{steps}{{--d:{steps}}}" for steps in range(1, REACH + 1)]
    return "/* Written by tests/web/calendar_grid.py. */\n" + "".join(rules) + "\n"


if __name__ == "__main__":
    sys.stdout.write(grid_css())
