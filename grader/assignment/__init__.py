"""An assignment: a folder with questions, criteria and a rubric. The lab's own is the default one.

`assignment.toml` is read by `declaration`, the Python beside it by `loading`. A `Package` takes both to the worker that asks
(`asking`) and judges. `authoring` is what criteria import.
"""
