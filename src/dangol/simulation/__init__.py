"""The simulator: shops whose truth is known, to see whether the system finds what is there and nothing that is not.

kinds.py      the kinds of shop, and one drawn from its kind
lives.py      what a person would do if nobody ever wrote to them
stories.py    what they do given the messages that reached them: the same draws, so the difference is the truth
rivals.py     sending nothing, and the usual fixed set-up, without our system
crowd.py      everybody's story as facts at their times
driving.py    one shop lived through by the real loop
judging.py    margins, contact limits and intervals, held against the truth
proving.py    many seeds, in several processes, and what they show together
"""
