"""The parts of the Settings screen.

preference  what each part offers beside its lines: changing one, and putting it back
in_force    every setting with where it comes from
colours     themes, seen while one goes through them
keys        every action's keys, changed by pressing the new one
people      notices and quiet hours of whoever sits here
places      locations with their cut-offs and holidays
checks      what `doctor` finds
"""
