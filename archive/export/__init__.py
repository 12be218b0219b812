"""Write comments out of an archive: all of them or a selection, one module a format (`formats.FORMATS`)."""
