"""The demo: a shop with a real order history, plays switched on, and live simulated visitors.

extract.py    the real data beside it (data/README.md says where it is from)
history.py    its invoices, moved so that they end today
people.py     invented names and addresses
behaviour.py  what invented visitors do
weeks.py      when they do it, in simulated weeks up to now
shop.py       builds the shop by living through those weeks
visitors.py   goes on, live, over HTTP
start.py      `dangol demo`
"""
