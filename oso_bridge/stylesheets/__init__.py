"""The stylesheets of official bundles: judged, prepared when a bundle is added, and run apart from everything else.

``screening`` refuses on reading what could reach outside; ``modules`` collects a stylesheet and what it includes;
``marks`` finds the messages and gives each an id; ``preparing`` makes one text of it all, in which each message says
which it is and where; ``child`` runs that text in a process that can reach nothing; ``running`` starts and stops that
process; ``outcome`` turns what comes back into messages and places.

What a stylesheet can do is bounded twice, and neither counts on the other: by what is refused on reading, and by
what the process may do.
"""
