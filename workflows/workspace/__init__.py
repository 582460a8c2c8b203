"""A workspace as files: written (`export`), compared (`plan`) and brought in (`apply`); DESIGN section 5.

`kinds` says what there is and where it is filed, `state` what the installation holds, `folders` and `bundles` read and
write files, `reading` makes documents of them, `checking` says what is wrong with them, `planning` compares, `applying`
writes by the same actions as pages and interface.
"""
