"""`portevoix rehearse`: a whole campaign played against the local Telegram at high speed, checked and reported.

cast        who plays: invented people of every territory, by seed
acts        a text, a tap
surveying   the survey that they ask, and what must be kept of the answers
conduct     what each kind of person does with what they receive
organizing  what the organizers do
agenda      the instants at which something may happen
stage       the local Telegram in its own process, the bot as it really runs, the clock they share
play        from instant to instant, until both ballots are over
almanac     the campaign file's dates, worked out apart from the bot's own rules
lives       what became of each person, as their acts tell it
evidence    the bot's own log, as far as it is needed
checker     which rule was broken, by what the local Telegram received
account     what everybody received, counted
report      the page
run         all of it
"""
