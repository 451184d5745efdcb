"""A local Telegram: a Bot API server and a chat page. It knows nothing of the bot that talks to it.

    python -m simulator --port 8081 --token 12345:TEST --clock 2016-11-16T08:00:00+01:00@60

The bot talks to `/bot<token>/<method>` as to Telegram's own server. Whoever plays the people uses the page
at `/`, `simulator.client` in Python, or the JSON interface that both are made of:

    GET  /sim/people?search=&limit=      POST /sim/people            POST /sim/people/bulk
    GET  /sim/people/ID                  GET  /sim/people/ID/messages?after=&wait=
    GET  /sim/people/ID/commands         POST /sim/people/ID/ACT, where ACT is send, start, tap, forge,
                                              location, contact, photo, document, video, animation, audio,
                                              voice, video_note, sticker, edit, delete, react, forward,
                                              vote, inline, choose, block, unblock, deactivate, read,
                                              write (to a friend), app (open a Mini App) or app-data
    GET  /sim/people/ID/friends?after=&wait=
    GET, POST /sim/groups            GET  /sim/people/ID/groups (acts: see simulator.grouping)
    GET  /sim/clock?version=&wait=       POST /sim/clock             GET, POST /sim/marks
    GET  /sim/journal?after=&limit=      GET, POST, DELETE /sim/faults
    POST /sim/limits                     GET  /sim/state             POST /sim/reset
    GET  /sim/files/FILE_ID              GET  /sim/stream (server-sent events)

Nothing is written to disk; a restart forgets everything.
"""
