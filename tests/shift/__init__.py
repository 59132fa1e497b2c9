"""A shift, played by a script that presses keys in a real terminal and reads nothing but its screen. `make shift`.

terminal  tmux with the program in it: keys in, the screen as text out
house     a shop for a shift: the demo's simulated world on its own data, where people pick and hand over
acts      what a shift does, one after the other, by keyboard
books     at the end: what TikTok and the carrier hold against what the database says

Nothing that is played reads the database; only the books do.
"""
